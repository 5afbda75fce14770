"""Export speed, and whether memory stays flat. `./run bench exporting --documents N --json`."""

from __future__ import annotations

import argparse
import json
import resource
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import monotonic, time_ns

import django

django.setup()

from django.contrib.auth.models import User

from benchmarks.importing import lines
from labeling.exchange.exporting import ExportFormat, Scope, export
from labeling.exchange.importing import import_documents
from labeling.formats.json_files.jsonl import record_from
from labeling.formats.records import Record
from labeling.guidelines import new_projects
from labeling.projects.models import Project

WARM_UP = 20_000  # settled documents exported before memory is measured
CLASSES = ["A", "B"]


def labeled(count: int) -> Iterator[Record]:
    """The documents of the import's measurement, each with its answer."""
    for number, line in enumerate(lines(count), start=1):
        yield record_from(json.loads(line) | {"label": CLASSES[number % 2]}, number)


def settled_project(count: int) -> int:
    """A project of this many settled documents, by its number."""
    manager = User.objects.create_user(f"bench-{time_ns()}")
    project = new_projects.create(manager, name="Bench", kind="single", class_names=CLASSES)
    report = import_documents(project.pk, labeled(count))
    if report.labeled != count:
        raise SystemExit(f"Only {report.labeled} of {count} documents were settled.")
    return project.pk


def rss_mb() -> float:
    """The memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def timed_export(project: Project, file_format: ExportFormat) -> tuple[float, float]:
    """Seconds, and the most memory at any piece."""
    started, longest = monotonic(), 0.0
    for _piece in export(project, Scope.SETTLED, file_format):
        longest = max(longest, rss_mb())
    return monotonic() - started, longest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument(
        "--format", choices=ExportFormat.values, default=ExportFormat.JSONL.value, help="of the file"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    file_format = ExportFormat(options.format)
    with ProcessPoolExecutor(1, get_context("spawn")) as another:  # an import's memory would hide an export's
        numbers = list(another.map(settled_project, (WARM_UP, options.documents)))
    small, project = (Project.objects.get(pk=number) for number in numbers)
    _, before = timed_export(small, file_format)
    seconds, largest = timed_export(project, file_format)
    result = {
        "documents_per_s": round(options.documents / seconds),
        "rss_growth_mb": round(largest - before, 1),
    }
    print(json.dumps(result) if options.json else result)


if __name__ == "__main__":
    main()
