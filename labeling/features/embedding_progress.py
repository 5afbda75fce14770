"""Embedding progress: how many documents of a project have a sentence embedding by now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from labeling.learning.storage.embedding_store import EmbeddingStore
from labeling.learning.text.sentence_embeddings import VERSION
from labeling.projects.models import Project

COMPLETE_SHARE = 0.95  # of the documents; the last ones are new, excluded or being embedded


@dataclass(frozen=True)
class Progress:
    """How far the embeddings of a project are."""

    done: int
    of: int  # documents, excluded ones included


def embedding_folder(project_id: int) -> Path:
    """Another model has another folder, so vectors of two never meet."""
    return Path(settings.FEATURES_DIR) / str(project_id) / f"embeddings-{VERSION}"


def store_for(project: Project) -> EmbeddingStore | None:
    """The vectors that there are by now; None before the first."""
    try:
        store = EmbeddingStore.open(embedding_folder(project.pk))
    except FileNotFoundError:
        return None
    return store if len(store) else None


def are_embeddings_complete(project: Project, store: EmbeddingStore | None) -> bool:
    """Whether nearly all documents have one: guesses are not needed any more."""
    return store is not None and len(store) >= COMPLETE_SHARE * project.present_count


def progress(project: Project) -> Progress | None:
    """How far they are; None where no vector was ever made."""
    store = store_for(project)
    return Progress(min(len(store), project.present_count), project.present_count) if store else None
