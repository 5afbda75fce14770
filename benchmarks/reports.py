"""Report latency: how soon each one is there. `./run bench reports --documents N --labels N --json`.

Every address below `analytics:` that answers a GET, as page, table and JSON, asked by a manager: as it is;
with one label of the test set corrected since the last time; and cold, with nothing remembered as well, but
the annotations. CPU time of a cold answer (this process and the database server) is told too: on a busy
machine it says more. In a database of its own (DATABASE_URL) the project stays for the next run.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any

import django

django.setup()

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from analytics.data import content_cache
from benchmarks._frame import machine, percentiles, server_cpu_seconds, show
from benchmarks._report_data import Size, reports_project
from labeling.annotations import corrections, test_labels
from labeling.annotations.models import Annotation
from labeling.annotations.validation import LabelValue
from labeling.guidelines.models import LabelClass
from labeling.predictions import held_out
from labeling.projects.models import Project

NAMESPACES = ("analytics", "analytics_api")
NOT_REPORTS = ("news",)  # a line of a page, asked for by the page
COLD = 10  # requests of each page with nothing remembered; the rest of the time is their preparation
EXPLAINED = 5  # statements
TEST, MAX_TEST_SHARE = 5_000, 0.9  # labeled test documents where nobody says; of a project's documents


@dataclass(frozen=True)
class ReviewFilters:
    """What one address needed."""

    status: int
    warm: list[float]  # seconds
    corrected: list[float]
    cold: list[float]
    cpu: float  # seconds of one cold answer, here and in the database server
    statements: int
    slowest: list[tuple[float, str]]  # milliseconds and SQL, the slowest first


class Corrector:
    """A person of the project who changes their mind about one test document after the other."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.classes = list(LabelClass.objects.filter(project=project).values_list("pk", flat=True))
        of_test_set = Annotation.objects.filter(
            project=project, document__split="test", document__extra_slots=0
        )
        self.answers = iter(
            of_test_set.current().select_related("annotator").prefetch_related("labels")[:2_000]
        )

    def correct(self) -> None:
        answer = next(self.answers)
        label_id = answer.labels.all()[0].label_class_id
        other = next(label_class for label_class in self.classes if label_class != label_id)
        assert answer.annotator is not None
        start, end = answer.labels.all()[0].start, answer.labels.all()[0].end
        value = LabelValue(other, start, end)
        corrections.correct(self.project.pk, answer.annotator, answer.pk, [value])


def addresses(project: Project) -> Iterator[str]:
    """Of every report, by the names of the routes; those that a parameter is missing for are told."""
    identifiers: dict[str, Any] = {
        "project_id": project.pk,
        "class_id": project.classes.earliest("position").pk,
        "document_id": project.documents.filter(split="test").earliest("pk").pk,
        "number": 3,
        "old": 2,
        "new": 3,
        "first": 2,
        "second": 3,
    }
    for namespace, pattern in _patterns(get_resolver().url_patterns, ""):
        if namespace not in NAMESPACES or pattern.name in NOT_REPORTS:
            continue
        names = pattern.pattern.converters
        try:
            yield reverse(f"{namespace}:{pattern.name}", kwargs={name: identifiers[name] for name in names})
        except (KeyError, NoReverseMatch):
            print(f"not asked: {namespace}:{pattern.name} {list(names)}", file=sys.stderr)


def _patterns(patterns: Any, namespace: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern.url_patterns, pattern.namespace or namespace)
        elif isinstance(pattern, URLPattern):
            yield namespace, pattern


def ask(client: Client, address: str, requests: int, correct: Callable[[], None]) -> ReviewFilters | None:
    """Seconds with and without what was remembered; None for an address that takes no GET."""
    status = client.get(address).status_code
    if status == 405:
        return None
    with CaptureQueriesContext(connection) as responses:
        client.get(address)
    statements = len(responses)  # the next request forgets them
    slowest = sorted(((1000 * float(q["time"]), q["sql"]) for q in responses.captured_queries), reverse=True)
    corrected, cold, warm, cpu = [], [], [], 0.0
    for _ in range(COLD):
        correct()
        corrected.append(_seconds(client, address))
    for _ in range(COLD):
        correct()
        _forget()
        before = _cpu_seconds()
        cold.append(_seconds(client, address))
        cpu += (_cpu_seconds() - before) / COLD
    for _ in range(requests):
        warm.append(_seconds(client, address))
    return ReviewFilters(status, warm, corrected, cold, cpu, statements, slowest[:EXPLAINED])


def _forget() -> None:
    for kept in (content_cache._results, held_out._kept, test_labels._kept):
        kept.clear()


def _seconds(client: Client, address: str) -> float:
    started = perf_counter()
    client.get(address)
    return perf_counter() - started


def _cpu_seconds() -> float:
    connection.ensure_connection()
    return process_time() + server_cpu_seconds(connection.connection.info.backend_pid)


def measure(size: Size, requests: int, *, is_explained: bool, only: str) -> dict[str, Any]:
    started = perf_counter()
    project, manager = reports_project(size)
    built = perf_counter() - started
    client, corrector = Client(SERVER_NAME="localhost"), Corrector(project)
    client.force_login(manager)
    gc.collect()
    gc.freeze()  # as reviewqueue.wsgi does
    pages = {}
    for address in addresses(project):
        if only not in address:
            continue
        answer = ask(client, address, requests, corrector.correct)
        if answer is None:
            continue
        pages[address] = {
            "status": answer.status,
            "ms_p95": percentiles(answer.warm)["p95"],
            "ms_corrected": percentiles(answer.corrected)["p95"],
            "ms_cold": percentiles(answer.cold)["p95"],
            "cpu_ms_cold": round(1000 * answer.cpu),
            "statements": answer.statements,
        }
        print(f"{address:60} {pages[address]}", file=sys.stderr, flush=True)
        for milliseconds, sql in answer.slowest if is_explained else ():
            print(f"    {milliseconds:7.0f} ms  {' '.join(sql.split())[:400]}", file=sys.stderr, flush=True)
    return {"pages": pages, "built_s": round(built, 1), "machine": machine()}


def size_of(arguments: list[str] | None = None) -> tuple[Size, argparse.Namespace]:
    """What the command line asks for. Ends the program with a sentence where no project can be like that."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--labels", type=int, default=100_000, help="labeled documents")
    parser.add_argument(
        "--test", type=int, help=f"labeled documents of the test set; {TEST:,}, or half of fewer labels"
    )
    parser.add_argument("--classes", type=int, default=50)
    parser.add_argument("--kind", choices=["single", "multi", "spans"], default="single")
    parser.add_argument("--requests", type=int, default=20, help="of each page with everything remembered")
    parser.add_argument("--only", default="", help="addresses that hold this text")
    parser.add_argument("--explain", action="store_true", help="print the slowest statements of each page")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    test = min(TEST, options.labels // 2) if options.test is None else options.test
    if not 0 < test < options.labels <= options.documents:
        parser.error("The labels are at most as many as the documents, and more than those of the test set.")
    if test > MAX_TEST_SHARE * options.documents:
        parser.error(f"The test set is at most {MAX_TEST_SHARE:.0%} of the documents: give a smaller --test.")
    return Size(options.documents, options.labels, test, options.classes, options.kind), options


def main() -> None:
    size, options = size_of()
    measured = measure(size, options.requests, is_explained=options.explain, only=options.only)
    show(measured, is_json=options.json)


if __name__ == "__main__":
    main()
