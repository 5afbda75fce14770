"""A label is doubted where a model that never saw it, and the trust in who gave it, speak against it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labeling.learning.evaluation.label_posterior import (
    DOUBTFUL_THRESHOLD,
    annotator_accuracy,
    answer_weights,
    cross_fitted,
    label_prior,
    posterior,
    weakest_prior,
)

shares = st.floats(0, 1)


@given(shares, shares, st.floats(0.8, 0.95), st.integers(2, 77))
def test_a_posterior_grows_with_the_prior_and_with_each_annotator(first, second, accuracy, n_classes):
    weights = answer_weights(np.array([accuracy]), n_classes)
    low, high = (posterior(np.array([p]), weights, n_classes)[0] for p in sorted((first, second)))
    assert 0 < low <= high < 1
    twice = posterior(np.array([first]), 2 * weights, n_classes)[0]
    assert twice >= posterior(np.array([first]), weights, n_classes)[0]


def test_without_an_opinion_of_the_model_one_usual_annotator_is_believed():
    for n_classes in (2, 4, 20):
        weights = answer_weights(annotator_accuracy(np.array([0]), np.array([0])), n_classes)
        assert posterior(np.array([1 / n_classes]), weights, n_classes)[0] > DOUBTFUL_THRESHOLD


def test_a_sure_model_that_disagrees_makes_one_answer_doubtful_and_two_not():
    weights = answer_weights(np.array([0.9]), 2)
    assert posterior(np.array([0.1]), weights, 2)[0] < DOUBTFUL_THRESHOLD
    assert posterior(np.array([0.1]), 2 * weights, 2)[0] > DOUBTFUL_THRESHOLD
    weights = answer_weights(np.array([0.9]), 77)
    assert posterior(np.array([0.0]), weights, 77)[0] < DOUBTFUL_THRESHOLD


def test_of_several_labels_the_weakest_counts_and_rarity_is_no_doubt():
    flags = np.zeros((100, 2), dtype=bool)
    flags[:5, 0] = True  # a class of one document in twenty
    probabilities = np.full((100, 2), 0.05)
    prior = weakest_prior(probabilities, flags)
    assert 0.3 < prior[0] < 0.7  # as probable as the class is anyway: neither for nor against
    probabilities[0, 0] = 0.001
    assert weakest_prior(probabilities, flags)[0] < 0.05
    probabilities[50, 1] = 0.95
    assert weakest_prior(probabilities, flags)[50] < 0.06


def test_wrong_labels_are_among_the_least_believed(rows, labels):
    wrong = labels.astype(np.int64).copy()
    flipped = np.random.default_rng(1).choice(len(wrong), len(wrong) // 10, replace=False)
    wrong[flipped] = (wrong[flipped] + 1) % 3
    priors = label_prior(cross_fitted(rows, wrong, 3), wrong)
    least = np.argsort(priors)[: len(flipped)]
    assert len(set(least.tolist()) & set(flipped.tolist())) >= 0.7 * len(flipped)


def test_a_class_with_one_label_and_few_rows_are_no_reason_to_fail(rows):
    result = cross_fitted(rows, np.zeros(len(rows), dtype=np.int64), 3)
    assert result.shape == (len(rows), 3)
    flags = np.zeros((len(rows), 2), dtype=bool)
    assert cross_fitted(rows, flags, 2).shape == (len(rows), 2)
