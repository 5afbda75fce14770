"""Feature pipeline: the numbers about a text, made once, when it arrives, in files that the ranking maps.

Features come in editions: one that was learned on the first few documents says little about a pool that grew,
so the next edition is made beside it and takes over when it is complete.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial

from django.db.models import Max

from labeling.documents.models import Document
from labeling.documents.near_duplicates import group_new
from labeling.features.distilled_view import distilled_vectors, extend
from labeling.features.editions import edition_folder
from labeling.features.embedding_progress import are_embeddings_complete, store_for
from labeling.features.knn_graph import graph_for
from labeling.features.static_words import are_static_vectors_made, static_vectors
from labeling.features.tokens import tokenize_pool
from labeling.jobs.models import Job
from labeling.jobs.outbox import beat, enqueue
from labeling.learning.storage.embedding_store import EmbeddingStore
from labeling.learning.storage.feature_store import WORDS, FeatureStore
from labeling.learning.text.tfidf import SAMPLE, Featurizer
from labeling.projects.models import Project

TEXT_BATCH_SIZE = 2_048
GROWTH = 4  # a pool this many times the sample that its features were learned on deserves new ones
SEED = 0
MIN_EMBEDDED_SAMPLE = 2_000  # a random sample that large is ranked as well as the whole pool


def current_store(project: Project, view: str | None = None) -> FeatureStore | None:
    """The features that the ranking reads; None before the first are made, or when their files were lost.

    view : the one that a model was fitted on; None for the best that enough documents have by now
    """
    try:
        store = FeatureStore.open(edition_folder(project.pk, project.feature_edition))
    except FileNotFoundError:
        return None
    if view == WORDS:
        return store
    vectors = _vectors_to_read(project, store, view)
    return store if vectors is None else store.seen_by(vectors, graph_for(project, vectors))


def _vectors_to_read(project: Project, store: FeatureStore, view: str | None) -> EmbeddingStore | None:
    """Embeddings or guesses of them, see `current_store`; None where the words' own view is better."""
    embeddings, guesses = store_for(project), distilled_vectors(store)
    for vectors in (embeddings, guesses):
        if vectors is not None and vectors.version == view:
            return vectors
    if embeddings is None or are_embeddings_complete(project, embeddings):
        return embeddings or guesses
    if guesses is not None:  # a sample is ranked as well as the whole pool, but not better than this
        return guesses
    is_enough = len(embeddings) >= min(MIN_EMBEDDED_SAMPLE, project.document_count)
    return embeddings if is_enough else None


def are_features_lost(project: Project) -> bool:
    """Whether nothing is left of the features that were there. What is missing, all or some, is owed anew."""
    if project.feature_edition == 0:
        return False
    store = current_store(project, WORDS)
    if store is None or len(store) < project.document_count:
        enqueue(project.pk, Job.Kind.FEATURIZE)
    return store is None or len(store) == 0 < project.document_count


def featurize(job: Job) -> None:
    """Make the features of documents that have none yet, in the order of their positions; resumable.

    Afterwards the project is owed a ranking, and a training where the features changed under its model.
    """
    project = Project.objects.get(pk=job.project_id)
    count = project.document_count
    group_new(job, count)
    enqueue(project.pk, Job.Kind.TELL_LANGUAGES)
    store = current_store(project)
    if store is not None and not _is_outgrown(store, project):
        _fill(job, store, count)
        enqueue(project.pk, Job.Kind.RANK)
        return
    edition = project.feature_edition + 1
    folder = edition_folder(project.pk, edition)
    try:
        store = FeatureStore.open(folder)  # an earlier attempt got this far
    except FileNotFoundError:
        featurizer = Featurizer.learn(_sample(project), static=static_vectors(), seed=SEED)
        store = FeatureStore.create(folder, featurizer)
    _fill(job, store, count)
    Project.objects.filter(pk=project.pk, feature_edition__lt=edition).update(
        feature_edition=edition, features_removed_count=project.removed_count
    )
    for old in range(1, edition - 1):  # the one before stays: a run that began with it may still read it
        shutil.rmtree(edition_folder(project.pk, old), ignore_errors=True)
    enqueue(project.pk, Job.Kind.RANK)
    if project.model_versions.ready().exists():
        enqueue(project.pk, Job.Kind.TRAIN)


def _is_outgrown(store: FeatureStore, project: Project) -> bool:
    """Whether the pool has grown far beyond what its features were learned on, or much of that is gone.

    Or features were made before there were static word vectors.
    """
    if _lacks_static_words(store):
        return True
    learned_on = max(store.featurizer.n_sampled, 1)
    removed = project.removed_count - project.features_removed_count
    has_grown = store.featurizer.n_sampled < SAMPLE and project.present_count >= GROWTH * learned_on
    return has_grown or removed * GROWTH >= learned_on


def _lacks_static_words(store: FeatureStore) -> bool:
    return are_static_vectors_made() and not store.has_static_words


def enqueue_outdated() -> None:
    """Queue new features for every project whose own were made before there were static word vectors.

    Its ranking and its models go on with the old ones until the new ones are there.
    """
    if not are_static_vectors_made():
        return
    existing = Job.objects.filter(kind=Job.Kind.FEATURIZE).values("project")
    for project in Project.objects.active().filter(feature_edition__gt=0).exclude(pk__in=existing):
        store = current_store(project, WORDS)
        if store is not None and _lacks_static_words(store):
            enqueue(project.pk, Job.Kind.FEATURIZE)


def _fill(job: Job, store: FeatureStore, count: int) -> None:
    while len(store) < count:
        first = len(store)
        texts = Document.objects.texts_from(job.project_id, first, min(first + TEXT_BATCH_SIZE, count))
        store = store.append(first, texts)
        beat(job)
    extend(job, store)
    if job.project.kind == Project.Kind.SPANS:
        texts_from = partial(Document.objects.texts_from, job.project_id)
        tokenize_pool(job, store.root, count, texts_from, partial(_sample, job.project))


def _sample(project: Project) -> list[str]:
    """Up to SAMPLE texts spread evenly over the pool, test documents and their copies left out."""
    project_id = project.pk
    if project.removed_count:  # places say little of how many documents there are
        sampled = Document.objects.trainable().filter(project=project_id).order_by("random_key", "pk")
        if texts := list(sampled.values_list("text", flat=True)[:SAMPLE]):
            return texts
    last = Document.objects.filter(project=project_id).aggregate(Max("position"))["position__max"] or 0
    step = max(1, (last + 1) // SAMPLE)
    texts = [text for block in _blocks(0, last, step) for text in _pool_texts(project_id, block)][:SAMPLE]
    return texts or list(Document.objects.filter(project=project_id).values_list("text", flat=True)[:1])


def _blocks(first: int, last: int, step: int) -> Iterator[list[int]]:
    positions = range(first, last + 1, step)
    for start in range(0, len(positions), TEXT_BATCH_SIZE):
        yield list(positions[start : start + TEXT_BATCH_SIZE])


def _pool_texts(project_id: int, positions: list[int]) -> list[str]:
    pool = Document.objects.trainable().filter(project=project_id, position__in=positions)
    return list(pool.order_by("position").values_list("text", flat=True))
