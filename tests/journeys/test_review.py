"""Is a mistake found, mended, and asked about again, from the page of the test set?"""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from labeling import worker
from labeling.documents.models import Document
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.queue import claims
from tests.analytics.test_set.test_test_set import measured
from tests.fixtures.trained_project import truth
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["measured"]


def test_a_wrong_label_is_mended_and_the_others_are_sent_to_somebody_else(
    open_as: Open, measured: Project, joan: User, bob: User
) -> None:
    page = open_as(joan, f"/projects/{measured.pk}/quality/test-set/")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Model 1 is incorrect on 3 of 12 test documents"
    )
    expect(page.locator(".reviewed > li")).to_have_count(3)
    first = page.locator(".reviewed > li").first
    expect(first.locator("mark.towards").first).to_be_visible()
    document = Document.objects.get(pk=int((first.get_attribute("id") or "d0")[1:]))
    first.get_by_role("link", name="Relabel").click()
    page.get_by_role("radio", name=truth(document.text)).check()
    page.get_by_role("button", name="Save label").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Model 1 is incorrect on 2 of 12 test documents"
    )
    page.get_by_text("Send 2 documents to the queue").click()
    page.get_by_role("button", name="Send to queue", exact=True).click()
    expect(page.get_by_text("2 documents in the queue:")).to_be_visible()
    assert worker.run_job(measured.pk, Job.Kind.RANK)  # what a worker does within seconds
    (held,) = claims.claim(measured.pk, bob).documents
    seen = {item.document_id for item in claims.claim(measured.pk, bob, 9).documents} | {held.document_id}
    assert set(Document.objects.filter(project=measured, extra_slots=1).values_list("pk", flat=True)) <= seen


def test_what_is_chosen_is_shown_without_another_press(open_as: Open, measured: Project, joan: User) -> None:
    page = open_as(joan, f"/projects/{measured.pk}/quality/test-set/")
    box, order = page.get_by_label("Show incorrect predictions only"), page.get_by_label("Sort by")
    box.uncheck()
    expect(page.locator(".reviewed > li")).to_have_count(12)
    expect(box).to_be_focused()
    order.focus()
    page.keyboard.press("ArrowDown")  # keys pass every choice on the way: the page waits for the last one
    page.keyboard.press("ArrowDown")
    page.wait_for_url("**sort=newest**")
    expect(order).to_be_focused()
    expect(order).to_have_value("newest")
    expect(page.locator(".reviewed > li")).to_have_count(12)
