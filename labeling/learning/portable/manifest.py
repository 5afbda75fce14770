"""Predictor manifest: which parts of a trained model predict new texts, and how much each counts.

An expert that needs more than a text is left out: label propagation over the graph of the pool, predictions
that were imported for its documents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labeling.learning.arrays.atomic_folder import METADATA_FILE, read_folder

COMMITTEE = "committee-2"  # the folder of a committee's weights; its own module costs SciPy to import
TAGGER_PARTS = ("tables", "clusters")  # the folders of a span tagger, likewise
PORTABLE_KINDS = frozenset({"LinearModel", "WordsModel", "GuidelineModel"})  # that `Predictor` reads
OWN_SPANS = "own_spans.json"  # of a model of another package, which predicts in the tagger's place
MANIFEST_FILE = "predictor.json"
FORMAT = 1  # raise it when an older `predictor.py` could not read the folder


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a downloaded folder. Raises FileNotFoundError where it is none."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    return manifest


class NotPortable(ValueError):
    """No expert of the model can predict a text of which it knows nothing but the text."""


def tagger_manifest(folder: Path, classes: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """What the `Predictor` of spans reads, as JSON.

    folder : of a saved span tagger
    classes : {"id", "name"} of each

    Raises NotPortable, and FileNotFoundError where there are no arrays: older versions kept the file of
    CRFsuite alone.
    """
    if (folder / OWN_SPANS).exists():
        raise NotPortable(f"{folder.name} has the spans of a model of another package")
    for part in TAGGER_PARTS:
        (folder / part / METADATA_FILE).stat()
    return {"format": FORMAT, "classes": [dict(label_class) for label_class in classes], "left_out": []}


def committee_manifest(folder: Path, classes: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """What `ClassPredictor.from_parts` reads, as JSON.

    folder : of a saved committee
    classes : {"id", "name"} of each, in the order of its probabilities

    The weights stay as they were learned. Raises NotPortable, and FileNotFoundError where none was saved.
    """
    arrays, saved = read_folder(folder / COMMITTEE)
    parts = [
        {"name": name, "kind": kind, "folder": f"expert-{number}", "weight": weight}
        for number, (name, kind, weight) in enumerate(
            zip(saved["names"], saved["kinds"], arrays["weights"].tolist(), strict=True)
        )
    ]
    portable = [part for part in parts if part["kind"] in PORTABLE_KINDS]
    if saved.get("decider"):
        raise NotPortable(f"{saved['decider']} decides, which is a model of another package")
    if not portable:
        raise NotPortable(f"{folder.name} has only {', '.join(saved['names'])}")
    experts = [part for part in portable if part["weight"] > 0]
    left_out = [part["name"] for part in parts if part["kind"] not in PORTABLE_KINDS and part["weight"] > 0]
    return {
        "format": FORMAT,
        "classes": [dict(label_class) for label_class in classes],
        "link": saved["link"],
        "offset": saved["offset"],
        "thresholds": arrays["thresholds"].tolist(),
        "experts": experts or [portable[0] | {"weight": 1.0}],  # where others had all the weight
        "left_out": left_out,
    }
