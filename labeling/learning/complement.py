"""Complement naive Bayes: the probability of each of several labels by the words alone, counted, not fitted.

It is weaker than the linear expert, and different: its place is in the disagreement.
"""

import numpy as np

from labeling.learning.arrays import Flags
from labeling.learning.classifier import LinearModel
from labeling.learning.rows import Rows
from labeling.learning.solver import compact_columns

SMOOTHING = 0.3  # pseudo-occurrences of every word in every class, in units of TF-IDF


def fit_complement(rows: Rows, labels: Flags) -> LinearModel:
    """For each class the log-odds of its documents' words against those of all the others.

    rows : Rows of n ≥ 1 labelled documents; only the sparse view counts
    labels : (n, n_classes) bool
    returns : a model without thresholds

    Source: Rennie et al. (2003), complement naive Bayes, on TF-IDF, without their weight normalisation.
    """
    seen = np.flatnonzero(labels.any(axis=0))
    columns, compact = compact_columns(rows.sparse)
    chosen = labels[:, seen].astype(np.float64)
    inside = np.asarray(compact.T @ chosen, dtype=np.float64) + SMOOTHING
    outside = np.asarray(compact.T @ (1 - chosen), dtype=np.float64) + SMOOTHING
    weights = np.log(inside / inside.sum(axis=0)) - np.log(outside / outside.sum(axis=0))
    positives = chosen.sum(axis=0)
    prior = np.log((positives + 0.5) / (len(labels) - positives + 0.5))
    return LinearModel(
        labels.shape[1],
        seen,
        columns,
        weights.astype(np.float32),
        np.zeros((0, len(seen)), dtype=np.float32),
        prior.astype(np.float32),
        "sigmoid",
    )
