"""What remains when an import is undone? Everything but what it brought."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from pytest_django.fixtures import Settings

from analytics.data.annotation_log import annotation_log
from labeling import worker
from labeling.annotations import questions
from labeling.annotations.models import Annotation, Label, Resolution
from labeling.annotations.submit import Submission, submit
from labeling.documents.imports import ImportJob
from labeling.documents.models import Document
from labeling.exceptions import ImportIsInUse, LeaseNotFound, NotAllowed, WrongState
from labeling.exchange import undo
from labeling.exchange.importing import import_documents
from labeling.features import embeddings, pipeline
from labeling.formats import Format, read
from labeling.guidelines import new_projects
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.management.invariants import INVARIANTS, breaches
from labeling.predictions.models import ModelVersion
from labeling.projects import members
from labeling.projects.models import Membership, Project
from labeling.queue import claims
from labeling.queue.models import Lease, QueueEntry
from labeling.ranking import gold
from labeling.ranking.head import open_candidates
from tests.fixtures.people import label, rank


@pytest.fixture(autouse=True)
def folders(settings: Settings, tmp_path: Path) -> None:
    settings.FEATURES_DIR, settings.MODELS_DIR = tmp_path / "features", tmp_path / "models"


@pytest.fixture
def mail(joan: User, ann: User) -> Project:
    project = new_projects.create(
        joan, name="Mail", kind="single", class_names=["Refund", "Delivery"], test_share=0.0
    )
    members.add_member(project.pk, joan, ann, Membership.Role.ANNOTATOR)
    return project


def bring(project: Project, *rows: dict[str, Any], **options: Any) -> ImportJob:
    raw = io.BytesIO("".join(json.dumps(row) + "\n" for row in rows).encode())
    report = import_documents(project.pk, read(raw, Format.JSONL), **options)
    project.refresh_from_db()
    return ImportJob.objects.get(pk=str(report.job_id))


def standing(project: Project) -> list[tuple[str, str, str | None]]:
    """(text, state, class) of every document, in their order."""
    result = project.documents.order_by("position")
    settled = "resolution__annotation__labels__label_class__name"
    return list(result.values_list("text", "state", settled))


def hold(project: Project) -> None:
    assert [breach for invariant in INVARIANTS for breach in breaches(invariant)] == []
    project.refresh_from_db()
    assert project.present_count == project.documents.count()


def test_all_that_an_import_brought_goes(mail: Project, joan: User) -> None:
    kept = bring(mail, {"id": "a", "text": "Old one", "label": "Refund"})
    job = bring(
        mail,
        {"id": "b", "text": "New one", "label": "Delivery", "channel": "mail"},
        {"id": "c", "text": "Another", "label": "Warranty"},
        {"id": "d", "text": "Without a label"},
        adds_classes=True,
    )
    rank(mail, list(mail.documents.filter(state="open")))
    effect = undo.undo_effect(mail.pk, joan, job.pk)
    assert (effect.documents, effect.labels, effect.classes, effect.obstacle) == (3, 2, 1, "")
    assert undo.undo(mail.pk, joan, job.pk).state == "undone"
    assert standing(mail) == [("Old one", "resolved", "Refund")]
    assert list(mail.classes.values_list("name", flat=True)) == ["Refund", "Delivery"]
    assert set(Annotation.objects.filter(project=mail).values_list("import_job", flat=True)) == {kept.pk}
    assert (Label.objects.count(), QueueEntry.objects.count()) == (1, 0)
    hold(mail)
    assert undo.undo(mail.pk, joan, job.pk).state == "undone", "once more changes nothing"
    hold(mail)


def test_the_right_file_can_come_afterwards(mail: Project, joan: User) -> None:
    wrong = bring(mail, {"id": 1, "text": "mail"}, {"id": 2, "text": "chat"})
    undo.undo(mail.pk, joan, wrong.pk)
    right = bring(mail, {"id": 1, "text": "Where is it?"}, {"id": 2, "text": "Thank you"})
    assert (right.imported, right.bad_row_count) == (2, 0)
    assert [text for text, *_ in standing(mail)] == ["Where is it?", "Thank you"]
    assert list(mail.documents.order_by("position").values_list("position", flat=True)) == [2, 3]
    hold(mail)


def test_documents_that_it_only_touched_keep_what_they_had(mail: Project, joan: User, ann: User) -> None:
    bring(
        mail,
        {"id": "open", "text": "Nobody knows"},
        {"id": "torn", "text": "Some say so", "label": "Refund"},
        {"id": "torn", "text": "Some say so", "label": "Delivery"},
        {"id": "done", "text": "All agree", "label": "Refund"},
        {"id": "said", "text": "Ann knows"},
    )
    rank(mail, [mail.documents.get(external_id="said")])
    (held,) = claims.claim(mail.pk, ann, 1).documents
    submit(ann, Submission(held.token, [label(mail, "Refund")]))
    before = standing(mail)
    job = bring(
        mail,
        *(
            {"id": i, "text": t, "label": "Delivery"}
            for i, t in (
                ("open", "Nobody knows"),
                ("torn", "Some say so"),
                ("done", "All agree"),
                ("said", "Ann knows"),
            )
        ),
        {"id": "new", "text": "Of this file alone"},
    )
    assert standing(mail) != before
    undo.undo(mail.pk, joan, job.pk)
    assert standing(mail) == before
    hold(mail)


def test_an_import_whose_documents_were_answered_stays(mail: Project, joan: User, ann: User) -> None:
    job = bring(mail, {"text": "One"}, {"text": "Two"}, {"text": "Three", "label": "Refund"})
    rank(mail, list(mail.documents.order_by("position")[:2]))
    document, two = claims.claim(mail.pk, ann, 2).documents
    submit(ann, Submission(document.token, [label(mail, "Refund")]))
    questions.ask(two.token, ann, "What is this?")
    before = standing(mail)
    with pytest.raises(ImportIsInUse, match="2 of its documents have been labeled or asked about since"):
        undo.undo(mail.pk, joan, job.pk)
    assert standing(mail) == before
    job.refresh_from_db()
    assert job.state == "done"
    hold(mail)


def test_gold_is_somebody_s_answer(mail: Project, joan: User) -> None:
    job = bring(mail, {"text": "Three", "label": "Refund"})
    gold.mark(mail.pk, joan, mail.documents.get().pk)
    with pytest.raises(ImportIsInUse, match="1 of its documents has been labeled"):
        undo.undo(mail.pk, joan, job.pk)


def test_the_import_that_labeled_its_documents_is_undone_first(mail: Project, joan: User) -> None:
    first = bring(mail, {"text": "One"})
    second = bring(mail, {"text": "One", "label": "Refund"})
    with pytest.raises(ImportIsInUse, match=r"labels of another import\. Undo that import first"):
        undo.undo(mail.pk, joan, first.pk)
    undo.undo(mail.pk, joan, second.pk)
    undo.undo(mail.pk, joan, first.pk)
    assert standing(mail) == []
    hold(mail)


def test_what_is_open_on_a_desk_ends_there(mail: Project, joan: User, ann: User) -> None:
    kept = bring(mail, {"text": "Stays"})
    job = bring(mail, {"text": "Goes"})
    rank(mail, list(mail.documents.order_by("-position")))
    (held,) = claims.claim(mail.pk, ann, 1).documents
    assert undo.undo_effect(mail.pk, joan, job.pk).held == 1
    undo.undo(mail.pk, joan, job.pk)
    with pytest.raises(LeaseNotFound):
        submit(ann, Submission(held.token, [label(mail, "Refund")]))
    (other,) = claims.claim(mail.pk, ann, 1).documents
    assert Document.objects.get(pk=other.document_id).import_job_id == kept.pk
    assert Lease.objects.count() == 1
    hold(mail)


def test_the_database_lets_no_other_answer_go(mail: Project, joan: User, ann: User) -> None:
    """Neither of people, while an import is undone, nor of an import that stays."""
    job = bring(mail, {"text": "One", "label": "Refund"}, {"text": "Two"})
    rank(mail, [mail.documents.get(text="Two")])
    (held,) = claims.claim(mail.pk, ann, 1).documents
    submit(ann, Submission(held.token, [label(mail, "Refund")]))
    for state in ("done", "undone", "undoing"):
        ImportJob.objects.filter(pk=job.pk).update(state=state)
        for answers in (
            Annotation.objects.filter(source="person"),
            Annotation.objects.filter(source="import"),
        ):
            if state == "undoing" and answers.first().source == "import":  # type: ignore[union-attr]
                continue
            for rows in (Label.objects.filter(annotation__in=answers), answers):
                with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                    rows._raw_delete(rows.db)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Annotation.objects.filter(source="import").update(note="changed")


def test_classes_that_somebody_uses_stay_and_learned_ones_are_retired(
    mail: Project, joan: User, ann: User
) -> None:
    bring(mail, {"text": "Zero"})
    names = ["Used", "Learned", "Free"]
    job = bring(mail, *({"text": name, "label": name} for name in names), adds_classes=True)
    used, learned, _free = (LabelClass.objects.get(project=mail, name=name) for name in names)
    rank(mail, [mail.documents.get(text="Zero")])
    (held,) = claims.claim(mail.pk, ann, 1).documents
    submit(ann, Submission(held.token, [label(mail, "Used")]))
    ModelVersion.objects.create(project=mail, number=1, state="ready", classes=[learned.pk])
    assert len(annotation_log(mail).classes) == 5
    undo.undo(mail.pk, joan, job.pk)
    label_classes = LabelClass.objects.filter(project=mail).values_list("name", "retired_at")
    assert {name: retired is not None for name, retired in label_classes} == {
        "Refund": False,
        "Delivery": False,
        "Used": False,
        "Learned": True,
    }
    log = annotation_log(mail)
    assert set(log.classes) == set(LabelClass.objects.filter(project=mail).values_list("pk", flat=True))
    assert len(log.annotations) == 1
    assert Job.objects.filter(project=mail, kind=Job.Kind.TRAIN).exists(), "it forgets them"
    assert used.pk in log.classes


def test_a_large_import_is_undone_by_a_worker(
    mail: Project, joan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "BATCH_SIZE", 1)
    job = bring(mail, {"text": "One"}, {"text": "Two", "label": "Refund"})
    assert undo.undo(mail.pk, joan, job.pk).state == "undoing"
    assert mail.documents.count() == 2
    worker.run_job(mail.pk, Job.Kind.IMPORT)
    job.refresh_from_db()
    assert (job.state, mail.documents.count()) == ("undone", 0)
    hold(mail)


def test_an_answer_that_comes_before_the_worker_keeps_the_import(
    mail: Project, joan: User, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "BATCH_SIZE", 1)
    job = bring(mail, {"text": "One"}, {"text": "Two"})
    rank(mail, list(mail.documents.all()))
    undo.undo(mail.pk, joan, job.pk)
    (held,) = claims.claim(mail.pk, ann, 1).documents
    submit(ann, Submission(held.token, [label(mail, "Refund")]))
    worker.run_job(mail.pk, Job.Kind.IMPORT)
    job.refresh_from_db()
    assert (job.state, mail.documents.count()) == ("done", 2)
    assert "1 of its documents has been labeled" in job.failure
    hold(mail)


def test_an_import_under_way_cannot_be_undone(mail: Project, joan: User, ann: User) -> None:
    job = bring(mail, {"text": "One"})
    ImportJob.objects.filter(pk=job.pk).update(state="running")
    with pytest.raises(WrongState):
        undo.undo(mail.pk, joan, job.pk)
    with pytest.raises(NotAllowed):
        undo.undo(mail.pk, ann, job.pk)
    assert mail.documents.count() == 1


TEXTS = [
    f"The {thing} that I ordered in {month} is late and nobody answers"
    for thing in ("lamp", "chair", "kettle", "carpet")
    for month in ("May", "June", "July")
]


def featurized(project: Project) -> None:
    worker.run_job(project.pk, Job.Kind.FEATURIZE)
    project.refresh_from_db()


def test_features_are_learned_anew_and_no_place_is_given_twice(mail: Project, joan: User) -> None:
    """A first file with the wrong column must not decide what later texts look like."""
    wrong = bring(mail, *({"text": f"mail {n}"} for n in range(12)))
    featurized(mail)
    assert mail.feature_edition == 1
    undo.undo(mail.pk, joan, wrong.pk)
    bring(mail, *({"text": text} for text in TEXTS))
    featurized(mail)
    assert (mail.feature_edition, mail.features_removed_count, mail.document_count) == (2, 12, 24)
    store = pipeline.current_store(mail)
    assert store is not None
    assert len(store) == 24
    assert store.featurizer.n_sampled == 12, "of those that are here"
    assert np.flatnonzero(open_candidates(mail, 24).is_open).tolist() == list(range(12, 24))
    missing = embeddings._missing(mail, None)
    assert np.flatnonzero(missing).tolist() == list(range(12, 24))
    hold(mail)


def test_removed_documents_are_nobody_s_near_duplicates(mail: Project, joan: User) -> None:
    """Also where the same texts come again: the new ones are alike to each other, not to what has gone."""
    first = bring(mail, {"id": "a", "text": TEXTS[0]}, {"id": "b", "text": TEXTS[1] + "!"})
    bring(mail, {"id": "c", "text": TEXTS[0]}, {"id": "d", "text": TEXTS[0]})
    featurized(mail)

    def groups() -> dict[str, int | None]:
        return dict(mail.documents.values_list("external_id", "near_duplicate_group"))

    assert groups()["d"] == 0
    undo.undo(mail.pk, joan, first.pk)
    assert groups() == {"c": 2, "d": 2}
    bring(mail, {"id": "e", "text": TEXTS[0]}, {"id": "f", "text": TEXTS[1] + "!"}, {"id": "g", "text": "X"})
    featurized(mail)
    result = groups()
    assert (result["c"], result["d"], result["e"], result["g"]) == (2, 2, 2, None)
    hold(mail)


def test_an_import_into_a_full_project_leaves_its_order_and_test_set(
    make_project: Callable[..., Project], joan: User
) -> None:
    project = make_project(test_share=0.5)
    before = list(QueueEntry.objects.order_by("rank").values_list("document", flat=True))
    job = bring(project, *({"text": f"Text {n}"} for n in range(40)))
    assert project.documents.filter(import_job=job, split="test").exists()
    undo.undo(project.pk, joan, job.pk)
    assert list(QueueEntry.objects.order_by("rank").values_list("document", flat=True)) == before
    assert not Resolution.objects.filter(project=project).exists()
    again = bring(project, *({"text": f"Text {n}"} for n in range(40)))
    assert again.imported == 40
    hold(project)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("documents_before_undo", [0, 1, 8])
def test_whoever_labels_while_an_import_is_undone_is_answered(
    mail: Project, joan: User, ann: User, documents_before_undo: int
) -> None:
    """Either the first answer was there before, and the import stays, or none of it is kept anywhere."""
    job = bring(mail, *({"text": f"Text {n}"} for n in range(40)))
    rank(mail, list(mail.documents.order_by("position")))
    refund = label(mail, "Refund")
    errors: list[str] = []
    has_begun = Event()

    def annotate() -> None:
        try:
            for number in range(30):
                if number == documents_before_undo:
                    has_begun.set()
                claimed = claims.claim(mail.pk, ann, 1).documents
                if not claimed:
                    break
                try:
                    submit(ann, Submission(claimed[0].token, [refund]))
                except LeaseNotFound:
                    errors.append("gone")
        except Exception as error:
            errors.append(repr(error))
        finally:
            has_begun.set()
            connection.close()

    annotator = Thread(target=annotate)
    annotator.start()
    has_begun.wait(20)
    try:
        undo.undo(mail.pk, joan, job.pk)
    except ImportIsInUse:
        errors.append("in use")
    annotator.join(20)
    answers = Annotation.objects.filter(project=mail).count()
    assert set(errors) <= {"gone", "in use"}
    assert mail.documents.count() == (40 if "in use" in errors else 0)
    assert bool(answers) == ("in use" in errors)
    hold(mail)
