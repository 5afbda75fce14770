"""Desk latency: from a key to the next document on the screen. `./run bench desk --documents 200`.

Headless Chromium labels with one key a document, on the web process that `./run up` starts, with 150 ms added
to every answer of the service (Chromium's own network emulation). Measured in the page: from the time stamp
of the `keydown` event to the first task after the frame in which another document is in the page (a mutation
observer sees the change, `requestAnimationFrame` the frame, a message channel its end). A wait for a document
that is not there yet is part of it. Two paces: four keys a second, which is a fast human, and the next key as
soon as the document is painted, at any moment of the next frame, which only a machine can do. `page_kb`
are all scripts and style sheets that the page loads, each as `collectstatic` compresses it with gzip.
"""

import argparse
import gzip
import os
import random
import shutil
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps an event loop in this thread
django.setup()

from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from benchmarks._frame import machine, percentiles, show
from benchmarks.queue import ADD_DOCUMENTS, rank
from labeling.annotations.models import Annotation
from labeling.guidelines import new_projects
from labeling.projects.models import Project
from labeling.queue.models import Lease
from reviewqueue.embedded.programs import HOST, free_port, refusal, web

LATENCY_MS = 150
FRAME_SECONDS = 1 / 60
START_SECONDS = 120
CLASSES = ("Refund", "Billing", "Delivery", "Other")
MEASURE = """
    window.painted = [];
    const lease = () => document.querySelector("#part[data-lease]")?.dataset.lease;
    let before = lease();
    let pressed = null;
    addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
    new MutationObserver(() => {
        if (pressed === null || !lease() || lease() === before) return;
        const [start, channel] = [pressed, new MessageChannel()];
        [before, pressed] = [lease(), null];
        channel.port1.onmessage = () => window.painted.push(performance.now() - start);
        requestAnimationFrame(() => channel.port2.postMessage(null));
    }).observe(document.getElementById("content"), { childList: true });
"""


def make_project(documents: int) -> tuple[Project, User]:
    """Ranked documents of about 200 characters, four classes, and who labels them."""
    user = User.objects.create_user(f"ann {time.monotonic_ns()}")
    project = new_projects.create(user, name="Bench", kind="single", class_names=CLASSES)
    with django.db.connection.cursor() as cursor:
        cursor.execute(ADD_DOCUMENTS, {"project": project.pk, "count": documents})
    Project.objects.filter(pk=project.pk).update(document_count=documents)
    rank(project.pk)
    return project, user


def opened(browser: Any, address: str, project: Project, user: User) -> Page:
    """The desk, with documents ahead, behind a slow network."""
    client = Client()
    client.force_login(user)
    context = browser.new_context()
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}])
    page = context.new_page()
    network = context.new_cdp_session(page)
    slow = {"offline": False, "latency": LATENCY_MS, "downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.emulateNetworkConditions", slow)
    page.goto(f"{address}/projects/{project.pk}/label/")
    page.wait_for_selector("#desk[data-prefetched]:not([data-prefetched='0'])")
    page.evaluate(MEASURE)
    return page


def label(page: Page, documents: int, keys_per_second: float | None) -> list[float]:
    """Seconds from each key to the next document; without a pace, each key comes as soon as that is there."""
    generator = random.Random(7)
    for number in range(documents):
        started = time.monotonic()
        page.keyboard.press("1234"[number % 4])
        page.wait_for_function("count => painted.length >= count", arg=number + 1, timeout=30_000)
        pause = 1 / keys_per_second - (time.monotonic() - started) if keys_per_second else 0.0
        time.sleep(max(0.0, pause) + generator.uniform(0, FRAME_SECONDS))  # or all keys meet the same phase
    page.wait_for_selector("#desk[data-unsent='0']", timeout=30_000)
    return [milliseconds / 1000 for milliseconds in page.evaluate("painted")]


def page_kb(page: Page) -> float:
    """Thousand bytes of the scripts and style sheets that the page has loaded, compressed."""
    names = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    total = 0
    for name in {name for name in names if name.endswith((".js", ".css"))}:
        with urllib.request.urlopen(name) as answer:
            total += len(gzip.compress(answer.read(), 9))
    return round(total / 1000, 1)


def measured(address: str, executable: str, documents: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    paces = {"key_to_next_ms": 4.0, "key_to_next_without_pause_ms": None}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        for name, keys_per_second in paces.items():
            project, user = make_project(documents + 60)
            page = opened(browser, address, project, user)
            result[name] = percentiles(label(page, documents, keys_per_second))
            result["page_kb"] = page_kb(page)
            stored = Annotation.objects.filter(project=project)
            submitted = Lease.objects.filter(project=project, state="submitted")
            result["lost"] = result.get("lost", 0) + documents - submitted.count()
            result["doubled"] = result.get("doubled", 0) + stored.count() - submitted.count()
            page.context.close()
        browser.close()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200, help="that are labeled, at each pace")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    browsers = [
        path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))
    ]
    if not browsers:
        parser.error("No Chromium found. On Debian: apt-get install chromium")
    before = machine()
    with tempfile.TemporaryDirectory() as logs:
        port = free_port(None)
        server = web(port, os.environ, Path(logs))
        server.start()
        try:
            deadline = time.monotonic() + START_SECONDS
            while refusal(port) and time.monotonic() < deadline:
                time.sleep(0.2)
            result = measured(f"http://{HOST}:{port}", browsers[0], options.documents)
        finally:
            server.stop()
    facts = {"documents": options.documents, "latency_ms": LATENCY_MS}
    show(result | facts | {"machine": before}, is_json=options.json)


if __name__ == "__main__":
    main()
