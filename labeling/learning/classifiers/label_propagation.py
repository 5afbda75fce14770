"""Label propagation: labels spread over a graph of nearest neighbors until they settle.

The graph joins anchors: all documents of a small pool, a sample of a large one. Every other document hangs on
its nearest anchors, so a million documents cost one sparse product.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array, diags_array

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import AnyArray, Floats, Integers, softmax, spread_out
from labeling.learning.classifiers.estimator import RowsClassifier
from labeling.learning.text.lsa import unit_rows
from labeling.learning.text.rows import Rows

NEIGHBORS = 15
SHARPNESS = 4  # power of the cosine: near neighbors count much more than far ones
PROPAGATION_WEIGHT = 0.9  # of what a document hears from its neighbors, against its own label
STEPS = 15
DOUBT = 0.02  # of the usual evidence, spread over all classes
BLOCK = 1_024  # documents compared at once


def nearest(points: Floats, anchors: Floats, *, own: Integers | None = None) -> csr_array:
    """The nearest anchors of each point and how near they are.

    points : (n, d); anchors : (m, d); rows of zeros are near to nothing
    own : (n,) number of the anchor that each point is itself, -1 for none: no anchor is its own neighbor
    returns : (n, m) with at most `NEIGHBORS` values in a row, cosines to the power of `SHARPNESS`
    """
    count = min(NEIGHBORS, len(anchors) - (own is not None))
    if count < 1 or len(points) == 0:
        return csr_array((len(points), len(anchors)), dtype=np.float32)
    points, towards = unit_rows(points), np.ascontiguousarray(unit_rows(anchors).T)
    indices = np.zeros((len(points), count), dtype=np.int32)
    weights = np.zeros((len(points), count), dtype=np.float32)
    for start in range(0, len(points), BLOCK):
        cosines = points[start : start + BLOCK] @ towards
        if own is not None:
            here = own[start : start + BLOCK]
            rows = np.flatnonzero(here >= 0)
            cosines[rows, here[rows]] = -1
        neighbors = np.argpartition(cosines, -count, axis=1)[:, -count:]
        indices[start : start + BLOCK] = neighbors
        weights[start : start + BLOCK] = np.take_along_axis(cosines, neighbors, axis=1)
    np.power(np.maximum(weights, 0, out=weights), SHARPNESS, out=weights)
    indptr = np.arange(0, indices.size + 1, count)
    return csr_array((weights.ravel(), indices.ravel(), indptr), shape=(len(points), len(anchors)))


def smoothing(near: csr_array) -> csr_array:
    """The step of the propagation: (m, m), symmetric, its largest eigenvalue at most 1.

    near : (m, m) from `nearest` of the anchors among themselves

    Source: Zhou et al. (2004), the normalized graph.
    """
    joined = near.maximum(near.T)
    degrees = np.asarray(joined.sum(axis=1), dtype=np.float32)
    scale = diags_array(1 / np.sqrt(np.maximum(degrees, 1e-9)))
    step: csr_array = (scale @ joined @ scale).tocsr().astype(np.float32)
    return step


@dataclass(frozen=True)
class LabelPropagationModel:
    """How much of each class has reached each anchor.

    seen : (k,) classes it knows
    reached : (m, k) at least 0
    usual : evidence that a document usually has; far below it the model is in doubt
    """

    n_classes: int
    seen: Integers
    reached: Floats
    usual: float

    def scores(self, rows: Rows) -> Floats:
        """(n, n_classes); even over the known classes for a document without neighbors."""
        n_seen = len(self.seen)
        if rows.neighbors is None:
            even = np.full((len(rows), n_seen), -np.log(n_seen), dtype=np.float32)
            return spread_out(even, self.seen, self.n_classes)
        propagated = rows.neighbors @ self.reached
        doubt = np.float32(DOUBT * self.usual)
        total = propagated.sum(axis=1, keepdims=True) + doubt
        return spread_out(np.log((propagated + doubt / n_seen) / total), self.seen, self.n_classes)

    def save(self, folder: Path, metadata: Mapping[str, Any]) -> None:
        """Write it to a folder, all or nothing."""
        arrays: dict[str, AnyArray] = {"seen": self.seen, "reached": self.reached.astype(np.float32)}
        write_folder(folder, arrays, {**metadata, "n_classes": self.n_classes, "usual": self.usual})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read one back. Raises FileNotFoundError where none was saved."""
        arrays, metadata = read_folder(folder)
        return cls(int(metadata["n_classes"]), arrays["seen"], arrays["reached"], float(metadata["usual"]))


class LabelPropagationClassifier(RowsClassifier):
    """Labels that spread from the labeled rows over a graph of nearest neighbors.

    Fitted by itself, all rows are anchors, unlabeled ones too; others hang on their nearest anchors.

    steps : of the propagation
    alpha : of what a row hears from its neighbors, against its own label

    Source: Zhou et al. (2004), learning with local and global consistency; the label of a document that is no
    anchor enters by its neighbors.
    """

    model_: LabelPropagationModel

    def __init__(self, steps: int = STEPS, alpha: float = PROPAGATION_WEIGHT) -> None:
        self.steps = steps
        self.alpha = alpha

    def _fit_rows(self, rows: Rows, labels: Integers, n_classes: int) -> LabelPropagationModel:
        self.anchors_ = rows.points()
        everyone, known = np.arange(len(rows)), np.flatnonzero(labels >= 0)
        near = nearest(self.anchors_, self.anchors_, own=everyone)
        return self.learn(smoothing(near), near[known], known, labels[known], n_classes)

    def learn(
        self, step: csr_array, near: csr_array, own: Integers, labels: Integers, n_classes: int
    ) -> LabelPropagationModel:
        """Let labels spread from the labeled documents over the graph, unchecked.

        step : (m, m) from `smoothing`
        near : (n, m) how near each labeled document is to the anchors
        own : (n,) the anchor that it is itself, -1 for none
        labels : (n,) class numbers
        returns : a model; every class sends out the same amount, however many labels it has
        """
        seen, class_indices = np.unique(labels, return_inverse=True)
        chosen = np.eye(len(seen), dtype=np.float32)[class_indices]
        is_anchor = own >= 0
        scale = np.asarray(near.sum(axis=1), dtype=np.float32)
        spread = np.where(is_anchor, 0, 1 / np.maximum(scale, 1e-9)).astype(np.float32)[:, None]
        entering = (near.T @ (chosen * spread)).astype(np.float32)
        np.add.at(entering, own[is_anchor], chosen[is_anchor])
        entering /= np.maximum(entering.sum(axis=0), 1e-9)
        reached = entering.copy()
        for _ in range(self.steps):
            reached = self.alpha * (step @ reached) + (1 - self.alpha) * entering
        propagated = near @ reached
        usual = float(propagated.sum(axis=1).mean()) if len(labels) else 0.0
        return LabelPropagationModel(n_classes, seen, reached, usual)

    def _probabilities(self, rows: Rows) -> Floats:
        return softmax(self.model_.scores(replace(rows, neighbors=nearest(rows.points(), self.anchors_))))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags
