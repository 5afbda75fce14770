"""k-NN graph: which documents lie near each other. Made from sentence embeddings when they are complete."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from labeling.documents.models import Document
from labeling.jobs.models import Job
from labeling.jobs.outbox import beat
from labeling.learning.arrays.types import Integers
from labeling.learning.classifiers.label_propagation import nearest, smoothing
from labeling.learning.storage.embedding_store import EmbeddingStore
from labeling.learning.storage.graph_store import GraphStore
from labeling.projects.models import Project

MAX_ANCHORS = 20_000  # ten seconds of work, and a sparse product for each million documents
MIN_ANCHORS = 50  # of fewer documents the labels speak for themselves
GROWTH = 2  # a pool that grew so much deserves other anchors
ROW_BATCH_SIZE = 4_096


def graph_for(project: Project, embeddings: EmbeddingStore) -> GraphStore | None:
    """The newest graph that knows most of the documents; None before the first."""
    graphs = [GraphStore.open(folder) for folder in _folders(embeddings.root)]
    usable = [graph for graph in graphs if graph.count >= project.document_count / 2]
    return max(usable, key=lambda graph: graph.made_for, default=None)


def is_joined(project: Project, embeddings: EmbeddingStore) -> bool:
    """Whether every document has its neighbors, among anchors that are enough for the pool."""
    if project.document_count < MIN_ANCHORS:
        return True
    graph = _newest(embeddings)
    return graph is not None and graph.count >= project.document_count and not _is_outgrown(graph, project)


def join(job: Job, project: Project, embeddings: EmbeddingStore) -> None:
    """Find the neighbors of every document that has none yet; resumable."""
    graph = _newest(embeddings)
    if graph is None or _is_outgrown(graph, project):
        anchors = _anchors(project)
        if len(anchors) < MIN_ANCHORS:
            return
        points = embeddings.take(anchors)[0]
        step = smoothing(nearest(points, points, own=np.arange(len(anchors))))
        folder = embeddings.root / f"graph-{project.document_count}"
        graph = GraphStore.create(folder, anchors, step, project.document_count)
    beat(job)
    points = embeddings.take(graph.anchors)[0]
    while graph.count < project.document_count:
        behind = min(graph.count + ROW_BATCH_SIZE, project.document_count)
        positions = np.arange(graph.count, behind)
        vectors = embeddings.take(positions)[0]
        own = np.searchsorted(graph.anchors, positions).clip(max=len(graph.anchors) - 1)
        own[graph.anchors[own] != positions] = -1
        graph = graph.append(nearest(vectors, points, own=own))
        beat(job)
    for folder in _folders(embeddings.root):
        if folder != graph.root:
            shutil.rmtree(folder, ignore_errors=True)


def _newest(embeddings: EmbeddingStore) -> GraphStore | None:
    graphs = [GraphStore.open(folder) for folder in _folders(embeddings.root)]
    return max(graphs, key=lambda graph: graph.made_for, default=None)


def _is_outgrown(graph: GraphStore, project: Project) -> bool:
    return len(graph.anchors) < MAX_ANCHORS and project.document_count >= GROWTH * graph.made_for


def _anchors(project: Project) -> Integers:
    """Documents of the pool, drawn at random: all of a small pool."""
    sampled = Document.objects.trainable().filter(project=project)
    sampled = sampled.exclude(state=Document.State.EXCLUDED).filter(position__lt=project.document_count)
    positions = sampled.order_by("random_key").values_list("position", flat=True)[:MAX_ANCHORS]
    return np.sort(np.fromiter(positions, dtype=np.int64))


def _folders(root: Path) -> list[Path]:
    return [folder for folder in root.glob("graph-*") if (folder / "facts.json").exists()]
