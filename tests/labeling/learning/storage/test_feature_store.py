"""The feature store keeps every row, whatever is killed."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.learning.arrays import atomic_folder
from labeling.learning.arrays import atomic_folder as shards
from labeling.learning.arrays.sharded_store import GapInStore
from labeling.learning.storage.feature_store import FeatureStore, OtherFeatures
from labeling.learning.text.rows import DENSE_SCALE
from labeling.learning.text.tfidf import Featurizer
from tests.thorough import examples


def assert_holds(store: FeatureStore, rows, count: int) -> None:
    assert len(store) == count
    taken = store.take(np.arange(count))
    assert (taken.sparse != rows.sparse[:count]).nnz == 0
    assert np.abs(taken.dense - rows.dense[:count]).max(initial=0) <= DENSE_SCALE / 2 + 1e-6  # eight bits


@settings(max_examples=examples(20), deadline=None)
@given(sizes=st.lists(st.integers(0, 90), max_size=8), seed=st.integers(0, 99))
def test_rows_come_back_in_any_order_however_they_were_added(
    sizes, seed, texts, featurizer, rows, tmp_path_factory
):
    held = FeatureStore.create(tmp_path_factory.mktemp("s"), featurizer, shard_rows=32)
    for size in sizes:
        held = held.append(len(held), texts[len(held) : len(held) + size])
    count = min(sum(sizes), len(texts))
    assert_holds(FeatureStore.open(held.root), rows, count)
    order = np.random.default_rng(seed).integers(max(count, 1), size=count)
    taken = held.take(order)
    assert (taken.sparse != rows.sparse[order]).nnz == 0
    assert np.array_equal(taken.dense, held.dense(order))
    assert [first for first, _ in held.shards()] == list(range(0, count, 32))


def test_a_full_shard_is_never_written_again(texts, featurizer, tmp_path):
    held = FeatureStore.create(tmp_path, featurizer, shard_rows=32).append(0, texts[:40])
    before = {path: path.stat().st_mtime_ns for path in held.full[0].iterdir()}
    held.append(40, texts[40:100])
    assert {path: path.stat().st_mtime_ns for path in held.full[0].iterdir()} == before


def test_adding_the_same_documents_again_changes_nothing(texts, featurizer, rows, tmp_path):
    held = FeatureStore.create(tmp_path, featurizer, shard_rows=32).append(0, texts[:50])
    held = held.append(10, texts[10:70])
    assert_holds(held.append(0, texts[:50]), rows, 70)


def test_a_gap_is_refused(texts, featurizer, tmp_path):
    held = FeatureStore.create(tmp_path, featurizer).append(0, texts[:5])
    with pytest.raises(GapInStore):
        held.append(6, texts[6:8])


@pytest.mark.parametrize("position", [-1, 5])
def test_a_position_that_is_not_there_is_refused(position, texts, featurizer, tmp_path):
    held = FeatureStore.create(tmp_path, featurizer).append(0, texts[:5])
    with pytest.raises(IndexError):
        held.take(np.array([position]))


def test_a_store_belongs_to_one_featurizer(texts, featurizer, tmp_path):
    FeatureStore.create(tmp_path, featurizer)
    with pytest.raises(OtherFeatures):
        FeatureStore.create(tmp_path, Featurizer.learn(texts[:30]))


def test_a_reader_keeps_its_rows_while_the_store_grows(texts, featurizer, rows, tmp_path):
    reader = FeatureStore.create(tmp_path, featurizer, shard_rows=32).append(0, texts[:40])
    FeatureStore.open(tmp_path).append(40, texts[40:200])
    assert_holds(reader, rows, 40)


class Killed(BaseException):
    """Stands for kill -9: nothing may catch it."""


def test_a_crash_between_any_two_writes_loses_and_invents_nothing(
    texts, featurizer, rows, tmp_path, monkeypatch
):
    """Every system call that changes the disk is, in turn, the last one that happens."""
    steps = 0
    limit = 1
    real = {
        "fsync": os.fsync,
        "mkdir": Path.mkdir,
        "rename": Path.rename,
        "rmtree": atomic_folder.shutil.rmtree,
    }

    def dying(name):
        def call(*args, **kwargs):
            nonlocal steps
            steps += 1
            if steps > limit:
                raise Killed
            return real[name](*args, **kwargs)

        return call

    finished = False
    while not finished:
        root = tmp_path / str(limit)
        FeatureStore.create(root, featurizer, shard_rows=32).append(0, texts[:40])
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", dying("fsync"))
            patch.setattr(Path, "mkdir", dying("mkdir"))
            patch.setattr(Path, "rename", dying("rename"))
            patch.setattr(atomic_folder.shutil, "rmtree", dying("rmtree"))
            patch.setattr(shards.shutil, "rmtree", dying("rmtree"))
            steps = 0
            try:
                FeatureStore.open(root).append(40, texts[40:80])
                finished = True
            except Killed:
                finished = False
        store = FeatureStore.open(root)
        assert len(store) in (40, 64, 80)
        assert_holds(store, rows, len(store))
        assert_holds(store.append(40, texts[40:120]), rows, 120)
        assert not list(root.glob(".writing-*"))
        limit += 1
    assert limit > 15


def test_a_store_whose_creation_was_cut_short_is_created_again(texts, featurizer, tmp_path):
    featurizer.save(tmp_path / "featurizer")
    with pytest.raises(FileNotFoundError):
        FeatureStore.open(tmp_path)
    assert len(FeatureStore.create(tmp_path, featurizer).append(0, texts[:3])) == 3


# reliability J4
def test_nothing_on_disk_needs_pickle(texts, featurizer, tmp_path):
    FeatureStore.create(tmp_path, featurizer).append(0, texts[:9])
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".npy", ".json"}
    for path in tmp_path.rglob("*.npy"):
        np.load(path, allow_pickle=False)


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_shard_that_was_lost_ends_the_store_and_is_made_again(lost, texts, featurizer, rows, tmp_path):
    FeatureStore.create(tmp_path, featurizer, shard_rows=32).append(0, texts[:110])
    next(tmp_path.glob(f"shard-{lost:06d}-*")).rename(tmp_path / "away")
    store = FeatureStore.open(tmp_path)
    assert_holds(store, rows, 32 * lost)
    store = store.append(32 * lost, texts[32 * lost : 32 * lost + 10])  # half a shard: still no gap is passed
    assert_holds(FeatureStore.open(tmp_path), rows, 32 * lost + 10)
    assert_holds(store.append(len(store), texts[len(store) : 110]), rows, 110)
    assert_holds(FeatureStore.open(tmp_path), rows, 110)


def test_without_its_featurizer_a_store_is_lost(texts, featurizer, tmp_path):
    FeatureStore.create(tmp_path, featurizer).append(0, texts[:5])
    (tmp_path / "featurizer").rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError):
        FeatureStore.open(tmp_path)


def test_half_a_last_shard_is_no_shard(texts, featurizer, tmp_path):
    held = FeatureStore.create(tmp_path, featurizer).append(0, texts[:5])
    assert held.partial is not None
    (next(tmp_path.glob("shard-*")) / atomic_folder.METADATA_FILE).unlink()
    with pytest.raises(FileNotFoundError):
        FeatureStore.open(tmp_path)
