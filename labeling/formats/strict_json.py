"""Strict JSON: what cannot be stored, or could be read in two ways, is refused."""

from __future__ import annotations

import json
import re
from math import isinf
from typing import Any, NoReturn, cast

from labeling.formats.records import Json, RowProblem, gettext_noop

MAX_DEPTH = 32
MAX_VALUES = 50_000  # commas and brackets outside of strings: bounds the memory that one line can take
MAX_INTEGER = 2**63 - 1  # what 64 bits hold; identifiers of 19 digits are common
MAX_INTEGER_DIGITS = len(str(MAX_INTEGER))

_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BRACKET = re.compile(r"[][{}]")


def loads(source: bytes | str) -> Json:
    """Read one JSON value.

    source : UTF-8 bytes, or text
    Raises RowProblem for anything but plain JSON: NaN and Infinity, a key given twice, numbers beyond
    64 bits, nesting beyond 32, more than 50,000 values, NUL, lone surrogates, bytes that are not UTF-8.

    >>> loads('{"text": "Hi", "stars": 4}')
    {'text': 'Hi', 'stars': 4}
    >>> loads('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    labeling.formats.records.RowProblem: The key "a" is listed twice. Remove one.
    """
    text = decode(source) if isinstance(source, bytes) else source
    _check_shape(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise RowProblem(
            gettext_noop("This is not valid JSON: %(detail)s at character %(column)d."),
            detail=error.msg,
            column=error.pos + 1,
        ) from None
    if "\\u" in text:  # only an escape can smuggle them in: bytes were decoded strictly
        _check_strings(value)
    return cast(Json, value)


def decode(raw: bytes) -> str:
    """UTF-8 bytes as text. Raises RowProblem that names the offending byte.

    >>> decode(b"caf\\xe9")
    Traceback (most recent call last):
    labeling.formats.records.RowProblem: Byte 4 (0xE9) is not UTF-8. ...
    """
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise RowProblem(
            gettext_noop(
                "Byte %(position)d (0x%(byte)s) is not UTF-8. Save the file as UTF-8 or choose its encoding."
            ),
            position=error.start + 1,
            byte=f"{raw[error.start]:02X}",
        ) from None


def check_storable(text: str) -> None:
    """Raise RowProblem for text that PostgreSQL cannot hold."""
    if "\0" in text:
        raise RowProblem(gettext_noop("The row contains a NUL character, which cannot be stored. Remove it."))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RowProblem(
            gettext_noop("The row contains half of a character (a lone surrogate). Fix it.")
        ) from None


def _check_shape(text: str) -> None:
    """Refuse bombs before they are unpacked. Nearly every line passes at the first, cheap look."""
    brackets = text.count("{") + text.count("[")
    if brackets <= MAX_DEPTH and text.count(",") <= MAX_VALUES:
        return
    bare = _STRING.sub("", text)
    if bare.count(",") + bare.count("{") + bare.count("[") > MAX_VALUES:
        raise RowProblem(
            gettext_noop("The row has more than %(limit)d values. Shorten it."), limit=MAX_VALUES
        )
    depth = 0
    for bracket in _BRACKET.findall(bare):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise RowProblem(
                gettext_noop("The row is nested more than %(limit)d levels deep. Flatten it."),
                limit=MAX_DEPTH,
            )


def _check_strings(value: object) -> None:
    if isinstance(value, str):
        check_storable(value)
    elif isinstance(value, list):
        for item in value:
            _check_strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_storable(key)
            _check_strings(item)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise RowProblem(gettext_noop('The key "%(key)s" is listed twice. Remove one.'), key=key[:50])
        seen.add(key)
    raise AssertionError  # pragma: no cover - fewer keys than pairs means that one repeats


def _integer(digits: str) -> int:
    is_short = len(digits) <= MAX_INTEGER_DIGITS + digits.startswith("-")  # or reading it takes long
    if not is_short or abs(value := int(digits)) > MAX_INTEGER:
        raise RowProblem(gettext_noop("A whole number has more than 64 bits. Write it as text, in quotes."))
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if isinf(value):
        raise RowProblem(gettext_noop("A number is too large. Write it as text, in quotes."))
    return value


def _constant(name: str) -> NoReturn:
    raise RowProblem(gettext_noop("%(name)s is not a JSON number. Use null."), name=name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant
)
