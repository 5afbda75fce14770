"""Distilled view: guessed sentence embeddings of every document, beside the features they are guessed from.

A part of an edition: another one has other features, and so another map. See `learning.text.distillation`.
"""

from __future__ import annotations

import numpy as np

from labeling.jobs.models import Job
from labeling.jobs.outbox import beat
from labeling.learning.storage.embedding_store import EmbeddingStore
from labeling.learning.storage.feature_store import DISTILLED, FeatureStore


def distilled_vectors(store: FeatureStore) -> EmbeddingStore | None:
    """The guesses that there are; None where there are none, or too few."""
    try:
        vectors = EmbeddingStore.open(store.root / DISTILLED)
    except FileNotFoundError:
        return None
    return vectors if 2 * len(vectors) >= len(store) > 0 else None


def extend(job: Job, store: FeatureStore) -> bool:
    """Guess for the documents that have features and no guess yet; resumable. Whether there were any."""
    try:
        vectors = EmbeddingStore.open(store.root / DISTILLED)
    except FileNotFoundError:
        return False
    present = vectors.present(len(store))
    for number in range(store.n_shards):
        first = number * store.shard_rows
        missing = np.flatnonzero(~present[first : first + store.shard_rows])
        if len(missing):
            guessed = store.distillation.transform(store.stored(number).part(missing))
            vectors = vectors.write(first + missing, guessed)
            beat(job)
    return not present.all()
