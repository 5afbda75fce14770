"""Hyperparameters of the linear expert: how much labels weigh, and what is added to classes that have few.

The default ones are what benchmarks chose for all projects; others are used only where judged better.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy.sparse import csr_array, vstack

from labeling.learning.arrays.types import AnyArray, Flags, Integers
from labeling.learning.classifiers.regularization import STRENGTH
from labeling.learning.text.rows import Rows

DROPPED = 0.3  # of the words of a document, in a copy of it
MAX_COPIES = 2  # of a class's labels: more would only repeat them


class Augmentation(StrEnum):
    """What a weak class, one with fewer labels than the mean, gets besides its documents."""

    NONE = "none"
    DROPOUT = "dropout"  # copies that lack some of their words
    JOINED = "joined"  # two of its documents as one


@dataclass(frozen=True)
class Hyperparameters:
    """What trainings use.

    strength : C of the logistic regression; higher follows the labels more closely
    """

    strength: float = STRENGTH
    augmentation: Augmentation = Augmentation.NONE


DEFAULT_HYPERPARAMETERS = Hyperparameters()


def augmented(
    rows: Rows, labels: AnyArray, n_classes: int, augmentation: Augmentation, seed: int
) -> tuple[Rows, AnyArray]:
    """The documents, and behind them what the weak classes get; copies have no place in the store.

    rows : Rows of n labeled documents
    labels : (n,) class numbers, or (n, n_classes) bool
    """
    if augmentation is Augmentation.NONE:
        return rows, labels
    rng = np.random.default_rng(seed)
    flags = labels if labels.ndim == 2 else np.eye(n_classes, dtype=bool)[labels]
    numbers = _chosen(flags, rng)
    if len(numbers) == 0:
        return rows, labels
    first, second = numbers.T
    if augmentation is Augmentation.DROPOUT:
        sparse, dense, true_labels = _thinned(rows.sparse[first], rng), rows.dense[first], labels[first]
    else:
        sparse = _of_length_one(csr_array(rows.sparse[first] + rows.sparse[second]))
        halves = rows.points()
        dense = (halves[first] + halves[second]) / 2 / np.float32(rows.scale)
        true_labels = labels[first] if labels.ndim == 1 else labels[first] | labels[second]
    both = np.concatenate([rows.dense.astype(np.float32), dense.astype(np.float32)])
    added = replace(
        rows, sparse=vstack([rows.sparse, sparse], format="csr"), dense=both, neighbors=None, positions=None
    )
    return added, np.concatenate([labels, true_labels])


def weak_classes(flags: Flags) -> Integers:
    """Classes with labels, but fewer than the mean of those that have any.

    >>> weak_classes(np.eye(3, dtype=bool)[[0, 0, 0, 0, 1]])
    array([1])
    """
    counts = flags.sum(axis=0)
    mean = counts[counts > 0].mean() if counts.any() else 0.0
    return np.flatnonzero((counts > 0) & (counts < mean))


def _chosen(flags: Flags, rng: np.random.Generator) -> Integers:
    """(m, 2) pairs of documents of one weak class, until it has as many as the mean or thrice its own."""
    counts = flags.sum(axis=0)
    pairs = []
    for label_class in weak_classes(flags):
        members = np.flatnonzero(flags[:, label_class])
        missing = round(counts[counts > 0].mean()) - len(members)
        pairs.append(rng.choice(members, (min(missing, MAX_COPIES * len(members)), 2)))
    return np.concatenate(pairs) if pairs else np.zeros((0, 2), dtype=np.int64)


def _thinned(sparse: csr_array, rng: np.random.Generator) -> csr_array:
    kept = sparse.copy()
    kept.data = np.where(rng.random(len(kept.data)) < DROPPED, np.float32(0), kept.data)
    kept.eliminate_zeros()
    return _of_length_one(kept)


def _of_length_one(sparse: csr_array) -> csr_array:
    lengths = np.sqrt(sparse.multiply(sparse).sum(axis=1)).astype(np.float32)
    sparse.data = sparse.data / np.repeat(np.maximum(lengths, 1e-12), np.diff(sparse.indptr))
    return sparse
