"""How often does a 95% interval hold the truth? Simulated test sets of models whose scores are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.metrics.averages import with_intervals
from analytics.metrics.classification import report_single
from analytics.metrics.outcomes import outcomes_single

N_TEST_SETS = 300
NOISE = 0.035  # of a share near .95 in 300 trials: 2.8 standard errors


def joint_distribution(n_classes: int, accuracy: float, skew: float) -> NDArray[np.float64]:
    """P(true class, predicted class) of a model that is wrong in its own way on each class."""
    shares = np.exp(-skew * np.arange(n_classes))
    joint = np.zeros((n_classes, n_classes))
    random = np.random.default_rng(5)
    for index in range(n_classes):
        others = np.arange(n_classes) != index
        joint[index, others] = (1 - accuracy) * random.dirichlet(np.ones(n_classes - 1))
        joint[index, index] = accuracy
    return joint * (shares / shares.sum())[:, None]


@pytest.mark.parametrize(
    ("n_classes", "n_documents", "accuracy", "skew"),
    [(2, 60, 0.9, 0), (4, 60, 0.8, 0.3), (4, 200, 0.95, 0.5), (10, 300, 0.8, 0.3), (20, 400, 0.85, 0.1)],
)
def test_intervals_of_f1_cover_the_truth_as_often_as_promised(n_classes, n_documents, accuracy, skew):
    joint = joint_distribution(n_classes, accuracy, skew)
    true_f1 = 2 * np.diag(joint) / (joint.sum(axis=0) + joint.sum(axis=1))
    random = np.random.default_rng(1)
    macro, per_class = [], []
    for _ in range(N_TEST_SETS):
        truth, predicted = divmod(random.choice(joint.size, n_documents, p=joint.ravel()), n_classes)
        report = report_single(truth, predicted, n_classes)
        report = with_intervals(report, outcomes_single(truth, predicted, n_classes))
        macro.append(holds(report.macro.f1, true_f1.mean()))
        per_class += [
            holds(s.f1, f1) for s, f1 in zip(report.classes, true_f1, strict=True) if s.f1.is_defined
        ]
    assert 0.95 - NOISE < np.mean(macro) < 0.995  # rarely seen classes make it wide
    assert np.mean(per_class) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(("n_classes", "accuracy"), [(4, 0.98), (2, 0.99)])
def test_intervals_of_nearly_perfect_models_err_on_the_wide_side(n_classes, accuracy):
    joint = joint_distribution(n_classes, accuracy, 0.3)
    true_f1 = 2 * np.diag(joint) / (joint.sum(axis=0) + joint.sum(axis=1))
    random = np.random.default_rng(1)
    macro = []
    for _ in range(N_TEST_SETS):
        truth, predicted = divmod(random.choice(joint.size, 100, p=joint.ravel()), n_classes)
        report = report_single(truth, predicted, n_classes)
        report = with_intervals(report, outcomes_single(truth, predicted, n_classes))
        macro.append(holds(report.macro.f1, true_f1.mean()))
    assert np.mean(macro) > 0.93


def holds(measure, truth: float) -> bool:
    return bool(measure.interval.low <= truth <= measure.interval.high)
