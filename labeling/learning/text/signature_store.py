"""Signature store: MinHash signatures by document number. Append-only shards on disk, beside the features.

One writer at a time; any number of readers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from labeling.learning.arrays.atomic_folder import read_folder, shards_of, tidy, write_shard
from labeling.learning.arrays.types import AnyArray, Hashes, Integers
from labeling.learning.text.minhash import BANDS, NUMBERS, Digests, Signatures, band_keys, digests, sign

SHARD_ROWS = 8_192

Pieces = dict[str, AnyArray]  # signatures (rows, NUMBERS), keys (BANDS, rows), digests (rows,)


@dataclass(frozen=True)
class SignatureStore:
    """One moment of the store: what it held when it was opened. Appending gives a newer one."""

    root: Path
    shards: tuple[Pieces, ...]  # mapped, all full but the last
    shard_rows: int = SHARD_ROWS

    @classmethod
    def open(cls, root: Path, *, shard_rows: int = SHARD_ROWS) -> Self:
        """The store as it is now; an empty one where nothing was written."""
        tidy(root)
        shards = (read_folder(folder, mapped=True)[0] for _, folder in shards_of(root, shard_rows))
        return cls(root, tuple(shards), shard_rows)

    def __len__(self) -> int:
        """Number of documents."""
        if not self.shards:
            return 0
        return (len(self.shards) - 1) * self.shard_rows + len(self.shards[-1]["digests"])

    def append(self, texts: Sequence[str]) -> Self:
        """Sign the texts that follow the last one; return the store that holds them."""
        store = self
        while texts:
            room = self.shard_rows - len(store) % self.shard_rows
            store = store._grow(sign(texts[:room]))
            texts = texts[room:]
        return store

    def take(self, positions: Integers) -> Signatures:
        """(n, NUMBERS) signatures of these documents, in this order."""
        signatures = np.zeros((len(positions), NUMBERS), dtype=np.uint16)
        numbers = positions // self.shard_rows
        order = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[order], np.arange(len(self.shards) + 1))
        for number in np.unique(numbers):
            members = order[ends[number] : ends[number + 1]]
            signatures[members] = self.shards[number]["signatures"][positions[members] % self.shard_rows]
        return signatures

    def band(self, band: int) -> Hashes:
        """(n,) keys of all documents in one band, see `minhash.band_keys`."""
        return np.concatenate([shard["keys"][band] for shard in self.shards])

    def digests(self) -> Digests:
        """(n,) digests of all documents, see `minhash.digests`."""
        return np.concatenate([shard["digests"] for shard in self.shards])

    def _grow(self, fresh: Signatures) -> Self:
        """Write the last shard anew with these rows behind, or start the next one."""
        is_partial = len(self) % self.shard_rows > 0
        before = self.shards[:-1] if is_partial else self.shards
        if is_partial:
            fresh = np.concatenate([self.shards[-1]["signatures"], fresh])
        pieces: Pieces = {"signatures": fresh, "keys": band_keys(fresh), "digests": digests(fresh)}
        metadata = {"numbers": NUMBERS, "bands": BANDS}
        folder = write_shard(self.root, len(before), len(fresh), pieces, metadata)
        written, _ = read_folder(folder, mapped=True)
        return type(self)(self.root, (*before, written), self.shard_rows)
