"""Before any model the first documents are typical, varied, or hold seed words."""

import numpy as np
import pytest

from labeling.learning.query_strategies.cold_start import start_head
from labeling.learning.query_strategies.mix import Share
from labeling.learning.text.lsa import unit_rows
from tests.labeling.learning.pools import matching


@pytest.mark.parametrize("count", [0, 1, 2, 50, 3_000])
def test_a_cold_start_orders_any_pool(count):
    vectors = unit_rows(np.random.default_rng(0).normal(size=(count + 1, 6)))
    head = start_head(np.arange(count), lambda indices: vectors[indices], size=100)
    positions = [entry.position for entry in head]
    assert len(positions) == len(set(positions)) == min(count, 100)
    assert start_head(np.arange(count), lambda indices: vectors[indices], size=100) == head


def test_a_cold_start_shows_every_kind_of_document_early(rows, labels):
    head = start_head(np.arange(len(rows)), lambda indices: rows.dense[indices], size=50, batch=9)
    first = [int(labels[entry.position]) for entry in head[:9]]
    assert set(first) == {0, 1, 2}
    assert head[0].share is Share.COLD_START


def test_before_any_model_seed_words_bring_their_documents_early():
    vectors = unit_rows(np.random.default_rng(0).normal(size=(500, 6)))
    seeds = {2: matching(np.arange(100, 140))}
    head = start_head(np.arange(500), lambda indices: vectors[indices], size=200, seeds=seeds, seed_share=0.1)
    rows = [index for index, entry in enumerate(head) if entry.share is Share.SEED_WORDS]
    assert rows[:3] == [5, 15, 25]
    assert len(rows) == 20
    positions = [entry.position for entry in head]
    assert len(positions) == len(set(positions)) == 200


def test_documents_without_known_words_come_last():
    vectors = np.zeros((60, 4), dtype=np.float32)
    vectors[:40, 0] = 1
    head = start_head(np.arange(60), lambda indices: vectors[indices], size=60)
    assert {entry.position for entry in head[40:]} == set(range(40, 60))
