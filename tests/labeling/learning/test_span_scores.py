"""The head of a project of spans: doubt for a second of work, a random share, and every strategy."""

import numpy as np
import pytest

from labeling.learning.cost import PER_TOKEN
from labeling.learning.crf import Sequences
from labeling.learning.crf_features import Describer
from labeling.learning.lsa import unit_rows
from labeling.learning.mix import Share, Strategy, Wishes
from labeling.learning.span_scores import changed_tags, pool_scores, select_span_head
from labeling.learning.token_blocks import TokenBlock

COUNT = 200


def said(tags=None):
    rng = np.random.default_rng(3)
    classes = rng.integers(-1, 2, (COUNT, 2)).astype(np.int16)
    counts = rng.integers(1, 40, COUNT)
    likelihoods = -rng.exponential(2, COUNT)
    found = np.zeros((COUNT, 2), np.float32)
    return Sequences(likelihoods, counts, classes, found, np.array(tags or [0], np.int16))


def head(strategy, size=60, seed=1):
    vectors = unit_rows(np.random.default_rng(5).normal(size=(COUNT + 10, 8)))
    scores = pool_scores(np.arange(10, COUNT + 10), said(), PER_TOKEN)
    return scores, select_span_head(
        scores,
        lambda places: vectors[places],
        2,
        strategy=strategy,
        wishes=Wishes(),
        size=size,
        batch=20,
        labelled=np.arange(10),
        seed=seed,
    )


@pytest.mark.parametrize("strategy", list(Strategy))
def test_a_head_holds_distinct_documents_of_the_pool(strategy):
    scores, entries = head(strategy)
    places = [entry.position for entry in entries]
    assert len(set(places)) == len(places) == 60
    assert set(places) <= set(scores.positions.tolist())


def test_one_seed_gives_one_head():
    assert head(Strategy.DEFAULT)[1] == head(Strategy.DEFAULT)[1]
    assert head(Strategy.DEFAULT)[1] != head(Strategy.DEFAULT, seed=2)[1]


def test_a_tenth_is_drawn_at_random_with_its_true_chance():
    _, entries = head(Strategy.DEFAULT)
    drawn = [entry for entry in entries if entry.share is Share.RANDOM]
    assert len(drawn) == 6
    assert {entry.propensity for entry in drawn} == {6 / COUNT}


def test_what_is_not_drawn_is_the_most_doubtful_of_the_rest():
    scores, entries = head(Strategy.DEFAULT)
    drawn = {entry.position for entry in entries if entry.share is Share.RANDOM}
    doubt = dict(zip(scores.positions.tolist(), scores.margin.tolist(), strict=True))
    rest = sorted((place for place in doubt if place not in drawn), key=lambda place: -doubt[place])
    assert [entry.position for entry in entries if entry.share is Share.MARGIN] == rest[:54]


def test_a_whole_pool_can_be_the_head():
    assert sorted(entry.position for entry in head(Strategy.DEFAULT, size=10_000)[1]) == list(range(10, 210))


def test_changed_tags_are_counted_by_document():
    block = TokenBlock.of_texts(["one two", "", "three"], Describer())
    before, after = said([0, -1, 2]), said([0, 1, 3])
    assert changed_tags(block, after, before).tolist() == [1, 0, 1]
    assert changed_tags(block, after, after).tolist() == [0, 0, 0]
