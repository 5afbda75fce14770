"""A day at the label page, in a real browser: by keys, by pointer, without script, on a phone."""

import re
from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from labeling.actions import queue
from labeling.models import Annotation, Document, Label, Lease, Project
from tests.cast import TEXTS
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"  # five code points, one sign


def desk(project: Project) -> str:
    return f"/projects/{project.pk}/label/"


def shows(page: Page, text: str) -> None:
    expect(page.locator(".document .text")).to_have_text(text)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def answers(project: Project) -> list[list[str]]:
    """Names of the classes of each answer that stands, the first first."""
    found = Annotation.objects.current().filter(project=project).prefetch_related("labels__label_class")
    return [sorted(label.label_class.name for label in a.labels.all()) for a in found]


def spans(project: Project) -> list[tuple[str, str]]:
    """(words, class) of each span that stands, cut from the text by its code points."""
    found = Label.objects.filter(annotation__project=project, annotation__superseded_by=None)
    rows = found.select_related("annotation__document", "label_class")
    return [(v.annotation.document.text[v.start : v.end], v.label_class.name) for v in rows]


def test_one_key_answers_and_shows_the_next(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    for place, key in enumerate("123123"):
        shows(page, TEXTS[place])
        press(page, key)
    expect(page.get_by_text("Everything is labelled")).to_be_visible()
    assert answers(tickets) == [["Refund"], ["Billing"], ["Delivery"]] * 2
    assert all(a.seconds is not None and a.seconds < 60 for a in Annotation.objects.all())


def test_undo_by_key_brings_the_answer_back_to_change(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    press(page, "1")
    shows(page, TEXTS[1])
    press(page, "u")
    shows(page, TEXTS[0])
    expect(page.get_by_role("button", name="Refund")).to_contain_text("your answer")
    press(page, "2")
    shows(page, TEXTS[1])
    assert answers(tickets) == [["Billing"]]


def test_skip_by_key_asks_for_a_reason_whose_letters_are_no_commands(
    open_as: Open, tickets: Project, ann: User
):
    page = open_as(ann, desk(tickets))
    press(page, "s")
    page.keyboard.type("1 dud")
    press(page, "Enter")
    shows(page, TEXTS[1])
    assert Lease.objects.get(state="skipped").skip_reason == "1 dud"
    assert answers(tickets) == []
    press(page, "s", "Escape", "d")
    shows(page, TEXTS[2])
    assert Lease.objects.filter(state="deferred").count() == 1


def test_a_double_click_answers_one_document(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    page.get_by_role("button", name="Refund").dblclick()
    shows(page, TEXTS[1])
    page.wait_for_timeout(300)
    assert answers(tickets) == [["Refund"]]


def test_several_classes_toggle_and_enter_saves(open_as: Open, make_project, ann: User):
    project = make_project(kind="multi")
    page = open_as(ann, desk(project))
    expect(page.get_by_role("button", name="None of these, next")).to_be_visible()
    press(page, "1", "2", "3", "2")
    expect(page.get_by_role("button", name="Save and next")).to_be_visible()
    press(page, "Enter")
    shows(page, TEXTS[1])
    press(page, "Enter")
    shows(page, TEXTS[2])
    assert answers(project) == [["Delivery", "Refund"], []]


def test_without_script_buttons_rows_and_undo_do_the_same(open_as: Open, make_project, ann: User):
    single, several, by_rows = (make_project(kind=kind) for kind in ("single", "multi", "spans"))
    page = open_as(ann, desk(single), java_script_enabled=False)
    page.get_by_role("button", name="Billing").click()
    shows(page, TEXTS[1])
    page.get_by_role("button", name="Undo").click()
    shows(page, TEXTS[0])
    page.go_back()
    page.goto(desk(several))
    page.get_by_role("checkbox", name="Refund").check()
    page.get_by_role("checkbox", name="Delivery").check()
    page.get_by_role("button", name="Save and next").click()
    shows(page, TEXTS[1])
    page.goto(desk(by_rows))
    page.get_by_role("combobox", name="Class").first.select_option(label="Refund")
    page.get_by_label("Start", exact=True).first.fill("6")
    page.get_by_label("End", exact=True).first.fill("13")
    page.get_by_role("button", name="Save and next").click()
    shows(page, TEXTS[1])
    assert (answers(single), answers(several)) == ([], [["Delivery", "Refund"]])
    assert spans(by_rows) == [(TEXTS[0][6:13], "Refund")]


def test_on_a_phone_everything_is_in_reach(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets), **PHONE)
    for name in ("Refund", "Billing", "Delivery", "Undo", "Not now"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Billing").tap()
    shows(page, TEXTS[1])
    assert answers(tickets) == [["Billing"]]


def test_what_was_chosen_survives_a_service_that_does_not_answer(open_as: Open, make_project, ann: User):
    project = make_project(kind="multi")
    page = open_as(ann, desk(project))
    press(page, "2")
    page.context.set_offline(True)
    press(page, "Enter")
    expect(page.get_by_role("alert")).to_contain_text("Not saved")
    expect(page.get_by_role("checkbox", name="Billing")).to_be_checked()
    page.context.set_offline(False)
    press(page, "Enter")
    shows(page, TEXTS[1])
    assert answers(project) == [["Billing"]]


def test_who_was_signed_out_loses_nothing(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    page.context.clear_cookies(name="sessionid")
    press(page, "1")
    expect(page.get_by_role("alert")).to_contain_text("you were signed out")
    shows(page, TEXTS[0])


def test_after_signing_in_again_elsewhere_the_answer_that_waited_is_sent(
    open_as: Open, make_project, ann: User
):
    ann.set_password("a long way home")
    ann.save()
    project = make_project(kind="multi")
    page = open_as(ann, desk(project))
    press(page, "2")
    page.context.clear_cookies()
    press(page, "Enter")
    expect(page.get_by_role("alert")).to_contain_text("you were signed out")
    other = page.context.new_page()
    other.goto("/sign-in/")
    other.get_by_label("Name").fill(ann.username)
    other.get_by_label("Password").fill("a long way home")
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Documents wait in your project")).to_be_visible()
    page.locator("body").press("Enter")
    shows(page, TEXTS[1])
    assert answers(project) == [["Billing"]]


def test_two_windows_and_the_back_button_never_double_an_answer(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    other = page.context.new_page()
    other.goto(desk(tickets))
    press(page, "1")
    shows(page, TEXTS[1])
    press(other, "2")
    expect(other.get_by_role("status").filter(has_text="My work")).to_be_visible()
    shows(other, TEXTS[1])
    other.goto(f"/projects/{tickets.pk}/mine/")
    other.go_back()
    shows(other, TEXTS[1])
    assert answers(tickets) == [["Refund"]]


def test_a_page_that_waits_gets_the_document_by_itself(open_as: Open, make_project, ann: User, bob: User):
    project = make_project(texts=[TEXTS[0]])
    token = queue.claim(project.pk, bob).documents[0].token
    Lease.objects.update(leased_until="2100-01-01T00:00Z")
    page = open_as(ann, desk(project))
    expect(page.get_by_text("Others hold the last open documents")).to_be_visible()
    queue.release(token, bob)
    page.evaluate("document.getElementById('desk').dataset.reload = '0.05'")
    page.evaluate("document.dispatchEvent(new Event('desk:shown'))")
    page.get_by_role("link", name="Look now").click()
    shows(page, TEXTS[0])


HOSTILE: Sequence[str] = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><svg/onload=alert(1)>",
    "{{7*7}}${7*7}</textarea><script>alert(1)</script>\"'><b onmouseover=alert(1)>x",
)


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_hostile_texts_run_nothing_anywhere(open_as: Open, make_project, ann: User, kind: str):
    """A1, A2 in the browser: `open_as` fails on a dialog, a script's error or a stopped script."""
    project = make_project(kind=kind, texts=[*HOSTILE, "end"])
    for label_class, text in zip(project.classes.all(), HOSTILE, strict=False):
        project.classes.filter(pk=label_class.pk).update(name=text)
    Document.objects.filter(project=project).update(metadata={HOSTILE[0]: HOSTILE[1][:60]})
    page = open_as(ann, desk(project))
    for text in HOSTILE:
        shows(page, text)
        press(
            page,
            *(["ArrowRight", "1", "Enter"] if kind == "spans" else ["1", "Enter"][: 2 - (kind == "single")]),
        )
    shows(page, "end")
    page.goto(f"/projects/{project.pk}/mine/")
    expect(page.get_by_text(re.compile("2 answers"))).to_be_visible()
    page.get_by_role("link", name="Change").first.click()
    expect(page.locator(".text")).to_have_text(HOSTILE[1])
