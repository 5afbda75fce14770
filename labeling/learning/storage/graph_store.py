"""k-NN graph store: the anchors near document number p. Made in the background, mapped by the ranking.

A graph has its anchors and how they are joined, which never change, and for each document, in the order of
positions, its nearest anchors. One writer at a time; any number of readers.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.row_file import RowFile
from labeling.learning.arrays.types import AnyArray, AnyIntegers, Integers
from labeling.learning.classifiers.label_propagation import NEIGHBORS

PLACES, WEIGHTS = "places.int32", "weights.float16"


@dataclass(frozen=True)
class GraphStore:
    """One moment of it: the documents that had their neighbors when it was opened.

    anchors : (m,) their positions, rising
    step : (m, m) csr_array from `neighbors.smoothing`
    count : documents 0 to count - 1 have their neighbors
    made_for : documents that there were when the anchors were chosen
    """

    root: Path
    anchors: Integers
    step: csr_array
    count: int
    made_for: int

    @classmethod
    def create(cls, root: Path, anchors: Integers, step: csr_array, made_for: int) -> Self:
        """Start a graph, or open the one that is there."""
        arrays: dict[str, AnyArray] = {
            "anchors": anchors,
            "data": step.data.astype(np.float32),
            "indices": step.indices.astype(np.int32),
            "indptr": step.indptr.astype(np.int64),
        }
        write_folder(root, arrays, {"neighbours": NEIGHBORS, "made_for": made_for})
        return cls.open(root)

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open a graph as it is now. Raises FileNotFoundError where none was created."""
        arrays, metadata = read_folder(root)
        size = len(arrays["anchors"])
        step = csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=(size, size))
        count = min(len(_places(root)), len(_weights(root)))  # rows that are whole in both files
        return cls(root, arrays["anchors"], step, count, int(metadata["made_for"]))

    def append(self, near: csr_array) -> Self:
        """Add the neighbors of the documents from position `count` on; on the disk when this returns.

        near : (n, m) from `neighbors.nearest`
        """
        indices = np.zeros((near.shape[0], NEIGHBORS), dtype=np.int32)
        weights = np.zeros((near.shape[0], NEIGHBORS), dtype=np.float16)
        lengths = np.diff(near.indptr)
        rows = np.repeat(np.arange(near.shape[0]), lengths)
        columns = np.arange(near.nnz) - np.repeat(near.indptr[:-1], lengths)
        indices[rows, columns], weights[rows, columns] = near.indices, near.data
        # Over what a killed writer left there, in this order: a row counts when its weights are there.
        numbers = np.arange(self.count, self.count + near.shape[0])
        _places(self.root).write(numbers, indices)
        _weights(self.root).write(numbers, weights)
        return type(self).open(self.root)

    def take(self, positions: AnyIntegers) -> csr_array:
        """How near the anchors are to these documents: (n, m); empty rows for those that have none yet."""
        stored = np.flatnonzero(positions < self.count)
        chosen = positions[stored]
        indices = self._places[chosen].ravel()
        weights = self._weights[chosen].astype(np.float32).ravel()
        lengths = np.zeros(len(positions), dtype=np.int64)
        lengths[stored] = NEIGHBORS
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        return csr_array((weights, indices, indptr), shape=(len(positions), len(self.anchors)))

    @cached_property
    def _places(self) -> AnyArray:
        return _places(self.root).mapped(self.count)

    @cached_property
    def _weights(self) -> AnyArray:
        return _weights(self.root).mapped(self.count)


def _places(root: Path) -> RowFile:
    return RowFile(root / PLACES, np.dtype(np.int32), NEIGHBORS)


def _weights(root: Path) -> RowFile:
    return RowFile(root / WEIGHTS, np.dtype(np.float16), NEIGHBORS)
