"""Names as people read them: their normal form, characters that nobody sees, and names that look alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from confusable_homoglyphs.utils import load

from labeling.formats.records import FormatError, gettext_noop

KEYCAP = "\u20e3"
EMOJI_STYLE = "\ufe0f"
JOINERS = "\u200c\u200d"  # Persian, the scripts of India and emoji are spelled with them
VIRAMA_CLASS = 9  # of canonical combining classes: joiners may follow such a sign

# Invisible, though no format characters by their category: joiners of letters, fillers, selectors, tags.
_INVISIBLE = frozenset(
    map(
        chr,
        (
            0x034F,
            0x115F,
            0x1160,
            0x17B4,
            0x17B5,
            0x2065,
            0x2800,
            0x3164,
            0xFFA0,
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),
            *range(0xFFF0, 0xFFF9),
            *range(0xE0000, 0xE1000),
        ),
    )
)
_VISIBLE_FORMATS = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)


class NameProblem(FormatError):
    """A name that people could not tell from another one, or not read."""


def normal_name(name: str) -> str:
    """The one form in which a name is stored and compared: composed characters, single blanks.

    >>> normal_name("  Re\u0301clamation\u00a0\u2009tardive ") == "Réclamation tardive"
    True
    """
    return unicodedata.normalize("NFC", " ".join(name.split()))


def checked_names(names: Iterable[str], existing: Sequence[str] = ()) -> list[str]:
    r"""The names in their normal form. Raises NameProblem that says which cannot be, and why.

    existing : names beside which they shall stand; equal ones are left to the caller

    >>> checked_names(["R\u0435fund"], ["Refund"])
    Traceback (most recent call last):
    labeling.formats.names.NameProblem: ... differs in U+0435 CYRILLIC SMALL LETTER IE. ...
    """
    checked: list[str] = []
    by_skeleton = {skeleton(name): name for name in existing}
    for name in map(normal_name, names):
        if hidden := invisible_character(name):
            raise NameProblem(
                gettext_noop("“%(name)s” contains an invisible character (%(character)s). Remove it."),
                name=name.replace(hidden, "")[:50],
                character=_described(hidden),
            )
        twin = by_skeleton.setdefault(skeleton(name), name)
        if normal_name(twin) != name:
            raise NameProblem(
                gettext_noop(
                    "“%(name)s” looks like “%(twin)s” but differs in %(character)s. Choose a distinct name."
                ),
                name=name[:50],
                twin=twin[:50],
                character=_difference(name, normal_name(twin)),
            )
        checked.append(name)
    return checked


def invisible_character(name: str) -> str | None:
    r"""The first character of a name that cannot be seen, or turns the direction of others.

    Joiners count only where they change nothing that is seen.

    >>> invisible_character("a\u202eb") == "\u202e", invisible_character("\u2764\ufe0f")
    (True, None)
    """
    padded = f"\0{name}\0"
    for index, character in enumerate(name, start=1):
        is_format = (
            unicodedata.category(character) in ("Cf", "Cc", "Cs") and character not in _VISIBLE_FORMATS
        )
        if not is_format and character not in _INVISIBLE:
            continue
        if not _is_spelled_with(padded[index - 1], character, padded[index + 1]):
            return character
    return None


def skeleton(name: str) -> str:
    r"""What names that look alike share: every character replaced by the prototype of its kind.

    Source: Unicode Technical Standard 39, section 4; full-width forms count as their usual ones besides.

    >>> skeleton("p\u0430y") == skeleton("pay"), skeleton("1l") == skeleton("Il"), skeleton("a")
    (True, True, 'a')
    """
    table = _prototypes()
    folded = "".join(map(_usual_width, normal_name(name)))
    decomposed = unicodedata.normalize("NFD", folded)
    seen = (c for c in decomposed if c not in _INVISIBLE and unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFD", "".join(table.get(c, c) for c in seen))


def account_key(name: str) -> str:
    r"""What names of people share that look alike, also where case and signs at the ends differ.

    >>> account_key("mgr\u0410.") == account_key("MGRa")
    True
    """
    return skeleton(skeleton(name).casefold()).strip("._-+@")


def _is_spelled_with(before: str, character: str, after: str) -> bool:
    """Whether a joiner or selector between these two is part of a spelling."""
    if character in JOINERS:
        is_arabic = unicodedata.bidirectional(before) == unicodedata.bidirectional(after) == "AL"
        is_emoji = unicodedata.category(after) == "So" and (
            before == EMOJI_STYLE or unicodedata.category(before) in ("So", "Sk")
        )
        return is_arabic or is_emoji or unicodedata.combining(before) == VIRAMA_CLASS
    if character == EMOJI_STYLE:
        return after == KEYCAP or unicodedata.category(before) in ("So", "Sm")
    return False


@cache
def _prototypes() -> dict[str, str]:
    """The prototype of each confusable character.

    The package lists pairs both ways. Its groups are stars: the prototype is in the middle, and where there
    are two only, the sequence is, else the one with the lower code point.
    """
    pairs: dict[str, set[str]] = {}
    for character, twins in load("confusables.json").items():
        pairs[_bare(character)] = {_bare(twin["c"]) for twin in twins} - {_bare(character)}
    table: dict[str, str] = {}
    for character, twins in pairs.items():
        if len(character) != 1 or len(twins) != 1:
            continue
        (twin,) = twins
        if len(twin) > 1 or len(pairs.get(twin, ())) > 1 or twin < character:
            table[character] = twin
    return {character: "".join(table.get(c, c) for c in twin) for character, twin in table.items()}


def _bare(text: str) -> str:
    """Without the marks that the package puts around letters written from right to left."""
    return text.strip("\u200e") or text


def _usual_width(character: str) -> str:
    kind, _, code = unicodedata.decomposition(character).partition("> ")
    return chr(int(code, 16)) if kind in ("<wide", "<narrow") else character


def _difference(name: str, twin: str) -> str:
    """The first character that is not where the other name has it."""
    character = next((a for a, b in zip(name, twin, strict=False) if a != b), None)
    longer = max(name, twin, key=len)
    return _described(character or longer[min(len(name), len(twin))])


def _described(character: str) -> str:
    r"""What a character is, where its look does not tell.

    >>> _described("\u200b")
    'U+200B ZERO WIDTH SPACE'
    """
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
