"""Which annotation counts in a format that holds one per document, and what is said to be lost?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.outlines import DatasetFeatures
from labeling.formats.records import BadRow, Json, Record, RecordAnnotation, Span
from labeling.formats.writers.final_labels import final_annotation
from labeling.formats.writers.losses import losses_beside
from tests.labeling.formats.strategies import datasets


def by(annotator: str, label: str, **provenance: Json) -> RecordAnnotation:
    return RecordAnnotation(annotator, labels=(label,), provenance=provenance)


def final_of(*annotations: RecordAnnotation) -> tuple[RecordAnnotation | None, list[BadRow]]:
    losses: list[BadRow] = []
    return final_annotation(Record(3, "Where is it?", annotations=annotations), losses.append), losses


def test_the_unnamed_annotation_of_a_plain_file_is_final():
    record = Record(1, "Hi", labels=(), annotations=(by("ann", "late"),))
    assert final_annotation(record, pytest.fail) == RecordAnnotation(labels=())


@pytest.mark.parametrize("resolution", ["agreed", "majority", "gold", "imported"])
def test_an_adjudicated_annotation_outranks_any_other_resolution(resolution: str):
    last = by("joan", "rude", resolution="adjudicated")
    assert final_of(by("ann", "late", resolution=resolution), last) == (last, [])


def test_annotators_who_agree_need_no_resolution():
    first = RecordAnnotation("ann", labels=("late", "rude"))
    assert final_of(first, RecordAnnotation("bob", labels=("rude", "late"))) == (first, [])


def test_an_annotation_that_is_not_final_yet_is_no_final_label():
    assert final_of(by("ann", "late", resolution=None)) == (None, [])
    assert final_of(by("ann", "late", resolution=None), by("bob", "late", resolution=None)) == (None, [])


def test_a_disputed_document_is_unlabeled_and_reported():
    annotation, (loss,) = final_of(by("ann", "late"), by("bob", "rude"))
    assert annotation is None
    assert (loss.line, loss.reason) == (
        3,
        "Annotators disagree and there is no final label. Written as unlabeled.",
    )


def test_skipped_and_withdrawn_annotations_never_count():
    skipped = RecordAnnotation("bob", provenance={"is_skipped": True})
    assert final_of(skipped, by("joan", "rude", is_withdrawn=True)) == (None, [])
    assert final_of(skipped, by("ann", "late"), by("joan", "rude", is_withdrawn=True))[0] == by("ann", "late")


def test_no_spans_is_an_annotation_like_any_other():
    empty, one = RecordAnnotation("ann", spans=()), RecordAnnotation("bob", spans=(Span(0, 5, "x"),))
    assert final_of(empty, one)[0] is None
    assert final_of(empty)[0] == empty


@given(st.sampled_from(["single", "multi", "spans"]).flatmap(lambda k: datasets(k, of_annotators=True)))
def test_a_document_with_one_annotation_is_always_labeled(dataset):
    for record in dataset[1]:
        losses: list[BadRow] = []
        annotation = final_annotation(record, losses.append)
        assert (annotation is None) == (not record.annotations or bool(losses))


def test_only_what_a_data_set_contains_is_called_a_loss():
    assert losses_beside((), DatasetFeatures("single", documents=3, unlabeled=1)) == []
    full = DatasetFeatures("single", annotators=2, has_metadata=True, has_splits=True)
    assert len(losses_beside((), full)) == 3
    assert losses_beside(("annotators", "metadata", "splits"), full) == []
