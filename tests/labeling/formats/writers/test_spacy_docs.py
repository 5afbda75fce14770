"""spaCy exports: what `spacy train` reads, with spans on its tokens."""

from dataclasses import replace

import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin

from labeling.formats.outlines import DatasetFeatures, OutlineClass, ProjectOutline
from labeling.formats.records import Record, Span
from labeling.formats.writers import spacy_docs
from tests.labeling.formats.strategies import LONG_TEXT, datasets
from tests.labeling.formats.writers.returning import read_again, unzipped, without_order, written

CLASSES = (OutlineClass("BUG"), OutlineClass("BILLING"))
SINGLE = ProjectOutline("Review Queue", "Mails", "single", classes=CLASSES)
SPANS = replace(SINGLE, kind="spans")
VOCABULARY = spacy.blank("xx").vocab


def docs(content: bytes, name: str = "train.spacy") -> list[Doc]:
    return list(DocBin().from_bytes(unzipped(content).open(name).read()).get_docs(VOCABULARY))


def test_every_class_is_a_category_and_an_unlabeled_document_has_none():
    content, _ = written("spacy", SINGLE, Record(1, "Hi", "7", labels=("BUG",)), Record(2, "Bye"))
    first, second = docs(content)
    assert (first.text, first.cats, first.user_data) == ("Hi", {"BUG": 1.0, "BILLING": 0.0}, {"id": "7"})
    assert second.cats == {}


def test_spans_are_entities_of_which_the_longest_counts():
    record = Record(4, "🙂 Ann Lee sings", spans=(Span(2, 9, "PER"), Span(2, 5, "FIRST")))
    content, reported = written("spacy", SPANS, record, Record(5, "None", spans=()), Record(6, "Unlabeled"))
    first, second, third = docs(content)
    assert [(entity.text, entity.label_) for entity in first.ents] == [("Ann Lee", "PER")]
    assert [doc.has_annotation("ENT_IOB") for doc in (second, third)] == [True, False]
    assert [(row.line, row.reason) for row in reported] == [
        (4, "A span overlaps a longer one and is left out: FIRST, 2 to 5.")
    ]


def test_spans_that_may_overlap_are_the_group_of_the_span_categorizer():
    outline = replace(SPANS, allows_overlapping_spans=True)
    record = Record(1, "Ann Lee sings", spans=(Span(0, 7, "PER"), Span(0, 3, "FIRST")))
    content, reported = written("spacy", outline, record, Record(2, "Unlabeled"))
    first, second = docs(content)
    assert [(span.text, span.label_) for span in first.spans["sc"]] == [("Ann Lee", "PER"), ("Ann", "FIRST")]
    assert "sc" not in second.spans
    assert reported == []


def test_a_span_within_a_token_is_left_out_and_reported():
    record = Record(3, "Vorstandssitzung heute", spans=(Span(0, 8, "ORG"), Span(17, 22, "DATE")))
    content, reported = written("spacy", SPANS, record)
    assert [entity.text for entity in docs(content)[0].ents] == ["heute"]
    assert [(row.line, row.reason) for row in reported] == [
        (3, "A span begins or ends within a token and is left out: ORG, 0 to 8.")
    ]


def test_each_split_is_a_file_and_many_documents_are_several(monkeypatch):
    records = [Record(number, "Hi", str(number), split="pool") for number in range(5)]
    test = Record(6, "Hi", "6", split="test")
    assert unzipped(written("spacy", SINGLE, *records, test)[0]).names == ["train.spacy", "test.spacy"]
    monkeypatch.setattr(spacy_docs, "MAX_DOCS", 2)
    content, _ = written("spacy", SINGLE, *records, test)
    assert unzipped(content).names == [
        "train/0001.spacy",
        "train/0002.spacy",
        "train/0003.spacy",
        "test.spacy",
    ]
    assert [row.split for row in read_again(content, "export.zip")] == ["test", *5 * ["pool"]]


def test_what_is_lost_is_listed():
    full = DatasetFeatures(
        "spans", annotators=2, has_metadata=True, has_splits=True, has_no_class=True, has_predictions=True,
        has_provenance=True, has_guideline=True, has_overlapping_spans=True,
    )  # fmt: skip
    assert len(spacy_docs.losses(full)) == 5
    assert len(spacy_docs.losses(replace(full, kind="multi"))) == 4


def test_100_000_characters_come_back_as_they_were():
    record = Record(1, LONG_TEXT, "7", spans=(), split="pool")
    assert without_order(read_again(written("spacy", SPANS, record)[0], "export.zip")) == without_order(
        [record]
    )


@given(st.sampled_from(["single", "multi", "spans"]).flatmap(lambda kind: datasets(kind, with_metadata=True)))
def test_documents_come_back_as_they_were_but_for_the_spans_that_were_reported(dataset):
    outline, records = dataset
    content, reported = written("spacy", replace(outline, allows_overlapping_spans=True), *records)
    lost = {row.line for row in reported}
    if records:
        rows = without_order(read_again(content, "export.zip"))
        for record in records:
            (expected,) = without_order([record]).values()
            text, metadata, labels, spans, split = rows[record.external_id]
            assert (text, metadata, split) == (expected[0], expected[1], expected[4])
            assert frozenset(labels or "-") == frozenset(expected[2] or "-"), "in the order of the classes"
            assert spans == expected[3] or record.line in lost
