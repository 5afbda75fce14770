"""Hugging Face datasets: folders of `save_to_disk` and Parquet files, read and written by its own Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks._interop.comparison import Document
from benchmarks._interop.environments import run_script, version_of
from benchmarks._interop.trips import Trip, read_results, write_inputs

KEY = "huggingface"
READER = "jsonl"
HAS_ANNOTATORS = False
REQUIREMENTS = ("datasets==5.2.0",)


def version(python: Path) -> str:
    return version_of(python, "datasets")


def held(document: Document, kind: str) -> Document:
    """What of a document a dataset has columns for: all of it."""
    return document


def run(python: Path, trips: Sequence[Trip], folder: Path) -> None:
    """Classes as `ClassLabel`, spans as objects."""
    write_inputs(trips)
    run_script(python, "datasets_folders", folder)
    read_results(trips, {"save_to_disk": "saved", "Parquet": "parquet"})
