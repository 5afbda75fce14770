"""Keys pressed while the page's scripts still load: none is lost, and none goes to what nobody has seen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Route, expect

from labeling.annotations import submit
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from tests.fixtures.people import TEXTS, label
from tests.journeys.conftest import Open
from tests.journeys.marking import is_marked, spans
from tests.journeys.test_desk_policies import told
from tests.journeys.test_labeling import answers, desk, press, ready, saved, shows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@contextmanager
def loading(page: Page, path: str, text: str, script: str = "desk/keys.js") -> Iterator[None]:
    """The page shows its text; this script of it comes when the block ends."""
    held: list[Route] = []
    has_come = False

    def ask(route: Route) -> None:
        if has_come:
            route.continue_()
        else:
            held.append(route)

    page.route(f"**/{script}", ask)
    page.goto(path, wait_until="commit")
    expect(page.locator(".text")).to_have_text(text)
    yield
    has_come = True
    for route in held:
        route.continue_()


@pytest.mark.parametrize("script", ["desk/keys.js", "desk/desk.js", "desk/idb.js"])
def test_the_key_of_a_class_acts_when_the_scripts_have_come_and_once(
    open_as: Open, tickets: Project, ann: User, script: str
):
    page = open_as(ann)
    with loading(page, desk(tickets), TEXTS[0], script):
        press(page, "1", "1", "2")  # "is it dead?" is no answer to the next document
    shows(page, TEXTS[1])
    saved(page)
    assert answers(tickets) == [["Refund"]]
    press(page, "2")
    shows(page, TEXTS[2])
    saved(page)
    assert answers(tickets) == [["Refund"], ["Billing"]]


def test_enter_asks_and_the_second_one_saves_that_nothing_applies(
    open_as: Open, make_project: Callable[..., Project], ann: User
):
    project = make_project(kind="multi")
    page = open_as(ann)
    with loading(page, desk(project), TEXTS[0]):
        press(page, "Enter", "Enter", "Enter")  # the third is not meant for the next document
    shows(page, TEXTS[1])
    saved(page)
    assert answers(project) == [[]]


def test_a_reason_is_written_where_its_key_led(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann)
    with loading(page, desk(tickets), TEXTS[0]):
        page.keyboard.type("s1 ducd")
        press(page, "Backspace", "Backspace")
        page.keyboard.type("d")
        press(page, "Enter")
    shows(page, TEXTS[1])
    saved(page)
    assert Lease.objects.get(state="skipped").skip_reason == "1 dud"


def test_a_span_is_marked_and_saved(open_as: Open, make_project: Callable[..., Project], ann: User):
    project = make_project(kind="spans", texts=["I was charged twice, please.", "And the next one."])
    page = open_as(ann)
    with loading(page, desk(project), "I was charged twice, please.", "spans/text.js"):
        press(page, *["ArrowRight"] * 3, "Shift+ArrowRight", "1", "ArrowRight", "2", "Control+z")
    is_marked(page, "charged twice")
    press(page, "Enter")
    shows(page, "And the next one.")
    assert spans(project) == [("charged twice", "Refund")]


def test_what_came_into_view_meanwhile_is_not_answered(open_as: Open, tickets: Project, ann: User):
    first = open_as(ann, desk(tickets))
    ready(first)
    second = first.context.new_page()
    with loading(second, desk(tickets), TEXTS[0]):
        press(second, "1")  # the first tab has this document: the second one is given another
    ready(second)
    expect(second.locator(".document .text")).not_to_have_text(TEXTS[0])
    saved(second)
    assert answers(tickets) == []


def test_a_suggestion_that_comes_after_the_choice_is_read_before_the_next_one(
    open_as: Open, tickets: Project, ann: User
):
    told(tickets, "after")
    page = open_as(ann)
    with loading(page, desk(tickets), TEXTS[0], "desk/choice.js"):
        press(page, "1", "1")
    expect(page.get_by_text("The model predicts Billing")).to_be_visible()
    shows(page, TEXTS[0])
    assert answers(tickets) == []


def test_a_decision_of_a_dispute_is_kept_too(
    open_as: Open, make_project: Callable[..., Project], ann: User, bob: User, carla: User
):
    project = make_project(overlap=2)
    for who, name in ((ann, "Refund"), (bob, "Billing")):
        (held,) = claims.claim(project.pk, who).documents
        submit.submit(who, submit.Submission(held.token, [label(project, name)]))
    page = open_as(carla)
    with loading(page, f"/projects/{project.pk}/label/disputes/{held.document_id}/", TEXTS[0]):
        press(page, "3")
    expect(page.get_by_role("radio", name="Delivery")).to_be_checked()


def test_where_a_script_does_not_come_keys_do_what_those_that_came_make_of_them(
    open_as: Open, tickets: Project, ann: User
):
    page = open_as(ann)
    page.route("**/desk/desk.js", lambda route: route.abort())
    page.goto(desk(tickets))
    shows(page, TEXTS[0])
    press(page, "2")
    shows(page, TEXTS[1])
    assert answers(tickets) == [["Billing"]]
