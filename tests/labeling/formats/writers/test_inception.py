"""Is what goes to INCEpTION what comes back from it, and is each loss listed?"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from io import BytesIO

from hypothesis import given

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.projects import recognize
from labeling.formats.readers import inception as reader
from labeling.formats.records import BadRow, Record, RecordAnnotation, Span
from labeling.formats.writers import inception
from tests.labeling.formats.strategies import LONG_TEXT, datasets

OUTLINE = ProjectOutline("Review Queue", "mails", "spans")


def written(records: Iterable[Record]) -> tuple[FilesInMemory, list[BadRow]]:
    losses: list[BadRow] = []
    with zipfile.ZipFile(BytesIO(b"".join(inception.write(OUTLINE, records, losses.append)))) as archive:
        return FilesInMemory({name: archive.read(name) for name in archive.namelist()}, "mails.zip"), losses


def trimmed(record: Record) -> tuple[Span, ...] | None:
    """Spans without blanks at their edges, which tokens do not have."""
    if record.spans is None:
        return None
    spans = set()
    for span in record.spans:
        part = record.text[span.start : span.end]
        if part.strip():
            start = span.start + len(part) - len(part.lstrip())
            spans.add(Span(start, start + len(part.strip()), span.label))
    return tuple(sorted(spans, key=lambda span: (span.start, span.end, span.label)))


@given(datasets("spans"))
def test_texts_and_spans_come_back_as_they_were(dataset):
    _, records = dataset
    if not records:
        return
    files, losses = written(records)
    assert recognize(files) == "inception"
    rows = list(reader.read(files))
    assert all(isinstance(row, Record) for row in rows)
    back = {row.external_id: (row.text, row.spans) for row in rows if isinstance(row, Record)}
    assert back == {record.external_id: (record.text, trimmed(record)) for record in records}
    cut = [r.line for r in records if set(trimmed(r) or ()) != set(r.spans or ())]
    assert sorted({loss.line for loss in losses}) == cut


def test_a_span_across_lines_and_a_long_text_come_back():
    for text in ("one\ntwo\n\n \nthree\r\n", LONG_TEXT):
        record = Record(1, text, "7", spans=(Span(1, 2, "Y"), Span(1, 5, "X")))
        assert list(reader.read(written([record])[0])) == [record]


def test_each_line_is_a_sentence_with_tokens_and_their_parts():
    record = Record(1, "EU-wide\nYes", "7", spans=(Span(0, 1, "A_B"), Span(0, 2, "ORG")))
    files, _ = written([record])
    assert files.names == ["7.tsv"]
    assert files.open("7.tsv").read().decode().split("\n\n", 1)[1].strip() == (
        "#Text=EU-wide\n"
        "1-1\t0-2\tEU\t*[2]\tORG[2]\t\n"
        "1-1.1\t0-1\tE\t*[1]\tA\\_B[1]\t\n"
        "1-2\t2-3\t-\t_\t_\t\n"
        "1-3\t3-7\twide\t_\t_\t\n"
        "\n#Text=Yes\n"
        "2-1\t8-11\tYes\t_\t_"
    )


def test_the_final_spans_are_written():
    annotations = (
        RecordAnnotation("ann", spans=(Span(0, 2, "A"),)),
        RecordAnnotation("bob", spans=(Span(0, 2, "B"),), provenance={"resolution": "adjudicated"}),
    )
    (back,) = reader.read(written([Record(1, "Hi", "7", annotations=annotations)])[0])
    assert isinstance(back, Record)
    assert back.spans == (Span(0, 2, "B"),)


def test_what_the_format_cannot_hold_is_listed():
    features = DatasetFeatures("single", has_metadata=True, has_splits=True, annotators=2)
    assert inception.losses(features) == [
        "Only final labels are written. Annotators are left out, and disputed documents are unlabeled.",
        "Metadata is left out.",
        "The split into pool and test set is left out.",
        "IDs become file names.",
        "Labels of documents are left out, because only spans are written.",
    ]
