"""What goes wrong at a desk: two tabs, somebody else in the same browser, a browser that keeps nothing."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from labeling.annotations.models import Annotation
from labeling.projects.models import Project
from tests.fixtures.people import TEXTS
from tests.journeys.conftest import Open, session_of
from tests.journeys.test_desk_flow import THIRTY, given
from tests.journeys.test_labeling import desk, press, ready, saved, shows

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEEP = """const open = indexedDB.open.bind(indexedDB);
IDBFactory.prototype.open = (...given) => {
  const request = open(...given);
  request.addEventListener("success", () => { window.kept = request.result; });
  return request;
};"""
LATE = """() => {
  const send = window.fetch;
  window.fetch = async (...given) => {
    if (given[0].includes("/undo/")) await new Promise((go) => setTimeout(go, 300));
    return send(...given);
  };
}"""
NONE = """Object.defineProperty(window, "indexedDB", { get() { throw new Error("none"); } });
Object.defineProperty(navigator, "locks", { value: undefined });"""


def reopened(page: Page, script: str, project: Project) -> None:
    page.context.add_init_script(script)
    page.goto(desk(project))
    ready(page)


def test_the_key_after_an_undo_waits_for_the_document_that_comes_back(
    open_as: Open, tickets: Project, ann: User
):
    page = open_as(ann, desk(tickets))
    ready(page)
    press(page, "1", "1")
    saved(page)
    page.reload()
    ready(page)
    shows(page, TEXTS[2])
    page.evaluate(LATE)
    press(page, "u", "2", "u", "3")
    shows(page, TEXTS[0])
    saved(page)
    assert given(tickets) == {}
    press(page, "2", "3")
    saved(page)
    assert given(tickets) == {TEXTS[0]: ["Billing"], TEXTS[1]: ["Delivery"]}


def test_a_page_takes_nothing_back_for_whoever_signed_in_since(
    open_as: Open, tickets: Project, ann: User, bob: User, live_server: Any
):
    page = open_as(ann, desk(tickets))
    ready(page)
    page.context.add_cookies([session_of(bob, live_server.url)])
    other = page.context.new_page()
    other.goto(desk(tickets))
    ready(other)
    press(other, "1")
    saved(other)
    press(page, "u")
    expect(page.locator("#notice")).not_to_be_empty()
    assert len(given(tickets)) == 1


def test_a_document_that_was_taken_back_is_shown_in_one_tab_alone(
    open_as: Open, make_project: Any, ann: User
):
    project = make_project(texts=THIRTY[:4])
    page = open_as(ann, desk(project))
    ready(page)
    press(page, "1")
    saved(page)
    press(page, "u")
    shows(page, THIRTY[0])
    saved(page)
    other = page.context.new_page()
    other.goto(desk(project))
    expect(other.locator("#part")).not_to_contain_text(THIRTY[0])


def test_answers_are_kept_and_sent_when_the_browser_closes_its_database(
    open_as: Open, make_project: Any, ann: User
):
    project = make_project(texts=THIRTY[:12])
    page = open_as(ann)
    reopened(page, KEEP, project)
    press(page, "1")
    saved(page)
    page.evaluate("window.kept.close()")
    press(page, "2")
    saved(page)
    assert sorted(given(project).values()) == [["Billing"], ["Refund"]]


def test_without_database_and_locks_answers_undo_and_offline_work(
    open_as: Open, make_project: Any, ann: User
):
    project = make_project(texts=THIRTY[:12])
    page = open_as(ann)
    reopened(page, NONE, project)
    press(page, "1")
    page.context.set_offline(True)
    press(page, "2", "u", "3", "u", "1")
    page.context.set_offline(False)
    saved(page)
    assert given(project) == {THIRTY[0]: ["Refund"], THIRTY[1]: ["Refund"]}
    assert Annotation.objects.filter(is_withdrawal=True).count() == 2


def test_the_desk_of_another_project_says_what_waits_for_this_one_and_sends_it(
    open_as: Open, tickets: Project, make_project: Any, ann: User
):
    page = open_as(ann, desk(tickets))
    ready(page)
    page.context.route(f"**{desk(tickets)}save/", lambda route: route.abort())
    press(page, "1")
    shows(page, TEXTS[1])
    expect(page.locator("#unsent")).to_contain_text("1 annotation is not saved yet")
    elsewhere = page.context.new_page()
    elsewhere.goto(desk(make_project(kind="multi")))
    expect(elsewhere.locator("#unsent")).to_contain_text("1 annotation in another project is not saved yet")
    page.context.unroute(f"**{desk(tickets)}save/")
    expect(elsewhere.locator("#unsent")).to_be_empty()
    assert given(tickets) == {TEXTS[0]: ["Refund"]}
