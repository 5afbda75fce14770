"""Committee classifier: the committee as a classifier of scikit-learn, semi-supervised, over any features."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from labeling.learning.arrays.types import AnyArray, Floats, Integers
from labeling.learning.classifiers.auxiliary import SAMPLE, AuxiliaryData
from labeling.learning.classifiers.committee import Committee
from labeling.learning.classifiers.estimator import UNLABELED, RowsClassifier
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.classifiers.hyperparameters import Augmentation, Hyperparameters
from labeling.learning.classifiers.label_propagation import nearest, smoothing
from labeling.learning.classifiers.regularization import STRENGTH
from labeling.learning.text.rows import Rows


class CommitteeClassifier(RowsClassifier):
    """The experts together, each with a learned weight: what the service trains, on features of your own.

    Rows without a label (`UNLABELED` in y) are the pool that the experts read: naive Bayes a sparse matrix,
    label propagation an array. With labels alone it is the linear expert, as in the service.

    strength, augmentation : hyperparameters of the linear expert
    random_state : seed of the folds in which the weights are learned

    >>> X = np.array([[0., 1.], [.1, 1.], [1., .1], [1., 0.]])
    >>> CommitteeClassifier().fit(X, np.array([3, -1, -1, 7])).predict(X).tolist()
    [3, 3, 7, 7]
    """

    model_: Committee

    def __init__(
        self, strength: float = STRENGTH, augmentation: str = Augmentation.NONE.value, random_state: int = 0
    ) -> None:
        self.strength = strength
        self.augmentation = augmentation
        self.random_state = random_state

    def _fit_rows(self, rows: Rows, labels: Integers, n_classes: int) -> Committee:
        is_labeled = labels.reshape(len(labels), -1).min(axis=1) > UNLABELED
        known, unknown = np.flatnonzero(is_labeled), np.flatnonzero(~is_labeled)
        auxiliary, self.anchors_ = None, np.zeros((0, rows.width), dtype=np.float32)
        if len(unknown):
            rng = np.random.default_rng(self.random_state)
            sample = np.sort(rng.choice(unknown, min(SAMPLE, len(unknown)), replace=False))
            rows, auxiliary = self._with_graph(replace(rows, positions=np.arange(len(rows))), sample)
        return fit_committee(
            rows.part(known),
            labels[known] > 0 if labels.ndim == 2 else labels[known],
            n_classes,
            auxiliary=auxiliary,
            hyperparameters=Hyperparameters(self.strength, Augmentation(self.augmentation)),
            seed=self.random_state,
        )

    def _with_graph(self, rows: Rows, sample: Integers) -> tuple[Rows, AuxiliaryData]:
        """The rows hung on the sample, which is the anchors; points alone have neighbors."""
        unlabeled = rows.part(sample)
        if not rows.width:
            return rows, AuxiliaryData(unlabeled, sample)
        self.anchors_ = unlabeled.points()
        own = np.full(len(rows), -1)
        own[sample] = np.arange(len(sample))
        near = nearest(rows.points(), self.anchors_, own=own)
        return replace(rows, neighbors=near), AuxiliaryData(
            unlabeled, sample, smoothing(near[sample]), anchors=sample
        )

    def _probabilities(self, rows: Rows) -> Floats:
        if len(self.anchors_):
            rows = replace(rows, neighbors=nearest(rows.points(), self.anchors_))
        return self.model_.probabilities(rows)

    def predict(self, X: Any) -> AnyArray:
        """(n,) the most probable class of each row; of several labels (n, n_classes) those that count."""
        probabilities = self.predict_proba(X)
        if self.model_.link == "sigmoid":
            return self.model_.decide(probabilities).astype(np.int64)
        predicted: AnyArray = self.classes_[probabilities.argmax(axis=1)]
        return predicted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
