"""Classifier of distilled embeddings for new texts: it guesses what an encoder would make of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from labeling.learning.portable.class_predictor import ClassPredictor, RowsOf
from labeling.learning.portable.command_line import main
from labeling.learning.portable.manifest import read_manifest
from labeling.learning.text.distillation import Distillation
from labeling.learning.text.rows import Rows
from labeling.learning.text.tfidf import Featurizer


def distilled_rows(featurizer: Featurizer, guesses: Distillation) -> RowsOf:
    """Features whose dense view are guessed sentence embeddings."""

    def rows_of(texts: Sequence[str]) -> Rows:
        rows = featurizer.transform(texts)
        return replace(rows, dense=guesses.transform(rows))

    return rows_of


class Predictor(ClassPredictor):
    """Texts in, probabilities out."""

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read the folder of a download. Raises FileNotFoundError where it is none."""
        folder = Path(folder)
        guesses = Distillation.load(folder / "distillation")
        rows_of = distilled_rows(Featurizer.load(folder / "features"), guesses)
        return cls.from_parts(read_manifest(folder), folder / "experts", rows_of)


if __name__ == "__main__":
    main(Predictor.load, Path(__file__).parent)
