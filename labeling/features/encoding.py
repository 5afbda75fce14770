"""Encoding jobs: all that the sentence encoder makes, what helps soonest first.

Static word vectors once for all projects, then for each the distilled view, which needs a sample of its
documents, then a sentence embedding of every document.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from django.conf import settings

from labeling.documents.models import Document
from labeling.features.distilled_view import extend
from labeling.features.editions import edition_folder
from labeling.features.embedder import service_embedder
from labeling.features.embedding_progress import are_embeddings_complete, store_for
from labeling.features.embeddings import TEXT_BATCH_SIZE, embed, opened, vectors_of
from labeling.features.knn_graph import join
from labeling.features.static_words import make_static_vectors
from labeling.jobs.models import Job
from labeling.jobs.outbox import beat, enqueue
from labeling.learning.arrays.types import Integers
from labeling.learning.storage.embedding_store import EmbeddingStore
from labeling.learning.storage.feature_store import DISTILLED, DISTILLED_MAP, FeatureStore
from labeling.learning.text.distillation import Distillation, sample_size
from labeling.learning.text.sentence_embeddings import WIDTH, Embedder
from labeling.projects.models import Project

MIN_POOL = 3_000  # a smaller pool is embedded as a whole nearly as soon
MAX_JOINED = 100_000  # documents that get a graph of guesses, which will be made anew from embeddings


def encode(job: Job, load: Callable[[], Embedder] = service_embedder) -> None:
    """Make what is missing; see `embeddings.embed` for how it ends. An archived project is left alone."""
    project = Project.objects.active().filter(pk=job.project_id).first()
    if project is None or not settings.EMBEDDINGS:
        return
    make_static_vectors(load)
    distill(job, project, load)
    embed(job, load)


def distill(job: Job, project: Project, load: Callable[[], Embedder]) -> None:
    """Guess the embeddings of all documents, where they are many and not embedded yet; resumable.

    A ranking, or where there is a model a training, is owed afterwards.
    """
    store = _features_to_distill(project)
    if store is None:
        return
    if not (store.root / DISTILLED_MAP).exists():
        _learn_map(job, project, store, load)
    if not store.distillation.is_good:
        return
    vectors = EmbeddingStore.create(store.root / DISTILLED, store.distillation.version, WIDTH)
    if not extend(job, store):
        return
    if project.document_count <= MAX_JOINED:
        join(job, project, EmbeddingStore.open(vectors.root))
    has_model = project.model_versions.ready().exists()
    enqueue(project.pk, Job.Kind.TRAIN if has_model else Job.Kind.RANK)


def _features_to_distill(project: Project) -> FeatureStore | None:
    """The features of now; None where they are not all there, or guesses would come too late to help."""
    is_small = project.document_count < MIN_POOL or project.kind == Project.Kind.SPANS
    if is_small or are_embeddings_complete(project, store_for(project)):
        return None
    try:
        store = FeatureStore.open(edition_folder(project.pk, project.feature_edition))
    except FileNotFoundError:
        return None
    return store if store.has_static_words and len(store) >= project.document_count else None


def _learn_map(job: Job, project: Project, store: FeatureStore, load: Callable[[], Embedder]) -> None:
    positions = _sample(project)
    embeddings = opened(project.pk)
    missing = positions[~embeddings.take(positions)[1]]
    for start in range(0, len(missing), TEXT_BATCH_SIZE):
        batch = missing[start : start + TEXT_BATCH_SIZE]
        embeddings = embeddings.write(batch, vectors_of(project.pk, batch, load()))
        beat(job)
    distillation = Distillation.learn(store.take(positions), embeddings.take(positions)[0])
    distillation.save(store.root / DISTILLED_MAP)
    beat(job)


def _sample(project: Project) -> Integers:
    """Documents of the pool in a random order, test documents and their copies left out."""
    pool = Document.objects.trainable().filter(project=project, position__lt=project.document_count)
    positions = pool.exclude(state=Document.State.EXCLUDED).order_by("random_key")
    first = positions.values_list("position", flat=True)[: sample_size(project.document_count)]
    return np.fromiter(first, dtype=np.int64)
