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
from labeling.learning.classifiers.estimator import RowsClassifier
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


class ZeroShotClassifier(RowsClassifier):
    """Classes by the cosine with their descriptions, measured against the pool.

    In `fit`, the labeled rows are the descriptions and the unlabeled ones the pool; without any, the
    descriptions are their own pool. Several rows of one class count as their mean.
    """

    model_: ZeroShotModel

    def _fit_rows(self, rows: Rows, labels: Integers, n_classes: int) -> ZeroShotModel:
        known, unknown = np.flatnonzero(labels >= 0), np.flatnonzero(labels < 0)
        points = rows.points()[known]
        member = np.eye(n_classes, dtype=np.float32)[labels[known]]
        means = (member.T @ points) / np.maximum(member.sum(axis=0), 1)[:, None]
        described = Rows(rows.sparse[:0], means.astype(np.float32))
        return self.learn(described, rows.part(unknown if len(unknown) else known))

    def learn(self, described: Rows, unlabeled: Rows) -> ZeroShotModel:
        """The model from the features of the descriptions, unchecked.

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
        usual = usual.astype(np.float32)
        return ZeroShotModel(len(targets), classes, center, towards, usual, max(spread, 1e-6))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags
