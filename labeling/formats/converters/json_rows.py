"""JSONL of rows that a library read: values that JSON knows, in pieces of about 64 KiB."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import cast

from labeling.formats.records import Json
from labeling.formats.strict_json import MAX_INTEGER

PIECE_CHARACTERS = 64 * 1024
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_MIDNIGHT = time(0)


def json_pieces(rows: Iterable[dict[str, Json]]) -> Iterator[bytes]:
    r"""One object a line.

    >>> b"".join(json_pieces([{"text": "Zwölf"}, {"text": "Hi"}])).decode()
    '{"text": "Zwölf"}\n{"text": "Hi"}\n'
    """
    lines: list[str] = []
    size = 0
    for row in rows:
        lines.append(_ENCODER.encode(row))
        size += len(lines[-1])
        if size >= PIECE_CHARACTERS:
            yield _piece(lines)
            lines, size = [], 0
    if lines:
        yield _piece(lines)


def json_value(value: object) -> Json:
    """What JSON and our reader can hold of a value: dates in ISO 8601, what is no number as nothing.

    >>> json_value(datetime(2026, 5, 1)), json_value(float("nan")), json_value(2**70)
    ('2026-05-01', None, '1180591620717411303424')
    """
    match value:
        case None | str() | bool():
            return value
        case int():
            return value if abs(value) <= MAX_INTEGER else str(value)
        case float():
            return value if isfinite(value) else None
        case datetime():
            day = value.date() if value.time() == _MIDNIGHT and value.tzinfo is None else value
            return day.isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta() | Decimal():
            return str(value)
        case bytes():
            return None  # pictures and other binary data
        case dict():
            return {str(key): json_value(item) for key, item in value.items()}
        case list() | tuple():
            return [json_value(item) for item in cast(list[object], value)]
    return str(value)


def metadata_object(value: Json) -> Json:
    """Metadata as an object; in a table, where each row would need the same keys, it is often a JSON text.

    >>> metadata_object('{"stars": 4}'), metadata_object("mail"), metadata_object(None)
    ({'stars': 4}, {'metadata': 'mail'}, None)
    """
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    return value if isinstance(value, dict) or value is None else {"metadata": value}


def _piece(lines: list[str]) -> bytes:
    # Half a character makes bytes that are no UTF-8, which the reader reports with the row.
    return ("\n".join(lines) + "\n").encode(errors="surrogatepass")
