"""Pool scores: what the committee says of every document. Shard by shard, a few numbers per document.

Sixteen bytes a document are kept, so a million documents need 20 MB and any process can merge the shards of
others.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import numpy as np

from labeling.learning.arrays.types import AnyFloats, Floats, Integers
from labeling.learning.classifiers.committee import Committee, likely
from labeling.learning.storage.feature_store import FeatureStore
from labeling.learning.text.rows import Rows

ClassPairs = np.ndarray[tuple[int, int], np.dtype[np.int16]]

CHUNK = 2_048  # documents scored at once: what a few dozen classes leave of a processor's cache
THREADS = 2


@dataclass(frozen=True)
class PoolScores:
    """A few numbers about each of n documents.

    positions : (n,) places in the feature store
    classes : (n, 2) the two most probable classes, the first first; -1 where there is none. Of spans (n, m):
        those that were found, see `Sequences`
    probabilities : of the same shape, theirs
    margin : (n,) how close the two are, in [0, 1]; for spans the uncertainty of the sequence; 1 less for a
        document without a dense view (no known word, no embedding yet)
    disagreement : (n,) nats, see `Committee.disagreement`

    All but the positions tell of the model; higher `margin` and `disagreement` mean label sooner.
    """

    positions: Integers
    classes: ClassPairs
    probabilities: Floats
    margin: Floats
    disagreement: Floats

    def __len__(self) -> int:
        return len(self.positions)

    def keep(self, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Self:
        """Only these documents; `chosen` is (n,) bool."""
        return type(self)(
            self.positions[chosen],
            self.classes[chosen],
            self.probabilities[chosen],
            self.margin[chosen],
            self.disagreement[chosen],
        )

    @classmethod
    def merge(cls, parts: Iterable[Self]) -> Self:
        """The scores of several shards as one, in the order given."""
        held = list(parts)
        if not held:
            return cls(
                np.zeros(0, np.int64),
                np.zeros((0, 2), np.int16),
                np.zeros((0, 2), np.float32),
                np.zeros(0, np.float32),
                np.zeros(0, np.float32),
            )
        names = ("positions", "classes", "probabilities", "margin", "disagreement")
        return cls(*(np.concatenate([getattr(part, name) for part in held]) for name in names))


def score_pool(store: FeatureStore, committee: Committee, *, has_votes: bool = False) -> PoolScores:
    """Scores of every document in the store, in the order of their positions.

    has_votes : whether the experts' disagreement is wanted too; it is 0 else
    """
    with ThreadPoolExecutor(THREADS) as threads:  # the products leave Python's lock alone
        numbers = range(store.n_shards)
        return PoolScores.merge(
            threads.map(lambda number: score_rows(store.shard(number), committee, has_votes), numbers)
        )


def score_rows(rows: Rows, committee: Committee, has_votes: bool = False) -> PoolScores:
    """Scores of one shard."""
    numbers = range(0, len(rows), CHUNK)
    return PoolScores.merge(_score(rows.part(slice(n, n + CHUNK)), committee, has_votes) for n in numbers)


def top_two(values: AnyFloats) -> tuple[ClassPairs, Floats]:
    """The two largest values of each column and the classes they belong to, each (n, 2).

    values : (n_classes, n_documents): this way round, comparing classes runs along memory

    >>> classes, probabilities = top_two(np.array([[.2, 0.], [.5, 0.], [.3, 1.]]))
    >>> classes.tolist(), probabilities[:, 0].tolist()
    ([[1, 2], [2, 0]], [0.5, 1.0])
    >>> top_two(np.array([[.7]]))[0].tolist()
    [[0, -1]]
    """
    n_classes, n_documents = values.shape
    classes = np.full((n_documents, 2), -1, dtype=np.int16)
    top = np.zeros((n_documents, 2), dtype=np.float32)
    left, numbers = values.copy(), np.arange(n_documents)
    for rank in range(min(2, n_classes)):
        best = left.argmax(axis=0)
        classes[:, rank], top[:, rank] = best, left[best, numbers]
        left[best, numbers] = -np.inf
    return classes, top


def _score(rows: Rows, committee: Committee, has_votes: bool) -> PoolScores:
    assert rows.positions is not None
    total = np.ascontiguousarray(committee.total(rows).T)
    classes, best = top_two(total)
    if committee.link == "softmax":
        total -= best[:, 0]
        np.exp(total, out=total)
        best = np.exp(best - best[:, :1]) / total.sum(axis=0)[:, None]
    else:
        best = likely(best)
    best[classes < 0] = 0
    votes = committee.disagreement(rows) if has_votes else np.zeros(len(rows))
    close = np.zeros(len(rows)) if committee.n_classes < 2 else 1 - (best[:, 0] - best[:, 1])
    close = close - (~rows.dense.any(axis=1) if rows.width else 0)  # nothing to go by: all others come first
    return PoolScores(rows.positions, classes, best, close.astype(np.float32), votes.astype(np.float32))
