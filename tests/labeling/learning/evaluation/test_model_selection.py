"""Is another recipe taken only where it is better beyond noise?"""

import numpy as np
import pytest
from scipy.sparse import csr_array

from labeling.learning.classifiers.auxiliary import AuxiliaryData
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.classifiers.hyperparameters import (
    DEFAULT_HYPERPARAMETERS,
    Augmentation,
    Hyperparameters,
    augmented,
    weak_classes,
)
from labeling.learning.evaluation.model_selection import (
    TRIALS,
    Score,
    adopted,
    corrected_difference,
    next_trial,
    run_trial,
    verdicts,
)
from labeling.learning.text.hashing import COLUMNS
from labeling.learning.text.rows import Rows

NOISE = np.random.default_rng(0).normal(0, 0.02, (5, TRIALS))


def some_rows(n: int) -> Rows:
    """Documents of a dozen words each."""
    rng = np.random.default_rng(n)
    columns = np.concatenate([np.sort(rng.choice(500, 12, replace=False)) for _ in range(n)])
    data = np.full(12 * n, 1 / np.sqrt(12), dtype=np.float32)
    sparse = csr_array((data, columns, np.arange(0, 12 * n + 1, 12)), shape=(n, COLUMNS))
    return Rows(sparse, rng.normal(size=(n, 4)).astype(np.float32), positions=np.arange(n))


def played(gains: dict[Hyperparameters, float]) -> dict[Hyperparameters, list[Score]]:
    """All trials, each recipe better than the usual one by so much macro F1, and noise."""
    done: dict[Hyperparameters, list[Score]] = {}
    while (following := next_trial(done)) is not None:
        hyperparameters, number = following
        noise = NOISE[len(done) - (hyperparameters in done), number]
        done.setdefault(hyperparameters, []).append(Score(0.7 + gains.get(hyperparameters, 0) + noise, 0.5))
    return done


def test_noise_changes_nothing():
    trials = verdicts(played({}))
    assert not any(trial.is_better for trial in trials)
    assert adopted(trials) == DEFAULT_HYPERPARAMETERS


def test_a_gain_beyond_noise_is_taken_and_the_next_step_builds_on_it():
    trials = verdicts(played({Hyperparameters(60.0): 0.1, Hyperparameters(60.0, Augmentation.DROPOUT): 0.1}))
    assert [trial.against.strength for trial in trials] == [20, 20, 60, 60]
    assert adopted(trials) == Hyperparameters(60.0)


def test_what_weak_classes_get_is_judged_by_itself():
    trials = verdicts(played({Hyperparameters(20.0, Augmentation.JOINED): 0.1}))
    assert adopted(trials) == Hyperparameters(20.0, Augmentation.JOINED)


def test_a_gain_that_makes_the_model_too_sure_is_not_taken():
    done = played({Hyperparameters(60.0): 0.1})
    done[Hyperparameters(60.0)] = [
        Score(score.macro_f1, 1.5 + NOISE[0, n]) for n, score in enumerate(done[Hyperparameters(60.0)])
    ]
    for strength, kind in ((20.0, Augmentation.DROPOUT), (20.0, Augmentation.JOINED)):
        done[Hyperparameters(strength, kind)] = done[DEFAULT_HYPERPARAMETERS]
    assert adopted(verdicts(done)) == DEFAULT_HYPERPARAMETERS


def test_differences_of_folds_that_share_documents_are_less_sure_than_they_look():
    """The plain t-test would take this one."""
    rng = np.random.default_rng(3)
    gains = 0.01 + rng.normal(0, 0.02, TRIALS)
    difference = corrected_difference(0.7 + gains, np.full(TRIALS, 0.7))
    plain = 2.14 * gains.std(ddof=1) / np.sqrt(TRIALS)
    assert difference.reach == pytest.approx(plain * np.sqrt(1 + TRIALS / 4), rel=0.01)


@pytest.mark.parametrize("kind", [Augmentation.DROPOUT, Augmentation.JOINED])
@pytest.mark.parametrize("is_single", [True, False])
def test_only_weak_classes_get_more(kind: Augmentation, is_single: bool):
    rows, classes = some_rows(30), np.array([0] * 24 + [1] * 6)
    labels = classes if is_single else np.eye(2, dtype=bool)[classes]
    more, targets = augmented(rows, labels, 2, kind, seed=0)
    assert weak_classes(np.eye(2, dtype=bool)[classes]).tolist() == [1]
    added = targets[30:] if is_single else targets[30:].argmax(axis=1)
    assert len(more) == len(targets) == 39
    assert set(added.tolist()) == {1}
    lengths = np.sqrt(more.sparse.multiply(more.sparse).sum(axis=1))
    assert lengths == pytest.approx(np.ones(39), abs=1e-5)


def test_without_a_weak_class_there_is_nothing_to_add():
    rows, labels = some_rows(10), np.array([0, 1] * 5)
    assert augmented(rows, labels, 2, Augmentation.DROPOUT, seed=0)[0] is rows


def test_a_recipe_reaches_the_model():
    rows, labels = some_rows(40), np.array([0] * 30 + [1] * 10)
    usual, weak, joined = (
        fit_committee(rows, labels, 2, hyperparameters=hyperparameters).linear.sparse_weights
        for hyperparameters in (
            DEFAULT_HYPERPARAMETERS,
            Hyperparameters(1.0),
            Hyperparameters(20.0, Augmentation.JOINED),
        )
    )
    assert np.abs(weak).max() < np.abs(usual).max()
    assert joined.shape != usual.shape or not np.allclose(joined, usual)


@pytest.mark.parametrize("is_single", [True, False])
def test_a_trial_is_the_same_whenever_it_is_run(is_single: bool):
    rows, classes = some_rows(60), np.arange(60) % 3
    labels = classes if is_single else np.eye(3, dtype=bool)[classes]
    auxiliary = AuxiliaryData(rows, np.arange(60))
    scores = [run_trial(rows, labels, 3, auxiliary, DEFAULT_HYPERPARAMETERS, 4) for _ in range(2)]
    assert scores[0] == scores[1]
    assert 0 <= scores[0].macro_f1 <= 1
    assert scores[0].log_loss > 0
