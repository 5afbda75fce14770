"""How many labels were saved, and how sure is that?"""

import numpy as np
import pytest

from labeling.learning.evaluation.label_savings import (
    LabelSavings,
    QualityCurve,
    estimate_savings,
    labels_needed,
)
from labeling.learning.evaluation.scores import quality_of_flags

LABELS = np.arange(10, 210, 10)
TRUTH = np.random.default_rng(0).integers(3, size=200)


def run(errors_halve_after: float, seed: int) -> QualityCurve:
    """A run whose share of wrong decisions falls with the labels."""
    rng = np.random.default_rng(seed)
    rank = rng.permutation(len(TRUTH))
    decided = []
    for labels in LABELS:
        is_wrong = rank < 0.6 * len(TRUTH) * 0.5 ** (labels / errors_halve_after)
        decided.append(np.where(is_wrong, (TRUTH + 1) % 3, TRUTH).astype(np.int16))
    return QualityCurve(LABELS, np.stack(decided))


def measured(fast: float, slow: float, n_runs: int = 3) -> LabelSavings:
    curves = {
        "random": [run(slow, seed) for seed in range(n_runs)],
        "default": [run(fast, 100 + seed) for seed in range(n_runs)],
    }
    return estimate_savings(curves, TRUTH, 3, baseline="random", shares=(0.9, 0.95), seed=0)


def test_a_strategy_that_learns_sooner_has_saved_labels_beyond_doubt():
    saved = measured(fast=15, slow=40).saved["default"][0.9]
    assert saved.low > 0
    assert saved.low <= saved.value <= saved.high


def test_two_strategies_that_learn_alike_have_saved_nothing_beyond_noise():
    saved = measured(fast=30, slow=30).saved["default"][0.95]
    assert saved.low <= 0 <= saved.high


def test_a_strategy_that_learns_later_has_cost_labels():
    assert measured(fast=60, slow=20).saved["default"][0.9].high < 0


def test_the_curve_is_the_macro_f1_that_is_shown_elsewhere():
    (curve,) = [run(20, 1)]
    savings = estimate_savings({"random": [curve]}, TRUTH, 3, baseline="random", shares=(0.9,), seed=0)
    eye = np.eye(3, dtype=bool)
    expected = [quality_of_flags(eye[step], eye[TRUTH]).macro_f1 for step in curve.decided]
    assert [point.value for point in savings.quality["random"]] == pytest.approx(expected, abs=1e-6)


def test_several_labels_per_document_are_measured_alike():
    eye = np.eye(3, dtype=bool)
    curve = run(20, 1)
    as_flags = QualityCurve(curve.labels, eye[curve.decided])
    first, other = (
        estimate_savings({"random": [c]}, truth, 3, baseline="random", shares=(0.9,), seed=0)
        for c, truth in ((curve, TRUTH), (as_flags, eye[TRUTH]))
    )
    assert first == other


def test_what_is_never_reached_took_all_labels():
    assert labels_needed(np.array([10, 20]), np.array([[0.1, 0.2]]), np.array([0.9])).tolist() == [20]


def test_a_lucky_moment_is_no_arrival():
    quality = np.array([[0.9, 0.1, 0.9, 0.9]])
    assert labels_needed(np.array([10, 20, 30, 40]), quality, np.array([0.5]))[0] == pytest.approx(25)


def test_runs_of_other_lengths_of_step_meet_on_one_grid():
    sparse = run(30, 5)
    sparse = QualityCurve(sparse.labels[1::2], sparse.decided[1::2])
    curves = {"random": [run(30, 6)], "default": [sparse]}
    savings = estimate_savings(curves, TRUTH, 3, baseline="random", shares=(0.9,), seed=0)
    assert savings.labels == LABELS.tolist()
    assert len(savings.quality["default"]) == len(savings.labels)
