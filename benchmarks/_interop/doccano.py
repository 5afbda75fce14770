"""doccano: its own server and task queue on SQLite, two annotators, imports and exports over HTTP."""

from __future__ import annotations

import io
import json
import os
import secrets
import subprocess
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks._interop.comparison import Answer, Document
from benchmarks._interop.environments import Client, ImportRefused, ToolMissing, version_of
from benchmarks._interop.projects import ANN, BOB
from benchmarks._interop.trips import Trip
from labeling.formats.outlines import ProjectOutline
from reviewqueue.embedded.process import Process
from reviewqueue.embedded.programs import HOST, free_port

KEY = READER = "doccano"
HAS_ANNOTATORS = True
# doccano 1.8.4 names no upper bounds for these, and does not start with their newer versions.
REQUIREMENTS = ("doccano==1.8.4", "marshmallow<4", "numpy<2", "setuptools<81")
TASK_SECONDS = 60
_OWN_KEYS = frozenset({"id", "text", "Comments"})
SHARED = "all"  # the file of annotations that are no annotator's


def version(python: Path) -> str:
    return version_of(python, "doccano")


def held(document: Document, kind: str) -> Document:
    """What of a document annotators can enter: no skips, no predictions, and no label is no annotation."""
    answers = {who: answer for who, answer in document["annotations"].items() if answer}
    return {**document, "annotations": answers, "predictions": {}}


def run(python: Path, trips: Sequence[Trip], folder: Path) -> None:
    """Import each export, a file by its annotator, and export each project as its annotators label it."""
    with _servers(python, folder) as people:
        for trip in trips:
            try:
                trip.imported = _imported(people, trip)
            except ImportRefused as refusal:
                trip.refusal = str(refusal)
            project = _annotated(people, trip)
            for name in ("JSONL",) if trip.outline.kind == "spans" else ("JSONL", "CSV"):
                trip.files[name] = trip.folder / f"{trip.name}-{name.lower()}.zip"
                trip.files[name].write_bytes(_export(people[ANN], project, name))


@contextmanager
def _servers(python: Path, folder: Path) -> Iterator[dict[str, Client]]:
    """Web server and task queue while the block runs; a client per annotator."""
    program, port, password = str(python.parent / "doccano"), free_port(None), secrets.token_urlsafe(16)
    environment = {
        **{key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "SECRET_KEY")},
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DOCCANO_HOME": str(folder),
        "HOME": str(folder),
        "PATH": f"{python.parent}:{os.defpath}",
    }
    for arguments in (["init"], ["createuser", "--username", ANN, "--password", password]):
        done = subprocess.run([program, *arguments], env=environment, cwd=folder, capture_output=True)
        if done.returncode:
            raise ToolMissing(done.stderr.decode(errors="replace")[-300:])
    commands = {
        "web": ["webserver", "--port", str(port), "--workers", "1"],
        "queue": ["task", "--concurrency", "1"],
    }
    with ExitStack() as stack:
        for name, arguments in commands.items():
            process = Process(name, [program, *arguments], folder / f"{name}.log", environment=environment)
            process.start()
            stack.callback(process.stop)
        ann = Client(f"http://{HOST}:{port}")
        ann.wait_until_up("/v1/health/")
        ann.post("/v1/auth/login/", {"username": ANN, "password": password})
        ann.post("/v1/users/create", {"username": BOB, "password1": password, "password2": password})
        bob = Client(ann.address)
        bob.post("/v1/auth/login/", {"username": BOB, "password": password})
        yield {ANN: ann, BOB: bob}


def _project(people: dict[str, Client], outline: ProjectOutline, *, is_shared: bool = False) -> str:
    """The path of a new project with both annotators."""
    is_spans = outline.kind == "spans"
    ann = people[ANN]
    project: dict[str, Any] = {
        "resourcetype": "SequenceLabelingProject" if is_spans else "TextClassificationProject",
        "project_type": "SequenceLabeling" if is_spans else "DocumentClassification",
        "name": outline.name,
        "description": outline.description,
        "guideline": outline.guidelines[-1].text,
        "single_class_classification": outline.kind == "single",
        "collaborative_annotation": is_shared,
        "tags": [],
    } | ({"allow_overlapping": outline.allows_overlapping_spans} if is_spans else {})
    path = f"/v1/projects/{ann.post('/v1/projects', project)['id']}"
    users = {user["username"]: user["id"] for user in ann.get("/v1/users")}
    roles = {role["name"]: role["id"] for role in ann.get("/v1/roles")}
    ann.post(f"{path}/members", {"user": users[BOB], "role": roles["project_admin"]})
    return path


def _upload(client: Client, project: str, filename: str, content: bytes, outline: ProjectOutline) -> None:
    """One JSONL file by the import of doccano's own page. Raises ImportRefused."""
    task = "SequenceLabeling" if outline.kind == "spans" else "DocumentClassification"
    upload = client.upload("/v1/fp/process/", "filepond", filename, content).decode()
    body = {
        **{"format": "JSONL", "task": task, "uploadIds": [upload], "encoding": "utf_8"},
        **{"column_data": "text", "column_label": "label"},
    }
    status = _result(client, client.post(f"{project}/upload", body)["task_id"])
    if problems := status["error"] or status["result"]["error"]:
        raise ImportRefused(str(problems))


def _result(client: Client, task: str) -> dict[str, Any]:
    deadline = time.monotonic() + TASK_SECONDS
    while time.monotonic() < deadline:
        status: dict[str, Any] = client.get(f"/v1/tasks/status/{task}")
        if status.get("ready"):
            return status
        time.sleep(0.2)
    raise ToolMissing(f"doccano's queue did not finish a task within {TASK_SECONDS} seconds.")


def _export(client: Client, project: str, name: str) -> bytes:
    task = client.post(f"{project}/download", {"format": name, "exportApproved": False})["task_id"]
    _result(client, task)
    return client.fetch(f"{project}/download?taskId={task}")


def _imported(people: dict[str, Client], trip: Trip) -> list[Document]:
    """The documents after an import of our zip: doccano gives the labels of a file to whoever uploads it.

    Each annotator's file makes documents of its own there, so each goes into a project of its own.
    """
    merged: dict[str, Document] = {}
    with zipfile.ZipFile(trip.export) as archive:
        for name in archive.namelist():
            who = name.removesuffix(".jsonl")
            if who == name:
                continue
            project = _project(people, trip.outline)
            _upload(people.get(who, people[ANN]), project, name, archive.read(name), trip.outline)
            for document in _documents(_export(people[ANN], project, "JSONL"), who):
                known = merged.setdefault(str(document["id"]), document)
                known["annotations"] = {**known["annotations"], **document["annotations"]}
    return list(merged.values())


def _documents(archive: bytes, who: str) -> Iterator[Document]:
    """What doccano's own export says of one annotator. No label there means no annotation."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        lines = files.read(f"{ANN if who == SHARED else who}.jsonl").decode().split("\n")
    for row in (json.loads(line) for line in lines if line):
        answer: Answer = sorted(row.pop("label", []))
        metadata = row.pop("meta", {})
        yield Document(
            id=row["id"],
            text=row["text"],
            split=metadata.pop("split", None),
            metadata=metadata | {key: value for key, value in row.items() if key not in _OWN_KEYS},
            annotations={"" if who == SHARED else who: answer} if answer else {},
            predictions={},
        )


def _annotated(people: dict[str, Client], trip: Trip) -> str:
    """A project whose documents come from a file and whose labels the annotators give one by one."""
    project = _project(people, trip.outline)
    ann = people[ANN]
    rows: list[dict[str, Any]] = [{"id": d["id"], "text": d["text"], "label": []} for d in trip.documents]
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    _upload(ann, project, "documents.jsonl", content, trip.outline)
    kind = "span" if trip.outline.kind == "spans" else "category"
    labels = {}
    for item in trip.outline.classes:
        label = {"text": item.name, "prefix_key": None, "suffix_key": None, "background_color": "#209cee"}
        labels[item.name] = ann.post(f"{project}/{kind}-types", label | {"text_color": "#ffffff"})["id"]
    examples = ann.get(f"{project}/examples", limit="100")["results"]
    numbers = {example["meta"]["id"]: example["id"] for example in examples}
    for document in trip.documents:
        path = f"{project}/examples/{numbers[document['id']]}"
        ann.patch(path, {"meta": {"id": document["id"], **document["metadata"]}})
        for who, answer in document["annotations"].items():
            for value in answer or ():
                if kind == "span":
                    start, end, label = value
                    span = {"start_offset": start, "end_offset": end, "label": labels[label]}
                    people[who].post(f"{path}/spans", span)
                else:
                    people[who].post(f"{path}/categories", {"label": labels[value]})
    return project
