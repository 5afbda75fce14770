"""What a text costs is learned from the team's own times, and uncertainty is paid by it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.learning.query_strategies.annotation_cost import (
    MIN_ANSWERS,
    PRIOR,
    Cost,
    fit_cost,
    per_second,
)

answers = st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 10_000)), max_size=60)


def team(per_document, per_token, count=400, seed=0):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 80, count)
    return (per_document + per_token * counts) * np.exp(rng.normal(0, 0.3, count)), counts


@given(answers)
def test_a_cost_is_never_negative_and_always_something(given_answers):
    seconds, counts = (
        (np.array(part, dtype=float) for part in zip(*given_answers, strict=True))
        if (given_answers)
        else (np.zeros(0), np.zeros(0))
    )
    cost = fit_cost(seconds, counts.astype(np.int64))
    assert cost.per_document >= 0
    assert cost.per_token >= 0
    assert (cost.seconds(np.array([0, 1, 100])) > 0).all()


def test_few_answers_leave_the_prior():
    seconds, counts = team(60, 0, count=MIN_ANSWERS - 1)
    assert fit_cost(seconds, counts) == PRIOR


@pytest.mark.parametrize(("per_document", "per_token"), [(20, 0.05), (0.5, 1.0), (5, 0.5)])
def test_many_answers_tell_the_team_s_own_times(per_document, per_token):
    learned = fit_cost(*team(per_document, per_token, count=2_000))
    true = Cost(per_document, per_token).seconds(np.array([5, 20, 60]))
    assert learned.seconds(np.array([5, 20, 60])) == pytest.approx(true, rel=0.2)


def test_a_coffee_does_not_change_the_cost():
    seconds, counts = team(5, 0.5)
    with_coffee = seconds.copy()
    with_coffee[:8] = 3_600
    at = np.array([5, 20, 60])
    assert fit_cost(with_coffee, counts).seconds(at) == pytest.approx(
        fit_cost(seconds, counts).seconds(at), rel=0.15
    )


def test_a_fast_team_is_told_from_a_slow_one_only_by_the_scale():
    seconds, counts = team(5, 0.5)
    slow, fast = fit_cost(seconds * 4, counts), fit_cost(seconds, counts)
    assert slow.per_document / slow.per_token == pytest.approx(fast.per_document / fast.per_token, rel=0.05)


likelihoods = st.lists(st.tuples(st.floats(-500, 0), st.integers(1, 500)), min_size=1, max_size=20)


@given(likelihoods)
def test_the_extremes_are_doubt_per_token_and_doubt_per_document(pairs):
    log_likelihoods, counts = np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    assert per_second(log_likelihoods, counts, Cost(0, 1)) == pytest.approx(-log_likelihoods / counts)
    assert per_second(log_likelihoods, counts, Cost(1, 0)) == pytest.approx(-log_likelihoods)


def test_where_length_costs_little_the_long_text_comes_first():
    result, counts = np.array([-2.0, -6.0]), np.array([10, 50])
    assert per_second(result, counts, Cost(60, 0.1)).argmax() == 1
    assert per_second(result, counts, Cost(1, 2.0)).argmax() == 0
