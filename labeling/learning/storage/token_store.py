"""Token store: the tokens of document number p, see `sharded_store`. A shard is a token block."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.sharded_store import SHARD_ROWS, ShardedStore
from labeling.learning.arrays.types import AnyArray, AnyIntegers, Integers
from labeling.learning.sequence.crf_features import VERSION, Describer
from labeling.learning.sequence.token_blocks import TokenBlock
from labeling.learning.text.word_clusters import WordClusters

CLUSTERS = "clusters"


@dataclass(frozen=True)
class TokenStore(ShardedStore[TokenBlock]):
    """One moment of the store."""

    @classmethod
    def create(cls, root: Path, clusters: WordClusters, *, shard_rows: int = SHARD_ROWS) -> Self:
        """Start a store whose words are described with these groups, or open the one that is there."""
        clusters.save(root / CLUSTERS)
        write_folder(root / "store", {}, {"block_documents": shard_rows, "version": VERSION})
        return cls.open(root)

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open a store as it is now, up to a block that was lost.

        Raises FileNotFoundError where none of this version was created.
        """
        _, metadata = read_folder(root / "store")
        if metadata["version"] != VERSION:
            raise FileNotFoundError(f"{root.name} holds the tokens of another version")
        return cls._open(root, int(metadata["block_documents"]))

    @cached_property
    def clusters(self) -> WordClusters:
        """The groups of words that describe every word of the store."""
        return WordClusters.load(self.root / CLUSTERS)

    def append(self, first: int, texts: Sequence[str], describer: Describer) -> Self:
        """Add the documents at positions `first`, `first + 1`, …, see `ShardedStore`. Raises GapInStore.

        describer : with this store's clusters; it remembers words from one call to the next
        """
        return self._append(first, texts, lambda part: TokenBlock.of_texts(part, describer))

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[tuple[int, TokenBlock]]:
        """Each block, or each of these, with the position of its first document; mapped, not read."""
        for number in range(self.n_shards) if numbers is None else numbers:
            yield number * self.shard_rows, self.stored(number)

    def token_counts(self, positions: AnyIntegers) -> Integers:
        """(n,) tokens of these documents, in this order. Raises IndexError for a place behind the end."""
        counts = [block.token_counts for _, block in self.blocks()]
        every = np.concatenate(counts) if counts else np.zeros(0, dtype=np.int64)
        return every[positions]

    def _metadata(self) -> Mapping[str, Any]:
        return {"version": VERSION}

    @staticmethod
    def _pieces(shard: TokenBlock) -> Mapping[str, AnyArray]:
        return shard.pieces()

    @staticmethod
    def _load(folder: Path) -> TokenBlock:
        pieces, _ = read_folder(folder, mapped=True)
        return TokenBlock(**pieces)

    @staticmethod
    def _join(before: TokenBlock, after: TokenBlock) -> TokenBlock:
        return before.joined(after)
