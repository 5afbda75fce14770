"""Round trips: a project as our file on its way into a tool, and the tool's own file on its way to us."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._interop.comparison import Document
from labeling.formats.outlines import ProjectOutline


@dataclass
class Trip:
    """One project; the module of a tool fills in what comes back.

    documents : what the project contains
    export : the file of our writer
    imported : the documents as the tool has them after reading `export`
    refusal : why it did not read all of it
    files : what the tool itself exports of `documents`, by the name of the format
    names : our names of the annotators, by those in the tool's files
    """

    name: str
    outline: ProjectOutline
    documents: list[Document]
    export: Path
    imported: list[Document] = field(default_factory=list)
    refusal: str = ""
    files: dict[str, Path] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.export.parent


def write_inputs(trips: Iterable[Trip]) -> None:
    """For a script of the tool's Python: NAME.json with the project, NAME-export with our files, unpacked."""
    for trip in trips:
        content = {
            "kind": trip.outline.kind,
            "allows_overlap": trip.outline.allows_overlapping_spans,
            "classes": [item.name for item in trip.outline.classes],
            "guideline": trip.outline.guidelines[-1].text,
            "documents": trip.documents,
        }
        (trip.folder / f"{trip.name}.json").write_text(json.dumps(content))
        unpacked = trip.folder / f"{trip.name}-export"
        if trip.export.suffix == ".zip":
            with zipfile.ZipFile(trip.export) as archive:
                archive.extractall(unpacked)
        else:
            unpacked.mkdir()
            shutil.copy(trip.export, unpacked)


def read_results(trips: Iterable[Trip], formats: Mapping[str, str]) -> None:
    """What the script left: NAME-imported.json or NAME-refusal.txt, and the tool's own files as NAME.SUFFIX.

    formats : the suffix by the name of the format
    """
    for trip in trips:
        if (refusal := trip.folder / f"{trip.name}-refusal.txt").exists():
            trip.refusal = refusal.read_text()
        else:
            trip.imported = json.loads((trip.folder / f"{trip.name}-imported.json").read_text())
        paths = {name: trip.folder / f"{trip.name}.{suffix}" for name, suffix in formats.items()}
        trip.files |= {name: path for name, path in paths.items() if path.exists()}
