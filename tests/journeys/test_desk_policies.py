"""Suggestions by policy, in a browser: when they are seen, and what is stored of it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from labeling.annotations.models import Annotation
from labeling.projects.models import Project
from labeling.queue.models import QueueEntry
from tests.fixtures.people import TEXTS
from tests.journeys.conftest import Open
from tests.journeys.test_accessibility import violations
from tests.journeys.test_labeling import answers, desk, press, ready, saved, shows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def told(project: Project, policy: str, **more: Any) -> dict[str, str]:
    """The model holds Billing likely in every document. Returns identifiers by name."""
    ids = {c.name: str(c.pk) for c in project.classes.all()}
    reason = {"share": "margin", "top": [[ids["Billing"], 0.62], [ids["Refund"], 0.2]]} | more
    if project.kind == "multi":
        reason["likely"] = [[ids["Billing"], 0.62], [ids["Delivery"], 0.55]]
    QueueEntry.objects.filter(project=project).update(reason=reason)
    Project.objects.filter(pk=project.pk).update(suggestion_policy=policy)
    return ids


def stored() -> list[dict[str, Any]]:
    annotations = Annotation.objects.order_by("pk").values_list("suggestion", flat=True)
    return [suggestion or {} for suggestion in annotations]


def test_hidden_says_nothing(open_as: Open, tickets: Project, ann: User):
    told(tickets, "hidden")
    page = open_as(ann, desk(tickets), reduced_motion="reduce")
    assert "62" not in page.locator("#part .answer").inner_text()
    press(page, "1")
    shows(page, TEXTS[1])
    saved(page)
    assert stored() == [{"policy": "hidden"}]


def test_after_tells_only_who_chose_another_class(open_as: Open, tickets: Project, ann: User):
    ids = told(tickets, "after")
    page = open_as(ann, desk(tickets), reduced_motion="reduce")
    assert "62" not in page.locator("#part .answer").inner_text()
    assert "Billing" not in page.locator(".why").inner_text()
    press(page, "2")
    shows(page, TEXTS[1])
    press(page, "1")
    advice = "The model predicts Billing, 62%. Press again to keep Refund, or choose."
    expect(page.get_by_text(advice)).to_be_visible()
    shows(page, TEXTS[1])
    assert violations(page) == []
    press(page, "1")
    shows(page, TEXTS[2])
    press(page, "3", "2")
    shows(page, TEXTS[3])
    saved(page)
    assert answers(tickets) == [["Billing"], ["Refund"], ["Billing"]]
    assert [item["first"] for item in stored()] == [[ids["Billing"]], [ids["Refund"]], [ids["Delivery"]]]
    assert {item["policy"] for item in stored()} == {"after"}
    assert stored()[0]["top"][0] == [ids["Billing"], 0.62]


def test_after_for_several_classes_comes_at_the_first_enter(open_as: Open, make_project: Any, ann: User):
    project = make_project(kind="multi")
    ids = told(project, "after")
    page = open_as(ann, desk(project), reduced_motion="reduce")
    press(page, "1", "Enter")
    expect(page.get_by_text("The model predicts Billing, Delivery.")).to_be_visible()
    press(page, "2", "Enter")
    shows(page, TEXTS[1])
    press(page, "3", "2", "Enter")
    shows(page, TEXTS[2])
    press(page, "Enter")
    expect(page.locator(".advice")).to_be_visible()
    press(page, "Enter")
    shows(page, TEXTS[3])
    saved(page)
    assert answers(project) == [["Billing", "Refund"], ["Billing", "Delivery"], []]
    assert [sorted(item["first"]) for item in stored()] == [
        [ids["Refund"]],
        sorted([ids["Billing"], ids["Delivery"]]),
        [],
    ]


def test_after_without_script_is_hidden(open_as: Open, tickets: Project, ann: User):
    told(tickets, "after")
    page = open_as(ann, desk(tickets), java_script_enabled=False)
    page.get_by_role("button", name="Refund").click()
    shows(page, TEXTS[1])
    assert stored() == [{"policy": "hidden"}]


def test_shown_marks_the_likely_class(open_as: Open, tickets: Project, ann: User):
    ids = told(tickets, "shown")
    page = open_as(ann, desk(tickets), reduced_motion="reduce")
    expect(page.get_by_role("button", name="Billing")).to_contain_text("suggested, 62%")
    assert violations(page) == []
    press(page, "1")
    shows(page, TEXTS[1])
    saved(page)
    (item,) = stored()
    assert (item["policy"], item["chosen"]) == ("shown", [ids["Billing"]])
    assert "first" not in item


def test_preselected_is_confirmed_by_enter_or_overridden_by_a_key(open_as: Open, tickets: Project, ann: User):
    ids = told(tickets, "preselected")
    page = open_as(ann, desk(tickets), reduced_motion="reduce")
    expect(page.get_by_role("button", name="Billing")).to_contain_text("suggested, 62%")
    assert violations(page) == []
    press(page, "Enter")
    shows(page, TEXTS[1])
    press(page, "3")
    shows(page, TEXTS[2])
    Project.objects.filter(pk=tickets.pk).update(confirms_choice=True)
    saved(page)
    page.reload()
    ready(page)
    expect(page.get_by_role("radio", name="Billing")).to_be_checked()
    press(page, "1", "Enter")
    shows(page, TEXTS[3])
    saved(page)
    assert answers(tickets) == [["Billing"], ["Delivery"], ["Refund"]]
    assert [(item["policy"], item["chosen"]) for item in stored()] == [("preselected", [ids["Billing"]])] * 3


def test_preselected_ticks_what_reaches_its_threshold(open_as: Open, make_project: Any, ann: User):
    project = make_project(kind="multi")
    told(project, "preselected")
    page = open_as(ann, desk(project), reduced_motion="reduce")
    expect(page.get_by_role("checkbox", name="Delivery")).to_be_checked()
    press(page, "2", "Enter")
    shows(page, TEXTS[1])
    saved(page)
    assert answers(project) == [["Delivery"]]


@pytest.mark.parametrize("policy", ["after", "shown", "preselected"])
def test_documents_that_measure_come_without(open_as: Open, tickets: Project, ann: User, policy: str):
    told(tickets, policy, share="random")
    page = open_as(ann, desk(tickets), reduced_motion="reduce")
    assert "62" not in page.locator("#part .answer").inner_text()
    expect(page.locator(".is-suggested, [data-enter]")).to_have_count(0)
    press(page, "1")
    shows(page, TEXTS[1])
    saved(page)
    assert stored() == [{"policy": "hidden"}]
