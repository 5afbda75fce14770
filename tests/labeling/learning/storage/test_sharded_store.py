"""What every sharded store does: rows in the order of positions, in shards that never change once full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.learning.arrays.atomic_folder import read_folder
from labeling.learning.arrays.sharded_store import GapInStore, ShardedStore
from labeling.learning.arrays.types import AnyArray
from labeling.learning.storage.embedding_store import EmbeddingStore
from labeling.learning.storage.feature_store import FeatureStore
from labeling.learning.storage.token_store import TokenStore
from labeling.learning.text.signature_store import SignatureStore


@dataclass(frozen=True)
class LengthStore(ShardedStore[AnyArray]):
    """The smallest store there can be: the length of each text."""

    @classmethod
    def open(cls, root: Path, shard_rows: int) -> Self:
        return cls._open(root, shard_rows)

    def append(self, first: int, texts: Sequence[str]) -> Self:
        return self._append(first, texts, lambda part: np.array([len(text) for text in part]))

    def all(self) -> list[int]:
        return [int(n) for number in range(self.n_shards) for n in self.stored(number)]

    @staticmethod
    def _load(folder: Path) -> AnyArray:
        return read_folder(folder, mapped=True)[0]["lengths"]

    @staticmethod
    def _join(before: AnyArray, after: AnyArray) -> AnyArray:
        return np.concatenate([before, after])

    @staticmethod
    def _pieces(shard: AnyArray) -> Mapping[str, AnyArray]:
        return {"lengths": shard}

    def _metadata(self) -> Mapping[str, Any]:
        return {}


@given(parts=st.lists(st.integers(0, 9), max_size=6))
def test_rows_in_parts_are_the_rows_at_once_and_full_shards_stay(tmp_path_factory, parts: list[int]) -> None:
    store = LengthStore.open(tmp_path_factory.mktemp("store"), 4)
    expected: list[int] = []
    for part in parts:
        full = store.full
        lengths = list(range(len(expected), len(expected) + part))
        store = store.append(len(expected), ["x" * length for length in lengths])
        expected += lengths
        assert store.full[: len(full)] == full
    assert store.all() == LengthStore.open(store.root, 4).all() == expected
    assert len(store) == len(expected)


def test_rows_that_are_there_are_left_alone_and_a_gap_is_refused(tmp_path: Path) -> None:
    store = LengthStore.open(tmp_path, 4).append(0, ["a", "bb"])
    assert store.append(1, ["changed", "ccc"]).all() == [1, 2, 3]
    with pytest.raises(GapInStore, match="ends at position 2"):
        store.append(3, ["x"])


def test_each_position_is_found_in_its_shard_whatever_the_order() -> None:
    store = LengthStore(Path(), (Path(), Path()), None, 4)
    positions = np.array([7, 0, 3, 6])
    found = {number: positions[members].tolist() for number, members in store.by_shard(positions)}
    assert found == {0: [0, 3], 1: [7, 6]}
    assert list(store.by_shard(positions[:0])) == []


def test_features_tokens_and_signatures_are_sharded_and_embeddings_are_rows_in_place() -> None:
    assert all(issubclass(store, ShardedStore) for store in (FeatureStore, TokenStore, SignatureStore))
    assert not issubclass(EmbeddingStore, ShardedStore)  # its rows come in any order
