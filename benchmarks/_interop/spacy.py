"""spaCy: DocBin files, read and written by its own Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks._interop.comparison import Document
from benchmarks._interop.environments import run_script, version_of
from benchmarks._interop.trips import Trip, read_results, write_inputs

KEY = "spacy"
READER = "jsonl"
HAS_ANNOTATORS = False
REQUIREMENTS = ("spacy==3.8.18",)


def version(python: Path) -> str:
    return version_of(python, "spacy")


def held(document: Document, kind: str) -> Document:
    """What of a document a Doc of spaCy has a place for: no metadata."""
    return {**document, "metadata": {}}


def run(python: Path, trips: Sequence[Trip], folder: Path) -> None:
    """Classes as `cats`, spans as `ents`, spans that overlap as a span group."""
    write_inputs(trips)
    run_script(python, "spacy_docs", folder)
    read_results(trips, {"DocBin": "spacy"})
