"""Feature views of a simulation: what the model reads of a text, by the name of `--features`."""

from __future__ import annotations

import sys

WORDS, DEFAULT, FULL = "words", "default", "full"
VIEWS = (WORDS, DEFAULT, FULL)
EARLIER_NAMES = {"tfidf": WORDS}


def feature_view(name: str) -> str:
    """The view of this name, which may be an earlier one: then a notice tells the new one.

    >>> feature_view("full")
    'full'
    """
    view = EARLIER_NAMES.get(name, name)
    if view != name:
        sys.stderr.write(f"--features {name} is now called --features {view}.\n")
    return view
