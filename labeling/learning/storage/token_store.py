"""Token store: the tokens of document number p. Blocks of a fixed number of documents, memory-mapped.

As in the feature store, the row of a document is its position in the project, and a block is a shard. One
writer at a time; any number of readers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from labeling.learning.arrays.atomic_folder import (
    LOOKS,
    GapInStore,
    read_folder,
    shards_of,
    write_folder,
    write_shard,
)
from labeling.learning.arrays.types import AnyIntegers, Integers
from labeling.learning.sequence.crf_features import VERSION, Describer
from labeling.learning.sequence.token_blocks import TokenBlock
from labeling.learning.text.word_clusters import WordClusters

BLOCK_DOCUMENTS = 8_192
CLUSTERS = "clusters"


@dataclass(frozen=True)
class TokenStore:
    """One moment of the store. Appending gives a newer one.

    full : folders of the full blocks, in order; they never change
    partial : the last block while it is not full, mapped already because growing it will replace its folder
    """

    root: Path
    full: tuple[Path, ...]
    partial: TokenBlock | None
    block_documents: int = BLOCK_DOCUMENTS

    @classmethod
    def create(cls, root: Path, clusters: WordClusters, *, block_documents: int = BLOCK_DOCUMENTS) -> Self:
        """Start a store whose words are described with these groups, or open the one that is there."""
        clusters.save(root / CLUSTERS)
        write_folder(root / "store", {}, {"block_documents": block_documents, "version": VERSION})
        return cls.open(root)

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open a store as it is now, up to a block that was lost.

        Raises FileNotFoundError where none of this version was created.
        """
        _, metadata = read_folder(root / "store")
        if metadata["version"] != VERSION:
            raise FileNotFoundError(f"{root.name} holds the tokens of another version")
        size = int(metadata["block_documents"])
        for _ in range(LOOKS):
            folders = shards_of(root, size)
            full = tuple(path for documents, path in folders if documents == size)
            try:
                partial = _load(folders[-1][1]) if len(full) < len(folders) else None
            except FileNotFoundError:
                continue  # a writer grew the last block while we looked: look again
            return cls(root, full, partial, size)
        raise FileNotFoundError(f"the last block of {root.name} is incomplete")

    @cached_property
    def clusters(self) -> WordClusters:
        """The groups of words that describe every word of the store."""
        return WordClusters.load(self.root / CLUSTERS)

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.full) * self.block_documents + (len(self.partial) if self.partial else 0)

    def append(self, first: int, texts: Sequence[str], describer: Describer) -> Self:
        """Add the documents at positions `first`, `first + 1`, …; return the store that holds them.

        describer : with this store's clusters; it remembers words from one call to the next

        Safe to repeat: what is there already is left alone.

        Raises GapInStore when `first` is beyond the end.
        """
        if first > len(self):
            raise GapInStore(f"the store ends at position {len(self)}, the documents start at {first}")
        store, texts = self, texts[len(self) - first :]
        while texts:
            room = self.block_documents - len(store) % self.block_documents
            store = store._grow(TokenBlock.of_texts(texts[:room], describer))
            texts = texts[room:]
        return store

    @property
    def n_blocks(self) -> int:
        """Number of blocks, the last partial one included."""
        return len(self.full) + (self.partial is not None)

    def blocks(self, numbers: Iterable[int] | None = None) -> Iterator[tuple[int, TokenBlock]]:
        """Each block, or each of these, with the position of its first document; mapped, not read."""
        for number in range(self.n_blocks) if numbers is None else numbers:
            if number == len(self.full) and self.partial is not None:
                yield number * self.block_documents, self.partial
            else:
                yield number * self.block_documents, _load(self.full[number])

    def token_counts(self, positions: AnyIntegers) -> Integers:
        """(n,) tokens of these documents, in this order. Raises IndexError for a place behind the end."""
        counts = [block.token_counts for _, block in self.blocks()]
        every = np.concatenate(counts) if counts else np.zeros(0, dtype=np.int64)
        return every[positions]

    def _grow(self, block: TokenBlock) -> Self:
        """Write the last block anew with these documents behind, or start the next one."""
        if self.partial is not None:
            block = self.partial.joined(block)
        folder = write_shard(self.root, len(self.full), len(block), block.pieces(), {"version": VERSION})
        if len(block) == self.block_documents:
            return type(self)(self.root, (*self.full, folder), None, self.block_documents)
        return type(self)(self.root, self.full, _load(folder), self.block_documents)


def _load(folder: Path) -> TokenBlock:
    pieces, _ = read_folder(folder, mapped=True)
    return TokenBlock(**pieces)
