"""Embedding jobs: which documents get a sentence embedding, and when. All in the end, the most useful first.

Where the setting EMBEDDINGS is off, nothing is queued. The job has a worker of its own that lets all others
go first, and is done in short runs, so that projects take turns and a killed worker loses a second.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable

import numpy as np
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Left

from labeling.annotations.models import Annotation
from labeling.documents.models import Document
from labeling.features.class_descriptions import embed_descriptions
from labeling.features.embedder import makes_embeddings, service_embedder
from labeling.features.embedding_progress import embedding_folder, store_for
from labeling.features.knn_graph import is_joined, join
from labeling.jobs.models import Job
from labeling.jobs.outbox import beat, enqueue
from labeling.learning.arrays.types import Flags, Floats, Integers
from labeling.learning.storage.embedding_store import EmbeddingStore
from labeling.learning.text.limits import EMBEDDED_CHARACTERS
from labeling.learning.text.sentence_embeddings import VERSION, WIDTH, Embedder
from labeling.projects.models import Project
from labeling.queue.models import QueueEntry

logger = logging.getLogger(__name__)

TEXT_BATCH_SIZE = 64  # half a second of work
RUN_SECONDS = 20  # then another project has its turn
GROWTH = 1.5  # so many times the vectors of the last ranking are worth another one
MIN_GROWTH = 1_000
TOLD = "told"  # a file: how many vectors there were when a ranking was last owed for them


def enqueue_missing() -> None:
    """Queue the embeddings of every project in which documents have none: new ones, or a new installation.

    A job that failed is queued still, and waits for its next attempt.
    """
    if not makes_embeddings():
        return
    existing = Job.objects.filter(kind=Job.Kind.EMBED).values("project")
    for project in (
        Project.objects.active().filter(document_count__gt=F("removed_count")).exclude(pk__in=existing)
    ):
        store = store_for(project)
        if _missing(project, store).any() or (store is not None and not is_joined(project, store)):
            enqueue(project.pk, Job.Kind.EMBED)


def embed(job: Job, load: Callable[[], Embedder] = service_embedder) -> None:
    """Embed for RUN_SECONDS, and queue the rest. An archived project is left alone.

    A ranking is queued, or where there is a model a training, once the labeled and test documents have their
    vectors, when the vectors have grown by a half since, and when all are there.
    """
    project = Project.objects.active().filter(pk=job.project_id).first()
    if project is None or not settings.EMBEDDINGS:
        return
    store = opened(project.pk)
    embed_descriptions(project, store.root, load)
    n_urgent, missing = _plan(project, store)
    ends = time.monotonic() + RUN_SECONDS
    for start in range(0, len(missing), TEXT_BATCH_SIZE):
        positions = missing[start : start + TEXT_BATCH_SIZE]
        store = store.write(positions, vectors_of(project.pk, positions, load()))
        beat(job)
        if start + TEXT_BATCH_SIZE >= len(missing):
            break
        if start + TEXT_BATCH_SIZE >= n_urgent:
            _tell(project, store, is_complete=False)
        if time.monotonic() > ends:
            enqueue(project.pk, Job.Kind.EMBED)
            return
    join(job, project, store)
    _tell(project, store, is_complete=True)


def opened(project_id: int) -> EmbeddingStore:
    folder = embedding_folder(project_id)
    for old in folder.parent.glob("embeddings-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return EmbeddingStore.create(folder, VERSION, WIDTH)


def _missing(project: Project, store: EmbeddingStore | None) -> Flags:
    """Which positions still want a vector: (document_count,). Excluded and removed documents do not."""
    missing = np.ones(project.document_count, dtype=np.bool_)
    if store is not None:
        missing &= ~store.present(project.document_count)
    if missing.any():
        excluded = Document.objects.filter(project=project, state=Document.State.EXCLUDED)
        missing[_positions(excluded.values_list("position", flat=True), project)] = False
        missing[Document.objects.removed_positions(project, project.document_count)] = False
    return missing


def _plan(project: Project, store: EmbeddingStore) -> tuple[int, Integers]:
    """Positions that want a vector, in order: first the labeled and the test documents, and their number."""
    answered = Annotation.objects.filter(project=project).values("document")
    labeled = Document.objects.filter(project=project, pk__in=answered)
    tests = Document.objects.test_set().filter(project=project)
    head = QueueEntry.objects.live(project).values_list("document__position", flat=True)
    parts = [
        _positions(labeled.order_by("position").values_list("position", flat=True), project),
        _positions(tests.order_by("position").values_list("position", flat=True), project),
        _positions(head, project),
        scattered(project.document_count),
    ]
    missing = np.concatenate(parts)
    first = np.sort(np.unique(missing, return_index=True)[1])
    first = first[_missing(project, store)[missing[first]]]
    return int(np.searchsorted(first, len(parts[0]) + len(parts[1]))), missing[first]


def _positions(external_ids: Iterable[int], project: Project) -> Integers:
    """As an array; documents that came after the project was read are left for the next run."""
    positions = np.fromiter(external_ids, dtype=np.int64)
    return positions[positions < project.document_count]


def scattered(count: int) -> Integers:
    """The positions 0 to count - 1 in a fixed order that has nothing to do with the documents.

    The first of them are a uniform sample, and stay so when documents come: each keeps its place among the
    others.

    >>> scattered(5).tolist(), [position for position in scattered(9).tolist() if position < 5]
    ([0, 4, 2, 1, 3], [0, 4, 2, 1, 3])
    """
    keys = np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # wraps around
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return np.argsort(keys ^ (keys >> np.uint64(27)), kind="stable")


def vectors_of(project_id: int, positions: Integers, embedder: Embedder) -> Floats:
    """A vector for each position; zeros for a text that the model cannot take, so that others do not wait."""
    documents = Document.objects.filter(project=project_id, position__in=positions.tolist())
    starts = dict(
        documents.annotate(start=Left("text", EMBEDDED_CHARACTERS)).values_list("position", "start")
    )
    texts = [starts.get(position, "") for position in positions.tolist()]
    try:
        return embedder.embed(texts)
    except Exception:
        logger.exception("Some texts of project %s are embedded one by one", project_id)
    vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
    for row, text in enumerate(texts):
        try:
            vectors[row] = embedder.embed([text])[0]
        except Exception:
            logger.exception("Document %s of project %s has no embedding", positions[row], project_id)
    return vectors


def _tell(project: Project, store: EmbeddingStore, *, is_complete: bool) -> None:
    """Queue a training or a ranking where there are many more vectors than when one was last queued."""
    path, count = store.root / TOLD, len(store)
    reported = int(path.read_text()) if path.exists() else 0
    has_grown = reported == 0 or count >= max(GROWTH * reported, reported + MIN_GROWTH)
    if (has_grown or is_complete) and count > reported:
        has_model = project.model_versions.ready().exists()
        enqueue(project.pk, Job.Kind.TRAIN if has_model else Job.Kind.RANK)
        beside = path.with_suffix(".writing")
        beside.write_text(str(count))
        beside.replace(path)
