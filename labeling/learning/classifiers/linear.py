"""Linear classifier: the probability of each class, by one model over TF-IDF and LSA side by side.

It is the model whose probabilities people see: logistic regression, balanced class weights up to a limit,
C = 20, for one class per document (softmax) or several (sigmoid each, with a threshold each).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import (
    FLOOR,
    AnyArray,
    AnyIntegers,
    Flags,
    Floats,
    Integers,
    below_best,
    spread_out,
)
from labeling.learning.classifiers.estimator import UNLABELED, RowsClassifier
from labeling.learning.classifiers.regularization import STRENGTH
from labeling.learning.classifiers.solver import Solution, solve
from labeling.learning.text.hashing import COLUMNS
from labeling.learning.text.rows import Rows

LABEL_TOLERANCE = 1e-5  # several labels: 1e-7 moved F1 by .002 at most on GoEmotions
MAX_WEIGHT = 4.0  # of a document; with 10, the rarest class of TREC is predicted seven times too often
_APART = np.array([[-1.0], [1.0]], dtype=np.float32)  # one column from the two of a binary model
Link = Literal["softmax", "sigmoid"]


@dataclass(frozen=True)
class LinearModel:
    """Logits that are linear in the features, and how they become probabilities.

    n_classes : of the project, whether seen in training or not
    seen : (k,) the classes that have weights; the others always get probability 0
    columns : (m,) hashed columns with weights; all others count nothing
    sparse_weights : (m, k); intercept : (k,)
    dense_weights : (d, k), d = 0 for a model that has no dense view
    """

    n_classes: int
    seen: Integers
    columns: Integers
    sparse_weights: Floats
    dense_weights: Floats
    intercept: Floats
    link: Link = "softmax"

    def logits(self, rows: Rows) -> Floats:
        """(n, k) for the classes in `seen`."""
        logits = np.broadcast_to(self.intercept, (len(rows), len(self.seen))).copy()
        if len(self.columns):
            indices = self._places.take(rows.sparse.indices)
            shape = (len(rows), len(self.columns) + 1)
            logits += csr_array((rows.sparse.data, indices, rows.sparse.indptr), shape=shape) @ self._padded
        if len(self.dense_weights):
            logits += rows.project(self.dense_weights)
        return logits

    def scores(self, rows: Rows) -> Floats:
        """(n, n_classes) log probabilities, or log-odds of several labels; unknown classes get the floor."""
        logits = self.logits(rows)
        if self.link == "softmax":
            return spread_out(below_best(logits), self.seen, self.n_classes)
        return spread_out(logits.clip(FLOOR, -FLOOR), self.seen, self.n_classes)

    def probabilities(self, rows: Rows) -> Floats:
        """(n, n_classes) in [0, 1]; softmax rows sum to 1, sigmoid rows need not."""
        logits = self.logits(rows)
        if self.link == "softmax":
            logits -= logits.max(axis=1, keepdims=True, initial=-np.inf)
            np.exp(logits, out=logits)
            logits /= logits.sum(axis=1, keepdims=True)
        else:
            logits = 0.5 * (1 + np.tanh(0.5 * logits))
        if len(self.seen) == self.n_classes:
            return logits
        spread = np.zeros((len(rows), self.n_classes), dtype=np.float32)
        spread[:, self.seen] = logits
        return spread

    @cached_property
    def _places(self) -> NDArray[np.int32]:
        """(COLUMNS,) the row of `_padded` for each hashed column."""
        return places_of(self.columns, COLUMNS)

    @cached_property
    def _padded(self) -> Floats:
        """`sparse_weights` with a row of zeros behind, for the columns that have none."""
        return np.concatenate([self.sparse_weights, np.zeros((1, len(self.seen)), dtype=np.float32)])

    def save(self, folder: Path, metadata: Mapping[str, Any]) -> None:
        """Write it to a folder, all or nothing, with its metadata (featurizer version, counts)."""
        arrays: dict[str, AnyArray] = {
            "seen": self.seen,
            "columns": self.columns,
            "sparse_weights": self.sparse_weights,
            "dense_weights": self.dense_weights,
            "intercept": self.intercept,
        }
        write_folder(folder, arrays, {**metadata, "n_classes": self.n_classes, "link": self.link})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model back. Raises FileNotFoundError where none was saved."""
        arrays, metadata = read_folder(folder)
        return cls(
            int(metadata["n_classes"]),
            arrays["seen"],
            arrays["columns"],
            arrays["sparse_weights"],
            arrays["dense_weights"],
            arrays["intercept"],
            link=metadata["link"],
        )


class LinearClassifier(RowsClassifier):
    """Logistic regression over all views at once, for one class per row or several labels.

    strength : C, higher follows the labels more closely
    tolerance : of the objective, relative; None for the solver's own

    Source: logistic regression, balanced weights n / (k · count of the class), at most `MAX_WEIGHT`; two
    classes share one column of weights, as in scikit-learn.

    >>> model = LinearClassifier().fit(np.array([[0., 1.], [1., 0.], [.1, 1.]]), np.array([5, 7, 5]))
    >>> model.predict(np.array([[0., 2.], [2., 0.]])).tolist()
    [5, 7]
    """

    model_: LinearModel

    def __init__(self, strength: float = STRENGTH, tolerance: float | None = None) -> None:
        self.strength = strength
        self.tolerance = tolerance

    def _fit_rows(self, rows: Rows, labels: Integers, n_classes: int) -> LinearModel:
        is_labeled = labels.reshape(len(labels), -1).min(axis=1) > UNLABELED
        kept = np.flatnonzero(is_labeled)
        return self.learn(rows.part(kept), labels[kept] if labels.ndim == 1 else labels[kept] > 0, n_classes)

    def learn(
        self, rows: Rows, labels: AnyIntegers | Flags, n_classes: int, *, start: LinearModel | None = None
    ) -> LinearModel:
        """The model of these rows, unchecked.

        rows : Rows of n ≥ 1 labeled documents
        labels : (n,) class numbers in [0, n_classes), or (n, n_classes) bool; a row of these may be empty
        start : the model before this one; where it has seen the same classes the fit begins there
        returns : a model; with one class only in the labels it answers 1 for that class
        """
        if labels.ndim == 2:
            return self._learn_labels(rows, labels.astype(bool), start)
        seen, class_indices = np.unique(labels.astype(np.int64), return_inverse=True)
        if len(seen) == 1:
            return constant_model(rows, seen, n_classes)
        balanced = len(class_indices) / (len(seen) * np.bincount(class_indices))
        weights = np.minimum(balanced, MAX_WEIGHT)[class_indices]
        is_binary = len(seen) == 2
        targets = class_indices[:, None].astype(np.float64) if is_binary else np.eye(len(seen))[class_indices]
        solution = solve(
            rows.sparse,
            rows.points(),
            targets,
            weights,
            strength=self.strength,
            exclusive=not is_binary,
            start=None if start is None else _as_start(start, seen, rows, is_binary),
            tolerance=self.tolerance,
        )
        return _model(_halved(solution) if is_binary else solution, n_classes, seen, "softmax")

    def _learn_labels(self, rows: Rows, labels: Flags, start: LinearModel | None) -> LinearModel:
        """One against the rest for each class, all in one problem."""
        seen = np.flatnonzero(labels.any(axis=0))
        if len(seen) == 0:
            return constant_model(rows, seen, labels.shape[1], "sigmoid")
        targets = labels[:, seen].astype(np.float64)
        solution = solve(
            rows.sparse,
            rows.points(),
            targets,
            np.ones(targets.shape),
            strength=self.strength,
            exclusive=False,
            start=None if start is None else _as_start(start, seen, rows, is_binary=False),
            tolerance=LABEL_TOLERANCE if self.tolerance is None else self.tolerance,
        )
        return _model(solution, labels.shape[1], seen, "sigmoid")

    def _probabilities(self, rows: Rows) -> Floats:
        return self.model_.probabilities(rows)


def _halved(solution: Solution) -> Solution:
    """Of two classes: softmax over (-z/2, z/2) is the sigmoid of z."""
    halves = np.array([[-0.5, 0.5]], dtype=np.float32)
    return Solution(
        solution.columns,
        solution.sparse_weights * halves,
        solution.dense_weights * halves,
        (solution.intercept * halves)[0],
    )


def _as_start(start: LinearModel, seen: Integers, rows: Rows, is_binary: bool) -> Solution | None:
    if not np.array_equal(start.seen, seen) or len(start.dense_weights) != rows.width:
        return None
    parts = (start.sparse_weights, start.dense_weights, start.intercept[None])
    if is_binary:
        parts = (parts[0] @ _APART, parts[1] @ _APART, parts[2] @ _APART)
    return Solution(start.columns, parts[0], parts[1], parts[2][0])


def _model(solution: Solution, n_classes: int, seen: Integers, link: Link) -> LinearModel:
    return LinearModel(
        n_classes,
        seen,
        solution.columns,
        solution.sparse_weights,
        solution.dense_weights,
        solution.intercept,
        link,
    )


def constant_model(rows: Rows, seen: Integers, n_classes: int, link: Link = "softmax") -> LinearModel:
    """A model that has seen one class only, or none, and can say nothing else."""
    none = np.zeros((0, len(seen)), dtype=np.float32)
    dense = np.zeros((rows.width, len(seen)), dtype=np.float32)
    return LinearModel(
        n_classes, seen, np.zeros(0, dtype=np.int64), none, dense, np.zeros(len(seen), dtype=np.float32), link
    )


def places_of(columns: Integers, n_columns: int) -> NDArray[np.int32]:
    """(n_columns,) the number of each column among `columns`; all others get the one behind the last.

    >>> places_of(np.array([1, 3]), 5).tolist()
    [2, 0, 2, 1, 2]
    """
    indices = np.full(n_columns, len(columns), dtype=np.int32)
    indices[columns] = np.arange(len(columns), dtype=np.int32)
    return indices
