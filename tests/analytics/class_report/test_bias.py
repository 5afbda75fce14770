"""Are the numbers of chosen labels told beside those of random ones, and what people were shown?"""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from analytics.class_report.bias import bias_report, title
from labeling import worker
from labeling.annotations.submit import Submission, submit
from labeling.documents.models import Document
from labeling.jobs.models import Job
from labeling.predictions.prequential import prequential
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from labeling.steering import picks
from tests.fixtures.people import label
from tests.fixtures.saved_projects import Restore
from tests.fixtures.trained_project import build_trained, label_rightly, truth


@pytest.fixture
def taught(restore: Restore, make_project: Callable[..., Project], ann: User) -> Project:
    """The project of tickets whose model has said something before thirty answers."""

    def build() -> Project:
        project = build_trained(make_project, ann, 20)
        label_rightly(project, ann, 30)
        return project

    return restore("trained on twenty, and thirty answers", build)


def test_chosen_and_random_documents_are_kept_apart(taught: Project) -> None:
    report = bias_report(taught, list(taught.classes.all()))
    overall = report.overall
    assert overall.n_sampled + overall.n_chosen == 30
    assert overall.n_chosen > 0
    assert sum(row.recall.n_sampled + row.recall.n_chosen for row in report.classes) == 30
    if not overall.n_sampled:
        assert overall.bias.reason == "No random document was predicted before it was labeled."
    assert title(report) == "Too few annotations to estimate the bias of actively selected labels"


def test_what_chance_drew_counts_as_drawn_also_when_a_manager_sends_it_to_the_queue(
    taught: Project, joan: User, ann: User
) -> None:
    before = bias_report(taught, []).overall
    waiting = Document.objects.filter(project=taught, state="open")
    tests = list(waiting.filter(split="test").values_list("pk", flat=True)[:2])
    pool = list(waiting.filter(split="pool", leases=None).values_list("pk", flat=True)[:3])
    picks.pick(taught.pk, joan, [*tests, *pool], "Look at these")
    worker.run_job(taught.pk, Job.Kind.RANK)
    missing = {*tests, *pool}
    while missing:
        (held,) = claims.claim(taught.pk, ann).documents
        submit(ann, Submission(held.token, [label(taught, truth(held.text))]))
        missing -= {held.document_id}
    answered = Lease.objects.filter(project=taught, state="submitted").order_by("annotation_id")[30 + 20 :]
    shares = [(lease.reason["share"], lease.document.split) for lease in answered.select_related("document")]
    assert shares.count(("picked", "test")) == 2
    assert shares.count(("picked", "pool")) == 3
    sampled = sum(share == "random" or split == "test" for share, split in shares)
    after = bias_report(taught, []).overall
    assert after.n_sampled - before.n_sampled == sampled
    assert after.n_chosen - before.n_chosen == len(shares) - sampled
    assert all(prediction.is_sampled for prediction in prequential(taught.pk) if prediction.share == "random")


def test_agreement_is_told_for_shown_and_for_hidden_opinions(taught: Project, ann: User) -> None:
    for policy in ("hidden", "shown"):
        for held in claims.claim(taught.pk, ann, 5).documents:
            said = {"policy": policy}
            submit(ann, Submission(held.token, [label(taught, truth(held.text))], suggestion=said))
    leaning = bias_report(taught, []).leaning
    assert (leaning.n_seen, leaning.n_hidden, leaning.n_contrary) == (5, 5, 0)
    assert leaning.seen.is_defined
    assert leaning.changed.reason == "No annotator has chosen another class before a pre-label was shown."


def test_an_odd_prediction_of_long_ago_is_passed_over(taught: Project) -> None:
    lease = Lease.objects.filter(project=taught, state="submitted").latest("annotation_id")
    odd: list[object] = [[], None, {}, [[]], ["x"], [["Refund", 0.9]], [[None, 0.9]], [[str(UUID(int=0))]]]
    for top in odd:
        lease.reason |= {"top": top}
        lease.save(update_fields=["reason"])
        overall = bias_report(taught, []).overall
        assert overall.n_sampled + overall.n_chosen == 29


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_without_answers_everything_is_undefined(make_project: Callable[..., Project], kind: str) -> None:
    report = bias_report(make_project(kind=kind), [])
    assert report.is_empty
    assert report.overall.sampled.value is None
