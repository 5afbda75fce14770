"""Sharded store: rows of documents in shards of a fixed number, memory-mapped, append-only.

The row of a document is its position in the project. A full shard never changes; the last one is written
again with more rows until it is full. One writer at a time; any number of readers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy as np

from labeling.learning.arrays.atomic_folder import shards_of, write_shard
from labeling.learning.arrays.types import AnyArray, Integers

SHARD_ROWS = 8_192  # documents kept in one piece, and scored together
LOOKS = 10  # at the last shard: a writer may be replacing it

T = TypeVar("T", bound=Sized)


class GapInStore(ValueError):
    """Add documents in the order of their positions, without gaps."""


@dataclass(frozen=True)
class ShardedStore(ABC, Generic[T]):
    """One moment of a store: what it held when it was opened. Appending gives a newer one.

    full : folders of the full shards, in order; they never change
    partial : the last shard while it is not full, mapped already because growing it will replace its folder
    """

    root: Path
    full: tuple[Path, ...]
    partial: T | None
    shard_rows: int = SHARD_ROWS

    @staticmethod
    @abstractmethod
    def _load(folder: Path) -> T:
        """A shard from its folder, mapped, not read."""

    @staticmethod
    @abstractmethod
    def _join(before: T, after: T) -> T:
        """The rows of one and then of the other."""

    @staticmethod
    @abstractmethod
    def _pieces(shard: T) -> Mapping[str, AnyArray]:
        """Arrays by name, from which `_load` makes the shard again."""

    @abstractmethod
    def _metadata(self) -> Mapping[str, Any]:
        """What is written beside the arrays of each shard."""

    @classmethod
    def _open(cls, root: Path, shard_rows: int) -> Self:
        """The shards as they are now, up to one that was lost.

        Raises FileNotFoundError where the last one stays incomplete.
        """
        for _ in range(LOOKS):
            folders = shards_of(root, shard_rows)
            full = tuple(path for rows, path in folders if rows == shard_rows)
            try:
                partial = cls._load(folders[-1][1]) if len(full) < len(folders) else None
            except FileNotFoundError:
                continue  # a writer grew the last shard while we looked: look again
            return cls(root, full, partial, shard_rows)
        raise FileNotFoundError(f"the last shard of {root.name} is incomplete")

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.full) * self.shard_rows + (0 if self.partial is None else len(self.partial))

    @property
    def n_shards(self) -> int:
        """Number of shards, the last partial one included."""
        return len(self.full) + (self.partial is not None)

    def stored(self, number: int) -> T:
        """One shard as it lies on the disk; mapped, not read."""
        if number == len(self.full) and self.partial is not None:
            return self.partial
        return self._load(self.full[number])

    def by_shard(self, positions: Integers) -> Iterator[tuple[int, Integers]]:
        """Number of each shard that holds some of these documents, and which of `positions` it holds."""
        numbers = positions // self.shard_rows
        order = np.argsort(numbers, kind="stable")
        used, starts = np.unique(numbers[order], return_index=True)
        yield from zip(used.tolist(), np.split(order, starts[1:]), strict=False)

    def _append(self, first: int, texts: Sequence[str], make: Callable[[Sequence[str]], T]) -> Self:
        """Add the documents at positions `first`, `first + 1`, …; return the store that holds them.

        make : rows of texts, at most a shard at a time

        Safe to repeat: rows that are there already are left alone, so a task may simply run again.

        Raises GapInStore when `first` is beyond the end.
        """
        if first > len(self):
            raise GapInStore(f"the store ends at position {len(self)}, the documents start at {first}")
        store, texts = self, texts[len(self) - first :]
        while texts:
            room = self.shard_rows - len(store) % self.shard_rows
            store = store._grow(make(texts[:room]))
            texts = texts[room:]
        return store

    def _grow(self, shard: T) -> Self:
        """Write the last shard again with these rows behind, or start the next one."""
        if self.partial is not None:
            shard = self._join(self.partial, shard)
        pieces = self._pieces(shard)
        folder = write_shard(self.root, len(self.full), len(shard), pieces, self._metadata())
        if len(shard) == self.shard_rows:
            return replace(self, full=(*self.full, folder), partial=None)
        return replace(self, partial=self._load(folder))
