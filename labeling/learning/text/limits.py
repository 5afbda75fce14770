"""Text limits: how much of a long text the models learn from. Pages that say so take it from here."""

from __future__ import annotations

READ_CHARACTERS = 20_000  # of a text that features are made of; what a class is about is said before that
EMBEDDED_CHARACTERS = (
    8_192  # of a text that the sentence encoder is given; its tokens are used up long before
)
EMBEDDED_TOKENS = (
    128  # per text, the two special ones included; the model was trained on texts of this length
)
