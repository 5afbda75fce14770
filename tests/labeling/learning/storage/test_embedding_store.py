"""The store of embeddings never shows a vector that is not the right one, whatever is killed."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.learning.arrays.sharded_store import SHARD_ROWS
from labeling.learning.storage.embedding_store import (
    PRESENT,
    SCALE,
    VECTORS,
    EmbeddingStore,
    OtherEmbeddings,
    quantized,
)
from tests.thorough import examples

WIDTH = 8


def vectors_of(positions, width=WIDTH):
    """The right vector of a position, the same in every process."""
    rows = [np.random.default_rng(int(position)).normal(size=width) for position in positions]
    reshape = np.array(rows, dtype=np.float32).reshape(-1, width)
    return reshape / np.linalg.norm(reshape, axis=1, keepdims=True).clip(1e-9)


def stored(positions, width=WIDTH):
    return quantized(vectors_of(positions, width)) * SCALE


@settings(max_examples=examples(40), deadline=None)
@given(
    parts=st.lists(st.lists(st.integers(0, 200), unique=True, max_size=30), max_size=5),
    asked=st.lists(st.integers(0, 300), max_size=30),
)
def test_rows_come_back_in_any_order_however_they_were_written(parts, asked, tmp_path_factory):
    store = EmbeddingStore.create(tmp_path_factory.mktemp("e") / "s", "model-1", WIDTH)
    for part in parts:
        store = store.write(np.array(part, dtype=np.int64), vectors_of(part))
    written = set().union(*parts)
    reopened = EmbeddingStore.open(store.root)
    assert len(store) == len(reopened) == len(written)
    assert set(np.flatnonzero(reopened.present(250))) == written
    result, flags = reopened.take(np.array(asked, dtype=np.int64))
    assert flags.tolist() == [position in written for position in asked]
    assert np.array_equal(result, np.where(flags[:, None], stored(asked), 0).astype(np.float32))
    assert np.array_equal(reopened.between(0, 260) * SCALE, reopened.take(np.arange(260))[0])


def test_the_rows_between_two_positions_come_as_they_are_stored(tmp_path):
    positions = np.array([0, SHARD_ROWS - 1, SHARD_ROWS, SHARD_ROWS + 5])
    store = EmbeddingStore.create(tmp_path / "s", "model-1", WIDTH).write(positions, vectors_of(positions))
    rows = store.between(SHARD_ROWS, 6)
    assert rows.any(axis=1).tolist() == [True, False, False, False, False, True]
    assert np.array_equal(rows[[0, 5]] * SCALE, stored(positions[2:]))
    nothing = store.between(7 * SHARD_ROWS, 3)
    assert nothing.shape == (3, WIDTH)
    assert not nothing.any()


def test_a_row_that_counts_is_left_as_it_is(tmp_path):
    store = EmbeddingStore.create(tmp_path / "s", "model-1", WIDTH).write(np.array([3]), vectors_of([3]))
    store = store.write(np.array([3, 4]), vectors_of([8, 4]))
    assert np.array_equal(store.take(np.array([3, 4]))[0], stored([3, 4]))


def test_a_store_shows_the_moment_at_which_it_was_opened(tmp_path):
    before = EmbeddingStore.create(tmp_path / "s", "model-1", WIDTH)
    after = before.write(np.array([2]), vectors_of([2]))
    assert (len(before), len(after)) == (0, 1)
    assert not before.take(np.array([2]))[1].any()


def test_another_model_needs_another_folder(tmp_path):
    EmbeddingStore.create(tmp_path / "s", "model-1", WIDTH)
    assert len(EmbeddingStore.create(tmp_path / "s", "model-1", WIDTH)) == 0
    with pytest.raises(OtherEmbeddings):
        EmbeddingStore.create(tmp_path / "s", "model-2", WIDTH)


def test_what_was_never_created_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError):
        EmbeddingStore.open(tmp_path / "s")


def test_a_position_below_zero_is_refused(tmp_path):
    with pytest.raises(IndexError):
        EmbeddingStore.create(tmp_path / "s", "model-1", WIDTH).write(np.array([-1]), vectors_of([1]))


def test_rows_whose_vectors_were_cut_off_do_not_count(tmp_path):
    store = EmbeddingStore.create(tmp_path / "s", "model-1", WIDTH)
    store.write(np.arange(10), vectors_of(range(10)))
    os.truncate(store.root / VECTORS, 7 * WIDTH + 3)
    assert np.flatnonzero(EmbeddingStore.open(store.root).flags).tolist() == list(range(7))


def test_a_vector_without_its_byte_does_not_count(tmp_path):
    store = EmbeddingStore.create(tmp_path / "s", "model-1", WIDTH)
    store.write(np.arange(4), vectors_of(range(4)))
    (store.root / PRESENT).write_bytes(bytes([1, 0, 1, 7]))
    assert np.flatnonzero(EmbeddingStore.open(store.root).flags).tolist() == [0, 2]


def test_one_byte_a_number_keeps_the_direction():
    rows = vectors_of(range(500), 384)
    kept = stored(range(500), 384)
    cosine = np.sum(rows * kept, axis=1) / np.linalg.norm(kept, axis=1)
    assert cosine.min() > 0.9998
    assert np.abs(np.linalg.norm(kept, axis=1) - 1).max() < 0.004


WRITER = """
import sys
import numpy as np
from pathlib import Path
from labeling.learning.storage.embedding_store import EmbeddingStore

def vectors_of(positions):
    found = np.array([np.random.default_rng(int(p)).normal(size=384) for p in positions], dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)

store = EmbeddingStore.create(Path(sys.argv[1]), "model-1")
rng = np.random.default_rng(int(sys.argv[2]))
print("begun", flush=True)
while True:
    positions = rng.choice(4_000, size=64, replace=False)
    store = store.write(positions, vectors_of(positions))
"""


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_no_row_that_counts_and_is_wrong(tmp_path):
    for attempt in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "s"), str(attempt)], stdout=subprocess.PIPE
        )
        assert writer.stdout
        assert writer.stdout.readline() == b"begun\n"
        time.sleep(0.1 + 0.03 * attempt)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        store = EmbeddingStore.open(tmp_path / "s")
        positions = np.flatnonzero(store.flags)
        assert np.array_equal(store.take(positions)[0], stored(positions, 384))
    assert len(positions) > 64
