"""CoNLL export: IOB2 for every tool, comments for our own return."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.readers import conll as reader
from labeling.formats.records import BadRow, Record, Span
from labeling.formats.writers import conll
from tests.labeling.formats.strategies import LONG_TEXT, datasets

OUTLINE = ProjectOutline("Review Queue", "News", "spans")


def written(*records: Record) -> tuple[bytes, list[BadRow]]:
    reported: list[BadRow] = []
    return b"".join(conll.write(OUTLINE, records, reported.append)), reported


def read(content: bytes) -> list[Record | BadRow]:
    return list(reader.read(FilesInMemory({"news.conll": content})))


def test_one_token_a_line_with_its_tag_and_the_text_as_a_comment():
    record = Record(
        1, "EU rejects Ann Lee's call.", "7", {"stars": 4}, spans=(Span(11, 18, "PER"),), split="test"
    )
    assert written(record) == (
        b'# id = 7\n# text = EU rejects Ann Lee\'s call.\n# split = test\n# metadata = {"stars": 4}\n'
        b"EU\tO\nrejects\tO\nAnn\tB-PER\nLee\tI-PER\n's\tO\ncall\tO\n.\tO\n\n",
        [],
    )


def test_an_unlabeled_document_is_told_from_one_without_spans():
    content, _ = written(Record(1, "Hi"), Record(2, "Bye", spans=()))
    assert [row.spans for row in read(content)] == [None, ()]


def test_of_overlapping_spans_the_longest_is_written_and_the_others_are_reported():
    spans = (Span(0, 7, "PER"), Span(4, 7, "LAST"), Span(4, 15, "ORG"), Span(16, 20, "X"))
    content, reported = written(Record(5, "Ann Lee of Acme here", spans=spans))
    assert read(content)[0].spans == (Span(4, 15, "ORG"), Span(16, 20, "X"))
    assert [(row.line, row.reason) for row in reported] == [
        (5, "A span overlaps a longer one and is left out: PER, 0 to 7."),
        (5, "A span overlaps a longer one and is left out: LAST, 4 to 7."),
    ]


def test_blanks_at_the_edge_of_a_span_are_cut_off_and_reported():
    content, reported = written(Record(1, "Ann  Lee", spans=(Span(0, 4, "PER"), Span(4, 5, "GAP"))))
    assert read(content)[0].spans == (Span(0, 3, "PER"),)
    assert [row.reason for row in reported] == [
        "A span lost the blanks around it: PER, 0 to 4.",
        "A span of blanks alone is left out: GAP, 4 to 5.",
    ]


def test_what_is_lost_is_listed():
    full = DatasetFeatures(
        "spans", annotators=2, has_metadata=True, has_splits=True, has_no_class=True, has_predictions=True,
        has_provenance=True, has_guideline=True, has_overlapping_spans=True,
    )  # fmt: skip
    assert len(conll.losses(full)) == 5
    assert conll.losses(replace(full, kind="multi"))[0].startswith("Labels of whole documents are left out")


def test_a_span_within_a_word_ends_a_token():
    content, reported = written(Record(1, "Vorstandssitzung", spans=(Span(0, 8, "ORG"),)))
    assert reported == []
    assert read(content)[0].spans == (Span(0, 8, "ORG"),)


def test_100_000_characters_come_back_as_they_were():
    record = Record(1, LONG_TEXT, "7", spans=(Span(99_990, 99_994, "end"),), split="pool")
    assert read(written(record)[0]) == [record]


@given(st.just("spans").flatmap(lambda kind: datasets(kind, with_metadata=True)))
def test_documents_come_back_as_they_were_but_for_the_spans_that_were_reported(dataset):
    _, records = dataset
    content, reported = written(*records)
    lost = {row.line for row in reported}
    rows = read(content)
    assert all(isinstance(row, Record) and row.problems == () for row in rows)
    for row, record in zip(rows, records, strict=True):
        expected = replace(record, line=row.line)
        assert row == (replace(expected, spans=row.spans) if record.line in lost else expected)
