"""Argilla's package against its server: run by its Python on a folder, without our modules."""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Any

import argilla as rg
from argilla._exceptions import ArgillaError


def question(project: dict[str, Any]) -> Any:
    """The question of a project's kind."""
    if project["kind"] == "single":
        return rg.LabelQuestion(name="label", labels=project["classes"])
    if project["kind"] == "multi":
        return rg.MultiLabelQuestion(name="label", labels=project["classes"])
    overlaps = project["allows_overlap"]
    return rg.SpanQuestion(name="label", field="text", labels=project["classes"], allow_overlapping=overlaps)


def value(kind: str, answer: list[Any]) -> Any:
    if kind == "spans":
        return [{"start": start, "end": end, "label": label} for start, end, label in answer]
    return answer[0] if kind == "single" else answer


def suggestion(kind: str, model: str, predicted: Any) -> Any:
    if kind == "spans":
        return rg.Suggestion("label", value(kind, predicted), agent=model)
    name, score = next(iter(predicted.items()))
    if kind == "multi":
        return rg.Suggestion("label", [name], score=[score], agent=model)
    return rg.Suggestion("label", name, score=score, agent=model)


def takes(answer: list[Any] | None, kind: str) -> bool:
    """Whether the server takes an answer: without a class, of spans alone."""
    return answer is not None and (kind == "spans" or bool(answer))


def record(document: dict[str, Any], kind: str, users: dict[str, uuid.UUID]) -> Any:
    """A document with what Argilla takes: no nested metadata, no answer without a class."""
    answers = {who: answer for who, answer in document["annotations"].items() if takes(answer, kind)}
    return rg.Record(
        id=document["id"],
        fields={"text": document["text"]},
        metadata={key: each for key, each in document["metadata"].items() if not isinstance(each, dict)},
        responses=[
            rg.Response("label", value(kind, answer), users[who], status="submitted")
            for who, answer in answers.items()
        ],
        suggestions=[suggestion(kind, model, each) for model, each in document["predictions"].items()],
    )


def write(client: Any, project: dict[str, Any], folder: Path, name: str) -> None:
    """A dataset as its users annotate it, by `to_disk`, `to_list` and `to_datasets`."""
    names = {who for document in project["documents"] for who in document["annotations"]}
    users = {who: user(client, who) for who in sorted(names)}
    settings = rg.Settings(
        guidelines=project["guideline"],
        fields=[rg.TextField(name="text")],
        questions=[question(project)],
        allow_extra_metadata=True,
        distribution=rg.TaskDistribution(min_submitted=2),
    )
    dataset = rg.Dataset(name=name, workspace="default", settings=settings, client=client).create()
    dataset.records.log([record(document, project["kind"], users) for document in project["documents"]])
    saved = folder / f"{name}.saved"
    saved.mkdir()
    dataset.to_disk(str(saved))
    records = dataset.records(with_responses=True, with_suggestions=True)
    (folder / f"{name}.list.json").write_text(json.dumps(records.to_list(flatten=True)))
    records = dataset.records(with_responses=True, with_suggestions=True)  # each can be read once
    records.to_datasets().to_parquet(str(folder / f"{name}.parquet"))


def user(client: Any, name: str, number: str | None = None) -> uuid.UUID:
    """The id of a user, who is created where there is none."""
    there = client.users(name)
    if there is None:
        there = rg.User(username=name, password=uuid.uuid4().hex, id=number, client=client).create()
        there.add_to_workspace(client.workspaces("default"))
    return uuid.UUID(str(there.id))


def answer(content: Any) -> list[Any]:
    """An answer as classes or as [start, end, class] per span."""
    if isinstance(content, str):
        return [content]
    return sorted([s["start"], s["end"], s["label"]] if isinstance(s, dict) else s for s in content)


def read(client: Any, path: Path, name: str) -> list[dict[str, Any]]:
    """The documents of our folder after `from_disk`, as the server has them. Its users must be there."""
    for number, who in json.loads((path / "annotators.json").read_text()).items():
        user(client, who, number)
    dataset = rg.Dataset.from_disk(str(path), name=f"{name} read", workspace="default", client=client)
    return [document(each) for each in dataset.records(with_responses=True, with_suggestions=True)]


def document(each: Any) -> dict[str, Any]:
    predictions: dict[str, Any] = {}
    for suggested in each.suggestions:
        content = answer(suggested.value)
        score = suggested.score[0] if isinstance(suggested.score, list) else suggested.score
        is_spans = content and isinstance(content[0], list)
        predictions[suggested.agent] = content if is_spans else {content[0]: score}
    metadata = dict(each.metadata)
    return {
        "id": each.id,
        "text": each.fields["text"],
        "split": metadata.pop("split", None),
        "metadata": metadata,
        "annotations": {
            str(r.user_id): None if r.status == "discarded" else answer(r.value) for r in each.responses
        },
        "predictions": predictions,
    }


def main(folder: Path, address: str, key: str) -> None:
    client = rg.Argilla(api_url=address, api_key=key)
    for path in sorted(folder.glob("*-export")):
        name = path.name.removesuffix("-export")
        try:
            (folder / f"{name}-imported.json").write_text(json.dumps(read(client, path, name)))
        except ArgillaError as error:
            (folder / f"{name}-refusal.txt").write_text(str(error))
        write(client, json.loads((folder / f"{name}.json").read_text()), folder, name)
    names = {str(each.id): each.username for each in client.users}
    (folder / "names.json").write_text(json.dumps(names))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
