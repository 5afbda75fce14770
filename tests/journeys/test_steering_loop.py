"""Does a finding end in another next document? From the report to the desk, in three clicks."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from labeling import worker
from labeling.annotations import exclusion
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.queue.models import QueueEntry
from tests.fixtures.trained_project import label_rightly, settle_test_set, train
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_a_finding_to_a_steered_queue_to_the_changed_next_document(
    open_as: Open, untrained: Project, joan: User, ann: User
) -> None:
    exclusion.change(untrained.pk, joan, suggestion_policy="shown")  # so that the reason may name the class
    settle_test_set(untrained)
    label_rightly(untrained, ann, 30)
    train(untrained)
    page = open_as(joan, f"/projects/{untrained.pk}/quality/")
    expect(page.get_by_text("3 classes have fewer than 15 training labels")).to_be_visible()
    before = QueueEntry.objects.live(untrained).by_share()
    assert "focus" not in before
    page.get_by_role("button", name="Label more of these 3").click()  # the first
    expect(page.get_by_text("The queue now prioritizes documents that may be")).to_be_visible()
    assert worker.run_job(untrained.pk, Job.Kind.RANK)  # what a worker does within seconds
    page.get_by_role("navigation", name="Project").get_by_role("link", name="Label", exact=True).click()
    why = page.get_by_text("Why this document: A manager requested more labels of")
    expect(why).to_contain_text("and this document may belong to it.")
    why.click()  # the third: with what the model knows of it
    expect(page.locator("details.why[open]")).to_be_visible()
