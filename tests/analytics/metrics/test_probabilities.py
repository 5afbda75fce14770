"""Are probabilities judged with intervals that say how sure that is?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.metrics.calibration import NOTHING_TESTED, binary_log_loss, brier, log_loss
from analytics.metrics.marks import NOTHING_MARKED, score_marks
from analytics.metrics.probabilities import NOTHING_ANSWERED, score_probabilities


def single(seed: int, n_documents: int, power: float = 1.0, n_classes: int = 4):
    """Documents whose class is drawn from the honest probabilities; the predicted ones are sharpened."""
    random = np.random.default_rng(seed)
    honest = random.dirichlet(np.full(n_classes, 0.6), n_documents)
    truth = np.eye(n_classes, dtype=bool)[[random.choice(n_classes, p=row) for row in honest]]
    probabilities = honest**power / (honest**power).sum(axis=1, keepdims=True)
    return probabilities, truth, np.eye(n_classes, dtype=bool)[probabilities.argmax(axis=1)]


def test_values_are_those_of_the_plain_measures_and_lie_in_their_intervals():
    probabilities, truth, predicted = single(1, 200)
    scores = score_probabilities(probabilities, truth, predicted, is_single=True)
    assert scores.log_loss.value == log_loss(probabilities, truth.argmax(axis=1)).value
    assert scores.brier.value == brier(probabilities, truth).value
    several = score_probabilities(probabilities, truth, probabilities > 0.5, is_single=False)
    assert several.log_loss.value == binary_log_loss(probabilities, truth).value
    assert sum(score_bin.n_documents for score_bin in several.calibration.bins) == truth.size
    for scores_of_kind in (scores, several):
        for measure in (
            scores_of_kind.log_loss,
            scores_of_kind.brier,
            scores_of_kind.calibration.error,
            scores_of_kind.gap,
        ):
            assert measure.interval.low <= measure.value <= measure.interval.high


def test_an_honest_model_may_be_honest_and_a_boastful_one_may_not():
    honest = score_probabilities(*single(2, 600), is_single=True)
    assert honest.gap.interval.low < 0 < honest.gap.interval.high
    assert honest.calibration.error.interval.low < 0.01
    boastful = score_probabilities(*single(2, 600, power=3), is_single=True)
    assert boastful.gap.interval.low > 0.05
    assert boastful.calibration.error.interval.low > 0.05


def test_the_error_of_a_model_that_is_sure_and_always_wrong_has_no_end_above_1():
    probabilities = np.full((30, 2), [0.89, 0.11])
    truth, predicted = (np.eye(2, dtype=bool)[np.full(30, index)] for index in (1, 0))
    error = score_probabilities(probabilities, truth, predicted, is_single=True).calibration.error
    assert error.value == pytest.approx(0.89)
    assert 0.7 < error.interval.low < error.value < error.interval.high <= 1


def test_documents_whose_errors_cancel_out_do_not_make_the_calibration_certain():
    """One of two is right and half is what the model says, so the measured error is 0."""
    probabilities, truth = np.full((200, 2), 0.5), np.eye(2, dtype=bool)[np.zeros(200, int)]
    error = score_probabilities(
        probabilities, np.eye(2, dtype=bool)[np.arange(200) % 2], truth, is_single=True
    ).calibration.error
    assert (error.value, error.interval.low) == (0, 0)
    assert 0.02 < error.interval.high < 0.1


@given(
    st.integers(0, 2**32),
    st.integers(1, 30),
    st.integers(2, 8),
    st.booleans(),
    st.sampled_from(["right", "wrong", "drawn"]),
    st.sampled_from([0.0, 0.3, 1.0]),
)
def test_intervals_are_never_empty_nor_outside_their_bounds(seed, n, n_classes, is_single, fate, doubt):
    random = np.random.default_rng(seed)
    probabilities = (1 - doubt) * np.eye(n_classes)[random.integers(n_classes, size=n)] + doubt / n_classes
    predicted = np.eye(n_classes, dtype=bool)[probabilities.argmax(axis=1)]
    if fate == "drawn":
        truth = np.eye(n_classes, dtype=bool)[random.integers(n_classes, size=n)]
    else:
        truth = predicted if fate == "right" else np.roll(predicted, 1, axis=1)
    scores = score_probabilities(probabilities, truth, predicted, is_single=is_single)
    bounds = {scores.log_loss: (0, 40), scores.brier: (0, 2 if is_single else n_classes)}
    bounds |= {scores.calibration.error: (0, 1), scores.gap: (-1, 1)}
    for measure, (least, most) in bounds.items():
        interval = measure.interval
        assert least <= interval.low <= measure.value + 1e-9 <= interval.high + 2e-9
        assert interval.high <= most + 1e-9
        assert interval.width > 0 or doubt == 1.0  # even probabilities lose the same, whatever is true


def test_an_honest_model_is_found_honest_as_often_as_promised():
    """The truth is a calibration error of 0, which no measured one ever is."""
    held = []
    for seed in range(150):
        measure = score_probabilities(*single(seed, 60), is_single=True).calibration.error
        held.append(measure.interval.low < 0.005)
    assert np.mean(held) > 0.9


def test_marks_are_judged_each_by_itself_and_drawn_by_documents():
    random = np.random.default_rng(3)
    probabilities, documents = random.uniform(0.3, 1, 900), np.sort(random.integers(0, 400, 900))
    is_right = random.random(900) < probabilities
    honest = score_marks(probabilities, is_right, documents, 400)
    assert honest.gap.interval.low < 0 < honest.gap.interval.high
    assert honest.brier.value == pytest.approx(((probabilities - is_right) ** 2).mean())
    for measure in (honest.log_loss, honest.brier, honest.calibration.error):
        assert measure.interval.low <= measure.value <= measure.interval.high
    boastful = score_marks(probabilities**0.2, is_right, documents, 400)
    assert boastful.gap.interval.low > 0.05
    together = score_marks(probabilities, is_right, documents // 40, 10)
    assert together.gap.interval.width != honest.gap.interval.width
    nothing = score_marks(probabilities[:0], is_right[:0], documents[:0], 4)
    assert nothing.gap.reason == NOTHING_MARKED


def test_a_model_that_gives_no_class_has_no_gap():
    truth = np.eye(2, dtype=bool)
    scores = score_probabilities(truth * 0.3, truth, truth & False, is_single=False)
    assert scores.gap.reason == NOTHING_ANSWERED


def test_an_empty_test_set_has_no_value_and_tables_must_fit():
    none = np.zeros((0, 3))
    scores = score_probabilities(none, none.astype(bool), none.astype(bool), is_single=True)
    assert scores.log_loss.reason == scores.calibration.error.reason == NOTHING_TESTED
    with pytest.raises(ValueError, match="must be equal tables"):
        score_probabilities(np.zeros((1, 2)), none.astype(bool), none.astype(bool), is_single=True)
