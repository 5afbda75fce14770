"""A class in need has its share of the head, from the first place on and within limits."""

from collections import Counter

import numpy as np
import pytest

from labeling.learning.query_strategies.head_builder import select_head
from labeling.learning.query_strategies.mix import MAX_NEEDS_SHARE, SelectionTargets, Share, rare_classes
from tests.labeling.learning.pools import pool


def needy(needs, size=400, batch=20, weakness=None, **selection_targets):
    """Heads over six classes: how often each class in need was served, in the first blocks and in all."""
    scores, vectors = pool(4_000, 6)
    weakness = np.zeros(6) if weakness is None else weakness
    selection_targets = SelectionTargets(needs=needs, weakness=weakness, **selection_targets)
    return select_head(scores, vectors, 6, selection_targets=selection_targets, size=size, batch=batch)


def served(head):
    return Counter(e.label_class for e in head if e.share is Share.WEAK_CLASS)


def test_a_need_gets_its_share_from_the_beginning_of_the_head():
    head = needy({2: 0.3, 4: 0.1})
    for length in (20, 60, 140, 400):
        result = served(head[:length])
        assert result[2] == pytest.approx(0.3 * length, abs=1.5)
        assert result[4] == pytest.approx(0.1 * length, abs=1.5)
        assert set(result) <= {2, 4}
    assert all(e.label_class in e.classes for e in head if e.share is Share.WEAK_CLASS)


def test_a_small_need_has_its_turn_in_the_first_places_now_and_then():
    """A queue that is ranked again every twenty labels never gets to the places behind them."""
    scores, vectors = pool(1_000, 6)
    selection_targets = SelectionTargets(needs={1: 0.02}, weakness=np.zeros(6))
    heads = [
        select_head(scores, vectors, 6, selection_targets=selection_targets, size=20, seed=seed)
        for seed in range(60)
    ]
    assert 0.2 <= np.mean([served(head)[1] for head in heads]) <= 0.7  # 0.4 on average


def test_however_much_is_needed_doubt_and_random_documents_keep_their_places():
    head = needy(dict.fromkeys(range(6), 0.9))
    shares = Counter(e.share for e in head)
    assert shares[Share.RANDOM] == 40
    assert shares[Share.MARGIN] >= 0.25 * len(head)
    first = Counter(e.share for e in head[:20])
    assert first[Share.RANDOM] == 2
    assert first[Share.MARGIN] >= 5


def test_the_engine_s_own_quota_fills_what_needs_by_hand_leave_of_its_part():
    even = np.array([0.0, 0.2, 0.2, 0.2, 0.2, 0.2])
    head = needy({0: 0.1}, weakness=even)
    result = served(head)
    assert result[0] == pytest.approx(40, abs=2)
    assert sum(result.values()) == pytest.approx(0.45 * 400, abs=8)
    assert min(result.values()) > 20


def test_a_class_with_few_labels_gets_its_likeliest_documents_different_from_each_other():
    scores, vectors = pool(4_000, 6)
    probabilities = np.where(scores.classes == 2, scores.probabilities, 0).max(axis=1)
    least = np.sort(probabilities)[-2 * 4 * 6 : -4 * 6][0]  # the draw at random may have taken some
    selection_targets = SelectionTargets(
        needs={2: 0.3, 4: 0.1}, target_classes=frozenset({2, 5}), weakness=np.zeros(6)
    )
    head = select_head(scores, vectors, 6, selection_targets=selection_targets, size=20)
    sought = [e for e in head if e.is_rare_class]
    assert {e.label_class for e in sought} == {2}
    assert len(sought) == pytest.approx(6, abs=1)
    result = probabilities[np.searchsorted(scores.positions, [e.position for e in sought])]
    assert result.min() >= least
    assert all(e.cluster_size for e in sought)
    assert served(head)[4] in (1, 2, 3)


def test_few_is_fewer_than_fifteen():
    assert rare_classes(np.array([14, 15])) == frozenset({0})


def test_a_class_that_nothing_looks_like_leaves_its_places_to_the_others():
    scores, vectors = pool(300, 6)
    kept = scores.keep((scores.classes != 3).all(axis=1))
    for sought in (frozenset(), frozenset({3})):
        selection_targets = SelectionTargets(needs={3: 0.3}, target_classes=sought, weakness=np.zeros(6))
        head = select_head(kept, vectors, 6, selection_targets=selection_targets, size=60)
        assert len(head) == 60
        assert not served(head)
    assert MAX_NEEDS_SHARE < 1
