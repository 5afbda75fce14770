"""What becomes of the annotations and predictions of another tool?"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from labeling.annotations.models import Annotation, Label, Resolution
from labeling.documents.imports import ImportJob
from labeling.documents.models import Document
from labeling.exchange.export_files import export_file, file_format, format_keys
from labeling.exchange.exporting import Scope
from labeling.exchange.importing import import_documents
from labeling.exchange.undo import remove
from labeling.formats.dataset_lines import PROVENANCE_KEYS
from labeling.formats.records import Json, Record, RecordAnnotation, RecordPrediction, Span
from labeling.predictions.external import MAX_SOURCES, external_predictions
from labeling.projects.models import Project


def record(*annotations: RecordAnnotation, **fields: Any) -> Record:
    return Record(1, "The refund never came.", annotations=annotations, **fields)


def by(annotator: str, *labels: str, **provenance: Any) -> RecordAnnotation:
    return RecordAnnotation(annotator, labels, None, provenance)


def state(project: Project) -> str:
    return Document.objects.get(project=project, text="The refund never came.").state


def settled_by(project: Project) -> object:
    origin = Resolution.objects.get(project=project).annotation.origin
    return origin and origin["annotator"]


def test_the_answers_of_each_annotator_are_kept_apart_with_what_the_file_says_of_them(
    tickets: Project,
) -> None:
    report = import_documents(
        tickets.pk, [record(by("ann", "Refund", seconds=3.2), by("ben", "Refund"), by("cem", "Billing"))]
    )
    assert (report.labeled, report.warned) == (1, 0)
    annotations = Annotation.objects.filter(project=tickets, source="import").order_by("pk")
    assert [a.origin for a in annotations] == [
        {"annotator": "ann", "seconds": 3.2},
        {"annotator": "ben"},
        {"annotator": "cem"},
    ]
    assert Resolution.objects.get(project=tickets).annotation == annotations[0]


def test_annotators_who_disagree_leave_the_document_open_without_a_warning(tickets: Project) -> None:
    report = import_documents(tickets.pk, [record(by("ann", "Refund"), by("ben", "Billing"))])
    assert (report.labeled, report.warned, state(tickets)) == (0, 0, "open")
    assert Annotation.objects.filter(project=tickets, source="import").count() == 2


def test_what_was_final_in_the_other_tool_is_final_here_whatever_others_said(tickets: Project) -> None:
    import_documents(
        tickets.pk,
        [
            record(
                by("ann", "Refund"),
                by("ben", "Refund"),
                by("dee", "Billing", resolution="adjudicated"),
            )
        ],
    )
    assert settled_by(tickets) == "dee"


def test_an_annotation_that_did_not_count_there_has_no_vote_here(tickets: Project) -> None:
    import_documents(tickets.pk, [record(by("ann", "Refund", is_counted=False), by("ben", "Billing"))])
    assert settled_by(tickets) == "ben"
    assert Annotation.objects.filter(project=tickets, source="import").count() == 2


def test_a_skip_is_told_and_leaves_the_document_open(tickets: Project) -> None:
    report = import_documents(tickets.pk, [record(RecordAnnotation("ann", None, None, {"is_skipped": True}))])
    assert (report.added, report.labeled, state(tickets)) == (1, 0, "open")
    assert [row.reason for row in report.warnings] == [
        "An annotator skipped this document. The skip was not imported."
    ]


def test_the_same_annotations_again_are_not_stored_again(tickets: Project) -> None:
    rows = [record(by("ann", "Refund"), by("ben", "Billing"))]
    import_documents(tickets.pk, rows)
    import_documents(tickets.pk, rows)
    assert Annotation.objects.filter(project=tickets, source="import").count() == 2


def test_one_unknown_class_costs_its_annotation_alone(tickets: Project) -> None:
    report = import_documents(tickets.pk, [record(by("ann", "Refund"), by("ben", "No such class"))])
    assert (report.labeled, report.warned) == (1, 1)
    report = import_documents(
        tickets.pk, [record(by("ben", "New class"), external_id="new")], adds_classes=True
    )
    assert (report.labeled, report.warned) == (1, 0)


def test_predictions_come_in_as_those_of_their_models(tickets: Project) -> None:
    prediction = RecordPrediction("m1", "v2", {"Refund": 0.73})
    report = import_documents(tickets.pk, [record(predictions=(prediction,))])
    assert (report.predicted, report.labeled) == (1, 0)
    positions, probabilities = external_predictions(tickets.pk)["m1"]
    assert len(positions) == 1
    assert abs(probabilities.max() - 0.73) < 1e-6


def test_a_prediction_of_an_unknown_class_is_a_warning_and_costs_nothing_else(tickets: Project) -> None:
    prediction = RecordPrediction("m1", "", {"No such class": 0.9})
    report = import_documents(tickets.pk, [record(by("ann", "Refund"), predictions=(prediction,))])
    assert (report.predicted, report.labeled) == (0, 1)
    assert "is not a class" in report.warnings[0].reason


def test_texts_only_leaves_annotations_and_predictions_out(tickets: Project) -> None:
    rows = [record(by("ann", "Refund"), predictions=(RecordPrediction("m1", "", {"Refund": 0.9}),))]
    report = import_documents(tickets.pk, rows, takes_answers=False)
    assert (report.added, report.labeled, report.predicted, report.warned) == (1, 0, 0, 0)


def test_undo_takes_annotations_and_predictions_away(tickets: Project) -> None:
    rows = [record(by("ann", "Refund"), predictions=(RecordPrediction("m1", "", {"Refund": 0.9}),))]
    report = import_documents(tickets.pk, rows)
    remove(ImportJob.objects.get(pk=str(report.job_id)))
    assert not Annotation.objects.filter(project=tickets, source="import").exists()
    assert not external_predictions(tickets.pk)


def test_models_beyond_the_most_that_a_project_has_cost_no_prediction_of_the_others(tickets: Project) -> None:
    predictions = tuple(RecordPrediction(f"m{n}", "", {"Refund": 0.9}) for n in range(MAX_SOURCES + 2))
    report = import_documents(tickets.pk, [record(predictions=predictions)])
    assert (report.predicted, len(report.warnings)) == (MAX_SOURCES, 2)
    assert set(external_predictions(tickets.pk)) == {f"m{n}" for n in range(MAX_SOURCES)}


def test_an_annotation_that_was_withdrawn_there_has_no_vote_here(tickets: Project) -> None:
    import_documents(tickets.pk, [record(by("ann", "Refund", is_withdrawn=True, resolution="agreed"))])
    assert (state(tickets), Annotation.objects.get(project=tickets, source="import").is_surplus) == (
        "open",
        True,
    )


def test_nothing_that_a_file_says_of_an_annotation_changes_whose_it_is(tickets: Project) -> None:
    rows = [
        record(
            RecordAnnotation("ann", ("Refund",), None, {"annotator": 7}),
            RecordAnnotation(None, ("Refund",), None, {"annotator": ["eve"], "seconds": 2}),
        )
    ]
    import_documents(tickets.pk, rows)
    import_documents(tickets.pk, rows)
    annotations = Annotation.objects.filter(project=tickets, source="import").order_by("pk")
    assert [a.origin for a in annotations] == [{"annotator": "ann"}, {"seconds": 2}]


@pytest.mark.parametrize("value", [7, 1e300, False, "", "yesterday", ["x"], {"a": [None]}, "x" * 10_000])
def test_every_format_is_written_whatever_a_file_said_of_its_annotations(
    tickets: Project, value: Json
) -> None:
    keys = (*PROVENANCE_KEYS, "annotator", "is_skipped", "answer", "flagged", "updated_at")
    annotations = [RecordAnnotation("ann", ("Refund",), None, {key: value}) for key in keys]
    rows = [
        Record(n, f"Text {n}", annotations=(annotation, by("ben", "Refund")))
        for n, annotation in enumerate(annotations, 1)
    ]
    assert import_documents(tickets.pk, rows).added == len(rows)
    for key in format_keys():
        assert b"".join(export_file(tickets, Scope.ALL, key))
        assert b"".join(export_file(tickets, Scope.SETTLED, key))


def test_a_file_whose_name_is_not_utf8_is_imported(tickets: Project) -> None:
    import_documents(tickets.pk, [record()], source=os.fsdecode(b"caf\xe9.jsonl"))
    assert ImportJob.objects.get(project=tickets).file_name == "café.jsonl"


@pytest.mark.parametrize("key", ["excel", "parquet", "huggingface", "spacy"])
def test_a_command_reads_the_spans_of_our_own_tables(
    make_project: Callable[..., Project], tmp_path: Path, key: str
) -> None:
    project = make_project(kind="spans", texts=[])
    import_documents(project.pk, [Record(1, "😀 Ann sings.", spans=(Span(2, 5, "Refund"),), split="test")])
    path = tmp_path / f"labels{file_format(key).suffix}"
    path.write_bytes(b"".join(export_file(project, Scope.SETTLED, key)))
    again = make_project(kind="spans", texts=[])
    call_command("import_documents", again.pk, str(path))
    label = Label.objects.get(annotation__project=again)
    assert (label.start, label.end, label.label_class.name) == (2, 5, "Refund")


@pytest.mark.parametrize("spans", [(), (Span(0, 3, "Refund"),)])
def test_spans_say_nothing_of_the_classes_of_a_document(
    make_project: Callable[..., Project], spans: tuple[Span, ...]
) -> None:
    project = make_project(kind="multi", texts=[])
    report = import_documents(project.pk, [record(RecordAnnotation("ann", None, spans))])
    assert (report.added, report.labeled, state(project)) == (1, 0, "open")
    assert "this project labels whole documents" in report.warnings[0].reason
