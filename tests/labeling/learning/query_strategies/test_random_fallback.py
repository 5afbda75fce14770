"""Does the queue fall back to random sampling when it loses, and come back without flapping?"""

import pytest

from labeling.learning.query_strategies.mix import Mix
from labeling.learning.query_strategies.random_fallback import HALF, NEARLY_ALL, Fallback, fallen_back

WORSE, OPEN, BETTER = (-0.05, -0.01), (-0.02, 0.03), (0.01, 0.05)


def after(*measurements: tuple[float, float]) -> Fallback:
    state = Fallback()
    for low, high in measurements:
        state = state.after(low, high)
    return state


def test_an_interval_at_or_below_zero_moves_the_queue_and_another_one_moves_it_further():
    assert after(WORSE).level == HALF
    assert after((-0.05, 0.0)).level == HALF
    assert after(WORSE, WORSE).level == NEARLY_ALL
    assert after(WORSE, WORSE, WORSE).level == NEARLY_ALL


def test_one_measurement_that_is_open_does_not_bring_it_back():
    assert after(WORSE, OPEN).level == HALF
    assert after(WORSE, OPEN, OPEN).level == 0


def test_a_clear_gain_brings_it_back_at_once():
    assert after(WORSE, WORSE, BETTER).level == 0


def test_each_relapse_makes_it_more_patient():
    twice = (WORSE, OPEN, OPEN, WORSE)
    assert after(*twice, OPEN, OPEN).level == HALF
    assert after(*twice, OPEN, OPEN, OPEN, OPEN).level == 0


def test_a_queue_that_never_lost_stays():
    assert after(OPEN, BETTER, OPEN) == Fallback()


@pytest.mark.parametrize("mix", [Mix.usual(2), Mix.usual(50), Mix(0.8, 0.1, 0.05, 0.05), Mix(1, 0, 0, 0)])
@pytest.mark.parametrize("level", [0, HALF, NEARLY_ALL])
def test_the_shares_stay_shares_and_the_random_one_never_shrinks(mix: Mix, level: int):
    shares = fallen_back(mix, level)
    parts = (shares.random, shares.weak_class, shares.second_opinion, shares.seed_words)
    assert min(parts) >= 0
    assert sum(parts) <= 1 + 1e-9
    assert shares.random >= mix.random
