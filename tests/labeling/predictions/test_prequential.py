"""Was the model right about what it was then taught?"""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.annotations.submit import Submission, submit
from labeling.predictions.models import ModelVersion
from labeling.predictions.prequential import prequential
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease, QueueEntry
from tests.fixtures.people import label
from tests.fixtures.saved_projects import Restore
from tests.fixtures.trained_project import build_trained, label_rightly, train, truth


@pytest.fixture
def taught(restore: Restore, make_project: Callable[..., Project], ann: User) -> Project:
    """A model, and thirty answers to documents that it had an opinion on."""

    def build() -> Project:
        project = build_trained(make_project, ann)
        label_rightly(project, ann, 30)
        return project

    return restore("trained, and thirty answers", build)


def test_answers_are_paired_with_what_was_said_before_them(taught: Project) -> None:
    predictions = prequential(taught.pk)
    assert len(predictions) == 30
    assert [prediction.age for prediction in predictions] == list(range(29, -1, -1))
    assert {prediction.model for prediction in predictions} == {1}
    assert sum(prediction.is_right for prediction in predictions) > 20
    assert all(0 < prediction.probability <= 1 for prediction in predictions)
    leases = {lease.annotation_id: lease for lease in Lease.objects.filter(project=taught)}
    for first in predictions:
        assert leases[first.annotation_id].document_id == first.document_id
        assert leases[first.annotation_id].reason["top"][0][0] == str(first.label_class)


def test_a_later_model_changes_nothing_of_what_was_said(taught: Project) -> None:
    before = prequential(taught.pk)
    train(taught)
    assert prequential(taught.pk) == before


def test_random_draws_know_their_chance_and_chosen_documents_have_none(taught: Project) -> None:
    predictions = prequential(taught.pk)
    assert {"random", "margin"} <= {prediction.share for prediction in predictions}
    for first in predictions:
        assert (first.propensity is not None) == (first.share == "random")


def test_documents_that_come_again_do_not_judge_the_model(taught: Project, ann: User) -> None:
    """It may have learned from their first answer."""
    QueueEntry.objects.live(taught).update(
        reason={"share": "overlap", "top": [[str(taught.classes.first().pk), 0.9]], "model": 1}  # type: ignore[union-attr]
    )
    label_rightly(taught, ann, 1)
    assert len(prequential(taught.pk)) == 30


def test_a_wrong_prediction_and_a_class_of_none_are_told_as_they_are(taught: Project, ann: User) -> None:
    (held,) = claims.claim(taught.pk, ann).documents
    wrong = next(name for name in ("Refund", "Billing", "Delivery") if name != truth(held.text))
    predicted = {str(c.pk): c.name for c in taught.classes.all()}[
        (held.reason.evidence.top or ())[0].label_class
    ]
    submit(ann, Submission(held.token, [label(taught, wrong)]))
    last = prequential(taught.pk)[-1]
    assert last.true_labels == {label(taught, wrong).label_class}
    assert last.is_right == (predicted == wrong)


def test_it_is_one_statement_and_looks_at_the_latest_only(taught: Project) -> None:
    with CaptureQueriesContext(connection) as statements:
        assert len(prequential(taught.pk, limit=5)) == 5
    assert len(statements) == 1
    assert prequential(taught.pk, limit=5) == prequential(taught.pk)[-5:]


def test_without_a_model_there_is_nothing(untrained: Project, ann: User) -> None:
    label_rightly(untrained, ann, 12)
    assert prequential(untrained.pk) == []
    assert not ModelVersion.objects.exists()
