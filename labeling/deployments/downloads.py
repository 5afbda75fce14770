"""Model downloads: a trained model as a folder of arrays, JSON and one Python file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labeling.exceptions import (
    FeaturesLost,
    ModelFilesLost,
    ModelNotPortable,
    ModelNotReady,
    NotFound,
)
from labeling.features.editions import FEATURIZER, edition_folder
from labeling.formats.writers.zip_stream import Content, zip_pieces
from labeling.learning.arrays.atomic_folder import METADATA_FILE
from labeling.learning.portable.manifest import MANIFEST_FILE, committee_manifest
from labeling.learning.portable.standalone import standalone_source
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.training.model_files import is_as_written, model_folder

PREDICTOR_MODULE = "labeling.learning.portable.predictor"
PORTABLE_VIEWS = frozenset({"words"})
PIECE_BYTES = 256 * 1024
HEADING = """Predictor: the model of this folder at work. Texts in, probabilities of the classes out.

    predictor = Predictor.load("the folder of this file")
    predictor.classes                        # names, in the order of the columns
    predictor.predict_proba(["some text"])   # an array: a row per text, a column per class
    predictor.predict(["some text"])         # the predicted class of each text, or its list of labels

On the command line, one text per line in and one JSON object per line out:

    python predictor.py < texts.txt

Needs Python 3.11 or newer, NumPy and SciPy, nothing else. It reads arrays (.npy, without pickle) and JSON.
Review Queue gathered it from its own source (Apache License 2.0), so both compute the same. `Predictor` comes
last, after what it is made of.
"""
README = """\
Model {number} of the project "{project}"

{labels} labeled documents trained it{trained}. It predicts {task}:
{classes}

Quality: {quality}
{left_out}
Use
    python predictor.py < texts.txt          one text per line in, one JSON object per line out
    python predictor.py --json < texts.jsonl each line a text as a JSON string, for texts with line breaks

    from predictor import Predictor
    Predictor.load("this folder").predict_proba(["some text"])

Needs Python 3.11 or newer with NumPy and SciPy:  pip install "numpy>=2" "scipy>=1.13"

Files
    predictor.py     all code, to be read and changed
    predictor.json   the classes, the weights of the experts, the measured quality
    experts/         the weights of the model, as arrays
    features/        what turns a text into numbers, learned on the texts of the project, as arrays

The arrays hold no texts, and words as hashes only. One can still find out whether a word occurs in the
project, so share the folder only with people who may know that.
"""


def version_of(project: Project, number: int) -> ModelVersion:
    """Raises NotFound."""
    version = ModelVersion.objects.filter(project=project, number=number).first()
    if version is None:
        raise NotFound
    return version


def is_downloadable(version: ModelVersion) -> bool:
    """Whether `files` most probably succeeds, without a look at the files."""
    is_ready = version.state == ModelVersion.State.READY and not version.is_lost
    return is_ready and version.metadata.view in PORTABLE_VIEWS


def folder_name(version: ModelVersion) -> str:
    return f"project-{version.project_id}-model-{version.number}"


def archive(version: ModelVersion) -> Iterator[bytes]:
    """The zip of a folder, in pieces. What `files` raises, it raises at once."""
    name = folder_name(version)
    members = [(f"{name}/{path}", content) for path, content in files(version)]
    return zip_pieces((path, _content(content)) for path, content in members)


def files(version: ModelVersion) -> list[tuple[str, bytes | Path]]:
    """The files of the folder by their paths in it: what is written for it, and what it is copied from.

    Raises ModelNotReady, ModelNotPortable, ModelFilesLost, FeaturesLost.
    """
    manifest, features = describe(version), _features_folder(version)
    written = {
        "README.txt": readme(version, manifest),
        "predictor.py": standalone_source(PREDICTOR_MODULE, HEADING),
        MANIFEST_FILE: json.dumps(manifest, indent=2, ensure_ascii=False) + "\n",
    }
    copied = [(f"features/{path.name}", path) for path in sorted(features.iterdir())]
    for part in manifest["experts"]:
        expert = model_folder(version) / part["folder"]
        copied += [(f"experts/{part['folder']}/{path.name}", path) for path in sorted(expert.iterdir())]
    return [*((name, text.encode()) for name, text in written.items()), *copied]


def describe(version: ModelVersion) -> dict[str, Any]:
    """The manifest of the folder: what `Predictor.open` reads, and what people want to know of the model.

    Raises ModelNotReady, ModelNotPortable, ModelFilesLost.
    """
    metadata, project = version.metadata, version.project
    if version.state != ModelVersion.State.READY:
        raise ModelNotReady
    if project.kind == Project.Kind.SPANS or metadata.view not in PORTABLE_VIEWS:
        raise ModelNotPortable
    if not is_as_written(version):
        raise ModelFilesLost
    try:
        manifest = committee_manifest(model_folder(version), version.named_classes())
    except FileNotFoundError as error:
        raise ModelFilesLost from error
    quality = metadata.new_texts
    return manifest | {
        "project": {"id": project.pk, "name": project.name},
        "model": version.number,
        "labeled_documents": version.label_count,
        "trained_at": version.finished_at.isoformat() if version.finished_at else None,
        "quality": quality and {"macro_f1": quality.macro_f1, "test_documents": quality.documents},
    }


def readme(version: ModelVersion, manifest: dict[str, Any]) -> str:
    """What the folder is, for whoever finds it years later."""
    trained = f" on {version.finished_at:%Y-%m-%d}" if version.finished_at else ""
    left_out = ", ".join(manifest["left_out"])
    return README.format(
        number=version.number,
        project=version.project.name,
        labels=version.label_count,
        trained=trained,
        task="one class per text" if manifest["link"] == "softmax" else "any number of labels per text",
        classes="\n".join(f"    {label_class['name']}" for label_class in manifest["classes"]),
        quality=_quality(version),
        left_out=f"Left out, because they know the documents of the project only: {left_out}.\n"
        if left_out
        else "",
    )


def _quality(version: ModelVersion) -> str:
    quality = version.metadata.new_texts
    if quality is None:
        return "not measured, because no test document was labeled when the model was trained."
    return (
        f"macro F1 {quality.macro_f1:.3f} of exactly this predictor, on {quality.documents} test documents\n"
        "that it was not trained on, with the labels at that time."
    )


def _features_folder(version: ModelVersion) -> Path:
    edition = edition_folder(version.project_id, version.metadata.edition or 0) / FEATURIZER
    if not (edition / METADATA_FILE).is_file():
        raise FeaturesLost
    return edition


def _content(source: bytes | Path) -> Content:
    return source if isinstance(source, bytes) else _pieces(source)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
