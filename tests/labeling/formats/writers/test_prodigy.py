"""Is what goes to Prodigy what comes back from it, and is each loss listed?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import DatasetFeatures, OutlineClass, ProjectOutline
from labeling.formats.projects import recognize
from labeling.formats.readers import prodigy as reader
from labeling.formats.records import BadRow, Record, RecordAnnotation, Span
from labeling.formats.writers import prodigy
from tests.labeling.formats.strategies import LONG_TEXT, datasets

CLASSES = (OutlineClass("Bug"), OutlineClass("late"))
OUTLINE = ProjectOutline("Review Queue", "mails", "multi", classes=CLASSES)


def written(outline: ProjectOutline, records: Iterable[Record]) -> FilesInMemory:
    losses: list[BadRow] = []
    content = b"".join(prodigy.write(outline, records, losses.append))
    assert losses == []
    return FilesInMemory({"mails.jsonl": content})


def read(outline: ProjectOutline, records: Iterable[Record]) -> list[Record]:
    rows = list(reader.read(written(outline, records)))
    assert all(isinstance(row, Record) for row in rows)
    return [row for row in rows if isinstance(row, Record)]


def comparable(records: Iterable[Record]) -> list[object]:
    return [(record.text, record.external_id, record.metadata, record.answers) for record in records]


@given(
    st.tuples(st.sampled_from(["single", "multi", "spans"]), st.booleans()).flatmap(
        lambda pair: datasets(pair[0], of_annotators=pair[1], with_metadata=True)
    )
)
def test_a_project_comes_back_as_it_was(dataset):
    outline, records = dataset
    assert comparable(read(outline, records)) == comparable(records)


def test_the_classes_and_the_kind_come_back():
    record = Record(1, "Hi", labels=("Bug",))
    for kind in ("single", "multi"):
        outline = reader.outline(written(replace(OUTLINE, kind=kind), [record]))
        assert (outline.kind, outline.classes) == (kind, CLASSES)


def test_a_long_text_comes_back_with_its_line_ends():
    record = Record(1, LONG_TEXT, "7", spans=(Span(90_000, 90_009, "X"),))
    assert comparable(read(replace(OUTLINE, kind="spans"), [record])) == comparable([record])


def test_skips_times_and_flags_come_back():
    skipped = RecordAnnotation("ann", provenance={"is_skipped": True})
    provenance = {"created_at": "2023-11-14T22:13:20+00:00", "flagged": True}
    record = Record(1, "Hi", annotations=(skipped, RecordAnnotation("bob", ("Bug",), provenance=provenance)))
    assert comparable(read(OUTLINE, [record])) == comparable([record])


def test_an_unlabeled_document_is_never_an_accepted_one_without_labels():
    files = written(OUTLINE, [Record(1, "Hi", "7")])
    assert json.loads(files.open("mails.jsonl").read())["answer"] == "ignore"
    assert recognize(files) == "prodigy"
    assert comparable(read(OUTLINE, [Record(1, "Hi", "7")])) == [("Hi", "7", {}, ())]


def test_overlapping_spans_are_of_the_view_that_can_show_them():
    spans = (Span(0, 2, "Bug"), Span(1, 2, "late"))
    files = written(replace(OUTLINE, kind="spans"), [Record(1, "Hi", spans=spans)])
    assert json.loads(files.open("mails.jsonl").read())["_view_id"] == "spans_manual"


def test_many_documents_leave_in_pieces():
    pieces = list(prodigy.write(OUTLINE, (Record(n, "x" * 1000) for n in range(1000)), print))
    assert len(pieces) > 10
    assert max(map(len, pieces)) < 100_000


def test_what_prodigy_cannot_hold_is_listed():
    features = DatasetFeatures(
        "multi", has_splits=True, has_predictions=True, has_provenance=True, has_guideline=True
    )
    assert prodigy.losses(features) == [
        "The split into pool and test set is left out.",
        "Predictions of models are left out.",
        "The guidelines are left out.",
        "Notes, guideline versions, final labels and selection probabilities are left out.",
    ]
