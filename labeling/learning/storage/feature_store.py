"""Feature store: the features of document number p, see `sharded_store`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array, vstack

from labeling.learning.arrays.atomic_folder import METADATA_FILE, read_folder, write_folder
from labeling.learning.arrays.sharded_store import SHARD_ROWS, ShardedStore
from labeling.learning.arrays.types import AnyArray, AnyIntegers, Floats, Integers
from labeling.learning.storage.embedding_store import SCALE, EmbeddingStore
from labeling.learning.storage.graph_store import GraphStore
from labeling.learning.text.distillation import Distillation
from labeling.learning.text.hashing import COLUMNS
from labeling.learning.text.rows import DENSE_SCALE, Rows, as_stored
from labeling.learning.text.tfidf import Featurizer

WORDS = "words"  # the dense view that every project has, of its words alone
DISTILLED = "distilled"  # a folder: guessed embeddings of its documents; and how the name of the view begins
DISTILLED_MAP = "distilled-map"  # a folder: what guesses them
MARK = "store-3"  # what a store holds; another number, another layout


class OtherFeatures(ValueError):
    """The folder was made by another featurizer. Use a separate folder."""


@dataclass(frozen=True)
class FeatureStore(ShardedStore[Rows]):
    """One moment of the store.

    embeddings : read instead of the dense view, where they are made; graph : of the embeddings
    """

    embeddings: EmbeddingStore | None = None
    graph: GraphStore | None = None

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
        return cls._open(root, int(metadata["shard_rows"]))

    @cached_property
    def featurizer(self) -> Featurizer:
        """The one that made every row."""
        return Featurizer.load(self.root / "featurizer")

    @property
    def has_static_words(self) -> bool:
        """Whether its featurizer has static vectors, without reading it."""
        return (self.root / "featurizer" / "axes.npy").exists()

    @cached_property
    def distillation(self) -> Distillation:
        """What guesses embeddings. Raises FileNotFoundError where none was learned."""
        return Distillation.load(self.root / DISTILLED_MAP)

    def transform(self, texts: Sequence[str]) -> Rows | None:
        """Features of new texts in this view; None where only the sentence encoder can make them."""
        rows = self.featurizer.transform(texts)
        if self.view == WORDS:
            return rows
        if self.view.startswith(DISTILLED):
            return Rows(rows.sparse, self.distillation.transform(rows))
        return None

    @cached_property
    def dimensions(self) -> int:
        """Width of the dense view of words, without reading the featurizer where a row tells it."""
        return self.stored(0).width if len(self) else self.featurizer.dimensions

    @property
    def view(self) -> str:
        """Which dense view its rows have: a model reads only the one it was fitted on."""
        return WORDS if self.embeddings is None else self.embeddings.version

    def seen_by(self, embeddings: EmbeddingStore, graph: GraphStore | None = None) -> Self:
        """The same documents with sentence embeddings as their dense view, and perhaps their neighbors."""
        return replace(self, embeddings=embeddings, graph=graph)

    def append(self, first: int, texts: Sequence[str]) -> Self:
        """Add the documents at positions `first`, `first + 1`, …, see `ShardedStore`. Raises GapInStore."""
        return self._append(first, texts, self._made)

    def _made(self, texts: Sequence[str]) -> Rows:
        return as_stored(self.featurizer.transform(texts))

    def shards(self) -> Iterator[tuple[int, Rows]]:
        """Each shard with the position of its first document; mapped, not read.

        Let go of one before the next: pages that were read count as this process's memory while mapped.
        """
        for number in range(self.n_shards):
            yield number * self.shard_rows, self.shard(number)

    def shard(self, number: int) -> Rows:
        """One shard, for a worker that scores only this one."""
        rows = self.stored(number)
        first = number * self.shard_rows
        if self.embeddings is not None:
            rows = replace(rows, dense=self.embeddings.between(first, len(rows)), scale=float(SCALE))
        positions = np.arange(first, first + len(rows))
        return replace(rows, positions=positions, neighbors=self._near(positions))

    def take(self, positions: AnyIntegers) -> Rows:
        """Features of these documents, in this order.

        positions : (n,) in [0, len(self)), repeats allowed
        returns : Rows of n, in memory, dense as float32

        Raises IndexError for a position that is not there.
        """
        rows_at = self._checked(positions)
        dense = self.dense(rows_at)
        if not len(rows_at):
            return Rows(csr_array((0, COLUMNS), dtype=np.float32), dense, positions=rows_at)
        pieces = [
            (members, _pick(self.stored(number).sparse, rows_at[members] % self.shard_rows))
            for number, members in self.by_shard(rows_at)
        ]
        order = np.concatenate([members for members, _ in pieces])
        gathered = vstack([piece for _, piece in pieces], format="csr")
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
        for number, members in self.by_shard(rows_at):
            rows = self.stored(number)
            vectors[members] = rows.dense[rows_at[members] % self.shard_rows] * np.float32(rows.scale)
        return vectors

    def _checked(self, positions: AnyIntegers) -> Integers:
        checked = positions.astype(np.int64)
        if len(checked) and (checked.min() < 0 or checked.max() >= len(self)):
            raise IndexError(f"positions must lie in [0, {len(self)})")
        return checked

    def _metadata(self) -> Mapping[str, Any]:
        return {"version": self.featurizer.version}

    @staticmethod
    def _pieces(shard: Rows) -> Mapping[str, AnyArray]:
        return {
            "indptr": shard.sparse.indptr.astype(np.int32),
            "indices": shard.sparse.indices.astype(np.int32),
            "tfidf": shard.sparse.data.astype(np.float32),
            "dense": shard.dense,
        }

    @staticmethod
    def _load(folder: Path) -> Rows:
        pieces, _ = read_folder(folder, mapped=True)
        shape = (len(pieces["indptr"]) - 1, COLUMNS)
        sparse = csr_array((pieces["tfidf"], pieces["indices"], pieces["indptr"]), shape=shape)
        return Rows(sparse, pieces["dense"], DENSE_SCALE)

    @staticmethod
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
