"""Pseudo-languages: every message with accents, longer and in brackets, so that what was left out shows.

`en-xa` is read from left to right, `ar-xb` from right to left. They exist in tests only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django import conf
from django.conf import settings
from django.contrib import auth

from labeling.management import catalogs

LEFT_TO_RIGHT, RIGHT_TO_LEFT = "en-xa", "ar-xb"
ACCENTS = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž",
)
PLACEHOLDER = re.compile(r"(%\(\w+\)[sd]|%%|%[sd]|\{\w*\}|<[^>]*>|&#?\w+;)")
OF_DJANGO = [Path(package.__path__[0]) / "locale" / "en" for package in (conf, auth)]


def accented(message: str) -> str:
    """The message as a pseudo-language says it; placeholders, tags and entities stay.

    >>> accented("Show %(n)s <b>labels</b>")
    '⟦Šĥöŵ %(n)s <b>ļåƀéļš</b> ~~~⟧'
    """
    parts = PLACEHOLDER.split(message)
    body = "".join(part if at % 2 else part.translate(ACCENTS) for at, part in enumerate(parts))
    letters = sum(len(part) for part in parts[::2])
    return f"⟦{body} {'~' * max(1, letters * 3 // 10)}⟧"


def catalog() -> Catalog:
    """Every message of ours and of Django's forms, in the pseudo-language."""
    result = catalogs.FixedHeader(charset="utf-8")
    messages: list[tuple[Any, str | None]] = [(each.id, each.context) for each in catalogs.messages()]
    for folder in OF_DJANGO:
        with (folder / "LC_MESSAGES" / "django.po").open("rb") as file:
            messages += [(message.id, message.context) for message in read_po(file) if message.id]
    for ids, context in messages:
        strings = tuple(map(accented, ids)) if isinstance(ids, tuple) else accented(ids)
        result.add(ids, strings, context=context)
    return result


def install(folder: Path) -> dict[str, object]:
    """Write the pseudo-languages into a folder; gives the settings with which Django offers them."""
    compiled = catalogs.compiled(catalog())
    for name in ("en_XA", "ar_XB"):
        target = folder / name / "LC_MESSAGES"
        target.mkdir(parents=True)
        (target / "django.mo").write_bytes(compiled)
    offered = [*settings.LANGUAGES, (LEFT_TO_RIGHT, "Pseudo"), (RIGHT_TO_LEFT, "Pseudo, right to left")]
    return {"LOCALE_PATHS": [folder], "LANGUAGES": offered}
