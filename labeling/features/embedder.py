"""The service's embedder: the sentence encoder, with what it keeps for each processor in the data folder."""

from __future__ import annotations

from django.conf import settings

from labeling.learning.text.sentence_embeddings import Embedder, embeddings_installed, load_embedder


def makes_embeddings() -> bool:
    """Whether documents get sentence embeddings here: the encoder is installed, and nobody turned it off."""
    return settings.EMBEDDINGS and embeddings_installed()


def service_embedder() -> Embedder:
    """The embedder of this process. Raises what `load_embedder` raises."""
    return load_embedder(settings.ENCODERS_DIR)
