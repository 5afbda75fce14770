"""Classifier of sentence embeddings for new texts: it reads words, and what an encoder makes of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from labeling.learning.portable.class_predictor import ClassPredictor, RowsOf
from labeling.learning.portable.command_line import main
from labeling.learning.portable.manifest import read_manifest
from labeling.learning.text.rows import Rows
from labeling.learning.text.sentence_embeddings import load_embedder
from labeling.learning.text.tfidf import Featurizer


def embedding_rows(features: Path, encoder: Path) -> RowsOf:
    """Features whose dense view are sentence embeddings.

    features : the folder of a featurizer
    encoder : a folder where the encoder keeps what it prepares for this processor, once
    """
    featurizer = Featurizer.load(features)

    def rows_of(texts: Sequence[str]) -> Rows:
        return replace(featurizer.transform(texts), dense=load_embedder(encoder).embed(texts))

    return rows_of


class Predictor(ClassPredictor):
    """Texts in, probabilities out."""

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read the folder of a download. Raises FileNotFoundError where it is none."""
        folder = Path(folder)
        rows_of = embedding_rows(folder / "features", folder / "encoder")
        return cls.from_parts(read_manifest(folder), folder / "experts", rows_of)


if __name__ == "__main__":
    main(Predictor.load, Path(__file__).parent)
