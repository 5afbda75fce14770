"""Grouped rows: the rows of each document together, wherever they are in a file, in constant memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter
from types import TracebackType

from labeling.formats.json_files.json_rows import JsonObject

_SCHEMA = """
CREATE TABLE documents (number INTEGER PRIMARY KEY, key BLOB UNIQUE);
CREATE TABLE rows (number INTEGER, task BLOB, line INTEGER, source TEXT, row TEXT, UNIQUE (number, task));
"""


class GroupedRows:
    """Rows by document, in the order in which the documents came first. A temporary database holds them.

    >>> with GroupedRows() as groups:
    ...     for line, text in enumerate(["b", "a", "b", "b"], 1):
    ...         groups.add(text, f"task {line % 2}", line, "x.jsonl", {"line": line})
    ...     [[line for line, _, _ in rows] for rows in groups]
    [[3, 4], [2]]
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # without a name: a file that closing removes
        self._database.executescript(_SCHEMA)

    def __enter__(self) -> GroupedRows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def add(self, document: str, task: str, line: int, source: str, row: JsonObject) -> None:
        """Keep a row of a document; it replaces the earlier one of the same task."""
        execute = self._database.execute
        key = _digest(document)
        execute("INSERT OR IGNORE INTO documents (key) VALUES (?)", (key,))
        (number,) = execute("SELECT number FROM documents WHERE key = ?", (key,)).fetchone()
        values = (number, _digest(task), line, source, json.dumps(row))
        execute("INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?)", values)

    def __iter__(self) -> Iterator[list[tuple[int, str, JsonObject]]]:
        """(line, source, row) of each row of a document, by line."""
        ordered = self._database.execute("SELECT number, line, source, row FROM rows ORDER BY number, rowid")
        for _, rows in groupby(ordered, key=itemgetter(0)):
            yield [(line, source, json.loads(row)) for _, line, source, row in rows]


def _digest(key: str) -> bytes:
    return blake2b(key.encode(errors="surrogatepass"), digest_size=16).digest()
