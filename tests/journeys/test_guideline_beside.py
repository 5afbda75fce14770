"""The guideline beside the text: what changed, the whole of it by key, a version that comes out meanwhile."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from labeling.guidelines import versions
from labeling.guidelines.versions import RuleText
from labeling.projects.models import Membership, Project
from tests.fixtures.people import TEXTS
from tests.journeys.conftest import Open
from tests.journeys.test_accessibility import violations
from tests.journeys.test_desk_flow import answer
from tests.journeys.test_labeling import answers, desk, press, ready, saved, shows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def publish(project: Project, joan: User, definition: str, note: str = "") -> None:
    rules = {
        project.classes.get(name="Refund").pk: RuleText(definition, "Send it back.", "Is it dear?"),
        project.classes.get(name="Billing").pk: RuleText("About an invoice."),
    }
    versions.publish(
        project.pk, joan, body="# Read this\n\nTake **your** time.", rules=rules, change="rule", note=note
    )


def read(project: Project, who: User) -> int:
    return Membership.objects.get(project=project, user=who).read_guideline


def test_what_changed_since_it_was_read(open_as: Open, tickets: Project, ann: User, joan: User):
    publish(tickets, joan, "Wants money back.")
    Membership.objects.filter(user=ann).update(read_guideline=2)
    publish(tickets, joan, "Wants all money back.", note="Fees are no refund.")
    page = open_as(ann, desk(tickets), reduced_motion="reduce")
    beside = page.get_by_role("complementary", name="Guideline")
    expect(beside).to_contain_text("Changed since you last read it: Fees are no refund.")
    card = beside.locator(".card", has_text="Refund")
    expect(card).to_contain_text("changed")
    card.get_by_text("The version you read").click()
    expect(card).to_contain_text("Wants money back.")
    assert violations(page) == []
    beside.get_by_role("link", name="See what changed").click()
    expect(beside).to_contain_text("Changes from version 2 to 3")
    assert violations(page) == []
    press(page, "Escape")
    expect(card).to_be_visible()
    beside.get_by_role("button", name="Mark as read").click()
    expect(beside).not_to_contain_text("Changed since")
    assert read(tickets, ann) == 3
    shows(page, TEXTS[0])


def test_the_whole_guideline_is_one_key_away(open_as: Open, tickets: Project, ann: User, joan: User):
    publish(tickets, joan, "Wants money back.")
    page = open_as(ann, desk(tickets), reduced_motion="reduce")
    beside = page.get_by_role("complementary", name="Guideline")
    expect(beside).to_contain_text("You have not read the guideline yet.")
    press(page, "g")
    expect(beside.get_by_role("heading", name="Read this")).to_be_visible()
    assert violations(page) == []
    assert read(tickets, ann) == 2
    press(page, "g")
    expect(beside.get_by_role("heading", name="Read this")).to_be_hidden()
    press(page, "g")
    expect(beside.get_by_role("heading", name="Read this")).to_be_visible()
    press(page, "1")
    shows(page, TEXTS[1])
    expect(beside.get_by_role("heading", name="Read this")).to_be_visible()
    press(page, "Escape", "1")
    shows(page, TEXTS[2])
    saved(page)
    assert answers(tickets) == [["Refund"], ["Refund"]]


def test_a_version_that_comes_out_meanwhile_is_told(open_as: Open, make_project, ann: User, joan: User):
    tickets = make_project(texts=[f"Text number {n}." for n in range(40)])
    page = open_as(ann, desk(tickets), reduced_motion="reduce")
    ready(page)
    publish(tickets, joan, "Wants money back.")
    notice = page.get_by_text("Guideline 2 now applies.")
    for _ in range(40):
        if notice.is_visible():
            break
        answer(page, "1")
    expect(notice).to_be_visible()
    beside = page.get_by_role("complementary", name="Guideline")
    expect(beside).to_contain_text("Wants money back.")
    assert violations(page) == []
    saved(page)


def test_the_rule_of_the_class_at_hand_is_marked(open_as: Open, tickets: Project, ann: User, joan: User):
    publish(tickets, joan, "Wants money back.")
    page = open_as(ann, desk(tickets), reduced_motion="reduce")
    ready(page)
    current = page.locator(".card.is-current h2")
    page.get_by_role("button", name="Billing").hover()
    expect(current).to_have_text("Billing")
    page.mouse.move(5, 5)
    press(page, "1")
    expect(current).to_have_text("Refund")
    page.get_by_role("button", name="Delivery").focus()
    expect(current).to_have_text("Delivery")
    saved(page)


def test_on_a_phone_the_guideline_comes_into_view(open_as: Open, tickets: Project, ann: User, joan: User):
    publish(tickets, joan, "Wants money back.")
    page = open_as(ann, desk(tickets), **PHONE)
    page.locator(".other").get_by_role("link", name="Guideline").tap()
    expect(page.get_by_role("heading", name="Read this")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Back to classes").tap()
    expect(page.locator("#document")).to_be_in_viewport()
