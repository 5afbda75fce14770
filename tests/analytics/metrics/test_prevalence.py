"""Does the estimated share of a class hold what it promises, although labels were chosen?"""

from __future__ import annotations

import numpy as np
import pytest

from analytics.metrics.measures import undefined
from analytics.metrics.prevalence import (
    NOTHING_LEFT,
    NOTHING_SAMPLED,
    positives_sampled_in_turn,
    prevalence,
    unlabeled_prevalence,
)

SHARES = np.array([0.55, 0.3, 0.1, 0.05])
N_TRIALS = 300


def labeled(random, population: int, n_test: int, n_chosen: int, n_sampled: int):
    """Documents in the order of their labels: a test set; then some at random among rare classes sought."""
    truth = random.choice(len(SHARES), population, p=SHARES)
    rest = np.arange(n_test, population)  # the first documents are a random sample: the test set
    waits = random.exponential(size=len(rest)) / np.where(truth[rest] >= 2, 12.0, 1.0)
    sought, at_random = iter(rest[np.argsort(waits)]), iter(random.permutation(rest))
    order, is_sampled, taken = list(range(n_test)), [True] * n_test, set()
    for turn in random.permutation(n_chosen + n_sampled):
        is_sampled.append(turn >= n_chosen)
        order.append(next(d for d in (at_random if is_sampled[-1] else sought) if d not in taken))
        taken.add(order[-1])
    return truth, np.array(order), np.array(is_sampled)


@pytest.mark.parametrize(
    ("population", "n_test", "n_chosen", "n_sampled"),
    [(600, 60, 90, 30), (300, 60, 60, 60), (900, 0, 60, 90)],
)
def test_intervals_of_the_unlabeled_share_cover_the_truth_as_often_as_promised(
    population, n_test, n_chosen, n_sampled
):
    random = np.random.default_rng(7)
    held = []
    for _ in range(N_TRIALS):
        truth, order, is_sampled = labeled(random, population, n_test, n_chosen, n_sampled)
        indices = truth[order]
        positives = positives_sampled_in_turn(
            np.arange(len(order)), indices, is_sampled, n_classes=len(SHARES), population=population
        )
        left = np.ones(population, dtype=bool)
        left[order] = False
        for index in range(len(SHARES)):
            whole = prevalence(positives[index], int(is_sampled.sum()), population)
            rest = unlabeled_prevalence(whole, population, len(order), int((indices == index).sum()))
            true_share = (truth[left] == index).mean()
            held.append(rest.interval.low - 1e-9 <= true_share <= rest.interval.high + 1e-9)
    assert 0.93 <= np.mean(held) <= 0.985  # draws in turn know more than is claimed for them


def test_draws_from_the_rest_are_unbiased_for_the_whole():
    random = np.random.default_rng(2)
    rows = []
    for _ in range(N_TRIALS):
        truth, order, is_sampled = labeled(random, 300, 0, 100, 50)
        documents = np.arange(len(order))
        positives = positives_sampled_in_turn(
            documents, truth[order], is_sampled, n_classes=len(SHARES), population=300
        )
        rows.append(positives / 50 - np.bincount(truth, minlength=len(SHARES)) / 300)
    assert np.mean(rows, axis=0) == pytest.approx(np.zeros(len(SHARES)), abs=0.015)


def test_a_document_may_have_several_classes_or_none():
    documents, indices = np.array([0, 0, 2]), np.array([0, 1, 1])
    positives = positives_sampled_in_turn(documents, indices, np.ones(3, bool), n_classes=2, population=10)
    assert positives == pytest.approx([1, 2])
    positives = positives_sampled_in_turn(
        documents, indices, np.array([0, 1, 1], bool), n_classes=2, population=10
    )
    assert positives == pytest.approx([(1 + 1) / 10, (1 + 1 + 9) / 10])


def test_all_drawn_leaves_no_doubt_and_none_drawn_no_number():
    everything = prevalence(3, 10, 10)
    assert (everything.value, everything.interval.width) == (0.3, 0.0)
    assert prevalence(0, 0, 10) == undefined(NOTHING_SAMPLED)
    assert unlabeled_prevalence(everything, 10, 10, 3) == undefined(NOTHING_LEFT)
    assert unlabeled_prevalence(undefined(NOTHING_SAMPLED), 10, 0, 0).reason == NOTHING_SAMPLED


def test_shares_of_the_rest_stay_shares():
    whole = prevalence(1, 100, 1000)
    measure = unlabeled_prevalence(whole, 1000, 500, 400)
    assert (measure.value, measure.interval.low, measure.interval.high) == (0.0, 0.0, 0.0)


def test_counts_that_cannot_be_are_refused():
    for positives, n_sampled, population in ((5, 4, 10), (1, 20, 10), (-1, 4, 10)):
        with pytest.raises(ValueError, match="cannot be"):
            prevalence(positives, n_sampled, population)
