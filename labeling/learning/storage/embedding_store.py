"""Embedding store: which documents have a sentence embedding by now. Rows come in any order, over days.

Two files, both addressed by the document's position: the vectors, and one byte a document that says whether
its vector counts. The byte is written after the vector has reached the disk, so a killed process never leaves
a row that counts and is wrong. One writer at a time; any number of readers.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.row_file import RowFile
from labeling.learning.arrays.types import AnyIntegers, Flags, Floats, Integers

Bytes = NDArray[np.int8]

VECTORS, PRESENT = "vectors.int8", "present.uint8"
LARGEST = 0.3  # components beyond are cut; of vectors of length 1 and some hundred numbers none was seen
SCALE = np.float32(LARGEST / 127)


class OtherEmbeddings(ValueError):
    """The folder has the vectors of another model. Use a separate folder."""


@dataclass(frozen=True)
class EmbeddingStore:
    """One moment of the store: the rows that counted when it was opened.

    version : the model that made the vectors
    width : numbers in a vector
    flags : (n,) which positions have a vector; those behind the end have none
    """

    root: Path
    version: str
    width: int
    flags: Flags

    @classmethod
    def create(cls, root: Path, version: str, width: int = 384) -> Self:
        """Start a store for this model, or open the one that is there.

        Raises OtherEmbeddings where the folder holds vectors of another model.
        """
        write_folder(root, {}, {"version": version, "width": width})
        store = cls.open(root)
        if (store.version, store.width) != (version, width):
            raise OtherEmbeddings(f"{root.name} holds vectors of {store.version}, {store.width} numbers wide")
        return store

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open a store as it is now. Raises FileNotFoundError where none was created."""
        _, metadata = read_folder(root)
        width = int(metadata["width"])
        present = _present(root)
        # In this order: a vector whose byte is set has been in the other file for a while.
        flags = np.array(present.mapped(len(present))[:, 0] == 1)
        flags = flags[: len(_vectors(root, width))]
        return cls(root, str(metadata["version"]), width, flags)

    def __len__(self) -> int:
        """Number of documents that have a vector."""
        return int(np.count_nonzero(self.flags))

    def present(self, count: int) -> Flags:
        """Which of the first `count` documents have a vector: (count,)."""
        is_present = np.zeros(count, dtype=np.bool_)
        is_present[: len(self.flags)] = self.flags[:count]
        return is_present

    def write(self, positions: AnyIntegers, vectors: Floats) -> Self:
        """Keep these vectors; return the store that holds them. They are on the disk when this returns.

        positions : (n,) 0 or more, each once
        vectors : (n, width) rows of length 1, or of zeros

        Safe to repeat: a row that counts already is left as it is.
        """
        positions_int = positions.astype(np.int64)
        if len(positions_int) and positions_int.min() < 0:
            raise IndexError("positions must be 0 or more")
        is_new = ~self._flags(positions_int)
        if not is_new.any():
            return self
        _vectors(self.root, self.width).write(positions_int[is_new], quantized(vectors[is_new]))
        _present(self.root).write(positions_int[is_new], np.ones((int(is_new.sum()), 1), dtype=np.uint8))
        return type(self).open(self.root)

    def take(self, positions: AnyIntegers) -> tuple[Floats, Flags]:
        """Vectors of these documents, in this order, and whether each is there.

        positions : (n,) 0 or more, repeats allowed
        returns : (n, width) of length 1 within 0.3%, zeros where there is none; (n,)
        """
        positions_int = positions.astype(np.int64)
        flags = self._flags(positions_int)
        vectors = np.zeros((len(positions_int), self.width), dtype=np.float32)
        if flags.any():
            vectors[flags] = self._mapped()[positions_int[flags]] * SCALE
        return vectors, flags

    def between(self, first: int, rows: int) -> Bytes:
        """The `rows` documents from position `first` on, as they are stored.

        returns : (rows, width) int8, times SCALE a vector of `take`, zeros where there is none
        """
        flags = self._flags(np.arange(first, first + rows))
        if flags.all() and rows:
            return self._mapped()[first : first + rows]
        vectors = np.zeros((rows, self.width), dtype=np.int8)
        if flags.any():
            vectors[flags] = self._mapped()[first + np.flatnonzero(flags)]
        return vectors

    def _flags(self, positions_int: Integers) -> Flags:
        is_stored = positions_int < len(self.flags)
        is_stored[is_stored] = self.flags[positions_int[is_stored]]
        return is_stored

    def _mapped(self) -> Bytes:
        """(n, width) all vectors, memory-mapped, read-only."""
        vectors = _vectors(self.root, self.width)
        mapped: Bytes = vectors.mapped(len(vectors))
        return mapped


def _vectors(root: Path, width: int) -> RowFile:
    return RowFile(root / VECTORS, np.dtype(np.int8), width)


def _present(root: Path) -> RowFile:
    return RowFile(root / PRESENT, np.dtype(np.uint8), 1)


def quantized(vectors: Floats) -> Bytes:
    """Vectors as one byte a number; the cosine with the original is above 0.9998 (seven data sets).

    >>> quantized(np.array([[0.3, -0.15, 0.001, 0.9]], dtype=np.float32))
    array([[127, -64,   0, 127]], dtype=int8)
    """
    scaled: Floats = np.rint(vectors / SCALE).clip(-127, 127)
    return scaled.astype(np.int8)
