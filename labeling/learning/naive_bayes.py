"""How probable is each class by its words alone? Complement naive Bayes: the committee's second opinion.

It sees the words only, weighs them by counting instead of by fitting, and is the best of those on words
alone below about twenty labels per class. Its logits are linear in the features: a `LinearModel` too.
"""

import numpy as np

from labeling.learning.arrays import AnyIntegers, Doubles, Flags, Integers
from labeling.learning.classifier import LinearModel, Link, constant_model
from labeling.learning.features import Rows
from labeling.learning.solver import compact_columns

SMOOTHING = 0.3  # pseudo-occurrences of every word in every class, in units of TF-IDF


def fit_complement(rows: Rows, labels: AnyIntegers, n_classes: int) -> LinearModel:
    """Each class is judged by how little its words occur in all the other classes.

    rows : Rows of n ≥ 1 labelled documents; only the sparse view counts
    labels : (n,) class numbers in [0, n_classes)
    returns : a model over the words that occur in the labelled documents

    Source: Rennie et al. (2003), complement naive Bayes, on TF-IDF, without their weight normalisation.
    """
    seen, places = np.unique(labels.astype(np.int64), return_inverse=True)
    if len(seen) == 1:
        return constant_model(rows, seen, n_classes)
    columns, compact = compact_columns(rows.sparse)
    mass = np.asarray(compact.T @ np.eye(len(seen))[places], dtype=np.float64)
    elsewhere = mass.sum(axis=1, keepdims=True) - mass + SMOOTHING
    weights = -np.log(elsewhere / elsewhere.sum(axis=0))
    return _of_words(n_classes, seen, columns, weights, np.zeros(len(seen)))


def fit_complement_labels(rows: Rows, labels: Flags) -> LinearModel:
    """The same for several labels: for each class the log-odds of its documents' words against the others'.

    labels : (n, n_classes) bool
    returns : a model without thresholds of its own
    """
    seen = np.flatnonzero(labels.any(axis=0))
    columns, compact = compact_columns(rows.sparse)
    chosen = labels[:, seen].astype(np.float64)
    inside = np.asarray(compact.T @ chosen, dtype=np.float64) + SMOOTHING
    outside = np.asarray(compact.T @ (1 - chosen), dtype=np.float64) + SMOOTHING
    weights = np.log(inside / inside.sum(axis=0)) - np.log(outside / outside.sum(axis=0))
    positives = chosen.sum(axis=0)
    prior = np.log((positives + 0.5) / (len(labels) - positives + 0.5))
    return _of_words(labels.shape[1], seen, columns, weights, prior, "sigmoid")


def _of_words(
    n_classes: int,
    seen: Integers,
    columns: Integers,
    weights: Doubles,
    intercept: Doubles,
    link: Link = "softmax",
) -> LinearModel:
    return LinearModel(
        n_classes,
        seen,
        columns,
        weights.astype(np.float32),
        np.zeros((0, len(seen)), dtype=np.float32),
        intercept.astype(np.float32),
        link,
    )
