"""Who opens the pages? A real Chromium, on the service as it runs, with the test database behind it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

from labeling.annotations import exclusion as policy
from labeling.projects.models import Project
from labeling.queue.models import QueueEntry
from tests.journeys.marking import NEXT, TOLD, desk
from tests.patience import PATIENCE_SECONDS

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
MISSING = "no Chromium found: install one (Debian: apt-get install chromium) or name it in CHROMIUM"

# Playwright keeps an event loop in the test's thread; Django takes that for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

expect.set_options(timeout=1000 * PATIENCE_SECONDS)

Open = Callable[..., Page]


def _executable() -> str | None:
    chromium = os.environ.get("CHROMIUM")
    if chromium and Path(chromium).exists():
        return chromium
    return next((which for name in NAMES if (which := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = _executable()
    if executable is None:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def open_as(chromium: Browser, live_server: Any) -> Iterator[Open]:
    """`open_as(ann, "/path/")`: a page of a browser of its own in which Ann is signed in; options as for a
    browser context. A test fails on a dialog, on a script's error and on a broken content policy."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(person: User | None, path: str = "/", **options: Any) -> Page:
        context = chromium.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        context.set_default_timeout(1000 * PATIENCE_SECONDS)
        if person is not None:
            context.add_cookies([session_of(person, live_server.url)])
        page = context.new_page()
        page.on("dialog", lambda dialog: _dismissed(dialog, complaints))
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("console", lambda said: _policy(said.text, complaints))
        page.goto(path)
        return page

    with _requests() as under_way:
        yield opened
        for context in contexts:
            context.close()
        _wait_until_quiet(under_way)
    assert complaints == []


@contextmanager
def _requests() -> Iterator[list[int]]:
    """How many requests the live server works on, as the only number in a list."""
    under_way = [0]

    def begin(**_: Any) -> None:
        under_way[0] += 1

    def end(**_: Any) -> None:
        under_way[0] -= 1

    request_started.connect(begin)
    request_finished.connect(end)
    yield under_way
    request_started.disconnect(begin)
    request_finished.disconnect(end)


def _wait_until_quiet(under_way: list[int], seconds: float = 5) -> None:
    """A page that goes sends its last words; the next test empties the tables under them."""
    deadline = time.monotonic() + seconds
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < 0.15 and time.monotonic() < deadline:
        if under_way[0] > 0:
            quiet_since = time.monotonic()
        time.sleep(0.02)


def session_of(person: User, url: str) -> Any:
    """The cookie with which a browser has the person signed in at this address."""
    url = "/".join(url.split("/")[:3])
    client = Client()
    client.force_login(person)
    return {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies["sessionid"].value, "url": url}


def _dismissed(dialog: Dialog, complaints: list[str]) -> None:
    complaints.append(f"dialog: {dialog.message}")
    dialog.dismiss()


def _policy(text: str, complaints: list[str]) -> None:
    if "Content Security Policy" in text:
        complaints.append(text)


@pytest.fixture
def open_text(open_as: Open, make_project: Callable[..., Project], ann: User) -> Callable[..., Any]:
    """`open_text("One text.")`: the desk with this document, and another one behind it."""

    def opened(text: str, options: dict[str, Any] | None = None, **policy: Any) -> tuple[Page, Project]:
        project = make_project(kind="spans", texts=[text, NEXT], **policy)
        return open_as(ann, desk(project), **(options or {})), project

    return opened


@pytest.fixture
def suggest(open_as: Open, make_project, ann: User, joan: User) -> Callable[..., Any]:
    """`suggest("shown")`: the desk with a document in which the model would mark three spans."""

    def opened(wanted: str, **options: Any) -> tuple[Page, Project]:
        project = make_project(kind="spans", texts=[TOLD, NEXT])
        policy.change(project.pk, joan, suggestion_policy=wanted)
        refund, billing = (str(project.classes.get(name=name).pk) for name in ("Refund", "Billing"))
        spans = [[0, 10, refund, 0.97], [21, 28, billing, 0.41], [33, 42, billing, 0.62]]
        QueueEntry.objects.filter(rank=0).update(reason={"share": "margin", "spans": spans})
        return open_as(ann, desk(project), **options), project

    return opened
