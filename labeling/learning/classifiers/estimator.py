"""Estimators: scikit-learn's interface around the immutable models that rank the pool.

An estimator holds its parameters and fits a model, which is saved, mapped from disk and applied to shards.
Its `fit` and `predict_proba` check what comes from outside, once; `learn` and the model's `scores`, which the
folds and the ranking call, check nothing.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array, issparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from labeling.learning.arrays.types import AnyArray, Flags, Floats, Integers, softmax
from labeling.learning.text.hashing import COLUMNS
from labeling.learning.text.rows import Rows

UNLABELED = -1  # in y, as in sklearn.semi_supervised


class RowsClassifier(ClassifierMixin, BaseEstimator):
    """What the experts and the committee share as classifiers of scikit-learn.

    X : `Rows`, a sparse matrix of at most COLUMNS columns, which becomes the sparse view, or an array (n, d),
        which becomes the dense view
    y : (n,) labels; `UNLABELED` marks rows without one. Or (n, n_classes) flags where a row can have several
        labels; a row of -1 has none known.
    """

    classes_: AnyArray
    n_features_in_: int
    model_: Any

    def fit(self, X: Any, y: Any) -> Self:
        """Raises ValueError for what any classifier of scikit-learn refuses, and where no row has a label."""
        rows, true_labels = self._checked(X, y)
        is_labeled = _labeled(true_labels)
        if not is_labeled.any():
            raise ValueError("Label at least one row: y marks all of them as unlabeled.")
        if true_labels.ndim == 2:
            self.classes_ = np.arange(true_labels.shape[1])
            labels = true_labels.astype(np.int64)
        else:
            self.classes_, codes = np.unique(true_labels[is_labeled], return_inverse=True)
            labels = np.full(len(true_labels), UNLABELED, dtype=np.int64)
            labels[is_labeled] = codes
        self.model_ = self._fit_rows(rows, labels, len(self.classes_))
        return self

    def _fit_rows(self, rows: Rows, labels: Integers, n_classes: int) -> Any:
        """From checked rows; labels are numbers in [0, n_classes), or flags; `UNLABELED` for none."""
        raise NotImplementedError

    def predict_proba(self, X: Any) -> Floats:
        """(n, n_classes) in the order of `classes_`; rows sum to 1 unless a row can have several labels."""
        check_is_fitted(self)
        return self._probabilities(self._rows(X, reset=False))

    def _probabilities(self, rows: Rows) -> Floats:
        return softmax(self.model_.scores(rows))

    def predict(self, X: Any) -> AnyArray:
        """(n,) the most probable class of each row."""
        probabilities = self.predict_proba(X)
        predicted: AnyArray = self.classes_[probabilities.argmax(axis=1)]
        return predicted

    def _checked(self, X: Any, y: Any) -> tuple[Rows, AnyArray]:
        shape = () if y is None else np.asarray(y).shape
        is_multi = len(shape) == 2 and shape[1] > 1
        if isinstance(X, Rows):
            true_labels: AnyArray = np.asarray(y)
            if len(true_labels) != len(X):
                raise ValueError(f"y has {len(true_labels)} entries for {len(X)} rows.")
            rows = self._rows(X, reset=True)
        else:
            X, true_labels = validate_data(
                self, X, y, accept_sparse=self._accepted(), dtype=np.float32, multi_output=is_multi
            )
            rows = self._as_rows(X)
        if not is_multi:
            check_classification_targets(true_labels)
        return rows, true_labels

    def _rows(self, X: Any, *, reset: bool) -> Rows:
        if not isinstance(X, Rows):
            accepted = self._accepted()
            return self._as_rows(
                validate_data(self, X, accept_sparse=accepted, dtype=np.float32, reset=reset)
            )
        width = X.sparse.shape[1] + X.width
        if reset:
            self.n_features_in_ = width
        elif width != self.n_features_in_:
            raise ValueError(f"X has {width} features, and {self.n_features_in_} were fitted.")
        return X

    def _accepted(self) -> str | bool:
        accepted: str | bool = "csr" if self.__sklearn_tags__().input_tags.sparse else False
        return accepted

    def _as_rows(self, X: Any) -> Rows:
        """A checked matrix as rows."""
        return as_rows(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def as_rows(X: AnyArray | csr_array) -> Rows:
    """A matrix as rows with one view: sparse ones as words, arrays as points.

    >>> rows = as_rows(np.ones((2, 3), dtype=np.float32))
    >>> rows.width, rows.sparse.nnz
    (3, 0)
    """
    if not issparse(X):
        return Rows(csr_array((len(X), COLUMNS), dtype=np.float32), X.astype(np.float32, copy=False))
    if X.shape[1] > COLUMNS:
        raise ValueError(f"X has {X.shape[1]} columns; {COLUMNS} are the most.")
    matrix = csr_array(X).astype(np.float32)
    matrix.sort_indices()
    sparse = csr_array((matrix.data, matrix.indices, matrix.indptr), shape=(X.shape[0], COLUMNS))
    return Rows(sparse, np.zeros((X.shape[0], 0), dtype=np.float32))


def _labeled(labels: AnyArray) -> Flags:
    """(n,) which rows have a label."""
    if labels.dtype.kind not in "iuf":
        return np.ones(len(labels), dtype=bool)
    flags: Flags = (labels != UNLABELED).reshape(len(labels), -1).all(axis=1)
    return flags
