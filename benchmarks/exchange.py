"""Exchange at scale: documents in from JSONL and Parquet, labels out. `./run bench exchange --json`."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import monotonic, time_ns

import django

django.setup()

import pyarrow
from django.contrib.auth.models import User
from pyarrow import parquet

from benchmarks.exporting import rss_mb, settled_project, timed_export
from benchmarks.importing import lines
from labeling.exchange.exporting import ExportFormat
from labeling.exchange.importing import ImportReport, import_documents
from labeling.exchange.sources import open_rows
from labeling.formats.bundles import open_bundle
from labeling.formats.converters import CONVERTERS
from labeling.formats.reading import Format
from labeling.guidelines import new_projects
from labeling.projects.models import Project

WARM_UP = 20_000  # documents imported or exported before memory is measured


def write_jsonl(path: Path, count: int, first: int) -> None:
    with path.open("w") as file:
        file.writelines(lines(count, first))


def write_parquet(path: Path, count: int, first: int) -> None:
    rows = [json.loads(line) for line in lines(count, first)]
    parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=100_000)


def import_jsonl(project_id: int, path: Path, note: Callable[[ImportReport], None]) -> None:
    with open_rows(path, path.name, Format.JSONL) as rows:
        import_documents(project_id, iter(rows), note)


def import_parquet(project_id: int, path: Path, note: Callable[[ImportReport], None]) -> None:
    """As a worker does it: converted to JSON lines, which are then read."""
    converted = path.with_suffix(".jsonl")
    with open_bundle(path, path.name) as bundle, converted.open("wb") as file:
        file.writelines(CONVERTERS["arrow"].json_lines(bundle))
    import_jsonl(project_id, converted, note)


READERS = {"jsonl": (write_jsonl, import_jsonl), "parquet": (write_parquet, import_parquet)}


def write_files(kind: str, folder: str, documents: int) -> None:
    write = READERS[kind][0]
    write(Path(folder) / f"warm.{kind}", WARM_UP, 0)
    write(Path(folder) / f"documents.{kind}", documents, WARM_UP)


def measured_import(kind: str, folder: str) -> tuple[float, float]:
    """Seconds of the large file, and by how many MB the process grew over the small one."""
    read = READERS[kind][1]
    manager = User.objects.create_user(f"bench-{time_ns()}")
    project = new_projects.create(manager, name="Bench", kind="single", class_names=["A", "B"])
    most = 0.0

    def note(report: ImportReport) -> None:
        nonlocal most
        most = max(most, rss_mb())

    read(project.pk, Path(folder) / f"warm.{kind}", note)
    before, most = rss_mb(), 0.0
    started = monotonic()
    read(project.pk, Path(folder) / f"documents.{kind}", note)
    return monotonic() - started, most - before


def measured_export(project_ids: tuple[int, int]) -> tuple[float, float]:
    small, large = (Project.objects.get(pk=number) for number in project_ids)
    _, before = timed_export(small, ExportFormat.JSONL)
    seconds, most = timed_export(large, ExportFormat.JSONL)
    return seconds, most - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--only", choices=[*READERS, "export"], help="one of the measurements")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result: dict[str, dict[str, float]] = {}

    def note(name: str, measured: tuple[float, float]) -> None:
        seconds, growth = measured
        result[name] = {
            "documents_per_s": round(options.documents / seconds),
            "rss_growth_mb": round(growth, 1),
        }

    # Each in a process of its own: what one held in memory would hide the growth of the next.
    context = get_context("spawn")
    for kind in READERS:
        if options.only in (None, kind):
            with tempfile.TemporaryDirectory() as folder:
                with ProcessPoolExecutor(1, context) as writer:
                    writer.submit(write_files, kind, folder, options.documents).result()
                with ProcessPoolExecutor(1, context) as reader:
                    note(f"import_{kind}", reader.submit(measured_import, kind, folder).result())
    if options.only in (None, "export"):
        with ProcessPoolExecutor(1, context) as importer:
            numbers = tuple(importer.map(settled_project, (WARM_UP, options.documents)))
        with ProcessPoolExecutor(1, context) as exporter:
            note("export_jsonl", exporter.submit(measured_export, (numbers[0], numbers[1])).result())
    print(json.dumps(result) if options.json else result)


if __name__ == "__main__":
    main()
