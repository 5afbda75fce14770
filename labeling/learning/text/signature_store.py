"""Signature store: MinHash signatures by document number, beside the features, see `sharded_store`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from labeling.learning.arrays.atomic_folder import read_folder, tidy
from labeling.learning.arrays.sharded_store import SHARD_ROWS, ShardedStore
from labeling.learning.arrays.types import AnyArray, Hashes, Integers
from labeling.learning.text.minhash import BANDS, NUMBERS, Digests, Signatures, band_keys, digests, sign


@dataclass(frozen=True)
class SignedShard:
    """Signatures (rows, NUMBERS) of documents, their keys (BANDS, rows) and digests (rows,)."""

    signatures: Signatures
    keys: Hashes
    digests: Digests

    @classmethod
    def of(cls, signatures: Signatures) -> Self:
        return cls(signatures, band_keys(signatures), digests(signatures))

    def __len__(self) -> int:
        return len(self.digests)


@dataclass(frozen=True)
class SignatureStore(ShardedStore[SignedShard]):
    """One moment of the store."""

    @classmethod
    def open(cls, root: Path, *, shard_rows: int = SHARD_ROWS) -> Self:
        """The store as it is now; an empty one where nothing was written."""
        tidy(root)
        return cls._open(root, shard_rows)

    @cached_property
    def shards(self) -> tuple[SignedShard, ...]:
        """All shards, mapped: each band looks at every one."""
        return tuple(self.stored(number) for number in range(self.n_shards))

    def append(self, texts: Sequence[str]) -> Self:
        """Sign the texts that follow the last one; return the store that holds them."""
        return self._append(len(self), texts, lambda part: SignedShard.of(sign(part)))

    def take(self, positions: Integers) -> Signatures:
        """(n, NUMBERS) signatures of these documents, in this order."""
        signatures = np.zeros((len(positions), NUMBERS), dtype=np.uint16)
        for number, members in self.by_shard(positions):
            signatures[members] = self.shards[number].signatures[positions[members] % self.shard_rows]
        return signatures

    def band(self, band: int) -> Hashes:
        """(n,) keys of all documents in one band, see `minhash.band_keys`."""
        return np.concatenate([shard.keys[band] for shard in self.shards])

    def digests(self) -> Digests:
        """(n,) digests of all documents, see `minhash.digests`."""
        return np.concatenate([shard.digests for shard in self.shards])

    def _metadata(self) -> Mapping[str, Any]:
        return {"numbers": NUMBERS, "bands": BANDS}

    @staticmethod
    def _pieces(shard: SignedShard) -> Mapping[str, AnyArray]:
        return {"signatures": shard.signatures, "keys": shard.keys, "digests": shard.digests}

    @staticmethod
    def _load(folder: Path) -> SignedShard:
        pieces, _ = read_folder(folder, mapped=True)
        return SignedShard(**pieces)

    @staticmethod
    def _join(before: SignedShard, after: SignedShard) -> SignedShard:
        return SignedShard.of(np.concatenate([before.signatures, after.signatures]))
