"""A labeled pool, labeled anew from the start."""

from dataclasses import replace

import numpy as np
import pytest

from labeling.learning.classifiers.auxiliary import AuxiliaryData
from labeling.learning.classifiers.fitting import fit_committee, fit_plain
from labeling.learning.evaluation.retrospective import KnownPool, calibration_error, replay
from labeling.learning.query_strategies.mix import Mix, Strategy


@pytest.fixture(scope="module")
def known(rows, labels):
    pool = replace(rows.part(np.arange(300)), positions=np.arange(300))
    auxiliary = AuxiliaryData(pool, np.arange(300))
    return KnownPool(pool, labels[:300], 3, auxiliary, rows.part(np.arange(300, 400)), labels[300:])


@pytest.mark.parametrize("strategy", list(Strategy))
def test_every_strategy_labels_the_budget_and_learns(strategy, known):
    steps = list(replay(known, fit_committee, strategy, budget=50, batch=20, seed=1))
    assert [step.labels for step in steps] == [20, 40, 50]
    assert steps[-1].quality.macro_f1 > 0.9
    assert all(0 <= step.calibration <= 1 and step.seconds >= 0 for step in steps)


def test_the_same_seed_draws_the_same_curve(known):
    first, again = (
        [step.quality for step in replay(known, fit_plain, Strategy.DEFAULT, budget=60, batch=10, seed=3)]
        for _ in range(2)
    )
    assert first == again


def test_a_replay_tells_what_it_labeled_and_what_chance_drew(known):
    usual = list(replay(known, fit_plain, Strategy.DEFAULT, budget=120, batch=20, seed=3))
    chosen = np.concatenate([step.chosen for step in usual])
    assert len(np.unique(chosen)) == 120
    assert sum(step.is_random.sum() for step in usual) == 10  # a tenth of all but the first batch
    random = list(replay(known, fit_plain, Strategy.RANDOM, budget=40, batch=20, seed=3))
    assert all(step.is_random.all() for step in random)


def test_the_shares_can_change_while_labels_come_in(known):
    def half(labeled, is_random):
        return Mix(0.5, 0.2, 0, 0) if len(labeled) >= 40 else None

    steps = list(replay(known, fit_plain, Strategy.DEFAULT, budget=80, batch=20, seed=3, control=half))
    assert [int(step.is_random.sum()) for step in steps] == [0, 2, 10, 10]


def test_a_budget_beyond_the_pool_ends_with_the_pool(known):
    small = replace(known, rows=known.rows.part(np.arange(30)), labels=known.labels[:30])
    assert list(replay(small, fit_plain, Strategy.MARGIN, budget=500, batch=20, seed=0))[-1].labels == 30


def test_several_labels_are_replayed_too(known, labels):
    flags = np.eye(3, dtype=bool)[labels]
    flags[::5, 0] = True
    several = replace(known, labels=flags[:300], test_labels=flags[300:])
    steps = list(replay(several, fit_committee, Strategy.DEFAULT, budget=80, batch=40, seed=0))
    assert steps[-1].quality.macro_f1 > 0.8


def test_a_model_that_is_as_sure_as_it_is_right_has_no_calibration_error():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 20_000)
    labels = (rng.random(20_000) > sure).astype(int)
    probabilities = np.stack([sure, 1 - sure], axis=1)
    assert calibration_error(probabilities, labels) < 0.02
    assert calibration_error(probabilities, np.ones(20_000, dtype=int)) > 0.7
