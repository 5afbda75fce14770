"""Predictor: a trained classifier for new texts. Texts in, probabilities out; no pool is needed.

The service predicts new texts with it, and a downloaded model holds it: `standalone` gathers this module and
what it needs into one file.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
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
from labeling.learning.portable.manifest import MANIFEST_FILE
from labeling.learning.text.tfidf import Featurizer

EXPERT_KINDS: dict[str, type[LinearModel] | type[NaiveBayesModel] | type[ZeroShotModel]] = {
    "LinearModel": LinearModel,
    "WordsModel": NaiveBayesModel,
    "GuidelineModel": ZeroShotModel,
}
BATCH_SIZE = 1_000  # texts in memory as features


@dataclass(frozen=True)
class Predictor:
    """Texts in, probabilities out.

    classes : their names, in the order of the columns of probabilities
    featurizer : texts to numbers
    experts : classifiers; weights : how much each counts, above 0
    link : "softmax" for one class per text, "sigmoid" for several labels
    offset : added to every log-odds of several labels
    thresholds : of several labels, the probability from which each is given
    """

    classes: tuple[str, ...]
    featurizer: Featurizer
    experts: tuple[Expert, ...]
    weights: Doubles
    link: Link
    offset: float
    thresholds: Floats

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read the folder of a download. Raises FileNotFoundError where it is none."""
        folder = Path(folder)
        manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        return cls.open(manifest, folder / "experts", folder / "features")

    @classmethod
    def open(cls, manifest: dict[str, Any], experts: Path, features: Path) -> Self:
        """Read the parts of a model from their folders.

        manifest : the content of `predictor.json`
        """
        parts = manifest["experts"]
        return cls(
            classes=tuple(label_class["name"] for label_class in manifest["classes"]),
            featurizer=Featurizer.load(features),
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
        batches = [self._of_batch(texts[n : n + BATCH_SIZE]) for n in range(0, len(texts), BATCH_SIZE)]
        return np.concatenate(batches) if batches else np.zeros((0, len(self.classes)), dtype=np.float32)

    def predict(self, texts: Sequence[str]) -> list[Any]:
        """The class of each text; where a text can have several labels, a list of any number of them."""
        decided = self.decide(self.predict_proba(texts))
        return [classes[0] for classes in decided] if self.link == "softmax" else list(decided)

    def decide(self, probabilities: Floats) -> list[list[str]]:
        """The classes that these probabilities mean: a list for each row."""
        decided = decided_labels(probabilities, self.link, self.thresholds)
        return [[self.classes[column] for column in np.flatnonzero(row)] for row in decided]

    def _of_batch(self, texts: Sequence[str]) -> Floats:
        rows = self.featurizer.transform(texts)
        scores = [expert.scores(rows) for expert in self.experts]
        return as_probabilities(weighted_sum(scores, self.weights, self.offset), self.link)


def main() -> None:
    """Read texts from the standard input and write a JSON object for each, one per line."""
    parser = argparse.ArgumentParser(description="Predict the classes of texts, one text per line.")
    parser.add_argument("folder", nargs="?", default=Path(__file__).parent, help="the downloaded folder")
    parser.add_argument("--json", action="store_true", help="each line is a text as a JSON string")
    options = parser.parse_args()
    predictor = Predictor.load(options.folder)
    lines = (line.rstrip("\n") for line in io.TextIOWrapper(sys.stdin.buffer, "utf-8", newline="\n"))
    texts = map(json.loads, lines) if options.json else lines
    for line in _json_lines(predictor, texts):
        sys.stdout.write(line)


def _json_lines(predictor: Predictor, texts: Iterable[str]) -> Iterator[str]:
    """`{"classes": the predicted ones, "probabilities": of every class}` for each text, in their order."""
    texts = iter(texts)
    while batch := list(islice(texts, BATCH_SIZE)):
        probabilities = predictor.predict_proba(batch)
        for decided, row in zip(predictor.decide(probabilities), probabilities.tolist(), strict=True):
            by_class = dict(zip(predictor.classes, row, strict=True))
            yield json.dumps({"classes": decided, "probabilities": by_class}) + "\n"


if __name__ == "__main__":
    main()
