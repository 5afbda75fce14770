"""Classifier of words for new texts: it reads the words of a text, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from labeling.learning.portable.class_predictor import ClassPredictor, RowsOf
from labeling.learning.portable.command_line import main
from labeling.learning.portable.manifest import read_manifest
from labeling.learning.text.tfidf import Featurizer


def word_rows(features: Path) -> RowsOf:
    """Features by the words of a text. features : the folder of a featurizer"""
    return Featurizer.load(features).transform


class Predictor(ClassPredictor):
    """Texts in, probabilities out."""

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read the folder of a download. Raises FileNotFoundError where it is none."""
        folder = Path(folder)
        rows_of = word_rows(folder / "features")
        return cls.from_parts(read_manifest(folder), folder / "experts", rows_of)


if __name__ == "__main__":
    main(Predictor.load, Path(__file__).parent)
