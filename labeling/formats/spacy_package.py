"""The package spaCy, loaded by the workers and commands that need it."""

from __future__ import annotations

from typing import Any

from labeling.formats.extras import load

_EXTRA = "spacy"


def load_spacy() -> Any:
    """spaCy, which then no longer searches all installed packages for plug-ins at each document.

    Raises UnreadableFile where it is not installed.
    """
    spacy, srsly = load("spacy", _EXTRA), load("srsly", _EXTRA)
    for registry in (srsly.msgpack_encoders, srsly.msgpack_decoders):
        registry.entry_points = False  # those that spaCy brings itself stay
    return spacy
