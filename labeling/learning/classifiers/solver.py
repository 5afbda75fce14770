"""Logistic regression solver: the regularized weights that fit the labels, found where the problem is small.

The optimum lies in the span of the labeled rows. With few rows it is found there (the dual: a Cholesky root
of their Gram matrix stands in for the features), with many in the columns that occur. Both are the same
problem in other coordinates, so one objective and one solver serve both.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.sparse import csr_array

from labeling.learning.arrays.types import Doubles, Floats, Integers

MAX_DUAL_ROWS = 2_000  # the dual was faster at 1,000 rows, the columns at 3,000
ITERATIONS = 200
MEMORY = 10  # steps that L-BFGS remembers
LOOSE_TOLERANCE = 1e-5  # with thousands of labels: nothing that a test set could tell
SLOPE_TOLERANCE = 1e-4  # of the gradient, in units of the mean weight
TOLERANCE = 1e-7  # of the objective, relative; a loose gradient stop ends after one step with many classes


@dataclass(frozen=True)
class Solution:
    """logits = sparse[:, columns] @ sparse_weights + dense @ dense_weights + intercept.

    columns : (m,) the columns that occur in the labeled rows; all others have weight 0 at the optimum
    sparse_weights : (m, k); dense_weights : (d, k); intercept : (k,)
    """

    columns: Integers
    sparse_weights: Floats
    dense_weights: Floats
    intercept: Floats


def solve(
    sparse: csr_array,
    dense: Floats,
    targets: Doubles,
    weights: Doubles,
    *,
    strength: float,
    exclusive: bool,
    start: Solution | None = None,
    tolerance: float | None = None,
) -> Solution:
    """Minimize ½|W|² + C Σ weight · log-loss, the intercept not penalized, as scikit-learn counts C.

    sparse : (n, COLUMNS); dense : (n, d) features side by side
    targets : (n, k) rows that sum to 1 (exclusive: softmax) or values in [0, 1] (sigmoid per class)
    weights : (n,) or (n, k) of each row's loss
    strength : C, higher fits closer
    start : an earlier solution for the same k classes; the nearer, the fewer steps
    tolerance : of the objective, relative; None for `TOLERANCE`
    """
    columns, compact = compact_columns(sparse)
    losses = strength * np.broadcast_to(weights.reshape(len(targets), -1), targets.shape)
    usual = TOLERANCE if len(targets) <= MAX_DUAL_ROWS else LOOSE_TOLERANCE
    problem = _Problem(targets, losses, exclusive, usual if tolerance is None else tolerance)
    first = None if start is None else _placed(start, columns)
    if len(columns) == 0 and dense.shape[1] < len(targets):
        matrix = _minimize(dense, dense.T, problem, first)
    elif len(targets) <= MAX_DUAL_ROWS:
        matrix = _solve_dual(compact, dense, problem, first)
    else:
        design = _SideBySide(compact, dense)
        matrix = _minimize(design, design.T, problem, first)
    coefficients: Floats = matrix.astype(np.float32)
    return Solution(columns, coefficients[: len(columns)], coefficients[len(columns) : -1], coefficients[-1])


@dataclass(frozen=True)
class _Problem:
    targets: Doubles
    weights: Doubles  # (n, k), C included
    is_exclusive: bool
    tolerance: float

    def loss_and_slope(self, logits: Doubles) -> tuple[float, Doubles]:
        """The weighted log-loss, and its derivative by the logits."""
        if self.is_exclusive:
            losses, probabilities = _log_loss(logits, self.targets)
        else:
            losses, probabilities = _binary_loss(logits, self.targets)
        return float((self.weights * losses).sum()), self.weights * (probabilities - self.targets)


def compact_columns(sparse: csr_array) -> tuple[Integers, csr_array]:
    """The columns that occur, and the rows with only those, renumbered from 0."""
    columns, indices = np.unique(sparse.indices, return_inverse=True)
    shape = (sparse.shape[0], len(columns))
    return columns.astype(np.int64), csr_array(
        (sparse.data, indices.astype(np.int32), sparse.indptr), shape=shape
    )


def _placed(start: Solution, columns: Integers) -> Doubles:
    """An earlier solution in the columns of this problem: (m + d + 1, k), the intercept last."""
    placed = np.zeros((len(columns), len(start.intercept)))
    _, here, there = np.intersect1d(columns, start.columns, return_indices=True)
    placed[here] = start.sparse_weights[there]
    return np.concatenate([placed, start.dense_weights, start.intercept[None]])


def _solve_dual(compact: csr_array, dense: Floats, problem: _Problem, first: Doubles | None) -> Doubles:
    exact = compact.astype(np.float64)  # rounded to 24 bits, mixed rows are off by more than the jitter
    gram = (exact @ exact.T).toarray() + dense.astype(np.float64) @ dense.T
    jitter = 1e-6 * max(float(np.trace(gram)) / len(gram), 1e-6)  # equal rows make the Gram matrix singular
    root = np.linalg.cholesky(gram + jitter * np.eye(len(gram)))
    if first is not None:
        on_rows = compact @ first[: compact.shape[1]] + dense @ first[compact.shape[1] : -1]
        first = np.concatenate([solve_triangular(root, on_rows, lower=True), first[-1:]])
    narrow: Floats = root.astype(np.float32)  # reading the matrix is what a step costs
    dual = _minimize(narrow, np.ascontiguousarray(narrow.T), problem, first)
    coefficients = solve_triangular(root.T, dual[:-1], lower=False)
    return np.concatenate([compact.T @ coefficients, dense.T @ coefficients, dual[-1:]])


class _SideBySide:
    """Sparse and dense columns as one matrix, as far as `@` goes."""

    def __init__(self, sparse: csr_array, dense: Floats) -> None:
        self.sparse, self.dense = sparse, dense
        self.shape = (sparse.shape[0], sparse.shape[1] + dense.shape[1])
        self.T = _Stacked(sparse.T.tocsr(), np.ascontiguousarray(dense.T))

    def __matmul__(self, weights: Floats) -> Floats:
        split = self.sparse.shape[1]
        product: Floats = self.sparse @ weights[:split] + self.dense @ weights[split:]
        return product


class _Stacked:
    """The transpose of `_SideBySide`."""

    def __init__(self, sparse: csr_array, dense: Floats) -> None:
        self.sparse, self.dense = sparse, dense

    def __matmul__(self, values: Floats) -> Floats:
        return np.concatenate([self.sparse @ values, self.dense @ values])


def _minimize(design: Any, transposed: Any, problem: _Problem, first: Doubles | None) -> Doubles:
    """L-BFGS over the (design.shape[1] + 1, k) weights, the last row the intercept."""
    n_classes, width = problem.targets.shape[1], design.shape[1]

    def objective(flat: Doubles) -> tuple[float, Doubles]:
        matrix = flat.reshape(width + 1, n_classes)
        logits = (design @ matrix[:-1].astype(np.float32)).astype(np.float64) + matrix[-1]
        loss, slope = problem.loss_and_slope(logits)
        gradient = np.empty_like(matrix)
        gradient[:-1] = transposed @ slope.astype(np.float32) + matrix[:-1]
        gradient[-1] = slope.sum(axis=0)
        return loss + 0.5 * float((matrix[:-1] ** 2).sum()), gradient.ravel()

    options = {
        "maxiter": ITERATIONS,
        "ftol": problem.tolerance,
        "gtol": SLOPE_TOLERANCE * float(problem.weights.mean()),
        "maxcor": MEMORY,
    }
    flat = np.zeros((width + 1) * n_classes) if first is None else first.ravel()
    result = minimize(objective, flat, jac=True, method="L-BFGS-B", options=options)
    matrix: Doubles = np.asarray(result.x, dtype=np.float64).reshape(width + 1, n_classes)
    return matrix


def _log_loss(logits: Doubles, targets: Doubles) -> tuple[Doubles, Doubles]:
    """Softmax cross-entropy, shared out to the classes, and the probabilities."""
    logits = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(logits)
    sums = exponentials.sum(axis=1, keepdims=True)
    return -targets * (logits - np.log(sums)), exponentials / sums


def _binary_loss(logits: Doubles, targets: Doubles) -> tuple[Doubles, Doubles]:
    """Logistic loss of each class on its own, and the probabilities."""
    losses = np.logaddexp(0, logits) - targets * logits
    return losses, 0.5 * (1 + np.tanh(0.5 * logits))
