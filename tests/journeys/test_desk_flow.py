"""A day at the desk: no waiting, nothing lost, nothing doubled, whatever the network and the service do."""

import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from labeling.annotations import submit
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from reviewqueue.embedded.process import Process
from reviewqueue.embedded.programs import HOST, PortTaken, free_port, refusal, web
from reviewqueue.settings import BASE_DIR
from tests.fixtures.people import TEXTS, label
from tests.journeys.conftest import Open, session_of
from tests.journeys.test_labeling import PHONE, answers, desk, press, ready, saved, shows
from tests.patience import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THIRTY = [f"Ticket {number}: {TEXTS[number % 6]}" for number in range(40)]


WRITTEN_DOWN = """count => new Promise((resolve) => {
    const opening = indexedDB.open("reviewqueue-desk", 1);
    opening.onsuccess = () => {
        const counting = opening.result.transaction("operations").objectStore("operations").count();
        counting.onsuccess = () => { opening.result.close(); resolve(counting.result === count); };
    };
})"""


def given(project: Project) -> dict[str, list[str]]:
    """The classes of each answer that stands, by the text of its document. Fails where one is doubled."""
    result = Annotation.objects.current().filter(project=project).select_related("document")
    rows = [
        (a.document.text, sorted(v.label_class.name for v in a.labels.all()))
        for a in result.prefetch_related("labels__label_class")
    ]
    assert max(Counter(text for text, _ in rows).values(), default=1) == 1
    return dict(rows)


def ahead(page: Page, least: int) -> None:
    """So many documents lie ahead."""
    page.wait_for_function(
        "least => Number(document.getElementById('desk').dataset.prefetched) >= least", arg=least
    )


def text_of(page: Page) -> str:
    return page.locator(".document .text").inner_text()


def answer(page: Page, key: str) -> str:
    """Answer the document in view by its key, and wait for the next one. Returns the document's text."""
    text = text_of(page)
    press(page, key)
    expect(page.locator("#part")).not_to_contain_text(text)
    return text


def test_thirty_documents_by_keys_alone_with_undo_skip_and_not_now(
    open_as: Open, make_project: Any, ann: User
):
    project = make_project(texts=THIRTY[:32])
    page = open_as(ann, desk(project))
    expected: dict[str, list[str]] = {}
    names = ["Refund", "Billing", "Delivery"]
    for number in range(28):
        expected[answer(page, "123"[number % 3])] = [names[number % 3]]
    press(page, "u", "u", "Control+z")
    shows(page, THIRTY[25])
    expect(page.get_by_role("button", name="Billing")).to_contain_text("your label")
    for _ in range(3):
        expected[answer(page, "3")] = ["Delivery"]
    press(page, "s")
    page.keyboard.type("unreadable")
    press(page, "Enter")
    shows(page, THIRTY[29])
    press(page, "d")
    expect(page.locator("#notice")).to_have_text(
        "Postponed for an hour. Others may label it in the meantime."
    )
    for _ in range(2):
        shows(page, THIRTY[len(expected) + 2])
        press(page, "1")
        expected[THIRTY[len(expected) + 2]] = ["Refund"]
    expect(page.get_by_role("heading", name="Nothing left for you")).to_be_visible()
    saved(page)
    assert given(project) == expected
    assert len(expected) == 30
    assert Annotation.objects.filter(is_withdrawal=True).count() == 3
    assert Lease.objects.get(state="skipped").skip_reason == "unreadable"
    assert Lease.objects.get(state="deferred").document.text == THIRTY[29]
    expect(page.locator("[data-count=today]")).to_have_text("30")
    expect(page.locator("#strip a[href]")).to_have_count(20)


def test_thirty_documents_with_several_classes_by_keys_alone(open_as: Open, make_project: Any, ann: User):
    project = make_project(kind="multi", texts=THIRTY[:30])
    page = open_as(ann, desk(project))
    expected = {}
    for number in range(30):
        text = text_of(page)
        chosen = {0: "", 1: "1", 2: "23"}[number % 3]
        press(page, *chosen, *(["Enter"] if chosen else ["Enter", "Enter"]))  # nothing is asked about once
        expected[text] = [["Refund", "Billing", "Delivery"][int(key) - 1] for key in chosen]
        expect(page.locator("#part")).not_to_contain_text(text)
    saved(page)
    assert given(project) == {text: sorted(names) for text, names in expected.items()}


def test_offline_for_ten_answers_and_back(open_as: Open, make_project: Any, ann: User):
    project = make_project(texts=THIRTY)
    page = open_as(ann, desk(project))
    expected = {answer(page, "1"): ["Refund"] for _ in range(6)}
    ahead(page, 10)
    saved(page)
    page.context.set_offline(True)
    expected |= {answer(page, "2"): ["Billing"] for _ in range(10)}
    expect(page.locator("#unsent")).to_have_text(
        "10 annotations are not saved yet. They are kept in this browser and sent when the server responds."
    )
    press(page, "u")
    expected[answer(page, "3")] = ["Delivery"]
    assert len(given(project)) == 6
    page.context.set_offline(False)
    saved(page)
    expect(page.locator("#unsent")).to_be_empty()
    assert given(project) == expected
    expect(page.locator("#strip a:not([href])")).to_have_count(0)


def test_who_answers_all_that_was_fetched_waits_and_goes_on(open_as: Open, make_project: Any, ann: User):
    project = make_project(texts=THIRTY[:12])
    page = open_as(ann, desk(project))
    ready(page)
    page.context.set_offline(True)
    count = int(page.locator("#desk").get_attribute("data-prefetched") or 0) + 1
    for _ in range(count):
        press(page, "1")
    expect(page.get_by_role("heading", name="Loading the next document")).to_be_visible()
    press(page, "u")
    expect(page.locator(".document .text")).to_be_visible()
    press(page, "2")
    page.context.set_offline(False)
    expect(page.locator(".document .text")).to_be_visible()
    saved(page)
    assert sorted(given(project).values()) == [["Billing"]] + [["Refund"]] * (count - 1)


def test_closing_the_browser_window_with_unsent_answers_loses_none(
    open_as: Open, make_project: Any, ann: User
):
    project = make_project(texts=THIRTY[:10])
    page = open_as(ann, desk(project))
    ready(page)
    page.context.set_offline(True)
    expected = {answer(page, "2"): ["Billing"] for _ in range(2)}
    expect(page.locator("#unsent")).to_contain_text("2 annotations are not saved yet")
    page.wait_for_function(WRITTEN_DOWN, arg=2)  # a frame after the key, on a busy machine a long one
    context = page.context
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto(desk(project))
    saved(page)
    expect(page.locator(".document .text")).not_to_have_text(re.compile("|".join(map(re.escape, expected))))
    assert given(project) == expected


def test_what_the_service_refuses_is_shown_with_its_reason_until_it_is_discarded(
    open_as: Open, tickets: Project, ann: User
):
    page = open_as(ann, desk(tickets))
    ready(page)
    LabelClass.objects.filter(name="Billing").update(retired_at="2026-01-01T00:00Z")
    press(page, "2")
    shows(page, TEXTS[1])
    refused = page.get_by_role("region", name="Not saved")
    expect(refused).to_contain_text(TEXTS[0])
    expect(refused).to_contain_text("is retired")
    refused.get_by_role("link", name="Open document").click()
    shows(page, TEXTS[0])
    press(page, "1")
    saved(page)
    assert given(tickets) == {TEXTS[0]: ["Refund"]}
    refused.get_by_role("button", name="Discard").click()
    refused.get_by_role("button", name="Press again to discard").click()
    expect(refused).to_be_hidden()
    page.reload()
    expect(page.locator(".document .text")).to_be_visible()
    expect(refused).to_be_hidden()


def test_a_decision_in_the_strip_leads_to_its_change_and_back(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    press(page, "1")
    page.get_by_role("list", name="Your latest annotations").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Edit your annotation")).to_be_visible()
    press(page, "3", "Enter")
    shows(page, TEXTS[1])
    expect(page.locator("#strip a")).to_have_attribute("title", f"{TEXTS[0]} · Delivery")
    press(page, "u")
    shows(page, TEXTS[0])
    expect(page.locator("#strip li")).to_have_count(0)
    press(page, "2")
    saved(page)
    assert answers(tickets) == [["Billing"]]


def test_a_document_that_was_lost_is_said_and_its_answer_kept(
    open_as: Open, tickets: Project, ann: User, bob: User
):
    page = open_as(ann, desk(tickets))
    ready(page)
    Lease.objects.filter(document__text=TEXTS[0]).update(leased_until="2026-01-01T00:00Z")
    taken = claims.claim(tickets.pk, bob).documents[0]
    submit.submit(bob, Submission(taken.token, [label(tickets, "Billing")]))
    page.evaluate("document.dispatchEvent(new Event('desk:beat'))")
    expect(page.locator("#notice")).to_contain_text("Your lock on this document expired")
    press(page, "1")
    expect(page.locator("#notice")).to_contain_text("Your annotation is kept but does not count")
    saved(page)
    assert Annotation.objects.get(annotator=ann).is_surplus


def test_what_was_said_of_the_end_before_the_last_answer_was_saved_is_not_told(
    open_as: Open, make_project: Any, ann: User
):
    project = make_project(texts=["The only one."])
    page = open_as(ann)
    page.add_init_script("document.addEventListener('desk:prefetched', () => { window.isFilled = true; })")
    page.goto(desk(project))
    page.wait_for_function(
        "() => window.isFilled"
    )  # its first question is over: while one runs it asks no other
    saving: list[Route] = []
    asking: list[tuple[Route, APIResponse]] = []

    def ask(route: Route) -> None:
        """The first answer comes late, those after it at once."""
        if asking:
            route.continue_()
        else:
            asking.append((route, route.fetch()))

    page.route("**/save/", lambda route: saving.append(route))
    page.route("**/ahead/", ask)
    press(page, "1")
    wait_until(lambda: saving and asking, lambda _: page.wait_for_timeout(20))
    saving[0].continue_()
    saved(page)
    route, response = asking[0]  # "nothing for you but what you hold", as it was before
    route.fulfill(response=response)
    expect(page.get_by_text("Everything is labeled")).to_be_visible()


def test_a_document_that_was_waited_for_has_the_focus(open_as: Open, tickets: Project, ann: User):
    """While nothing is ahead the page's content has it, and a screen reader would stay there."""
    held: list[Route] = []
    holds = True

    def ask(route: Route) -> None:
        if holds:
            held.append(route)
        else:
            route.continue_()

    page = open_as(ann, desk(tickets))
    ready(page)
    page.route(re.compile("/(ahead|save)/"), ask)
    while page.locator("#document").count():
        shown = page.locator("#document").element_handle()
        press(page, "1")
        page.wait_for_function("shown => !shown.isConnected", arg=shown)
    expect(page.locator("#content")).to_be_focused()
    holds = False
    for route in held:
        route.continue_()
    expect(page.locator("#document")).to_be_focused()


def test_what_lies_ahead_goes_back_when_the_page_goes(open_as: Open, tickets: Project, ann: User):
    page = open_as(ann, desk(tickets))
    ready(page)
    assert Lease.objects.live().count() > 1
    page.goto(f"/projects/{tickets.pk}/label/annotations/")
    wait_until(lambda: Lease.objects.live().count() <= 1)
    assert Lease.objects.live().get().document.text == TEXTS[0]
    page.go_back()
    shows(page, TEXTS[0])


def test_two_people_at_once_on_overlap_two(open_as: Open, make_project: Any, ann: User, bob: User):
    project = make_project(texts=THIRTY[:8], overlap=2)
    pages = [open_as(person, desk(project)) for person in (ann, bob)]
    for _ in range(8):
        for page in pages:
            expect(page.locator(".document .text")).to_be_visible()
            answer(page, "1")
    for page in pages:
        saved(page)
        expect(page.get_by_role("heading", name=re.compile("Everything is|Nothing left"))).to_be_visible()
    result = Counter(Annotation.objects.values_list("document", "annotator"))
    assert len(result) == 16
    assert set(result.values()) == {1}
    assert Document.objects.filter(state="resolved").count() == 8


def test_on_a_phone_the_strip_and_the_bar_stay_inside(open_as: Open, make_project: Any, ann: User):
    project = make_project(texts=THIRTY)
    page = open_as(ann, desk(project), **PHONE)
    for _ in range(22):
        text = text_of(page)
        page.get_by_role("button", name="Billing").dispatch_event("click")
        expect(page.locator("#part")).not_to_contain_text(text)
    page.context.set_offline(True)
    page.get_by_role("button", name="Refund").dispatch_event("click")
    expect(page.locator("#unsent")).to_contain_text("not saved yet")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.get_by_role("button", name="Refund")).to_be_in_viewport()


@pytest.fixture
def server(tmp_path: Path, live_server: Any) -> Iterator[Process]:
    """The web process as `up` starts it, on the test's database."""
    address = urlsplit(os.environ["DATABASE_URL"])
    database = urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = os.environ | {"DATABASE_URL": database, "PYTHONPATH": str(BASE_DIR)}
    process = web(own_port(), environment, tmp_path)
    try:
        start(process)
        yield process
    finally:
        process.stop()


def own_port() -> int:
    """A free one, which another process of tests at the same time does not try first."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with suppress(PortTaken):
            return free_port(port)
    raise PortTaken


def start(process: Process) -> None:
    process.start()
    wait_until(lambda: not refusal(port_of(process)))


def port_of(process: Process) -> int:
    return int(process.command[process.command.index("--port") + 1])


@pytest.mark.slow
def test_the_web_server_is_killed_and_started_again_in_the_middle_of_labeling(
    chromium: Browser, server: Process, make_project: Any, ann: User
):
    project = make_project(texts=THIRTY)
    address = f"http://{HOST}:{port_of(server)}"
    context = chromium.new_context(base_url=address)
    context.add_cookies([session_of(ann, address)])
    page = context.new_page()
    page.goto(desk(project))
    expected = {answer(page, "1"): ["Refund"] for _ in range(6)}
    ahead(page, 10)
    expected |= {answer(page, "3"): ["Delivery"] for _ in range(3)}  # some are on their way when it dies
    assert server.child is not None
    os.killpg(server.child.pid, signal.SIGKILL)
    server.child.wait()
    expected |= {answer(page, "2"): ["Billing"] for _ in range(6)}
    expect(page.locator("#unsent")).to_contain_text("kept in this browser")
    start(server)
    saved(page)
    ahead(page, 3)
    expected |= {answer(page, "1"): ["Refund"] for _ in range(3)}
    saved(page)
    context.close()
    assert len(expected) == 18
    assert given(project) == expected
    assert Annotation.objects.count() == 18
