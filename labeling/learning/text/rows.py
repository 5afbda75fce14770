"""Feature rows: what is known of documents before anybody labels them, in several views.

`Rows` travel from the feature store to the experts, which read the views they understand.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays.types import AnyArray, Floats, Integers
from labeling.learning.text.hashing import WORD_COLUMNS

DENSE_SCALE = 1 / 127  # of LSA and PPMI as they are stored: eight bits keep cosines within .1%


@dataclass(frozen=True)
class Rows:
    """Features of some documents, in one order.

    sparse : (n, COLUMNS) float32 csr_array, TF-IDF, rows of length 1
    dense : (n, d) the dense view: LSA and PPMI side by side, or sentence embeddings where they are made;
        float32, or int8 times `scale` as stored; zeros for a document that has nothing there
    neighbors : (n, n_anchors) csr_array, how near the nearest anchors of the graph are; None without a graph
    positions : (n,) places in the store; None for texts that are not in it
    """

    sparse: csr_array
    dense: AnyArray
    scale: float = 1.0
    neighbors: csr_array | None = None
    positions: Integers | None = None

    def __len__(self) -> int:
        return int(self.sparse.shape[0])

    @property
    def width(self) -> int:
        """Numbers in a row of the dense view."""
        return int(self.dense.shape[1])

    def points(self) -> Floats:
        """(n, d) float32: the dense view as it is meant."""
        if self.dense.dtype == np.int8:
            return np.multiply(self.dense, np.float32(self.scale), dtype=np.float32)
        return self.dense.astype(np.float32, copy=False)

    def project(self, weights: Floats) -> Floats:
        """`points() @ weights`, (n, k), the scale multiplied into the weights, which are fewer."""
        if self.dense.dtype == np.int8:
            weights = weights * np.float32(self.scale)
        product: Floats = self.dense.astype(np.float32, copy=False) @ weights
        return product

    def part(self, chosen: AnyArray | slice) -> Self:
        """Some of the rows, by their numbers or a slice, in this order."""
        near = None if self.neighbors is None else _picked(self.neighbors, chosen)
        positions = None if self.positions is None else self.positions[chosen]
        return type(self)(_picked(self.sparse, chosen), self.dense[chosen], self.scale, near, positions)

    def presence(self) -> csr_array:
        """(n, WORD_COLUMNS) float32: 1 where a document holds a word, pairs of words left out."""
        is_word = self.sparse.indices < WORD_COLUMNS
        indptr = np.concatenate([[0], np.cumsum(is_word)])[self.sparse.indptr]
        data = np.ones(int(indptr[-1]), dtype=np.float32)
        return csr_array((data, self.sparse.indices[is_word], indptr), shape=(len(self), WORD_COLUMNS))


def _picked(matrix: csr_array, chosen: AnyArray | slice) -> csr_array:
    """Some rows; neighbors in a row come without a copy, which is what scoring a shard in chunks needs."""
    if not isinstance(chosen, slice):
        return matrix[chosen]
    start, stop, _ = chosen.indices(matrix.shape[0])
    indptr = matrix.indptr[start : stop + 1]
    inside = slice(int(indptr[0]), int(indptr[-1]))
    shape = (stop - start, matrix.shape[1])
    return csr_array((matrix.data[inside], matrix.indices[inside], indptr - indptr[0]), shape=shape)


def as_stored(rows: Rows) -> Rows:
    """The same rows with the dense view of words in eight bits, as a store has it."""
    return replace(rows, dense=encoded(rows.dense, DENSE_SCALE), scale=DENSE_SCALE)


def encoded(points: Floats, scale: float) -> AnyArray:
    """A dense view in eight bits, to be multiplied by `scale`."""
    stored: AnyArray = np.rint(points / np.float32(scale)).clip(-127, 127).astype(np.int8)
    return stored
