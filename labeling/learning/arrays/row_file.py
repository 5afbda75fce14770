"""Row file: rows of one width in a flat file, addressed by their number, written in place, memory-mapped.

One writer at a time; any number of readers. Which rows count is for the store that owns the file to say.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labeling.learning.arrays.types import AnyArray, Integers


@dataclass(frozen=True)
class RowFile:
    """A file of rows; no file is a file without rows.

    dtype : of the numbers; width : numbers in a row
    """

    path: Path
    dtype: np.dtype[np.generic]
    width: int

    def __len__(self) -> int:
        """Rows that are on the disk as a whole."""
        try:
            return os.path.getsize(self.path) // (self.width * self.dtype.itemsize)
        except FileNotFoundError:
            return 0

    def mapped(self, rows: int) -> AnyArray:
        """(rows, width) the first rows, memory-mapped, read-only. Raises ValueError where there are fewer."""
        if rows == 0:
            return np.zeros((0, self.width), dtype=self.dtype)
        return np.memmap(self.path, dtype=self.dtype, mode="r", shape=(rows, self.width))

    def write(self, numbers: Integers, rows: AnyArray) -> None:
        """Write rows to their places and wait until the disk has them.

        numbers : (n,) 0 or more, each once; rows : (n, width)
        """
        order = np.argsort(numbers, kind="stable")
        numbers, rows = numbers[order], np.ascontiguousarray(rows[order], dtype=self.dtype)
        starts = np.flatnonzero(np.diff(numbers, prepend=-2) != 1)  # neighbors go in one piece
        row_bytes = self.width * self.dtype.itemsize
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            for start, behind in zip(starts, [*starts[1:], len(numbers)], strict=True):
                _write_all(file, rows[start:behind].tobytes(), int(numbers[start]) * row_bytes)
            os.fsync(file)
        finally:
            os.close(file)


def _write_all(file: int, content: bytes, offset: int) -> None:
    """`pwrite` may write less than it was given, where a disk is nearly full."""
    while content:
        written = os.pwrite(file, content, offset)
        content, offset = content[written:], offset + written
