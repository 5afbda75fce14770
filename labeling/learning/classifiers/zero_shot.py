"""Zero-shot classifier: each class's name and one line about it, compared with every document.

It needs no label at all. Its voice fades as labels come: what the labels teach is nearer to the truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import AnyArray, Floats, Integers
from labeling.learning.text.lsa import unit_rows
from labeling.learning.text.rows import Rows


@dataclass(frozen=True)
class ZeroShotModel:
    """Cosines with the classes' descriptions, measured against the whole pool.

    described : (k,) the classes that have a description with a known word
    center : (d,) mean of the pool's dense view; towards : (d, k) directions of length 1
    usual : (k,) mean cosine of each class over the pool; spread : their standard deviation, all together
    """

    n_classes: int
    described: Integers
    center: Floats
    towards: Floats
    usual: Floats
    spread: float

    def scores(self, rows: Rows) -> Floats:
        """(n, n_classes) standard deviations above the usual; 0 for a class without a description.

        Not normalized: only differences within a row count where experts are added.
        """
        scores = np.zeros((len(rows), self.n_classes), dtype=np.float32)
        if len(self.described):
            points = unit_rows(rows.points() - self.center)
            scores[:, self.described] = (points @ self.towards - self.usual) / self.spread
        return scores

    def save(self, folder: Path, metadata: Mapping[str, Any]) -> None:
        """Write it to a folder, all or nothing."""
        arrays: dict[str, AnyArray] = {
            "described": self.described,
            "centre": self.center,
            "towards": self.towards,
            "usual": self.usual,
        }
        write_folder(folder, arrays, {**metadata, "n_classes": self.n_classes, "spread": self.spread})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read one back. Raises FileNotFoundError where none was saved."""
        arrays, metadata = read_folder(folder)
        return cls(
            int(metadata["n_classes"]),
            arrays["described"],
            arrays["centre"],
            arrays["towards"],
            arrays["usual"],
            float(metadata["spread"]),
        )


def read_guideline(described: Rows, unlabeled: Rows) -> ZeroShotModel:
    """Make the expert from the features of the descriptions.

    described : Rows of n_classes, "name: one line" of each; an empty text where a class has none
    unlabeled : Rows of documents of the pool, some thousand at random
    """
    points, targets = unlabeled.points(), described.points()
    is_known = np.abs(points).sum(axis=1) > 0
    center = points[is_known].mean(axis=0) if is_known.any() else np.zeros(points.shape[1], np.float32)
    classes = np.flatnonzero(np.abs(targets).sum(axis=1) > 0)
    towards = unit_rows(targets[classes] - center).T
    cosines = unit_rows(points[is_known] - center) @ towards
    usual = cosines.mean(axis=0) if len(cosines) else np.zeros(len(classes), np.float32)
    spread = float((cosines - usual).std()) if cosines.size else 1.0
    return ZeroShotModel(len(targets), classes, center, towards, usual.astype(np.float32), max(spread, 1e-6))
