"""The head of a project of spans: doubt for a second of work, what classes need, and every strategy."""

from collections import Counter

import numpy as np
import pytest

from labeling.learning.query_strategies.annotation_cost import PER_TOKEN
from labeling.learning.query_strategies.head_builder import select_head
from labeling.learning.query_strategies.mix import SelectionTargets, Share, Strategy
from labeling.learning.query_strategies.span_pool_scores import changed_tags, pool_scores
from labeling.learning.sequence.crf import Sequences
from labeling.learning.sequence.crf_features import Describer
from labeling.learning.sequence.token_blocks import TokenBlock
from labeling.learning.text.lsa import unit_rows
from tests.labeling.learning.pools import matching

COUNT = 200


def said(tags=None):
    """A third of the documents hold spans of class 0, a third of class 1, a sixth of both: one surer."""
    rng = np.random.default_rng(3)
    surest = rng.integers(-1, 2, COUNT)
    second = np.where((surest >= 0) & (rng.random(COUNT) < 0.25), 1 - surest, -1)
    classes = np.stack([surest, second], axis=1).astype(np.int16)
    astype = np.where(classes >= 0, rng.uniform(0.4, 1, (COUNT, 2)), 0).astype(np.float32)
    counts = rng.integers(1, 40, COUNT)
    likelihoods = -rng.exponential(2, COUNT)
    return Sequences(likelihoods, counts, classes, astype, np.array(tags or [0], np.int16))


def head(strategy, size=60, seed=1, **selection_targets):
    vectors = unit_rows(np.random.default_rng(5).normal(size=(COUNT + 10, 8)))
    scores = pool_scores(np.arange(10, COUNT + 10), said(), PER_TOKEN)
    return scores, select_head(
        scores,
        lambda indices: vectors[indices],
        2,
        strategy=strategy,
        selection_targets=SelectionTargets(**selection_targets),
        is_of_spans=True,
        size=size,
        batch=20,
        labeled=np.arange(10),
        seed=seed,
    )


def held_by(scores):
    """The classes found in each document, by its position."""
    rows = zip(scores.positions.tolist(), scores.classes.tolist(), strict=True)
    return {index: set(row) - {-1} for index, row in rows}


@pytest.mark.parametrize("strategy", list(Strategy))
def test_a_head_holds_distinct_documents_of_the_pool(strategy):
    scores, entries = head(strategy)
    indices = [entry.position for entry in entries]
    assert len(set(indices)) == len(indices) == 60
    assert set(indices) <= set(scores.positions.tolist())


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
    rest = sorted((index for index in doubt if index not in drawn), key=lambda index: -doubt[index])
    assert [entry.position for entry in entries if entry.share is Share.MARGIN] == rest[:54]


@pytest.mark.parametrize("size", [20, 60])
def test_needs_get_their_share_of_documents_that_hold_the_class(size):
    scores, entries = head(Strategy.DEFAULT, size=size, needs={0: 0.3, 1: 0.1})
    needed = [entry for entry in entries if entry.share is Share.WEAK_CLASS]
    counts = Counter(entry.label_class for entry in needed)
    assert counts[0] == pytest.approx(0.3 * size, abs=1)
    assert counts[1] == pytest.approx(0.1 * size, abs=1)
    held = held_by(scores)
    assert all(entry.label_class in held[entry.position] for entry in needed)
    assert sum(entry.share is Share.RANDOM for entry in entries) == round(0.1 * size)
    assert {entry.share for entry in entries} == {Share.RANDOM, Share.WEAK_CLASS, Share.MARGIN}


def test_a_need_is_served_by_the_most_doubtful_documents_that_hold_the_class():
    scores, entries = head(Strategy.DEFAULT, needs={1: 0.2})
    others = {entry.position for entry in entries if entry.share is not Share.WEAK_CLASS}
    held, doubt = held_by(scores), dict(zip(scores.positions.tolist(), scores.margin.tolist(), strict=True))
    served = [entry.position for entry in entries if entry.share is Share.WEAK_CLASS]
    left = [index for index in sorted(doubt, key=lambda n: -doubt[n]) if 1 in held[index]]
    assert served == [index for index in left if index not in others][: len(served)]
    is_second = scores.classes[:, 1] == 1
    assert set(served) & set(scores.positions[is_second].tolist())  # less sure than of another class


def test_without_needs_nothing_is_asked_of_a_class():
    assert not any(entry.label_class is not None for entry in head(Strategy.DEFAULT)[1])


@pytest.mark.parametrize("strategy", sorted(set(Strategy) - {Strategy.RANDOM}))
def test_a_focus_reaches_the_head_whatever_the_strategy(strategy):
    scores, entries = head(strategy, focus={1: 0.3})
    focused = [entry for entry in entries if entry.share is Share.FOCUS]
    assert len(focused) == pytest.approx(18, abs=2)
    held = held_by(scores)
    assert all(entry.label_class == 1 and 1 in held[entry.position] for entry in focused)


def test_seed_words_find_documents_of_spans_too():
    _, entries = head(Strategy.DEFAULT, seeds={0: matching(np.arange(50, 70))})
    seeded = [entry for entry in entries if entry.share is Share.SEED_WORDS]
    assert len(seeded) == 6
    assert {entry.position for entry in seeded} <= set(range(50, 70))


def test_a_whole_pool_can_be_the_head():
    assert sorted(entry.position for entry in head(Strategy.DEFAULT, size=10_000)[1]) == list(range(10, 210))


def test_changed_tags_are_counted_by_document():
    block = TokenBlock.of_texts(["one two", "", "three"], Describer())
    before, after = said([0, -1, 2]), said([0, 1, 3])
    assert changed_tags(block, after, before).tolist() == [1, 0, 1]
    assert changed_tags(block, after, after).tolist() == [0, 0, 0]
