"""Interchange with real tools: our files read by them, theirs read by us. `./run bench interop --json`."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from benchmarks._frame import machine, show
from benchmarks._interop import argilla, datasets, doccano, label_studio, spacy
from benchmarks._interop.comparison import (
    Comparison,
    Document,
    document_of,
    merged,
    with_final_label,
)
from benchmarks._interop.environments import ToolMissing, interpreter
from benchmarks._interop.projects import projects
from benchmarks._interop.trips import Trip
from labeling.exchange.sources import as_readable, open_rows, outline_of_file, recognize_file
from labeling.formats.outlines import ProjectOutline, outline_of
from labeling.formats.projects import READERS, WRITERS
from labeling.formats.records import BadRow, Record, UnreadableFile
from reviewqueue import settings

FOLDER = settings.BASE_DIR / ".local" / "interop"  # of the environments, which take minutes to install


class Tool(Protocol):
    """What each module of a tool offers."""

    @property
    def KEY(self) -> str:
        """Of its writer, and of its environment."""

    @property
    def READER(self) -> str:
        """The format of its files, for binary ones after a worker has converted them."""

    @property
    def REQUIREMENTS(self) -> Sequence[str]:
        """What is installed for it."""

    @property
    def HAS_ANNOTATORS(self) -> bool:
        """Whether its files keep annotations apart; else each document has its final annotation."""

    def version(self, python: Path) -> str:
        """The installed version."""

    def held(self, document: Document, kind: str) -> Document:
        """What of a document the tool itself has a place for."""

    def run(self, python: Path, trips: Sequence[Trip], folder: Path) -> None:
        """Let the tool read each trip's export and write files of its own. Raises ToolMissing."""


TOOLS: Mapping[str, Tool] = {
    "argilla": argilla,
    "datasets": datasets,
    "doccano": doccano,
    "label_studio": label_studio,
    "spacy": spacy,
}


def result_of(tool: Tool, environments: Path) -> dict[str, Any]:
    """The round trips through one tool; the reason where it cannot be had here."""
    try:
        python = interpreter(environments, tool.KEY, tool.REQUIREMENTS)
        with tempfile.TemporaryDirectory(prefix="rq-interop-") as name:
            folder = Path(name)
            trips = [trip(tool, project, folder) for project in projects()]
            tool.run(python, trips, folder)
            formats = sorted({name for each in trips for name in each.files})
            return {
                "version": tool.version(python),
                "out": outward(trips),
                "in": {name: inward(tool, trips, name) for name in formats},
            }
    except (ToolMissing, OSError) as error:
        return {"skipped": str(error)}


def trip(tool: Tool, name: str, folder: Path) -> Trip:
    """One project, written by our writer."""
    outline, records = projects()[name]
    writer = WRITERS[tool.KEY]
    export = folder / f"{name}-export{writer.SUFFIX}"
    export.write_bytes(b"".join(writer.write(outline, records, lambda row: None)))
    return Trip(name, outline, documents(tool, records), export)


def documents(tool: Tool, records: Iterable[Record]) -> list[Document]:
    return [document_of(record) if tool.HAS_ANNOTATORS else with_final_label(record) for record in records]


def outward(trips: Sequence[Trip]) -> dict[str, Any]:
    """Our files in the tool."""
    comparison = Comparison()
    for each in trips:
        comparison.add(each.name, each.documents, each.imported)
    return comparison.result | {"refused": {each.name: each.refusal for each in trips if each.refusal}}


def inward(tool: Tool, trips: Iterable[Trip], name: str) -> dict[str, Any]:
    """One format of the tool's own files, read by our reader. Sets of documents are ours alone."""
    comparison = Comparison()
    reported: Counter[str] = Counter()
    for each in trips:
        if path := each.files.get(name):
            copies, outline, problems = read(tool, path)
            for copy in copies:
                copy["annotations"] = {each.names.get(k, k): v for k, v in copy["annotations"].items()}
            kind = each.outline.kind or ""
            entered = [tool.held({**document, "split": None}, kind) for document in each.documents]
            comparison.add(each.name, entered, copies)
            reported.update([*problems, *outline.losses])
            if outline.kind != each.outline.kind:
                reported[f"{each.name}: kind: {each.outline.kind} became {outline.kind}"] += 1
    return comparison.result | {"reported": dict(reported)}


def read(tool: Tool, path: Path) -> tuple[list[Document], ProjectOutline, list[str]]:
    """The documents, the outline, and what is reported of rows that are left out, as an import does it."""
    problems: list[str] = []
    records: list[Record] = []
    try:
        source = recognize_file(path, path.name)
        with as_readable(path, source.file_format) as (readable, file_format):
            if file_format != tool.READER:
                problems.append(f"recognized as {file_format}")
            with open_rows(readable, readable.name, file_format) as rows:
                for row in rows:
                    if isinstance(row, BadRow):
                        problems.append(row.reason)
                    else:
                        records.append(row)
                        problems += [str(problem) for problem in row.problems]
            outline = outline_of(tool.KEY, records)
            if file_format in READERS:
                outline = outline_of_file(readable, readable.name, file_format)
    except UnreadableFile as error:
        return [], ProjectOutline(tool.KEY), [*problems, str(error)]
    return merged(map(document_of, records)), outline, problems


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", nargs="+", choices=TOOLS, default=list(TOOLS), help="only these")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of the tools' environments")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    results = {name: result_of(TOOLS[name], options.folder) for name in options.tool}
    show(results | {"machine": machine()}, is_json=options.json)


if __name__ == "__main__":
    main()
