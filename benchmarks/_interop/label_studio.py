"""Label Studio: its own server on SQLite, two annotators, imports and exports over HTTP."""

from __future__ import annotations

import json
import os
import re
import secrets
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from xml.sax.saxutils import quoteattr

from benchmarks._interop.comparison import Answer, Document
from benchmarks._interop.environments import Client, version_of
from benchmarks._interop.projects import ANN, BOB
from benchmarks._interop.trips import Trip
from labeling.formats.outlines import ProjectOutline
from reviewqueue.embedded.process import Process
from reviewqueue.embedded.programs import HOST, free_port

KEY = READER = "label_studio"
HAS_ANNOTATORS = True
REQUIREMENTS = ("label-studio==1.23.2",)
TASKS, CONFIGURATION = "tasks.json", "labeling_config.xml"  # in our zip


def version(python: Path) -> str:
    return version_of(python, "label-studio")


def held(document: Document, kind: str) -> Document:
    """What of a document annotators can enter: all of it."""
    return document


def run(python: Path, trips: Sequence[Trip], folder: Path) -> None:
    """Import each export into a project of its own, and export each project as its annotators label it."""
    password, token = secrets.token_urlsafe(16), secrets.token_hex(20)
    port = free_port(None)
    server = _server(python, port, folder, password, token)
    server.start()
    try:
        address = f"http://{HOST}:{port}"
        ann = Client(address, {"Authorization": f"Token {token}"})
        ann.wait_until_up("/health")
        people = {ANN: ann, BOB: _second_annotator(ann, password)}
        names = {user["id"]: user["email"] for user in ann.get("/api/users/")}
        for trip in trips:
            trip.names = {str(number): email for number, email in names.items()}
            trip.imported = _imported(ann, trip, names)
            project = _project(ann, trip.outline, labeling_config(trip.outline))
            _annotate(people, project, trip.documents)
            for name, content in _exports(ann, project).items():
                trip.files[name] = trip.folder / f"{trip.name}-{name}.json"
                trip.files[name].write_bytes(content)
    finally:
        server.stop()


def _server(python: Path, port: int, folder: Path, password: str, token: str) -> Process:
    options = ("--no-browser", "--port", str(port), "--username", ANN, "--password", password)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "core.settings.label_studio",
        "DJANGO_DB": "sqlite",
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LATEST_VERSION_CHECK": "false",
        "COLLECT_ANALYTICS": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }
    environment.pop("DATABASE_URL", None)
    command = [str(python.parent / "label-studio"), "start", *options, "--user-token", token]
    return Process("label-studio", command, folder / "label-studio.log", environment=environment)


def _second_annotator(ann: Client, password: str) -> Client:
    """A client of the annotator who signs up by the invitation of the first."""
    bob = Client(ann.address)
    path = ann.get("/api/invite")["invite_url"]
    page = bob.fetch(path).decode()
    field = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert field is not None
    bob.submit(path, csrfmiddlewaretoken=field[1], email=BOB, password=password)
    return bob


def labeling_config(outline: ProjectOutline) -> str:
    """The interface of a project in Label Studio's own language."""
    names = [quoteattr(item.name) for item in outline.classes]
    text = '<Text name="text" value="$text"/>'
    if outline.kind == "spans":
        labels = "".join(f"<Label value={name}/>" for name in names)
        return f'<View><Labels name="label" toName="text">{labels}</Labels>{text}</View>'
    choices = "".join(f"<Choice value={name}/>" for name in names)
    choice = "multiple" if outline.kind == "multi" else "single"
    return f'<View>{text}<Choices name="label" toName="text" choice="{choice}">{choices}</Choices></View>'


def _project(client: Client, outline: ProjectOutline, config: str) -> int:
    project = {"title": outline.name, "label_config": config, "maximum_annotations": 2}
    return int(client.post("/api/projects/", project)["id"])


def _imported(client: Client, trip: Trip, names: dict[int, str]) -> list[Document]:
    """The documents in a project with our configuration, after the import of our tasks."""
    with zipfile.ZipFile(trip.export) as archive:
        config, tasks = archive.read(CONFIGURATION).decode(), archive.read(TASKS)
    try:
        project = _project(client, trip.outline, config)
        client.upload(f"/api/projects/{project}/import", "file", TASKS, tasks)
    except HTTPError as error:
        trip.refusal = error.read().decode(errors="replace")
        return []
    return [_document(task, names) for task in json.loads(_exports(client, project)["snapshot"])]


def _annotate(people: dict[str, Client], project: int, documents: Sequence[Document]) -> None:
    """Documents without annotations come by import; each annotator then submits or skips."""
    tasks: list[dict[str, Any]] = []
    for document in documents:
        data = {"text": document["text"], "ext_id": document["id"], **document["metadata"]}
        predictions = [
            _prediction(model, value, document) for model, value in document["predictions"].items()
        ]
        tasks.append({"data": data, "predictions": predictions})
    path = f"/api/projects/{project}/import?return_task_ids=1&commit_to_project=true"
    numbers = people[ANN].post(path, tasks)["task_ids"]
    for number, document in zip(numbers, documents, strict=True):
        for who, answer in document["annotations"].items():
            result = [] if answer is None else _result(answer, document["text"])
            annotation = {"result": result, "was_cancelled": answer is None, "lead_time": 3.25}
            people[who].post(f"/api/tasks/{number}/annotations/", annotation)


def _prediction(model: str, value: Any, document: Document) -> dict[str, Any]:
    if isinstance(value, list):
        return {"model_version": model, "result": _result(value, document["text"])}
    name, share = next(iter(value.items()))
    return {"model_version": model, "score": share, "result": _result([name], document["text"])}


def _result(answer: list[Any], text: str) -> list[dict[str, Any]]:
    beside = {"from_name": "label", "to_name": "text"}
    if not answer:
        return []
    if isinstance(answer[0], str):
        return [{"id": "c", "type": "choices", "value": {"choices": answer}, **beside}]
    return [
        {
            "id": f"s{number}",
            "type": "labels",
            "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
            **beside,
        }
        for number, (start, end, label) in enumerate(answer)
    ]


def _exports(client: Client, project: int) -> dict[str, bytes]:
    """The files of the export dialog, and a snapshot, the only one with what models predicted."""
    path = f"/api/projects/{project}/export?download_all_tasks=true&exportType="
    options = {"serialization_options": {"predictions": {"only_id": False}}}
    snapshot = client.post(f"/api/projects/{project}/exports/", options)["id"]
    return {
        "JSON": client.fetch(f"{path}JSON"),
        "JSON_MIN": client.fetch(f"{path}JSON_MIN"),
        "snapshot": client.fetch(f"/api/projects/{project}/exports/{snapshot}/download?exportType=JSON"),
    }


def _document(task: dict[str, Any], names: dict[int, str]) -> Document:
    """A task as Label Studio has it; its data beside the text are metadata."""
    data = dict(task["data"])
    return Document(
        id=data.pop("ext_id", None),
        text=data.pop("text", ""),
        split=data.pop("split", None),
        metadata=data,
        annotations={
            names[_number(each["completed_by"])]: None if each["was_cancelled"] else _answer(each["result"])
            for each in task["annotations"]
        },
        predictions={each["model_version"]: _predicted(each) for each in task["predictions"]},
    )


def _predicted(prediction: dict[str, Any]) -> Any:
    answer = _answer(prediction["result"]) or []
    if answer and isinstance(answer[0], str):
        return {answer[0]: prediction["score"]}
    return answer


def _answer(result: list[dict[str, Any]]) -> Answer:
    names: list[Any] = []
    for item in result:
        value = item["value"]
        names += value.get("choices", [])
        names += [[value["start"], value["end"], label] for label in value.get("labels", [])]
    return sorted(names)


def _number(user: Any) -> int:
    """The number of a user, of whom a snapshot has more than that."""
    return int(user["id"] if isinstance(user, dict) else user)
