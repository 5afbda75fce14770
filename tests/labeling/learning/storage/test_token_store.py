"""Tokens of documents stay at their places, whatever is killed while they are written."""

import numpy as np
import pytest

from labeling.learning.arrays.sharded_store import GapInStore
from labeling.learning.sequence.crf_features import Describer
from labeling.learning.sequence.token_blocks import TokenBlock
from labeling.learning.storage.token_store import TokenStore
from labeling.learning.text.word_clusters import WordClusters

TEXTS = [f"word{n} stands\nbeside {n} others" for n in range(23)]


def store_of(tmp_path, steps, size=8):
    describer = Describer()
    store = TokenStore.create(tmp_path, WordClusters(), shard_rows=size)
    for start in range(0, len(TEXTS), steps):
        store = store.append(start, TEXTS[start : start + steps], describer)
    return store


@pytest.mark.parametrize("steps", [1, 5, 8, 23])
def test_a_store_holds_the_same_however_it_grew(tmp_path, steps):
    store = TokenStore.open(store_of(tmp_path, steps).root)
    assert len(store) == len(TEXTS)
    whole = TokenBlock.of_texts(TEXTS, Describer())
    for first, block in store.blocks():
        behind = first + len(block)
        assert block.token_counts.tolist() == whole.token_counts[first:behind].tolist()
        tokens = whole.segments[whole.documents[first]], whole.segments[whole.documents[behind]]
        assert np.array_equal(block.names[block.words], whole.names[whole.words[slice(*tokens)]])
    assert [first for first, _ in store.blocks()] == [0, 8, 16]


def test_appending_again_changes_nothing(tmp_path):
    store = store_of(tmp_path, 23)
    assert len(store.append(0, TEXTS, Describer())) == len(TEXTS)
    assert len(store.append(20, [*TEXTS[20:], "one more"], Describer())) == len(TEXTS) + 1


def test_a_gap_is_refused(tmp_path):
    with pytest.raises(GapInStore):
        store_of(tmp_path, 23).append(24, ["later"], Describer())


def test_a_reader_keeps_what_it_opened(tmp_path):
    store = store_of(tmp_path, 23)
    opened = TokenStore.open(tmp_path)
    store.append(23, ["another text"], Describer())
    assert [len(block) for _, block in opened.blocks()] == [8, 8, 7]


def test_half_a_block_is_not_seen_and_is_swept_away(tmp_path):
    store = store_of(tmp_path, 23)
    (tmp_path / ".writing-dead").mkdir()
    assert len(TokenStore.open(tmp_path)) == len(TEXTS)
    store.append(23, ["one more"], Describer())
    assert not list(tmp_path.glob(".writing-*"))


def test_a_store_that_was_never_made_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        TokenStore.open(tmp_path)
