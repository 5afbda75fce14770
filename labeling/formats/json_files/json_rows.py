"""JSON rows: the objects of a JSONL file or of a JSON list in a bundle, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import TypeAlias

from labeling.formats import strict_json
from labeling.formats.bundles import Bundle
from labeling.formats.json_files.json_list import elements
from labeling.formats.json_files.jsonl import MAX_LINE_BYTES
from labeling.formats.records import BadRow, Json, RowProblem, UnreadableFile, bad_row, gettext_noop
from labeling.formats.streams import lines, utf8_chunks

JsonObject: TypeAlias = dict[str, Json]

HEAD_ROWS = 20  # enough to recognize a tool by
MAX_CANDIDATES = 100  # files of one archive that are opened to recognize it


def json_rows(bundle: Bundle, name: str) -> Iterator[tuple[int, JsonObject | BadRow]]:
    r"""(line, object) of each row of one file; in a JSON list the line is the place in the list.

    Raises UnreadableFile, perhaps after some rows, where the file or the rest of it cannot be read.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> files = FilesInMemory({"a.jsonl": b'{"a": 1}\n\n{"a": 2}\n', "b.json": b'[{"a": 3}]'})
    >>> [list(json_rows(files, name)) for name in files.names]
    [[(1, {'a': 1}), (3, {'a': 2})], [(1, {'a': 3})]]
    """
    with bundle.open(name) as file:
        for number, raw in enumerate(_raw_rows(utf8_chunks(file)), 1):
            try:
                if raw and not raw.isspace():
                    yield number, _object(raw)
            except RowProblem as problem:
                yield number, bad_row(number, problem, raw)


def first_rows(bundle: Bundle, name: str) -> list[JsonObject]:
    """The first objects of a file, to recognize it by; none where it is no JSON.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> first_rows(FilesInMemory({"a.json": b"Hello"}), "a.json")
    []
    """
    rows: list[JsonObject] = []
    try:
        for _, row in islice(json_rows(bundle, name), HEAD_ROWS):
            if not isinstance(row, BadRow):
                rows.append(row)
    except UnreadableFile:
        pass  # the objects before the damage tell the tool
    return rows


def json_names(bundle: Bundle) -> list[str]:
    """The files that may hold JSON rows: those with the usual endings, and a single file that is no table.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> json_names(FilesInMemory({"a.jsonl": b"", "b.txt": b""}))
    ['a.jsonl']
    """
    if len(bundle.names) == 1 and not bundle.names[0].lower().endswith((".csv", ".tsv", ".txt")):
        return list(bundle.names)
    return [name for name in bundle.names if name.lower().endswith((".jsonl", ".json", ".ndjson"))]


def _raw_rows(chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks, b"")
    while first.isspace():
        first = next(chunks, b"")
    whole_file = chain([first], chunks)
    if first.lstrip().startswith(b"["):
        return elements(whole_file, MAX_LINE_BYTES)
    return lines(whole_file, MAX_LINE_BYTES)


def _object(raw: bytes) -> JsonObject:
    if len(raw) > MAX_LINE_BYTES:
        raise RowProblem(
            gettext_noop("The row is longer than %(limit)d bytes. Split the document."), limit=MAX_LINE_BYTES
        )
    value = strict_json.loads(raw)
    if not isinstance(value, dict):
        raise RowProblem(gettext_noop('A document must be an object, such as {"text": "…"}.'))
    return value
