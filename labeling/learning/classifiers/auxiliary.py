"""Auxiliary data: what experts use besides labels. The pool without its labels, its graph, the guideline."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays.types import Flags, Integers
from labeling.learning.classifiers.external import ExternalModel
from labeling.learning.text.rows import Rows

SAMPLE = 20_000  # unlabeled documents that naive Bayes reads: time and memory are bounded, whatever the pool


@dataclass(frozen=True)
class AuxiliaryData:
    """What is known of a pool before and beside its labels.

    unlabeled : Rows of a sample of the pool, drawn at random, test documents left out
    positions : (n,) their places in the store, rising
    step : (m, m) the graph of the anchors, from `neighbors.smoothing`; None without a graph
    anchors : (m,) their places in the store, rising
    described : Rows of n_classes, the features of "name: one line" of each class; None without a guideline
    outside : models from elsewhere by their names
    """

    unlabeled: Rows
    positions: Integers
    step: csr_array | None = None
    described: Rows | None = None
    anchors: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    outside: Mapping[str, ExternalModel] = field(default_factory=dict)

    def is_labeled(self, positions: Integers) -> Flags:
        """(n,) which of the sample are among these documents."""
        return np.isin(self.positions, positions)

    def own_anchors(self, positions: Integers) -> Integers:
        """(n,) the number of the anchor that each of these documents is, -1 for none."""
        indices = np.searchsorted(self.anchors, positions).clip(max=max(len(self.anchors) - 1, 0))
        is_anchor = (
            self.anchors[indices] == positions if len(self.anchors) else np.zeros(len(positions), bool)
        )
        return np.where(is_anchor, indices, -1)
