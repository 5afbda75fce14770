"""Classifier of sentence embeddings for new texts: the classifier of words, with another dense view."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from labeling.learning.portable.command_line import main
from labeling.learning.portable.manifest import MANIFEST_FILE
from labeling.learning.portable.predictor import ClassPredictor
from labeling.learning.text.rows import Rows
from labeling.learning.text.sentence_embeddings import load_embedder


@dataclass(frozen=True)
class EmbeddingPredictor(ClassPredictor):
    """Texts in, probabilities out; sentence embeddings are the dense view of a text.

    encoder : a folder where the sentence encoder keeps what it prepares for this processor, once
    """

    encoder: Path = Path()

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read the folder of a download. Raises FileNotFoundError where it is none."""
        folder = Path(folder)
        manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        predictor = cls.from_parts(manifest, folder / "experts", folder / "features")
        return predictor.with_encoder(folder / "encoder")

    def with_encoder(self, folder: Path) -> Self:
        """The same, with a folder for the sentence encoder."""
        return replace(self, encoder=folder)

    def rows_of(self, texts: Sequence[str]) -> Rows:
        """Features of texts."""
        return replace(super().rows_of(texts), dense=load_embedder(self.encoder).embed(texts))


Predictor = EmbeddingPredictor  # the name that every download has

if __name__ == "__main__":
    main(EmbeddingPredictor.load, Path(__file__).parent)
