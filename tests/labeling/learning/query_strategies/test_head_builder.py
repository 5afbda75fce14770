"""The head is a fair, varied, explained order of distinct documents."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.learning.arrays.clustering import k_means
from labeling.learning.query_strategies.class_weights import weak_class_weights
from labeling.learning.query_strategies.head_builder import one_of_each_first, select_head
from labeling.learning.query_strategies.herding import herd
from labeling.learning.query_strategies.mix import HeadEntry, Mix, SelectionTargets, Share, Strategy
from labeling.learning.text.lsa import unit_rows
from labeling.learning.text.near_duplicates import Candidates
from tests.labeling.learning.pools import matching, pool
from tests.thorough import examples


@settings(max_examples=examples(60), deadline=None)
@given(
    count=st.integers(0, 120),
    n_classes=st.integers(1, 40),
    strategy=st.sampled_from(list(Strategy)),
    size=st.integers(1, 150),
    batch=st.integers(1, 30),
    focus=st.dictionaries(st.integers(0, 3), st.floats(0.01, 1), max_size=3),
    random_share=st.none() | st.floats(0, 1),
    is_multi=st.booleans(),
    is_of_spans=st.booleans(),
    seed=st.integers(0, 5),
)
def test_the_head_is_a_permutation_of_distinct_candidates_and_the_seed_decides_it(
    count, n_classes, strategy, size, batch, focus, random_share, is_multi, is_of_spans, seed
):
    scores, vectors = pool(count, n_classes)
    mix = None if random_share is None else replace(Mix.usual(n_classes), random=random_share)
    seeds = {0: matching(scores.positions[::7], rank=seed)} if is_multi else {}
    needs = {0: 0.3, n_classes - 1: 0.05}
    selection_targets = SelectionTargets(focus=focus, mix=mix, seeds=seeds, needs=needs if seed % 2 else {})

    def choose():
        return select_head(
            scores,
            vectors,
            n_classes,
            strategy=strategy,
            selection_targets=selection_targets,
            size=size,
            batch=batch,
            is_of_spans=is_of_spans,
            seed=seed,
        )

    head = choose()
    indices = [entry.position for entry in head]
    assert len(indices) == len(set(indices)) == min(size, count)
    assert set(indices) <= set(scores.positions.tolist())
    assert choose() == head


def test_the_first_twenty_are_already_the_mix():
    scores, vectors = pool(3_000, 5)
    shares = Counter(entry.share for entry in select_head(scores, vectors, 5, size=500)[:20])
    assert shares == {Share.RANDOM: 2, Share.MARGIN: 9, Share.WEAK_CLASS: 9}


@pytest.mark.parametrize(("n_classes", "expected"), [(5, 0.1), (40, 0.05)])
def test_the_random_share_is_uniform_and_knows_its_chance(n_classes, expected):
    scores, vectors = pool(1_000, n_classes)
    times = np.zeros(scores.positions.max() + 1)
    for seed in range(60):
        head = select_head(scores, vectors, n_classes, size=200, seed=seed)
        drawn = [entry for entry in head if entry.share is Share.RANDOM]
        assert len(drawn) == round(expected * 200)
        assert {entry.propensity for entry in drawn} == {len(drawn) / 1_000}
        assert all(entry.propensity is None for entry in head if entry.share is not Share.RANDOM)
        times[[entry.position for entry in drawn]] += 1
    certain = scores.margin < np.median(scores.margin)
    halves = times[scores.positions[certain]].sum() / times.sum()
    assert abs(halves - 0.5) < 0.1  # the model's opinion has no part in it


def test_the_margin_strategy_is_the_order_of_margins():
    scores, vectors = pool(300, 4)
    head = select_head(scores, vectors, 4, strategy=Strategy.MARGIN, size=50)
    expected = scores.positions[np.argsort(-scores.margin, kind="stable")[:50]]
    assert [entry.position for entry in head] == expected.tolist()


def test_the_disagreement_strategy_is_the_order_of_disagreement():
    scores, vectors = pool(300, 4)
    head = select_head(scores, vectors, 4, strategy=Strategy.DISAGREEMENT, size=50)
    expected = scores.positions[np.argsort(-scores.disagreement, kind="stable")[:50]]
    assert [entry.position for entry in head] == expected.tolist()


def test_a_weak_class_gets_more_of_the_head_and_the_entry_says_so():
    scores, vectors = pool(3_000, 4)
    weakness = weak_class_weights(np.array([0.95, 0.95, 0.95, 0.2]), np.array([90, 90, 90, 4]))
    head = select_head(scores, vectors, 4, selection_targets=SelectionTargets(weakness=weakness), size=200)
    asked = [entry for entry in head if entry.share is Share.WEAK_CLASS]
    counts = Counter(entry.label_class for entry in asked)
    assert counts[3] == max(counts.values())
    assert counts[3] <= np.ceil(0.4 * len(asked)) + 5
    assert all(entry.classes[0] == entry.label_class for entry in asked)


def test_a_managers_focus_comes_first_and_keeps_its_share():
    scores, vectors = pool(3_000, 4)
    head = select_head(scores, vectors, 4, selection_targets=SelectionTargets(focus={2: 0.5}), size=200)
    wanted = [entry for entry in head if entry.share is Share.FOCUS]
    assert len(wanted) == 100
    assert head[0].share is Share.FOCUS
    assert all(entry.label_class == 2 and 2 in entry.classes for entry in wanted)
    assert Counter(entry.share for entry in head[:20])[Share.FOCUS] == 10


def test_wishes_for_everything_leave_room_for_honest_evaluation():
    scores, vectors = pool(3_000, 4)
    head = select_head(
        scores, vectors, 4, selection_targets=SelectionTargets(focus={0: 1.0, 1: 1.0}), size=200
    )
    shares = Counter(entry.share for entry in head)
    assert shares[Share.FOCUS] == 160
    assert shares[Share.RANDOM] == 20


def test_a_focus_on_a_class_that_the_model_never_saw_gives_its_places_back():
    scores, vectors = pool(500, 4)
    head = select_head(scores, vectors, 6, selection_targets=SelectionTargets(focus={5: 0.5}), size=100)
    assert len(head) == 100
    assert Share.FOCUS not in {entry.share for entry in head}


def test_seed_words_get_a_tenth_of_every_block_and_say_which_they_are():
    scores, vectors = pool(3_000, 4)
    seeds = {3: matching(scores.positions[:400])}
    head = select_head(scores, vectors, 4, selection_targets=SelectionTargets(seeds=seeds), size=200)
    head_entries = [entry for entry in head if entry.share is Share.SEED_WORDS]
    assert len(head_entries) == 20
    assert Counter(entry.share for entry in head[:20])[Share.SEED_WORDS] == 2
    assert {(entry.label_class, entry.seed_words) for entry in head_entries} == {(3, ("refund",))}
    assert {entry.position for entry in head_entries} <= set(scores.positions[:400].tolist())


def test_classes_with_seed_words_share_their_tenth_and_few_matches_leave_the_rest_to_others():
    scores, vectors = pool(3_000, 4)
    seeds = {1: matching(scores.positions[:3]), 3: matching(scores.positions[500:900])}
    head = select_head(scores, vectors, 4, selection_targets=SelectionTargets(seeds=seeds), size=400)
    result = Counter(entry.label_class for entry in head if entry.share is Share.SEED_WORDS)
    assert result[1] <= 3
    assert 36 <= sum(result.values()) <= 40
    assert len(head) == 400


def test_seed_words_never_take_what_was_drawn_at_random():
    scores, vectors = pool(500, 3)
    plain = select_head(scores, vectors, 3, size=300, seed=4)
    seeded = select_head(
        scores,
        vectors,
        3,
        selection_targets=SelectionTargets(seeds={0: matching(scores.positions)}),
        size=300,
        seed=4,
    )

    def drawn(head):
        return {entry.position: entry.propensity for entry in head if entry.share is Share.RANDOM}

    assert drawn(plain) == drawn(seeded)


def test_a_mix_of_a_manager_is_what_the_head_holds():
    scores, vectors = pool(3_000, 4)
    mix = Mix(random=0.3, weak_class=0.5, second_opinion=0, seed_words=0)
    shares = Counter(
        entry.share
        for entry in select_head(scores, vectors, 4, selection_targets=SelectionTargets(mix=mix), size=200)
    )
    assert shares[Share.RANDOM] == 60
    assert abs(shares[Share.WEAK_CLASS] - 100) <= 4
    everything = Mix(random=1, weak_class=0, second_opinion=0, seed_words=0)
    head = select_head(scores, vectors, 4, selection_targets=SelectionTargets(mix=everything), size=200)
    assert {entry.share for entry in head} == {Share.RANDOM}


def test_the_margin_share_takes_different_documents():
    scores, _ = pool(400, 3)
    twins = unit_rows(np.eye(40)[np.arange(1_300) % 40] + 0.001)
    head = select_head(scores, lambda indices: twins[indices], 3, size=20)
    chosen = [entry.position % 40 for entry in head if entry.share is Share.MARGIN]
    assert len(set(chosen)) == len(chosen)


def test_k_means_finds_groups_that_are_there():
    rng = np.random.default_rng(0)
    centers = np.eye(4, dtype=np.float32) * 5
    truth = np.arange(200) % 4
    points = (centers[truth] + rng.normal(scale=0.1, size=(200, 4))).astype(np.float32)
    labels = k_means(points, 8, seed=1)
    assert all(len(set(truth[labels == group])) == 1 for group in set(labels.tolist()))


def test_herding_is_as_good_as_trying_every_candidate():
    rng = np.random.default_rng(0)
    points = unit_rows(rng.normal(size=(40, 5)))
    weights = rng.random(40).astype(np.float32)
    kernel = np.exp(4 * (points @ points.T - 1))
    covered, expected = np.zeros(40), []
    for _ in range(6):
        gains = [(np.maximum(row - covered, 0) @ weights) for row in kernel]
        gains = [-1 if i in expected else gain for i, gain in enumerate(gains)]
        expected.append(int(np.argmax(gains)))
        covered = np.maximum(covered, kernel[expected[-1]])
    assert herd(points, weights, points, None, 6).tolist() == expected


@settings(max_examples=examples(80), deadline=None)
@given(
    links=st.lists(st.integers(0, 40), min_size=1, max_size=40),
    closed=st.sets(st.integers(0, 39)),
    answered=st.lists(st.integers(0, 39), max_size=8),
    size=st.integers(1, 50),
    gap=st.integers(1, 3),
    seed=st.integers(0, 5),
)
def test_one_of_each_group_comes_before_the_others_and_nothing_is_lost(
    links, closed, answered, size, gap, seed
):
    """New groups, then those with an answer, then the rest; one group may be nearly the whole pool."""
    n = len(links)
    groups = np.array([min(link, row) for row, link in enumerate(links)])
    groups = groups[groups]  # the lowest of two that are linked
    groups = np.array([int(np.flatnonzero(groups == group)[0]) for group in groups])
    is_open = ~np.isin(np.arange(n), list(closed))
    labeled_groups = groups[[row for row in answered if row < n]].astype(np.int64)
    positions = gap * np.arange(n)
    likes = np.random.default_rng(seed).permutation(n)

    def choose(is_candidate, indices):
        rows = [row for row in likes.tolist() if is_candidate[row]][:indices]
        return [HeadEntry(int(positions[row]), Share.MARGIN) for row in rows]

    head = one_of_each_first(Candidates.of(groups, is_open, labeled_groups, positions), size, choose)
    rows = [entry.position // gap for entry in head]
    assert len(rows) == len(set(rows)) == min(size, int(is_open.sum()))
    assert is_open[rows].all()
    part = [
        2 if groups[row] in groups[rows[:index]] else int(groups[row] in labeled_groups)
        for index, row in enumerate(rows)
    ]
    assert part == sorted(part)
    new = set(groups[is_open].tolist()) - set(labeled_groups.tolist())
    assert part.count(0) == min(size, len(new))


def test_a_frequent_group_comes_as_early_as_its_documents_would():
    """Nine documents of ten say the same: at random, one of them is all but surely the first."""
    groups = np.array([0] * 90 + list(range(90, 100)))
    candidates = Candidates.of(groups, np.ones(100, dtype=bool), np.zeros(0, dtype=np.int64))
    firsts = Counter()
    for seed in range(40):
        rng = np.random.default_rng(seed)

        def choose(is_candidate, indices, rng=rng):
            rows = rng.permutation(np.flatnonzero(is_candidate))[:indices]
            return [HeadEntry(int(row), Share.RANDOM) for row in rows]

        head = one_of_each_first(candidates, 11, choose)
        firsts[int(groups[head[0].position])] += 1
        assert len({int(groups[entry.position]) for entry in head}) == 11
    assert firsts[0] > 25
