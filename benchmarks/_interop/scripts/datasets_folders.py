"""Hugging Face datasets on a folder: run by its Python, without our modules."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Dataset, Features, Sequence, Value, load_dataset, load_from_disk

SPLITS = {"train": "pool", "test": "test", "validation": "test"}


def dataset_of(project: dict[str, Any]) -> Any:
    """`label` as ClassLabel, or a list of it, or spans as objects; None where nobody annotated."""
    names, kind = project["classes"], project["kind"]
    rows = [
        {
            "id": each["id"],
            "text": each["text"],
            "metadata": json.dumps(each["metadata"]),
            "label": label_of(each["annotations"].get(""), kind),
        }
        for each in project["documents"]
    ]
    label: Any = ClassLabel(names=names)
    if kind == "multi":
        label = Sequence(label)
    elif kind == "spans":
        label = [{"start": Value("int64"), "end": Value("int64"), "label": Value("string")}]
    name = {"single": "label", "multi": "labels", "spans": "spans"}[kind]
    features = {"id": Value("string"), "text": Value("string"), "metadata": Value("string"), name: label}
    columns = {key: [row["label" if key == name else key] for row in rows] for key in features}
    return Dataset.from_dict(columns, features=Features(features))


def label_of(answer: list[Any] | None, kind: str) -> Any:
    if answer is None:
        return None
    if kind == "spans":
        return [{"start": start, "end": end, "label": label} for start, end, label in answer]
    return answer[0] if kind == "single" else answer


def read(path: Path) -> list[dict[str, Any]]:
    """The documents of a folder of `save_to_disk`, or of a repository's files."""
    if (path / "dataset_dict.json").exists() or (path / "state.json").exists():
        loaded = load_from_disk(str(path))
    else:
        loaded = load_dataset(str(path))
    splits = loaded if isinstance(loaded, dict) else {"train": loaded}
    return [
        document_of(row, data.features, SPLITS.get(split)) for split, data in splits.items() for row in data
    ]


def document_of(row: dict[str, Any], features: Any, split: str | None) -> dict[str, Any]:
    answer: list[Any] | None = None
    for key in ("label", "labels"):
        if row.get(key) is not None:
            value = row[key]
            feature = features[key]
            if isinstance(value, list):
                inner = feature.feature
                answer = sorted(inner.int2str(v) if isinstance(inner, ClassLabel) else v for v in value)
            elif value != -1:
                answer = [feature.int2str(value) if isinstance(feature, ClassLabel) else value]
    for key in ("spans", "entities"):
        if row.get(key) is not None:
            answer = sorted([span["start"], span["end"], span["label"]] for span in row[key])
    metadata = row.get("metadata") or {}
    return {
        "id": row.get("id"),
        "text": row.get("text"),
        "split": row.get("split") or split,
        "metadata": json.loads(metadata) if isinstance(metadata, str) else metadata,
        "annotations": {} if answer is None else {"": answer},
        "predictions": {},
    }


def main(folder: Path) -> None:
    for path in sorted(folder.glob("*-export")):
        name = path.name.removesuffix("-export")
        data = dataset_of(json.loads((folder / f"{name}.json").read_text()))
        data.save_to_disk(str(folder / f"{name}.saved"))
        data.to_parquet(str(folder / f"{name}.parquet"))
        (folder / f"{name}-imported.json").write_text(json.dumps(read(path)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
