"""Label posterior: how sure a label is, given who gave it and what a model expected that never saw it.

One coin per annotator (right with a fixed chance, else any other class), combined with a model that has not
seen the label.
"""

import numpy as np

from labeling.learning.arrays.types import AnyFloats, AnyIntegers, Doubles, Flags, Floats, Integers
from labeling.learning.classifiers.linear import LinearClassifier
from labeling.learning.text.rows import Rows

DOUBTFUL_THRESHOLD = 0.75  # posterior: measured best of .60 and .75 with annotators of 70 and of 85%
FLOOR = 0.04  # of an even prior: a model is never surer than that against people
MIN_ACCURACY, MAX_ACCURACY = 0.8, 0.95  # of an annotator, whatever few comparisons say
PRIOR_ACCURACY, PRIOR_WEIGHT = 0.875, 20  # of somebody whose answers were never compared
FOLDS = 2  # three cost twice as much and found no more wrong labels on four sets with 10% of them


def annotator_accuracy(right: AnyIntegers, compared: AnyIntegers) -> Doubles:
    """Chance that an annotator's answer is the right one, drawn towards the usual where little is known.

    right : (n,) answers that were confirmed; compared : (n,) answers that could be
    returns : (n,) in [.8, .95]

    >>> annotator_accuracy(np.array([0, 98, 10]), np.array([0, 100, 100])).round(3)
    array([0.875, 0.95 , 0.8  ])
    """
    accuracy: Doubles = (right + PRIOR_ACCURACY * PRIOR_WEIGHT) / (compared + PRIOR_WEIGHT)
    return accuracy.clip(MIN_ACCURACY, MAX_ACCURACY)


def answer_weights(accuracies: AnyFloats, n_classes: int) -> Doubles:
    """How much one annotator's word says for a class: the log of right to wrong in this very way.

    >>> answer_weights(np.array([.8]), 2).round(2), answer_weights(np.array([.8]), 5).round(2)
    (array([1.39]), array([2.77]))
    """
    predicted: Doubles = np.log(accuracies * max(n_classes - 1, 1) / (1 - accuracies))
    return predicted


def posterior(prior: AnyFloats, log_odds: AnyFloats, n_classes: int) -> Doubles:
    """Chance that the given label is right.

    prior : (n,) what a model that never saw the label gives it, in [0, 1]
    log_odds : (n,) sum of `answer_weights` over the annotators who gave it
    n_classes : among which one was chosen; 2 where each of several labels is given or not
    returns : (n,) in (0, 1)

    Source: Dawid and Skene (1979) with one coin per annotator and the model's probabilities as prior.

    >>> posterior(np.array([.5, .05]), np.log([4., 4.]), 2).round(2)
    array([0.8 , 0.17])
    """
    minimum = FLOOR / max(n_classes, 1)
    bounded = np.clip(np.asarray(prior, dtype=np.float64), minimum, 1 - minimum)
    posterior_probability: Doubles = 1 / (1 + np.exp(-(np.log(bounded / (1 - bounded)) + log_odds)))
    return posterior_probability


def label_prior(probabilities: AnyFloats, labels: AnyIntegers) -> Doubles:
    """What the model gives the class that was given: (n, n_classes) and (n,) to (n,)."""
    prior: Doubles = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return prior


def weakest_prior(probabilities: AnyFloats, flags: Flags) -> Doubles:
    """Of several labels the one that the model believes least, whether it was given or left out.

    probabilities : (n, n_classes), each on its own
    flags : (n, n_classes) bool
    returns : (n,)

    A rare class is improbable everywhere: of a given label counts how much less probable the text makes it
    than the class is anyway.

    >>> true_labels = np.array([[True, False], [False, False]] * 4)
    >>> weakest_prior(np.array([[.5, .1], [.1, .9]] * 4), true_labels)[:2].round(2)
    array([0.5, 0.1])
    """
    base = (flags.sum(axis=0) + 1) / (len(flags) + 2)
    distribution = probabilities * (1 - base)
    lifted = distribution / np.maximum(distribution + (1 - probabilities) * base, 1e-12)
    probability: Doubles = np.where(flags, lifted, 1 - probabilities).astype(np.float64)
    weakest: Doubles = probability.min(axis=1)
    return weakest


def cross_fitted(rows: Rows, labels: AnyIntegers | Flags, n_classes: int, *, seed: int = 0) -> Floats:
    """Probabilities of each labeled document by a model that did not see its label.

    rows : Rows of n documents; labels : (n,) class numbers, or (n, n_classes) bool
    returns : (n, n_classes); even where a part of the labels is too poor for a model
    """
    part = np.random.default_rng(seed).permutation(len(rows)) % FOLDS
    probabilities = np.full((len(rows), n_classes), 1 / max(n_classes, 1), dtype=np.float32)
    for number in range(FOLDS):
        inside: Integers = np.flatnonzero(part != number)
        outside: Integers = np.flatnonzero(part == number)
        if len(inside) == 0 or len(outside) == 0:
            continue
        model = LinearClassifier().learn(rows.part(inside), labels[inside], n_classes)
        probabilities[outside] = model.probabilities(rows.part(outside))
    return probabilities
