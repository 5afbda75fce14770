"""Feature store: the features of document number p. Shards of fixed size, memory-mapped, append-only.

The row of a document is its position in the project; `shards` says how the last shard grows. One writer at a
time; any number of readers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from scipy.sparse import csr_array, vstack

from labeling.learning.arrays.atomic_folder import (
    LOOKS,
    METADATA_FILE,
    GapInStore,
    read_folder,
    shards_of,
    write_folder,
    write_shard,
)
from labeling.learning.arrays.types import AnyArray, AnyIntegers, Floats, Integers
from labeling.learning.storage.embedding_store import SCALE, EmbeddingStore
from labeling.learning.storage.graph_store import GraphStore
from labeling.learning.text.hashing import COLUMNS
from labeling.learning.text.rows import DENSE_SCALE, SHARD_ROWS, Rows, encoded
from labeling.learning.text.tfidf import Featurizer

WORDS = "words"  # the dense view that every project has: LSA and PPMI
MARK = "store-3"  # what a store holds; another number, another layout


class OtherFeatures(ValueError):
    """The folder was made by another featurizer. Use a separate folder."""


@dataclass(frozen=True)
class FeatureStore:
    """One moment of the store: what it held when it was opened. Appending gives a newer one.

    full : folders of the full shards, in order; they never change
    partial : the last shard while it is not full, mapped already because growing it will replace its folder
    """

    root: Path
    full: tuple[Path, ...]
    partial: Rows | None
    shard_rows: int = SHARD_ROWS
    embeddings: EmbeddingStore | None = None  # read instead of the dense view, where they are made
    graph: GraphStore | None = None  # of the embeddings

    @classmethod
    def create(cls, root: Path, featurizer: Featurizer, *, shard_rows: int = SHARD_ROWS) -> Self:
        """Start a store for this featurizer, or open the one that is there.

        Raises OtherFeatures where the folder holds features of another version.
        """
        featurizer.save(root / "featurizer")
        write_folder(root / MARK, {}, {"shard_rows": shard_rows, "version": featurizer.version})
        store = cls.open(root)
        if store.featurizer.version != featurizer.version:
            raise OtherFeatures(f"{root.name} holds features of version {store.featurizer.version}")
        return store

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open a store as it is now, up to a shard that was lost. Raises FileNotFoundError for none."""
        _, metadata = read_folder(root / MARK)
        (root / "featurizer" / METADATA_FILE).stat()
        shard_rows = int(metadata["shard_rows"])
        for _ in range(LOOKS):
            folders = shards_of(root, shard_rows)
            full = tuple(path for rows, path in folders if rows == shard_rows)
            try:
                partial = _load(folders[-1][1]) if len(full) < len(folders) else None
            except FileNotFoundError:
                continue  # a writer grew the last shard while we looked: look again
            return cls(root, full, partial, shard_rows)
        raise FileNotFoundError(f"the last shard of {root.name} is incomplete")

    @cached_property
    def featurizer(self) -> Featurizer:
        """The one that made every row."""
        return Featurizer.load(self.root / "featurizer")

    @cached_property
    def dimensions(self) -> int:
        """Width of the dense view of words, without reading the featurizer where a row tells it."""
        return self._stored(0).width if len(self) else self.featurizer.dimensions

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.full) * self.shard_rows + (len(self.partial) if self.partial else 0)

    @property
    def view(self) -> str:
        """Which dense view its rows have: a model reads only the one it was fitted on."""
        return WORDS if self.embeddings is None else self.embeddings.version

    def seen_by(self, embeddings: EmbeddingStore, graph: GraphStore | None = None) -> Self:
        """The same documents with sentence embeddings as their dense view, and perhaps their neighbors."""
        return replace(self, embeddings=embeddings, graph=graph)

    @property
    def n_shards(self) -> int:
        """Number of shards, the last partial one included."""
        return len(self.full) + (self.partial is not None)

    def append(self, first: int, texts: Sequence[str]) -> Self:
        """Add the documents at positions `first`, `first + 1`, …; return the store that holds them.

        Safe to repeat: rows that are there already are left alone, so a task may simply run again.

        Raises GapInStore when `first` is beyond the end.
        """
        if first > len(self):
            raise GapInStore(f"the store ends at position {len(self)}, the documents start at {first}")
        store, texts = self, texts[len(self) - first :]
        while texts:
            room = self.shard_rows - len(store) % self.shard_rows
            store = store._grow(store.featurizer.transform(texts[:room]))
            texts = texts[room:]
        return store

    def shards(self) -> Iterator[tuple[int, Rows]]:
        """Each shard with the position of its first document; mapped, not read.

        Let go of one before the next: pages that were read count as this process's memory while mapped.
        """
        for number in range(self.n_shards):
            yield number * self.shard_rows, self.shard(number)

    def shard(self, number: int) -> Rows:
        """One shard, for a worker that scores only this one."""
        rows = self._stored(number)
        first = number * self.shard_rows
        if self.embeddings is not None:
            rows = replace(rows, dense=self.embeddings.between(first, len(rows)), scale=float(SCALE))
        positions = np.arange(first, first + len(rows))
        return replace(rows, positions=positions, neighbors=self._near(positions))

    def _stored(self, number: int) -> Rows:
        if number == len(self.full) and self.partial is not None:
            return self.partial
        return _load(self.full[number])

    def take(self, positions: AnyIntegers) -> Rows:
        """Features of these documents, in this order.

        positions : (n,) in [0, len(self)), repeats allowed
        returns : Rows of n, in memory, dense as float32

        Raises IndexError for a position that is not there.
        """
        rows_at = self._checked(positions)
        numbers = rows_at // self.shard_rows
        order = np.argsort(numbers, kind="stable")
        parts = []
        for number in np.unique(numbers):
            members = order[
                np.searchsorted(numbers[order], number) : np.searchsorted(numbers[order], number + 1)
            ]
            parts.append(_pick(self._stored(int(number)).sparse, rows_at[members] % self.shard_rows))
        dense = self.dense(rows_at)
        if not parts:
            return Rows(csr_array((0, COLUMNS), dtype=np.float32), dense, positions=rows_at)
        gathered = vstack(parts, format="csr")
        sparse = _pick(gathered, np.argsort(order, kind="stable"))
        return Rows(sparse, dense, neighbors=self._near(rows_at), positions=rows_at)

    def _near(self, positions: Integers) -> csr_array | None:
        return None if self.graph is None else self.graph.take(positions)

    def dense(self, positions: AnyIntegers) -> Floats:
        """Only the dense view of these documents: (n, d) float32, in this order."""
        rows_at = self._checked(positions)
        if self.embeddings is not None:
            return self.embeddings.take(rows_at)[0]
        vectors = np.zeros((len(rows_at), self.dimensions), dtype=np.float32)
        numbers = rows_at // self.shard_rows
        for number in np.unique(numbers):
            is_here = numbers == number
            rows = self._stored(int(number))
            vectors[is_here] = rows.dense[rows_at[is_here] % self.shard_rows] * np.float32(rows.scale)
        return vectors

    def _checked(self, positions: AnyIntegers) -> Integers:
        checked = positions.astype(np.int64)
        if len(checked) and (checked.min() < 0 or checked.max() >= len(self)):
            raise IndexError(f"positions must lie in [0, {len(self)})")
        return checked

    def _grow(self, rows: Rows) -> Self:
        """Write the last shard anew with these rows behind, or start the next one."""
        rows = replace(rows, dense=encoded(rows.dense, DENSE_SCALE), scale=DENSE_SCALE)
        if self.partial is not None:
            rows = _join(self.partial, rows)
        pieces: dict[str, AnyArray] = {
            "indptr": rows.sparse.indptr.astype(np.int32),
            "indices": rows.sparse.indices.astype(np.int32),
            "tfidf": rows.sparse.data.astype(np.float32),
            "dense": rows.dense,
        }
        metadata = {"version": self.featurizer.version}
        folder = write_shard(self.root, len(self.full), len(rows), pieces, metadata)
        if len(rows) == self.shard_rows:
            return type(self)(self.root, (*self.full, folder), None, self.shard_rows)
        return type(self)(self.root, self.full, _load(folder), self.shard_rows)


def _load(folder: Path) -> Rows:
    pieces, _ = read_folder(folder, mapped=True)
    shape = (len(pieces["indptr"]) - 1, COLUMNS)
    sparse = csr_array((pieces["tfidf"], pieces["indices"], pieces["indptr"]), shape=shape)
    return Rows(sparse, pieces["dense"], DENSE_SCALE)


def _join(before: Rows, after: Rows) -> Rows:
    dense = np.concatenate([before.dense, after.dense])
    return Rows(vstack([before.sparse, after.sparse], format="csr"), dense, DENSE_SCALE)


def _pick(sparse: csr_array, local: Integers) -> csr_array:
    """Rows by number; only the pages of the rows that are asked for are read."""
    starts = np.asarray(sparse.indptr[local], dtype=np.int64)
    lengths = np.asarray(sparse.indptr[local + 1], dtype=np.int64) - starts
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    offsets = np.repeat(starts - indptr[:-1], lengths) + np.arange(indptr[-1])
    return csr_array(
        (np.asarray(sparse.data[offsets]), np.asarray(sparse.indices[offsets]), indptr.astype(np.int32)),
        shape=(len(local), sparse.shape[1]),
    )
