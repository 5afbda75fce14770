"""Are the numbers of chosen labels told beside those of random ones, and what people were shown?"""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from analytics.bias import bias_report, title
from labeling.actions import queue
from labeling.actions.annotations import Submission, submit
from labeling.models import Lease, Project
from tests.cast import label
from tests.shop import label_rightly, train, truth


@pytest.fixture
def taught(shop: Project, ann: User) -> Project:
    """The shop whose model has said something before thirty answers."""
    label_rightly(shop, ann, 20)
    train(shop)
    label_rightly(shop, ann, 30)
    return shop


def test_chosen_and_random_documents_are_kept_apart(taught: Project) -> None:
    report = bias_report(taught, list(taught.classes.all()))
    overall = report.overall
    assert overall.n_drawn + overall.n_chosen == 30
    assert overall.n_chosen > 0
    assert sum(row.recall.n_drawn + row.recall.n_chosen for row in report.classes) == 30
    if not overall.n_drawn:
        assert overall.bias.reason == "No random document was predicted before it was labelled."
    assert title(report) == "Too few answers to say how far the chosen labels are off"


def test_agreement_is_told_for_shown_and_for_hidden_opinions(taught: Project, ann: User) -> None:
    for policy in ("hidden", "shown"):
        for held in queue.claim(taught.pk, ann, 5).documents:
            said = {"policy": policy}
            submit(ann, Submission(held.token, [label(taught, truth(held.text))], suggestion=said))
    leaning = bias_report(taught, []).leaning
    assert (leaning.n_seen, leaning.n_hidden, leaning.n_contrary) == (5, 5, 0)
    assert leaning.seen.is_defined
    assert leaning.changed.reason == "Nobody has chosen something else before an opinion was shown."


def test_an_odd_prediction_of_long_ago_is_passed_over(taught: Project) -> None:
    lease = Lease.objects.filter(project=taught, state="submitted").latest("annotation_id")
    odd: list[object] = [[], None, {}, [[]], ["x"], [["Refund", 0.9]], [[None, 0.9]], [[str(UUID(int=0))]]]
    for top in odd:
        lease.reason |= {"top": top}
        lease.save(update_fields=["reason"])
        overall = bias_report(taught, []).overall
        assert overall.n_drawn + overall.n_chosen == 29


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_without_answers_everything_is_undefined(make_project: Callable[..., Project], kind: str) -> None:
    report = bias_report(make_project(kind=kind), [])
    assert report.is_empty
    assert report.overall.drawn.value is None
