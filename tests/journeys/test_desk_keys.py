"""The desk by keys: found by typing, chosen by oneself, shown on request, dead where one writes."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from labeling.annotations import exclusion
from labeling.annotations.models import Annotation
from labeling.desk import shortcuts
from labeling.guidelines import new_projects
from labeling.projects import members
from labeling.projects.models import Membership, Project
from labeling.queue.models import Lease, QueueEntry
from tests.fixtures.people import TEXTS, fill, rank
from tests.journeys.conftest import Open
from tests.journeys.test_labeling import answers, desk, press, ready, saved, shows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CLASS_NAMES = ["Zürich", *(f"Class {n:02}" for n in range(1, 77))]


def violations(page: Page) -> Any:
    axe_results = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    )
    return [(v["id"], [node["html"] for node in v["nodes"]]) for v in axe_results.response["violations"]]


@pytest.fixture
def many(joan: User, ann: User) -> Project:
    """77 classes, of which 30 have a key."""
    project = new_projects.create(joan, name="Many", kind="single", class_names=CLASS_NAMES)
    members.add_member(project.pk, joan, ann, Membership.Role.ANNOTATOR)
    rank(project, fill(project, TEXTS))
    return project


def test_a_class_without_a_key_is_found_by_typing(open_as: Open, many: Project, ann: User):
    page = open_as(ann, desk(many))
    press(page, "/")
    page.keyboard.type("class 7")
    expect(page.locator("#classes > .class:visible")).to_have_count(7)
    expect(page.locator("#filter-found")).to_have_text("Enter selects Class 70.")
    assert violations(page) == []
    press(page, "ArrowDown", "ArrowDown", "ArrowUp", "Enter")
    shows(page, TEXTS[1])
    press(page, "/")
    page.keyboard.type("zurich")
    press(page, "Enter")
    shows(page, TEXTS[2])
    press(page, "/")
    page.keyboard.type("nothing like it")
    expect(page.locator("#filter-found")).to_have_text("No class matches.")
    press(page, "Enter", "Escape", "2")
    shows(page, TEXTS[3])
    saved(page)
    assert answers(many) == [["Class 71"], ["Zürich"], ["Class 01"]]


def test_typing_finds_one_of_several_without_saving(open_as: Open, many: Project, ann: User):
    Project.objects.filter(pk=many.pk).update(kind="multi")
    page = open_as(ann, desk(many))
    for name in ("class 75", "class 76"):
        press(page, "/")
        page.keyboard.type(name)
        press(page, "Enter")
    shows(page, TEXTS[0])
    press(page, "Enter")
    shows(page, TEXTS[1])
    saved(page)
    assert answers(many) == [["Class 75", "Class 76"]]


def test_own_keys_work_and_the_old_ones_do_not(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, f"/projects/{tickets.pk}/label/shortcuts/")
    page.get_by_label("Refund").fill("j")
    page.get_by_label("Skip").fill("k")
    page.get_by_role("button", name="Save shortcuts").click()
    expect(page.get_by_text("Shortcuts saved.")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="Back to labeling").click()
    expect(page.get_by_role("button", name="Refund")).to_contain_text("j")
    press(page, "1", "s")
    shows(page, TEXTS[0])
    press(page, "j")
    shows(page, TEXTS[1])
    press(page, "k")
    expect(page.get_by_label("Why are you skipping it?")).to_be_focused()
    saved(page)
    assert answers(tickets) == [["Refund"]]


def test_single_keys_that_are_off_do_nothing_and_buttons_work(open_as: Open, tickets: Project, ann: User):
    shortcuts.choose(tickets.pk, ann, {}, is_off=True)
    page = open_as(ann, desk(tickets))
    press(page, "1", "s", "d", "?", "/", "n")
    shows(page, TEXTS[0])
    expect(page.locator("dialog[open], .panel[open]")).to_have_count(0)
    page.get_by_role("button", name="Refund").click()
    shows(page, TEXTS[1])
    saved(page)
    assert answers(tickets) == [["Refund"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_keys_are_shown_on_request(open_as: Open, tickets: Project, ann: User, scheme: str):
    page = open_as(ann, desk(tickets), color_scheme=scheme)
    press(page, "?")
    help_ = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_).to_be_visible()
    expect(help_.get_by_role("listitem").filter(has_text="Refund")).to_contain_text("1")
    expect(help_.get_by_role("listitem").filter(has_text="Later")).to_contain_text("d")
    assert violations(page) == []
    press(page, "1")
    press(page, "Escape")
    expect(help_).to_be_hidden()
    shows(page, TEXTS[0])
    page.get_by_role("button", name="Shortcuts").click()
    expect(help_).to_be_visible()
    press(page, "Escape", "1")
    shows(page, TEXTS[1])


def test_choose_first_then_save(open_as: Open, tickets: Project, ann: User, joan: User):
    exclusion.change(tickets.pk, joan, confirms_choice=True)
    page = open_as(ann, desk(tickets))
    press(page, "1", "2")
    shows(page, TEXTS[0])
    expect(page.get_by_role("radio", name="Billing")).to_be_checked()
    assert violations(page) == []
    press(page, "Enter")
    shows(page, TEXTS[1])
    saved(page)
    assert answers(tickets) == [["Billing"]]


def test_choose_first_then_save_without_script(open_as: Open, tickets: Project, ann: User, joan: User):
    exclusion.change(tickets.pk, joan, confirms_choice=True)
    page = open_as(ann, desk(tickets), java_script_enabled=False)
    page.get_by_role("radio", name="Delivery").check()
    page.get_by_role("button", name="Save and next").click()
    shows(page, TEXTS[1])
    assert answers(tickets) == [["Delivery"]]


def test_no_key_slips_through_to_the_wrong_place(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    ready(page)
    page.keyboard.type("s123\n", delay=0)
    shows(page, TEXTS[1])
    page.keyboard.type("f12?\n", delay=0)
    shows(page, TEXTS[2])
    page.keyboard.type("n1/?g\n2", delay=0)
    shows(page, TEXTS[3])
    saved(page)
    assert Lease.objects.get(state="skipped").skip_reason == "123"
    assert tickets.questions.get().text == "12?"
    assert answers(tickets) == [["Billing"]]
    assert Annotation.objects.get().note == "1/?g"


def test_a_usual_reason_is_one_press(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    press(page, "s")
    assert violations(page) == []
    page.get_by_role("button", name="wrong language").click()
    shows(page, TEXTS[1])
    saved(page)
    assert Lease.objects.get(state="skipped").skip_reason == "wrong language"


def test_a_note_comes_back_with_its_answer(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    page.keyboard.type("ntwo payments\n1", delay=0)
    shows(page, TEXTS[1])
    saved(page)
    page.reload()
    press(page, "Control+z")
    shows(page, TEXTS[0])
    expect(page.get_by_label("Note")).to_have_value("two payments")
    assert violations(page) == []


def test_keys_held_down_or_with_others_do_nothing(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    ready(page)
    page.keyboard.down("1")
    for _ in range(5):
        page.keyboard.down("1")  # as a key that is held down repeats
    page.keyboard.up("1")
    shows(page, TEXTS[1])
    press(page, "Alt+2", "Control+2", "Shift+D")
    shows(page, TEXTS[1])
    page.evaluate(
        """document.getElementById("document").dispatchEvent(new KeyboardEvent("keydown",
           {key: "é", code: "Digit2", bubbles: true, cancelable: true}))"""
    )  # the digit row of a French keyboard
    shows(page, TEXTS[2])
    saved(page)
    assert answers(tickets) == [["Refund"], ["Billing"]]


def test_likely_and_recent_classes_come_first_only_where_suggestions_are_open(
    open_as: Open, many: Project, ann: User, joan: User
):
    likely = many.classes.get(name="Class 50")
    reason = {"share": "margin", "top": [[str(likely.pk), 0.7]]}
    QueueEntry.objects.filter(project=many).update(reason=reason)
    page = open_as(ann, desk(many))
    first = page.locator("#classes > .class").first
    expect(first).to_contain_text("Zürich")
    exclusion.change(many.pk, joan, suggestion_policy="shown")
    page.reload()
    expect(first).to_contain_text(re.compile(r"Class 50\s+suggested, 70%"))
    ready(page)
    press(page, "5")
    shows(page, TEXTS[1])
    expect(page.locator("#classes > .class").nth(1)).to_contain_text("Class 04")
