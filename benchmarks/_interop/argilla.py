"""Argilla: its own server on SQLite, without a search index, and its package."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from benchmarks._interop.comparison import Document
from benchmarks._interop.environments import Client, run_script, script, version_of
from benchmarks._interop.trips import Trip, read_results, write_inputs
from reviewqueue import settings
from reviewqueue.embedded.process import Process
from reviewqueue.embedded.programs import HOST, free_port

KEY = READER = "argilla"
HAS_ANNOTATORS = True
REQUIREMENTS = (
    "argilla==2.8.0",
    "argilla-server==2.8.0",
    "requests",
)  # which it imports and does not require


def version(python: Path) -> str:
    return version_of(python, "argilla")


def held(document: Document, kind: str) -> Document:
    """What of a document its server takes: metadata without objects, and answers with a class or spans."""
    entered = document["annotations"].items()
    answers = {who: answer for who, answer in entered if answer or (answer is not None and kind == "spans")}
    metadata = {key: value for key, value in document["metadata"].items() if not isinstance(value, dict)}
    return {**document, "annotations": answers, "metadata": metadata}


def run(python: Path, trips: Sequence[Trip], folder: Path) -> None:
    """One question per project; `from_disk` of our folders, and three exports of its datasets."""
    write_inputs(trips)
    key, port = secrets.token_hex(20), free_port(None)
    environment = {
        **os.environ,
        "ARGILLA_HOME_PATH": str(folder),
        "ARGILLA_SEARCH_ENGINE": "none",
        "ARGILLA_REDIS_URL": settings.REDIS_URL,
        "HF_HUB_OFFLINE": "1",
    }
    environment.pop("DATABASE_URL", None)
    command = [str(python), str(script("argilla_serve")), str(port), key]
    server = Process("argilla", command, folder / "argilla.log", environment=environment)
    server.start()
    try:
        client = Client(f"http://{HOST}:{port}")
        client.wait_until_up("/api/v1/status")
        run_script(python, "argilla_folders", folder, client.address, key)
    finally:
        server.stop()
    read_results(trips, {"to_disk": "saved", "to_list": "list.json", "to_datasets": "parquet"})
    names = json.loads((folder / "names.json").read_text())
    for trip in trips:
        trip.names = names
        for document in trip.imported:
            annotations = document["annotations"]
            document["annotations"] = {names[number]: answer for number, answer in annotations.items()}
