"""External models: production's or a language model's predictions, as an expert among the others.

Where such a model has said nothing of a document it abstains, and the other experts decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import FLOOR, AnyArray, Floats, Integers, below_best
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

    @classmethod
    def of(cls, positions: Integers, probabilities: Floats, *, is_single: bool) -> Self:
        """From what such a model says of some documents.

        probabilities : (n, n_classes) in [0, 1]
        is_single : whether each document has one class, and not several labels
        """
        sure = np.clip(probabilities, 1e-6, 1 - 1e-6)
        if is_single:
            scores = np.maximum(below_best(np.log(sure)), FLOOR)
        else:
            scores = np.clip(np.log(sure) - np.log1p(-sure), FLOOR, -FLOOR)
        return cls(probabilities.shape[1], positions, scores.astype(np.float32))

    def scores(self, rows: Rows) -> Floats:
        """(n, n_classes); zeros, which are added to nobody's disadvantage, where nothing was said."""
        probabilities = np.zeros((len(rows), self.n_classes), dtype=np.float32)
        if rows.positions is not None and len(self.positions):
            indices = np.searchsorted(self.positions, rows.positions).clip(max=len(self.positions) - 1)
            is_known = self.positions[indices] == rows.positions
            probabilities[is_known] = self.log_scores[indices[is_known]]
        return probabilities

    def save(self, folder: Path, metadata: Mapping[str, Any]) -> None:
        """Write it to a folder, all or nothing."""
        arrays: dict[str, AnyArray] = {"positions": self.positions, "said": self.log_scores}
        write_folder(folder, arrays, {**metadata, "n_classes": self.n_classes})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read one back. Raises FileNotFoundError where none was saved."""
        arrays, metadata = read_folder(folder)
        return cls(int(metadata["n_classes"]), arrays["positions"], arrays["said"])
