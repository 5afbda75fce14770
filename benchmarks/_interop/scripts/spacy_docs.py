"""spaCy's DocBin on a folder: run by its Python, without our modules."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import DocBin

SPLITS = {"train": "pool", "dev": "test", "test": "test"}


def write(project: dict[str, Any], path: Path, nlp: Any) -> None:
    """One file with `cats` or `ents`; overlapping spans go into the group that spancat trains on."""
    file = DocBin(store_user_data=True)
    for document in project["documents"]:
        doc = nlp.make_doc(document["text"])
        doc.user_data["id"] = document["id"]
        answer = document["annotations"].get("")
        if answer is not None and project["kind"] != "spans":
            doc.cats = {name: float(name in answer) for name in project["classes"]}
        elif answer is not None:
            spans = [doc.char_span(start, end, label=label) for start, end, label in answer]
            aligned = [span for span in spans if span is not None]
            if project["allows_overlap"]:
                doc.spans["sc"] = aligned
            else:
                doc.set_ents(aligned)
        file.add(doc)
    file.to_disk(path)


def read(path: Path, nlp: Any) -> list[dict[str, Any]]:
    """The documents of all files below a folder."""
    documents = []
    for file in sorted(path.rglob("*.spacy")):
        for doc in DocBin().from_disk(file).get_docs(nlp.vocab):
            documents.append(document_of(doc, SPLITS.get(file.stem)))
    return documents


def document_of(doc: Any, split: str | None) -> dict[str, Any]:
    answer: list[Any] | None = None
    if doc.cats:
        answer = sorted(name for name, share in doc.cats.items() if share >= 0.5)
    elif doc.spans:
        spans = [span for group in doc.spans.values() for span in group]
        answer = sorted([span.start_char, span.end_char, span.label_] for span in spans)
    elif doc.has_annotation("ENT_IOB"):
        answer = sorted([span.start_char, span.end_char, span.label_] for span in doc.ents)
    data = {key: value for key, value in doc.user_data.items() if isinstance(key, str)}
    return {
        "id": data.pop("id", None),
        "text": doc.text,
        "split": data.pop("split", split),
        "metadata": data.pop("metadata", {}),
        "annotations": {} if answer is None else {"": answer},
        "predictions": {},
    }


def main(folder: Path) -> None:
    nlp = spacy.blank("en")
    for path in sorted(folder.glob("*-export")):
        name = path.name.removesuffix("-export")
        write(json.loads((folder / f"{name}.json").read_text()), folder / f"{name}.spacy", nlp)
        (folder / f"{name}-imported.json").write_text(json.dumps(read(path, nlp)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
