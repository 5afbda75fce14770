"""k-NN graph store: the anchors near document number p. Made in the background, mapped by the ranking.

A graph has its anchors and how they are joined, which never change, and for each document, in the order of
positions, its nearest anchors. One writer at a time; any number of readers.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
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
        return cls(root, arrays["anchors"], step, _rows_of(root), int(metadata["made_for"]))

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
        self._put(PLACES, indices)  # in this order: a row counts when its weights are there
        self._put(WEIGHTS, weights)
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
        return self._mapped(PLACES, np.dtype(np.int32))

    @cached_property
    def _weights(self) -> AnyArray:
        return self._mapped(WEIGHTS, np.dtype(np.float16))

    def _mapped(self, name: str, kind: np.dtype[np.generic]) -> AnyArray:
        if self.count == 0:
            return np.zeros((0, NEIGHBORS), dtype=kind)
        return np.memmap(self.root / name, dtype=kind, mode="r", shape=(self.count, NEIGHBORS))

    def _put(self, name: str, rows: AnyArray) -> None:
        """Write rows behind the last one that counts, over what a killed writer may have left there."""
        file = os.open(self.root / name, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.lseek(file, self.count * NEIGHBORS * rows.itemsize, os.SEEK_SET)
            with os.fdopen(os.dup(file), "wb") as stream:
                stream.write(np.ascontiguousarray(rows).data)
            os.fsync(file)
        finally:
            os.close(file)


def _rows_of(root: Path) -> int:
    """Rows that are whole in both files."""
    try:
        index_bytes, weights = (os.path.getsize(root / name) for name in (PLACES, WEIGHTS))
    except FileNotFoundError:
        return 0
    return int(min(index_bytes // (4 * NEIGHBORS), weights // (2 * NEIGHBORS)))
