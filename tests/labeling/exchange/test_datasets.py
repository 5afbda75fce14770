"""Is everything of a project in its dataset, and does a project made from it give the same one?"""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.annotations import adjudication, corrections, exclusion, submit
from labeling.annotations.models import Resolution
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.exchange import datasets
from labeling.exchange.datasets import (
    Content,
    features_of_project,
    outline_of_project,
    records_of_project,
)
from labeling.exchange.importing import import_documents
from labeling.exchange.project_imports import create_from_outline, import_project
from labeling.exchange.sources import outline_of_file, recognize_file
from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import OutlineClass, OutlineGuideline, ProjectOutline
from labeling.formats.projects import WRITERS
from labeling.formats.readers import dataset as reader
from labeling.formats.records import BadRow, Record, RecordAnnotation, RecordPrediction, Span
from labeling.guidelines import classes, versions
from labeling.guidelines.models import Guideline, LabelClass
from labeling.guidelines.versions import RuleText
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label


def dataset(project: Project, content: Content = Content.ANNOTATORS) -> bytes:
    losses: list[BadRow] = []
    records = records_of_project(project, content)
    file = b"".join(WRITERS["dataset"].write(outline_of_project(project), records, losses.append))
    assert losses == []
    return file


def answer(project: Project, person: User, *names: str, **fields: Any) -> int:
    (held,) = claims.claim(project.pk, person).documents
    values = [label(project, name) for name in names]
    return submit.submit(person, Submission(held.token, values, **fields)).annotation_id


def imported(file: bytes, creator: User, tmp_path: Path) -> Project:
    path = tmp_path / "dataset.jsonl"
    path.write_bytes(file)
    source = recognize_file(path, path.name)
    outline = outline_of_file(path, path.name, source.file_format)
    done = import_project(creator, path, path.name, source.file_format, outline)
    assert (done.report.bad, done.report.warned) == (0, 0)
    return done.project


@pytest.fixture
def busy(make_project: Callable[..., Project], joan: User, ann: User, bob: User, carla: User) -> Project:
    """Two annotators per document: agreement, decided dispute, correction, withdrawal, half a pair."""
    project = make_project(overlap=2, test_share=0.5)
    refund, billing = (project.classes.get(name=name) for name in ("Refund", "Billing"))
    rules = {refund.pk: RuleText("Money back.", "I want it back", "I paid"), billing.pk: RuleText("Charges.")}
    versions.publish(project.pk, joan, body="# Rules\r\n😀", rules=rules, change="rule", note="First rules")
    answer(project, ann, "Refund", note='=1+1 "odd"', seconds=3.25)
    answer(project, bob, "Refund")
    corrected = answer(project, ann, "Refund")
    corrections.correct(project.pk, ann, corrected, [label(project, "Billing")])
    answer(project, bob, "Delivery")
    (disputed,) = Document.objects.disputed()
    adjudication.decide(project.pk, disputed.pk, carla, [label(project, "Delivery")])
    answer(project, ann, "Billing")
    answer(project, ann, "Refund")
    corrections.undo(project.pk, ann)
    Document.objects.filter(project=project, position=3).update(
        metadata={"stars": 4.0, "a": [None, "\u2028"]}
    )
    classes.add(project.pk, joan, "Old name", key="z")
    classes.retire(project.pk, joan, LabelClass.objects.get(project=project, name="Old name").pk)
    LabelClass.objects.filter(pk=refund.pk).update(seed_words=["money back"], key="", color="#123456")
    predictions = (RecordPrediction("baseline", "2", {"Refund": 0.1, "Billing": 0.7}),)
    record = Record(1, "A new one.", "n1", labels=("Refund",), predictions=predictions)
    import_documents(project.pk, [record])
    return project


def test_a_project_made_of_a_dataset_gives_the_same_dataset_byte_for_byte(
    busy: Project, joan: User, tmp_path: Path
) -> None:
    file = dataset(busy)
    again = imported(file, joan, tmp_path)
    assert again.pk != busy.pk
    assert dataset(again).decode().split("\n") == file.decode().split("\n")


@pytest.mark.parametrize("kind", ["multi", "spans"])
def test_the_same_holds_for_several_classes_and_for_spans(
    make_project: Callable[..., Project], joan: User, tmp_path: Path, kind: str
) -> None:
    project = make_project(kind=kind, allows_overlapping_spans=kind == "spans")
    text = "😀 Ann\r\nand Ben"
    spans = (Span(2, 5, "Refund"), Span(0, 5, "Billing"), Span(2, 5, "Billing"))
    annotations = tuple(
        RecordAnnotation(name, **({"spans": value} if kind == "spans" else {"labels": labels}))
        for name, value, labels in (("x", spans, ("Refund", "Billing")), ("y", (), ()))
    )
    assert import_documents(project.pk, [Record(1, text, annotations=annotations)]).warned == 0
    file = dataset(project)
    assert dataset(imported(file, joan, tmp_path)).decode().split("\n") == file.decode().split("\n")


def test_the_annotations_of_each_annotator_are_kept_apart_with_their_provenance(busy: Project) -> None:
    by_id = {record.external_id: record for record in records_of_project(busy)}
    states = {
        name: [
            (a.annotator, a.labels, a.provenance["resolution"], a.provenance["is_counted"])
            for a in by_id[name].annotations
        ]
        for name in ("t0", "t1", "t2", "t3", "t4")
    }
    assert states == {
        "t0": [("ann", ("Refund",), "agreed", True), ("bob", ("Refund",), None, True)],
        "t1": [
            ("ann", ("Refund",), None, False),
            ("ann", ("Billing",), None, True),
            ("bob", ("Delivery",), None, True),
            ("carla", ("Delivery",), "adjudicated", True),
        ],
        "t2": [("ann", ("Billing",), None, True)],
        "t3": [("ann", ("Refund",), None, False)],
        "t4": [],
    }
    first = by_id["t0"].annotations[0].provenance
    assert (first["note"], first["seconds"], first["guideline_version"]) == ('=1+1 "odd"', 3.25, 2)
    assert (first["source"], first["selected_by"]) == ("person", "margin")
    assert by_id["t3"].annotations[0].provenance["is_withdrawn"] is True


def test_final_labels_only_leave_out_what_did_not_become_final(busy: Project) -> None:
    labels = {
        record.external_id: [(a.annotator, a.labels) for a in record.annotations]
        for record in records_of_project(busy, Content.FINAL)
    }
    assert {name: each for name, each in labels.items() if each} == {
        "t0": [("ann", ("Refund",))],
        "t1": [("carla", ("Delivery",))],
        "n1": [(None, ("Refund",))],
    }
    assert len(labels) == 7


def test_guideline_versions_classes_and_rules_are_those_of_the_project(busy: Project, joan: User) -> None:
    outline = outline_of_project(busy)
    assert [(each.change, each.text, each.author) for each in outline.guidelines] == [
        ("first", "", "joan"),
        ("rule", "# Rules\r\n😀", "joan"),
    ]
    refund = next(each for each in outline.classes if each.name == "Refund")
    assert (refund.description, refund.seed_words, refund.color) == (
        "Money back.",
        ("money back",),
        "#123456",
    )
    assert [each.name for each in outline.classes if not each.is_active] == ["Old name"]
    again = create_from_outline(joan, outline)
    assert outline_of_project(again).guidelines == outline.guidelines
    assert Guideline.objects.filter(project=again, author_elsewhere="joan").count() == 2


def test_an_excluded_document_is_in_no_dataset(busy: Project, joan: User) -> None:
    excluded = Document.objects.get(project=busy, external_id="t0")
    exclusion.exclude(busy.pk, joan, excluded.pk)
    assert "t0" not in {record.external_id for record in records_of_project(busy)}
    assert features_of_project(busy).documents == 6


def test_an_imported_label_that_lost_here_is_no_longer_exported_as_final(
    busy: Project, joan: User, tmp_path: Path
) -> None:
    again = imported(dataset(busy), joan, tmp_path)
    document = Document.objects.get(project=again, external_id="t1")
    Resolution.objects.filter(document=document).delete()
    Document.objects.filter(pk=document.pk).update(state="disputed")
    record = next(r for r in records_of_project(again) if r.external_id == "t1")
    assert [a.provenance["resolution"] for a in record.annotations] == [None] * 4


def test_documents_that_were_not_final_elsewhere_are_not_labeled_here(
    busy: Project, joan: User, tmp_path: Path
) -> None:
    again = imported(dataset(busy), joan, tmp_path)
    states = dict(Document.objects.filter(project=again).values_list("external_id", "state"))
    assert states == {
        "t0": "resolved",
        "t1": "resolved",
        "n1": "resolved",
        **dict.fromkeys(("t2", "t3", "t4", "t5"), "open"),
    }


def test_the_features_are_what_the_dataset_contains(busy: Project) -> None:
    features = features_of_project(busy)
    assert (features.documents, features.unlabeled) == (7, 2)
    assert (features.annotators, features.per_document) == (3, 4)
    assert features.has_metadata
    assert features.has_predictions
    assert features.has_provenance
    assert features.has_guideline
    assert not features.has_overlapping_spans
    assert not features.has_no_class
    assert features_of_project(busy, Content.FINAL).per_document == 1


def test_overlapping_spans_and_no_class_are_features(make_project: Callable[..., Project]) -> None:
    project = make_project(kind="spans", allows_overlapping_spans=True, texts=[])
    rows = [Record(1, "Ann", spans=(Span(0, 2, "Refund"), Span(1, 3, "Billing"))), Record(2, "Ben", spans=())]
    import_documents(project.pk, rows)
    features = features_of_project(project)
    assert (features.has_overlapping_spans, features.has_no_class, features.annotators) == (True, True, 0)


def test_an_empty_project_is_a_dataset_without_documents(make_project: Callable[..., Project]) -> None:
    file = dataset(make_project(texts=[]))
    assert list(reader.read(FilesInMemory({"d.jsonl": file}))) == []
    assert io.BytesIO(file).readlines()[-1].startswith(b'{"type": "end", "documents": 0')


def test_a_page_costs_three_statements_however_many_documents_it_has(
    busy: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "DOCUMENT_BATCH_SIZE", 4)
    with CaptureQueriesContext(connection) as captured:
        assert len(list(records_of_project(busy))) == 7
    assert len(captured) == 2 + 2 * 3 + 1  # classes and models, two pages, and one that is empty


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "yesterday", ""])
def test_a_guideline_with_an_impossible_time_gets_that_of_the_import(joan: User, time: str) -> None:
    outline = ProjectOutline(
        "Review Queue",
        "mails",
        "single",
        classes=(OutlineClass("Refund"),),
        guidelines=(OutlineGuideline("# Rules", created_at=time),),
        is_complete=True,
    )
    project = create_from_outline(joan, outline)
    created_at = Guideline.objects.get(project=project).created_at
    assert abs((created_at - project.created_at).total_seconds()) < 3600


def test_a_project_whose_name_is_blank_is_called_as_its_tool(joan: User) -> None:
    outline = ProjectOutline("Review Queue", " \n\t ", "single", classes=(OutlineClass("Refund"),))
    assert create_from_outline(joan, outline).name == "Review Queue"


@pytest.mark.slow
def test_memory_does_not_grow_with_the_project(make_project: Callable[..., Project]) -> None:
    peaks = []
    for count in (4_000, 10_000):
        project = make_project(texts=[])
        annotation = RecordAnnotation("x", labels=("Refund",))
        import_documents(
            project.pk, (Record(n, f"Text {n} " * 10, annotations=(annotation,)) for n in range(count))
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        tracemalloc.start()
        assert sum(1 for _ in records_of_project(project)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
