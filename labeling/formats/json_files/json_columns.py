"""JSON columns: the keys of the first objects, a few rows to look at, and a guess which is what."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from labeling.formats import strict_json
from labeling.formats.json_files.json_list import element_value, elements
from labeling.formats.json_files.jsonl import MAX_LINE_BYTES, fields_of
from labeling.formats.records import MAX_COLUMNS, Json, RowProblem, UnreadableFile
from labeling.formats.streams import HEAD_BYTES, first_chunk
from labeling.formats.tables.csv_columns import (
    ROLES,
    ColumnChoice,
    Columns,
    guess_columns,
    head_text,
    preview_rows,
    telling_columns,
)

SAMPLE_ROWS = 200


def json_columns(
    first_bytes: bytes, encoding: str = "utf-8", *, is_list: bool = False, class_names: Collection[str] = ()
) -> Columns | None:
    r"""The keys that the first rows have, those of their metadata included; None where no row is an object.

    first_bytes : HEAD_BYTES or more; fewer mean the whole file
    is_list : a JSON list; else one object a line
    class_names : of the project

    >>> rows = json_columns(b'{"body": "Where is it?", "topic": "Delivery"}\n', class_names={"Delivery"})
    >>> rows.names, rows.guess.text, rows.guess.label, sorted(rows.hidden)
    (('body', 'topic'), 'body', 'topic', ['topic'])
    """
    chunk, is_cut = first_chunk(first_bytes, encoding)
    head = head_text(chunk[:HEAD_BYTES], is_cut=not is_list and (is_cut or len(chunk) > HEAD_BYTES)).encode()
    rows = list(islice(_objects(head, is_list=is_list), SAMPLE_ROWS))
    names = tuple(dict.fromkeys(name for row in rows for name in row))[:MAX_COLUMNS]
    if not names:
        return None
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    guess = _guess(names, cells, class_names)
    return Columns(None, names, preview_rows(cells), guess, telling_columns(names, rows, guess, class_names))


def _objects(head: bytes, *, is_list: bool) -> Iterator[dict[str, Json]]:
    """What can be chosen of each row that can be read; a list may break off, and a bare text is its text."""
    raw_rows = elements([head], MAX_LINE_BYTES) if is_list else iter(head.split(b"\n"))
    try:
        for raw in raw_rows:
            try:
                value = element_value(raw) if is_list else strict_json.loads(raw)
                if isinstance(value, dict):
                    yield fields_of(value)
            except RowProblem:
                continue  # the report of the import names it
    except UnreadableFile:
        return


def _guess(
    names: Sequence[str], cells: Sequence[Sequence[str]], class_names: Collection[str]
) -> ColumnChoice:
    """The usual keys where the text has its usual one, else as for a table."""
    guess = guess_columns(names, cells, class_names)
    if "text" not in names:
        return guess
    usual: dict[str, Any] = {role: role if role in names else None for role in ROLES}
    if usual["label"] is None and usual["labels"] is None:
        usual["label"] = guess.label
    return replace(guess, **usual)


def _cell(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
