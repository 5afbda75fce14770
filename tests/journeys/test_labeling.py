"""A day at the label page, in a real browser: by keys, by pointer, without script, on a phone."""

import re
from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from labeling.annotations.models import Annotation, Label
from labeling.annotations.submit import Submission, submit
from labeling.documents.models import Document
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from tests.fixtures.people import TEXTS, label
from tests.journeys.conftest import Open, session_of

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


def ready(page: Page) -> None:
    """The next documents lie ahead."""
    expect(page.locator("#desk")).to_have_attribute("data-prefetched", re.compile("[1-9]"))


def saved(page: Page) -> None:
    """Nothing that was done waits in the browser any more."""
    expect(page.locator("#desk")).to_have_attribute("data-unsent", "0")


def answers(project: Project) -> list[list[str]]:
    """Names of the classes of each answer that stands, the first first."""
    result = Annotation.objects.current().filter(project=project).prefetch_related("labels__label_class")
    return [sorted(label.label_class.name for label in a.labels.all()) for a in result]


def spans(project: Project) -> list[tuple[str, str]]:
    """(words, class) of each span that stands, cut from the text by its code points."""
    labels = Label.objects.filter(annotation__project=project, annotation__superseded_by=None)
    rows = labels.select_related("annotation__document", "label_class")
    return [(v.annotation.document.text[v.start : v.end], v.label_class.name) for v in rows]


def test_one_key_answers_and_shows_the_next(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    for index, key in enumerate("123123"):
        shows(page, TEXTS[index])
        press(page, key)
    expect(page.get_by_text("Everything is labeled")).to_be_visible()
    assert answers(tickets) == [["Refund"], ["Billing"], ["Delivery"]] * 2
    assert all(a.seconds is not None and a.seconds < 60 for a in Annotation.objects.all())


def test_undo_by_key_brings_the_answer_back_to_change(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    press(page, "1")
    shows(page, TEXTS[1])
    press(page, "u")
    shows(page, TEXTS[0])
    expect(page.get_by_role("button", name="Refund")).to_contain_text("your label")
    press(page, "2")
    shows(page, TEXTS[1])
    saved(page)
    assert answers(tickets) == [["Billing"]]


def test_skip_by_key_asks_for_a_reason_whose_letters_are_no_commands(
    open_as: Open, tickets: Project, ann: User
):
    page = open_as(ann, desk(tickets))
    press(page, "s")
    page.keyboard.type("1 dud")
    press(page, "Enter")
    shows(page, TEXTS[1])
    saved(page)
    assert Lease.objects.get(state="skipped").skip_reason == "1 dud"
    assert answers(tickets) == []
    press(page, "s", "Escape", "d")
    shows(page, TEXTS[2])
    saved(page)
    assert Lease.objects.filter(state="deferred").count() == 1


def test_a_double_click_answers_one_document(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    page.get_by_role("button", name="Refund").dblclick()
    shows(page, TEXTS[1])
    saved(page)
    assert answers(tickets) == [["Refund"]]


def test_several_classes_toggle_and_enter_saves(open_as: Open, make_project, ann: User):
    project = make_project(kind="multi")
    page = open_as(ann, desk(project))
    expect(page.get_by_role("button", name="None of these, next")).to_be_visible()
    press(page, "1", "2", "3", "2")
    expect(page.get_by_role("button", name="Save and next")).to_be_visible()
    press(page, "Enter")
    shows(page, TEXTS[1])
    press(page, "Enter", "Enter")
    shows(page, TEXTS[2])
    page.wait_for_timeout(300)  # a click right after a new document is taken for half a double click
    page.get_by_role("button", name="None of these, next").click()
    shows(page, TEXTS[3])
    saved(page)
    assert answers(project) == [["Delivery", "Refund"], [], []]


@pytest.mark.parametrize("kind", ["multi", "spans"])
def test_a_stray_enter_stores_no_answer(open_as: Open, make_project, ann: User, kind: str):
    project = make_project(kind=kind)
    page = open_as(ann, desk(project))
    shows(page, TEXTS[0])
    ready(page)
    press(page, "Enter")
    asks = page.get_by_role("button", name="Nothing selected. Enter again: none of these")
    expect(asks).to_be_visible()
    expect(page.locator("#said")).to_have_text("Nothing selected. Enter again: none of these")
    shows(page, TEXTS[0])
    press(page, *(["ArrowRight", "1"] if kind == "spans" else ["1"]))
    expect(page.get_by_role("button", name="Save and next")).to_be_visible()
    press(page, "Enter")
    shows(page, TEXTS[1])
    press(page, "Enter")
    expect(asks).to_be_visible()
    saved(page)
    assert len(answers(project)) == 1, "the second document is asked about anew"


def test_decisions_that_do_not_fit_scroll_and_the_strip_says_so(open_as: Open, make_project, ann: User):
    project = make_project(texts=[f"Ticket {n}" for n in range(25)])
    page = open_as(ann, desk(project), viewport={"width": 375, "height": 800})
    for number in range(20):
        shows(page, f"Ticket {number}")
        press(page, "1")
    shows(page, "Ticket 20")
    strip = page.locator("#strip")
    expect(strip).to_have_class(re.compile("has-older"))
    expect(strip.get_by_role("link").last).to_be_in_viewport(ratio=1)
    saved(page)
    page.reload()
    expect(strip).to_have_class(re.compile("has-older"))
    expect(strip.get_by_role("link").last).to_be_in_viewport(ratio=1)
    strip.evaluate("strip => { strip.scrollLeft = 0; }")
    expect(strip).not_to_have_class(re.compile("has-older"))
    expect(strip.get_by_role("link").first).to_be_in_viewport(ratio=1)


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
    for name in ("Refund", "Billing", "Delivery", "Undo", "Later"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Billing").tap()
    shows(page, TEXTS[1])
    saved(page)
    assert answers(tickets) == [["Billing"]]


def test_who_was_signed_out_loses_nothing(open_as: Open, tickets: Project, ann: User):
    ann.set_password("a long way home")
    ann.save()
    page = open_as(ann, desk(tickets))
    ready(page)
    page.context.clear_cookies()
    press(page, "2")
    shows(page, TEXTS[1])
    expect(page.locator("#unsent")).to_contain_text("1 annotation is not saved because you were signed out")
    other = page.context.new_page()
    other.goto("/sign-in/")
    other.get_by_label("Name").fill(ann.username)
    other.get_by_label("Password").fill("a long way home")
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Your project has documents to label")).to_be_visible()
    saved(page)
    expect(page.locator("#unsent")).to_be_empty()
    assert answers(tickets) == [["Billing"]]


def test_nobody_s_answers_go_out_under_another_name(open_as: Open, tickets: Project, ann: User, bob: User):
    page = open_as(ann, desk(tickets))
    ready(page)
    page.context.add_cookies([session_of(bob, page.url)])
    press(page, "2")
    expect(page.locator("#unsent")).to_contain_text("another user is signed in in this browser")
    other = page.context.new_page()
    other.goto(desk(tickets))
    expect(other.locator("#unsent")).to_contain_text(
        "This browser keeps 1 unsaved annotation of another user"
    )
    assert answers(tickets) == []
    page.context.add_cookies([session_of(ann, page.url)])
    other.close()
    saved(page)
    assert Annotation.objects.get().annotator == ann


def test_two_windows_show_two_documents_and_never_double_an_answer(
    open_as: Open, tickets: Project, ann: User
):
    page = open_as(ann, desk(tickets))
    ready(page)
    other = page.context.new_page()
    other.goto(desk(tickets))
    expect(other.locator(".document .text")).to_have_text(re.compile("courier|cancel|tax"))
    press(other, "2")
    press(page, "1")
    shows(page, TEXTS[1])
    saved(other)
    saved(page)
    assert sorted(answers(tickets)) == [["Billing"], ["Refund"]]
    other.goto(f"/projects/{tickets.pk}/label/annotations/")
    other.go_back()
    expect(other.locator(".document .text")).not_to_have_text(TEXTS[1])


def test_a_page_that_waits_gets_the_document_by_itself(open_as: Open, make_project, ann: User, bob: User):
    project = make_project(texts=[TEXTS[0]])
    token = claims.claim(project.pk, bob).documents[0].token
    Lease.objects.update(leased_until="2100-01-01T00:00Z")
    page = open_as(ann, desk(project))
    expect(page.get_by_text("The last documents are assigned to others")).to_be_visible()
    claims.release(token, bob)
    page.evaluate("document.getElementById('desk').dataset.reload = '0.05'")
    page.evaluate("document.dispatchEvent(new Event('desk:shown'))")
    page.get_by_role("link", name="Check now").click()
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
    saved(page)
    page.goto(f"/projects/{project.pk}/label/annotations/")
    expect(page.get_by_text(re.compile("2 annotations"))).to_be_visible()
    page.get_by_role("link", name="Edit").first.click()
    expect(page.locator(".text")).to_have_text(HOSTILE[1])


def test_a_name_of_common_length_stands_on_one_line_beside_its_box(
    open_as: Open, make_project, ann: User, bob: User, carla: User
):
    project = make_project(overlap=2)
    for person, name in ((ann, "Refund"), (bob, "Billing")):
        (held,) = claims.claim(project.pk, person).documents
        submit(person, Submission(held.token, [label(project, name)]))
    project.classes.filter(name="Billing").update(name="Entertainment")
    address = f"/projects/{project.pk}/label/disputes/{held.document_id}/"
    page = open_as(carla, address, viewport={"width": 1280, "height": 800})
    shown = page.locator("#classes b", has_text="Entertainment")
    lines = """name => {
        const range = document.createRange();
        range.selectNodeContents(name);
        return new Set([...range.getClientRects()].map((box) => box.top)).size;
    }"""
    assert shown.evaluate(lines) == 1
