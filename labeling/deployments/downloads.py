"""Model downloads: a trained model as a folder of arrays, JSON and one Python file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labeling.deployments.readme import OF_GUESSES, OF_SPANS, kind_of, predictor_source, readme
from labeling.exceptions import (
    FeaturesLost,
    ModelFilesLost,
    ModelNotPortable,
    ModelNotReady,
    NotFound,
)
from labeling.features.editions import DISTILLATION, FEATURIZER, edition_folder
from labeling.formats.writers.zip_stream import Content, zip_pieces
from labeling.learning.arrays.atomic_folder import METADATA_FILE
from labeling.learning.portable.manifest import (
    MANIFEST_FILE,
    TAGGER_PARTS,
    NotPortable,
    committee_manifest,
    tagger_manifest,
)
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.training.model_files import is_as_written, model_folder

PIECE_BYTES = 256 * 1024


def version_of(project: Project, number: int) -> ModelVersion:
    """Raises NotFound."""
    version = ModelVersion.objects.filter(project=project, number=number).first()
    if version is None:
        raise NotFound
    return version


def is_downloadable(version: ModelVersion) -> bool:
    """Whether `files` most probably succeeds, without a look at the files."""
    is_ready = version.state == ModelVersion.State.READY and not version.is_lost
    return is_ready and kind_of(version) is not None


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
    kind, manifest = kind_of(version), describe(version)
    assert kind is not None
    written = {
        "README.txt": readme(version, kind, manifest),
        "predictor.py": predictor_source(kind),
        MANIFEST_FILE: json.dumps(manifest, indent=2, ensure_ascii=False) + "\n",
    }
    folders = _tagger_folders(version) if kind is OF_SPANS else _expert_folders(version, manifest)
    if kind is OF_GUESSES:
        folders["distillation"] = _features_folder(version, DISTILLATION)
    copied = [
        (f"{name}/{path.name}", path) for name, folder in folders.items() for path in sorted(folder.iterdir())
    ]
    return [*((name, text.encode()) for name, text in written.items()), *copied]


def describe(version: ModelVersion) -> dict[str, Any]:
    """The manifest of the folder: what `Predictor` reads, and what people want to know of the model.

    Raises ModelNotReady, ModelNotPortable, ModelFilesLost.
    """
    if version.state != ModelVersion.State.READY:
        raise ModelNotReady
    if (kind := kind_of(version)) is None:
        raise ModelNotPortable
    if not is_as_written(version):
        raise ModelFilesLost
    manifest_of = tagger_manifest if kind is OF_SPANS else committee_manifest
    try:
        manifest = manifest_of(model_folder(version), version.named_classes())
    except (FileNotFoundError, NotPortable) as error:
        raise ModelNotPortable from error
    project, quality = version.project, version.metadata.new_texts
    return manifest | {
        "project": {"id": project.pk, "name": project.name},
        "model": version.number,
        "labeled_documents": version.label_count,
        "trained_at": version.finished_at.isoformat() if version.finished_at else None,
        "quality": quality and {"macro_f1": quality.macro_f1, "test_documents": quality.documents},
    }


def _tagger_folders(version: ModelVersion) -> dict[str, Path]:
    return {f"tagger/{part}": model_folder(version) / part for part in TAGGER_PARTS}


def _expert_folders(version: ModelVersion, manifest: dict[str, Any]) -> dict[str, Path]:
    names = [part["folder"] for part in manifest["experts"]]
    experts = {f"experts/{name}": model_folder(version) / name for name in names}
    return experts | {"features": _features_folder(version, FEATURIZER)}


def _features_folder(version: ModelVersion, name: str) -> Path:
    folder = edition_folder(version.project_id, version.metadata.edition or 0) / name
    if not (folder / METADATA_FILE).is_file():
        raise FeaturesLost
    return folder


def _content(source: bytes | Path) -> Content:
    return source if isinstance(source, bytes) else _pieces(source)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
