"""Does the live control arm say truly what the queue has saved?"""

from functools import cache
from math import inf

import numpy as np
import pytest

from labeling.learning.evaluation.control_arm import (
    CurvePoint,
    LiveSavings,
    SavingsVerdict,
    live_savings,
    shuffled,
    sizes_to,
)
from labeling.learning.evaluation.label_savings import Estimate, QualityCurve

N_TEST = 600
TRUTH = np.random.default_rng(0).integers(3, size=N_TEST)
RANK = np.random.default_rng(1).permutation(N_TEST)


def curve(labels: list[int], efficiency: float, seed: int = 0) -> QualityCurve:
    """Decisions whose error falls as a power of the labels, as if there were `efficiency` times as many."""
    noise = np.random.default_rng(seed).normal(0, 0.01, len(labels))
    decided = []
    for count, off in zip(labels, noise.tolist(), strict=True):
        error = 1.6 * (efficiency * count) ** -0.4 + off
        is_wrong = min(error, 0.66) * N_TEST > RANK
        decided.append(np.where(is_wrong, (TRUTH + 1) % 3, TRUTH).astype(np.int16))
    return QualityCurve(np.array(labels), np.stack(decided))


@cache
def said(queue: float, n_random: int = 200, labels: int = 400) -> LiveSavings:
    """What is said where a label of the queue is worth so many random ones."""
    random = [curve(sizes_to(n_random), 1.0, 100 + order) for order in range(12)]
    return live_savings(curve(sizes_to(labels), queue), random, TRUTH, 3, pool_size=10_000, seed=0)


def test_a_queue_whose_labels_are_worth_four_times_as_much_has_saved_some():
    savings = said(queue=4)
    assert savings.verdict is SavingsVerdict.SAVED
    assert 0 < savings.saved.low <= 1_200 <= savings.saved.high
    assert savings.gain.low > 0


def test_a_queue_that_learns_like_random_labels_is_left_open():
    savings = said(queue=1)
    assert savings.verdict is SavingsVerdict.UNCLEAR
    assert savings.saved.low <= 0 <= savings.saved.high


def test_a_queue_whose_labels_are_worth_a_quarter_has_cost_some():
    savings = said(queue=0.25)
    assert savings.verdict is SavingsVerdict.COST
    assert savings.saved.high <= 0


def test_with_fewer_random_labels_the_interval_is_wider():
    few, many = (said(queue=2, n_random=count).gain for count in (50, 300))
    assert few.high - few.low > many.high - many.low


def test_no_more_is_needed_than_the_whole_pool():
    random = [curve(sizes_to(200), 1.0, 100 + order) for order in range(12)]
    savings = live_savings(curve(sizes_to(400), 4), random, TRUTH, 3, pool_size=450, seed=0)
    assert savings.saved.low <= 50
    assert savings.saved.high == inf


def test_the_extrapolation_goes_on_where_the_random_labels_end():
    savings = said(queue=4)
    assert savings.extrapolated[0].labels == savings.random[-1].labels == 200
    assert savings.extrapolated[-1].labels >= 800
    assert savings.extrapolated[0].quality.value == pytest.approx(savings.random[-1].quality.value, abs=0.05)


def test_what_is_stored_is_read_back_with_an_open_end():
    point = CurvePoint(10, Estimate(0.5, 0.4, 0.6))
    savings = LiveSavings(
        400, 50, 100, Estimate(90, -5, inf), Estimate(0.1, -0.1, 0.2), [point], [point], [point]
    )
    assert LiveSavings.from_json(savings.to_json()) == savings


def test_the_orders_of_the_random_labels_hold_these_alone():
    labeled, is_random = np.array([7, 3, 9, 1]), np.array([True, False, True, True])
    assert shuffled(labeled, is_random, 0).tolist() == [7, 3, 9, 1]
    assert sorted(shuffled(labeled, is_random, 1).tolist()) == [1, 7, 9]


@pytest.mark.parametrize("error", [0.0, 0.02, 0.5])
def test_arms_that_learn_nothing_more_are_left_open(error: float):
    """All right, nearly so or guessing, from the first label on."""
    rng = np.random.default_rng(3)

    def flat(labels: list[int]) -> QualityCurve:
        is_wrong = rng.random((len(labels), N_TEST)) < error
        return QualityCurve(np.array(labels), np.where(is_wrong, (TRUTH + 1) % 3, TRUTH).astype(np.int16))

    random = [flat(sizes_to(60)) for _ in range(12)]
    savings = live_savings(flat(sizes_to(640)), random, TRUTH, 3, pool_size=5_000, seed=0)
    assert savings.verdict is SavingsVerdict.UNCLEAR
    assert np.isfinite([savings.gain.low, savings.gain.high]).all()


def test_several_labels_for_a_document_are_compared_too():
    def flags(each: QualityCurve) -> QualityCurve:
        return QualityCurve(each.labels, np.eye(3, dtype=bool)[each.decided])

    random = [flags(curve(sizes_to(200), 1.0, 100 + order)) for order in range(12)]
    truth = np.eye(3, dtype=bool)[TRUTH]
    savings = live_savings(flags(curve(sizes_to(400), 4)), random, truth, 3, pool_size=10_000, seed=0)
    assert savings.to_json() == said(queue=4).to_json()
