"""A question goes to the adjudicator, and comes back with the reply."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from labeling.projects.models import Project
from tests.fixtures.people import TEXTS
from tests.journeys.conftest import Open
from tests.journeys.test_accessibility import violations
from tests.journeys.test_labeling import answers, desk, press, ready, saved, shows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_ask_reply_and_the_document_comes_back(open_as: Open, tickets: Project, ann: User, carla: User):
    annotator = open_as(ann, desk(tickets), reduced_motion="reduce")
    ready(annotator)
    press(annotator, "f")
    assert violations(annotator) == []
    annotator.keyboard.type("Is this 1 refund or 2?")
    press(annotator, "Enter")
    shows(annotator, TEXTS[1])
    saved(annotator)
    adjudicator = open_as(carla, "/", reduced_motion="reduce")
    adjudicator.get_by_role("link", name="1 question").click()
    expect(adjudicator.get_by_text("Is this 1 refund or 2?")).to_be_visible()
    assert violations(adjudicator) == []
    adjudicator.get_by_label("Reply about document t0").fill("One is enough.")
    adjudicator.get_by_role("button", name="Reply", exact=True).click()
    expect(adjudicator.get_by_text("No disputes")).to_be_visible()
    for _ in range(4):  # what lay ahead already, at most
        if annotator.locator(".document .text").inner_text() != TEXTS[0]:
            press(annotator, "1")
            saved(annotator)
    shows(annotator, TEXTS[0])
    reply = annotator.get_by_role("complementary", name="Reply to your question")
    expect(reply).to_contain_text("Is this 1 refund or 2?")
    expect(reply).to_contain_text("One is enough.")
    assert violations(annotator) == []
    press(annotator, "1")
    saved(annotator)
    assert answers(tickets)[-1] == ["Refund"]
    annotator.get_by_role("link", name="My annotations").first.click()
    expect(annotator.get_by_text("One is enough.")).to_be_visible()
    assert violations(annotator) == []
