"""Static word vectors of the service: made once from the installed encoder, kept in the data folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from labeling.learning.text.sentence_embeddings import MODEL_SHA256, Embedder
from labeling.learning.text.static_vectors import StaticVectors

FORMAT = 1  # raise it when the same encoder would give other vectors


def static_folder() -> Path:
    """Another encoder has another folder."""
    return Path(settings.FEATURES_DIR) / f"static-words-{MODEL_SHA256[:12]}-{FORMAT}"


def static_vectors() -> StaticVectors | None:
    """Those that there are by now; None before they are made, or where no encoder is installed."""
    try:
        return StaticVectors.load(static_folder())
    except FileNotFoundError:
        return None


def are_static_vectors_made() -> bool:
    return static_folder().exists()


def make_static_vectors(load: Callable[[], Embedder]) -> None:
    """Make them where they are missing: thirteen seconds, all or nothing."""
    if not are_static_vectors_made():
        StaticVectors.make(load().run).save(static_folder())
