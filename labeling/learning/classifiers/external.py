"""External models: production's or a language model's predictions, as an expert among the others.

Where such a model has said nothing of a document it abstains, and the other experts decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import FLOOR, AnyArray, Flags, Floats, Integers, below_best, softmax
from labeling.learning.text.rows import Rows


@dataclass(frozen=True)
class ExternalModel:
    """Predictions by the documents' places.

    positions : (n,) places in the feature store, rising
    log_scores : (n, n_classes) scores as experts give them: log probabilities, or log-odds of several labels
    """

    n_classes: int
    positions: Integers
    log_scores: Floats

    def scores(self, rows: Rows) -> Floats:
        """(n, n_classes); zeros, which are added to nobody's disadvantage, where nothing was said."""
        if rows.positions is None:
            return np.zeros((len(rows), self.n_classes), dtype=np.float32)
        return self.scores_of(rows.positions)

    def scores_of(self, positions: Integers) -> Floats:
        """The same of the documents at these places."""
        scores = np.zeros((len(positions), self.n_classes), dtype=np.float32)
        if len(self.positions):
            indices = np.searchsorted(self.positions, positions).clip(max=len(self.positions) - 1)
            is_known = self.positions[indices] == positions
            scores[is_known] = self.log_scores[indices[is_known]]
        return scores

    def knows(self, positions: Integers) -> Flags:
        """(n,) whether anything was said of the documents at these places."""
        return np.isin(positions, self.positions)

    def save(self, folder: Path, metadata: Mapping[str, Any]) -> None:
        """Write it to a folder, all or nothing."""
        arrays: dict[str, AnyArray] = {"positions": self.positions, "said": self.log_scores}
        write_folder(folder, arrays, {**metadata, "n_classes": self.n_classes})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read one back. Raises FileNotFoundError where none was saved."""
        arrays, metadata = read_folder(folder)
        return cls(int(metadata["n_classes"]), arrays["positions"], arrays["said"])


class ExternalClassifier(ClassifierMixin, BaseEstimator):
    """A model from elsewhere as a classifier: it repeats what that model said of a document, or abstains.

    is_single : whether each document has one class, and not several labels
    """

    model_: ExternalModel

    def __init__(self, is_single: bool = True) -> None:
        self.is_single = is_single

    def fit(self, X: Integers, y: Floats) -> Self:
        """Remember the predictions.

        X : (n,) places in the feature store, rising
        y : (n, n_classes) the model's probabilities, in [0, 1]
        """
        sure = np.clip(y, 1e-6, 1 - 1e-6)
        if self.is_single:
            scores = np.maximum(below_best(np.log(sure)), FLOOR)
        else:
            scores = np.clip(np.log(sure) - np.log1p(-sure), FLOOR, -FLOOR)
        self.classes_ = np.arange(y.shape[1])
        self.model_ = ExternalModel(y.shape[1], X, scores.astype(np.float32))
        return self

    def predict_proba(self, X: Integers) -> Floats:
        """(n, n_classes) of the documents at these places; even, or one half each, where nothing was said."""
        scores = self.model_.scores_of(X)
        return softmax(scores) if self.is_single else np.asarray(0.5 * (1 + np.tanh(0.5 * scores)))

    def predict(self, X: Integers) -> Integers | Flags:
        """(n,) class numbers; of several labels (n, n_classes) bool."""
        probabilities = self.predict_proba(X)
        return np.asarray(probabilities.argmax(axis=1) if self.is_single else probabilities > 0.5)
