"""What keeps a model from being there: is it told as it is, on every page and in every JSON?"""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling import worker
from labeling.annotations.submit import Submission, submit
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects import tokens
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.training.model_status import ModelState, ModelStatus, model_status
from tests.fixtures.people import label
from tests.fixtures.saved_projects import Restore
from tests.fixtures.trained_project import label_rightly, text_of, train

PAGES = (
    "",
    "quality/",
    "quality/confusion-matrix/",
    "quality/calibration/",
    "quality/test-set/",
    "quality/slices/",
    "quality/class-priorities/",
    "quality/models/",
    "quality/models/compare/",
    "quality/learning-curve/",
)
REPORTS = ("classes", "confusion", "quality", "test-set", "slices", "steering", "curves")


@pytest.fixture
def spans(restore: Restore, make_project: Callable[..., Project]) -> Project:
    """A project of spans with features and tokens but no model."""
    return restore("forty of spans", lambda: open_spans(make_project))


def open_spans(make_project: Callable[..., Project]) -> Project:
    names = ("Refund", "Billing", "Delivery")
    project = make_project(kind="spans", texts=[text_of(names[n % 3], n) for n in range(40)])
    outbox.enqueue(project.pk, Job.Kind.FEATURIZE)
    for kind in (Job.Kind.FEATURIZE, Job.Kind.RANK):
        assert worker.run_job(project.pk, kind)
    project.refresh_from_db()
    return project


def say(project: Project, who: User, count: int, *names: str) -> None:
    """Answer this many documents with the same classes; in a project of spans, on the first four letters."""
    index = (0, 4) if project.kind == Project.Kind.SPANS else ()
    for _ in range(count):
        (held,) = claims.claim(project.pk, who).documents
        submit(who, Submission(held.token, [label(project, name, *index) for name in names]))


def fail_to_train(project: Project, settings: Any) -> None:
    """Owe a training, and let it fail by itself: a file stands where the folder of models belongs."""
    Path(settings.MODELS_DIR).parent.mkdir(exist_ok=True)
    Path(settings.MODELS_DIR).write_text("not a folder")
    outbox.enqueue(project.pk, Job.Kind.TRAIN)
    assert worker.run_job(project.pk, Job.Kind.TRAIN)


def assert_told(project: Project, joan: User, client: Client, status: ModelStatus) -> None:
    """The same words on every page and in every JSON, and nothing else about it."""
    client.force_login(joan)
    for page in PAGES:
        response = client.get(f"/projects/{project.pk}/{page}")
        shown = html.unescape(response.content.decode())
        assert response.status_code == 200, page
        assert status.title in shown, page
        assert status.text in shown, page
        assert (status.state == ModelState.FAILED) <= (status.failure in shown), page
    _token, text = tokens.create(project.pk, joan, "reports", "read")
    bearer = {"Authorization": f"Bearer {text}"}
    for report in REPORTS:
        address = f"/api/v1/projects/{project.pk}/reports/{report}/"
        model_status = client.get(address, headers=bearer).json()["model_status"]
        assert (model_status["state"], model_status["title"], model_status["text"]) == (
            status.state,
            status.title,
            status.text,
        )
        assert model_status["failure"] == (status.failure or None)
    alone = client.get(f"/api/v1/projects/{project.pk}/model-status/", headers=bearer).json()
    assert alone["labels_needed"] == status.labels_needed
    assert alone["state"] == status.state


def test_too_few_labels(untrained: Project, joan: User, ann: User, client: Client) -> None:
    say(untrained, ann, 2, "Refund")
    say(untrained, ann, 1, "Billing")
    status = model_status(untrained)
    assert (status.state, status.labels, status.labels_needed) == (ModelState.TOO_FEW_LABELS, 3, 7)
    assert status.text.startswith(
        "Label 7 more documents for the first model. At least two classes need labels"
    )
    assert_told(untrained, joan, client, status)


def test_one_class_only(untrained: Project, joan: User, ann: User, client: Client) -> None:
    say(untrained, ann, 12, "Refund")
    status = model_status(untrained)
    assert (status.state, status.labels) == (ModelState.ONE_CLASS, 11), "one was of the test set"
    assert status.text.startswith("All 11 labeled documents are Refund. A model needs a second class")
    assert_told(untrained, joan, client, status)
    outbox.enqueue(untrained.pk, Job.Kind.TRAIN)
    assert worker.run_job(untrained.pk, Job.Kind.TRAIN)
    assert not ModelVersion.objects.exists(), "it is what really keeps the model from being there"
    assert model_status(untrained) == status


def test_labels_that_wait_for_the_workers(untrained: Project, joan: User, ann: User, client: Client) -> None:
    label_rightly(untrained, ann, 14)
    status = model_status(untrained)
    assert status.state == ModelState.WAITING
    assert not status.is_preparing
    assert_told(untrained, joan, client, status)
    train(untrained)
    assert model_status(untrained).state == ModelState.READY


def test_documents_that_are_not_prepared_yet(tickets: Project, joan: User, ann: User, client: Client) -> None:
    say(tickets, ann, 3, "Refund")
    say(tickets, ann, 2, "Billing")
    outbox.enqueue(tickets.pk, Job.Kind.FEATURIZE)
    status = model_status(tickets)
    assert (status.state, status.is_preparing) == (ModelState.WAITING, True)
    assert_told(tickets, joan, client, status)


def test_a_training_that_fails_is_told_with_its_reason_to_managers_alone(
    untrained: Project, joan: User, ann: User, carla: User, client: Client, settings: Any
) -> None:
    label_rightly(untrained, ann, 14)
    fail_to_train(untrained, settings)
    status = model_status(untrained)
    assert status.state == ModelState.FAILED
    assert "NotADirectoryError" in status.failure
    assert_told(untrained, joan, client, status)
    client.force_login(carla)
    for page in ("", "quality/", "quality/calibration/"):
        shown = html.unescape(client.get(f"/projects/{untrained.pk}/{page}").content.decode())
        assert status.title in shown
        assert "NotADirectoryError" not in shown
    _token, text = tokens.create(untrained.pk, carla, "reports", "read")
    answer = client.get(
        f"/api/v1/projects/{untrained.pk}/model-status/", headers={"Authorization": f"Bearer {text}"}
    )
    assert (answer.json()["state"], answer.json()["failure"]) == ("failed", None)


def test_a_failure_is_over_with_the_first_model(untrained: Project, ann: User, settings: Any) -> None:
    label_rightly(untrained, ann, 14)
    fail_to_train(untrained, settings)
    Path(settings.MODELS_DIR).unlink()
    outbox.retry(untrained.pk, Job.Kind.TRAIN)
    assert model_status(untrained).state == ModelState.WAITING
    train(untrained)
    assert model_status(untrained).state == ModelState.READY


def test_a_training_that_runs(untrained: Project, joan: User, ann: User, client: Client) -> None:
    label_rightly(untrained, ann, 14)
    outbox.enqueue(untrained.pk, Job.Kind.TRAIN)
    job = outbox.start(untrained.pk, Job.Kind.TRAIN)
    assert job is not None
    ModelVersion.objects.create(
        project=untrained, number=1, classes=[], label_count=14, trained_through=0, facts={}
    )
    status = model_status(untrained)
    assert status.state == ModelState.TRAINING
    assert_told(untrained, joan, client, status)
    outbox.interrupt(job, "killed")
    assert model_status(untrained).state == ModelState.WAITING, "a version may say so whose worker was killed"


def test_no_documents(make_project: Callable[..., Project]) -> None:
    status = model_status(make_project(texts=[]))
    assert (status.state, status.title) == (
        ModelState.NO_DOCUMENTS,
        "No model yet: no documents",
    )


def test_spans_too_few_labels(spans: Project, joan: User, ann: User, client: Client) -> None:
    say(spans, ann, 1)
    status = model_status(spans)
    assert (status.state, status.labels_needed) == (ModelState.TOO_FEW_LABELS, 9)
    assert "Some documents need spans." in status.text
    assert_told(spans, joan, client, status)


def test_spans_without_any_span(spans: Project, joan: User, ann: User, client: Client) -> None:
    say(spans, ann, 11)
    status = model_status(spans)
    assert (status.state, status.class_name) == (ModelState.ONE_CLASS, "")
    assert status.text.startswith("None of the 11 labeled documents has a span.")
    assert_told(spans, joan, client, status)


def test_one_class_is_enough_for_spans(spans: Project, ann: User) -> None:
    say(spans, ann, 11, "Refund")
    assert model_status(spans).state == ModelState.WAITING
    train(spans)
    assert model_status(spans).state == ModelState.READY


def test_spans_whose_training_fails(
    spans: Project, joan: User, ann: User, client: Client, settings: Any
) -> None:
    say(spans, ann, 11, "Refund")
    fail_to_train(spans, settings)
    status = model_status(spans)
    assert status.state == ModelState.FAILED
    assert_told(spans, joan, client, status)


def test_answers_with_a_retired_class_do_not_count(untrained: Project, joan: User, ann: User) -> None:
    """As in the training itself, which leaves such documents out."""
    label_rightly(untrained, ann, 14)
    untrained.classes.exclude(name="Refund").update(retired_at="2026-11-01T00:00Z", key="")
    status = model_status(untrained)
    assert status.state != ModelState.WAITING
    assert status.labels < 14
