"""Does the estimate of labels to go hold where the truth is known, and stay silent where it cannot?"""

import numpy as np
import pytest

from analytics.metrics.curves import TargetStatus, labels_to, why_not
from labeling.learning.evaluation.curve_extrapolation import Points, fit_curve


def s_curve(labels, ceiling=0.95, steep=0.8, middle=100.0):
    return ceiling / (1 + (labels / middle) ** -steep)


LABELS = np.geomspace(40, 640, 9)


def test_the_interval_holds_the_truth_for_about_as_many_curves_as_it_says():
    """Curves with the noise of a test set of 400, from a model that learns like texts do."""
    random = np.random.default_rng(4)
    held = 0
    for _ in range(200):
        ceiling, steep = random.uniform(0.85, 1.0), np.exp(random.normal(np.log(0.8), 0.3))
        truth = s_curve(LABELS, ceiling, steep)
        noise = np.sqrt(truth * (1 - truth) / 400)
        measured = truth + random.normal(0, noise)
        goal = float(s_curve(1_500.0, ceiling, steep))
        forecast, _ = labels_to(goal, Points(LABELS, measured, noise))
        interval = forecast.more.interval
        held += forecast.standing == TargetStatus.REACHED or interval.low <= 860 <= interval.high
    assert held / 200 >= 0.93


def test_a_curve_that_ends_below_its_target_is_not_said_to_reach_it():
    flat = np.full(9, 0.5)
    forecast, fit = labels_to(0.8, Points(LABELS, flat, np.full(9, 0.01)))
    assert forecast.standing == TargetStatus.FAR
    assert forecast.more.value is None
    assert fit is not None
    assert fit.gain(100)[0] == pytest.approx(0, abs=0.01)


def test_a_narrower_measurement_gives_a_narrower_estimate():
    values = s_curve(LABELS)
    wide, narrow = (
        labels_to(0.85, Points(LABELS, values, np.full(9, error)))[0].more.interval for error in (0.05, 0.002)
    )
    assert narrow.high - narrow.low < wide.high - wide.low


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        ([], []),
        ([0, 0, 0, 0, 0], [0.5] * 5),
        ([10, 10, 10, 10, 10], [0.5] * 5),
        ([100, 101, 102, 103, 104], [0.5, 0.6, 0.7, 0.75, 0.79]),
    ],
)
def test_too_little_to_go_on_is_said(labels, values):
    points = Points(np.array(labels, float), np.array(values, float), np.full(len(labels), 0.02))
    assert fit_curve(points) is None
    assert why_not(points)
    assert labels_to(0.8, points)[0].standing == TargetStatus.UNKNOWN


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_the_ends_of_the_scale_do_no_harm(value):
    points = Points(LABELS, np.full(9, value), np.full(9, 0.01))
    forecast, fit = labels_to(0.999, points)
    assert fit is not None
    assert np.isfinite(fit.weights).all()
    assert forecast.standing in {TargetStatus.REACHED, TargetStatus.FAR, TargetStatus.AHEAD}
