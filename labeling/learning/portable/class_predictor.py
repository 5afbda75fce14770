"""Classifier for new texts: texts in, probabilities out; no pool is needed.

The service predicts new texts with it, and a downloaded model holds it: `standalone` gathers this module and
what it needs into one file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from labeling.learning.arrays.types import Doubles, Floats
from labeling.learning.classifiers.committee import (
    Expert,
    as_probabilities,
    decided_labels,
    weighted_sum,
)
from labeling.learning.classifiers.linear import LinearModel, Link
from labeling.learning.classifiers.naive_bayes import NaiveBayesModel
from labeling.learning.classifiers.zero_shot import ZeroShotModel
from labeling.learning.portable.command_line import TEXT_BATCH_SIZE
from labeling.learning.text.rows import Rows

EXPERT_KINDS: dict[str, type[LinearModel] | type[NaiveBayesModel] | type[ZeroShotModel]] = {
    "LinearModel": LinearModel,
    "WordsModel": NaiveBayesModel,
    "GuidelineModel": ZeroShotModel,
}
RowsOf = Callable[[Sequence[str]], Rows]


@dataclass(frozen=True)
class ClassPredictor:
    """Texts in, probabilities out.

    classes : their names, in the order of the columns of probabilities
    rows_of : texts to features, by the view that the experts read
    experts : classifiers; weights : how much each counts, above 0
    link : "softmax" for one class per text, "sigmoid" for several labels
    offset : added to every log-odds of several labels
    thresholds : of several labels, the probability from which each is given
    """

    classes: tuple[str, ...]
    rows_of: RowsOf
    experts: tuple[Expert, ...]
    weights: Doubles
    link: Link
    offset: float
    thresholds: Floats

    @classmethod
    def from_parts(cls, manifest: Mapping[str, Any], experts: Path, rows_of: RowsOf) -> Self:
        """Read the experts of a model from their folders.

        manifest : the content of `predictor.json`
        """
        parts = manifest["experts"]
        return cls(
            classes=tuple(label_class["name"] for label_class in manifest["classes"]),
            rows_of=rows_of,
            experts=tuple(EXPERT_KINDS[part["kind"]].load(experts / part["folder"]) for part in parts),
            weights=np.array([part["weight"] for part in parts], dtype=np.float64),
            link=manifest["link"],
            offset=float(manifest["offset"]),
            thresholds=np.array(manifest["thresholds"], dtype=np.float32),
        )

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """The probability of each class for each text.

        returns : (n_texts, n_classes) in [0, 1]; rows sum to 1 where a text has one class
        """
        starts = range(0, len(texts), TEXT_BATCH_SIZE)
        batches = [self.probabilities(self.rows_of(texts[n : n + TEXT_BATCH_SIZE])) for n in starts]
        return np.concatenate(batches) if batches else np.zeros((0, len(self.classes)), dtype=np.float32)

    def predict(self, texts: Sequence[str]) -> list[Any]:
        """The class of each text; where a text can have several labels, a list of any number of them."""
        decided = self.decide(self.predict_proba(texts))
        return [classes[0] for classes in decided] if self.link == "softmax" else list(decided)

    def decide(self, probabilities: Floats) -> list[list[str]]:
        """The classes that these probabilities mean: a list for each row."""
        decided = decided_labels(probabilities, self.link, self.thresholds)
        return [[self.classes[column] for column in np.flatnonzero(row)] for row in decided]

    def described(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """The predicted classes of each text, and the probability of every class."""
        probabilities = self.predict_proba(texts)
        return [
            {"classes": classes, "probabilities": dict(zip(self.classes, row, strict=True))}
            for classes, row in zip(self.decide(probabilities), probabilities.tolist(), strict=True)
        ]

    def probabilities(self, rows: Rows) -> Floats:
        """The same as `predict_proba` from features."""
        scores = [expert.scores(rows) for expert in self.experts]
        return as_probabilities(weighted_sum(scores, self.weights, self.offset), self.link)
