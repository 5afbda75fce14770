"""Parquet writer: a row a document, by record batches; `datasets` finds the names of the classes in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from labeling.formats.extras import load
from labeling.formats.outlines import DatasetFeatures, Kind, ProjectOutline
from labeling.formats.records import BadRow, Record
from labeling.formats.writers.table_rows import TableRow, table_losses, table_row

TOOL = "Parquet"
SUFFIX = ".parquet"
EXTRA = "exchange"

GROUP_ROWS = 10_000
GROUP_CHARACTERS = 16_000_000  # long texts make smaller groups, so that memory stays flat
_STRING = {"dtype": "string", "_type": "Value"}
_OFFSET = {"dtype": "int64", "_type": "Value"}
_FEATURES: dict[Kind, tuple[str, object]] = {
    "single": ("label", _STRING),
    "multi": ("labels", {"feature": _STRING, "_type": "Sequence"}),
    "spans": ("spans", [{"start": _OFFSET, "end": _OFFSET, "label": _STRING}]),
}


def losses(features: DatasetFeatures) -> list[str]:
    return table_losses(features)


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """One piece a row group. Raises UnreadableFile where the package is not installed."""
    kind: Kind = outline.kind or "single"
    pyarrow, parquet = load("pyarrow", EXTRA), load("pyarrow.parquet", EXTRA)
    schema = _schema(pyarrow, kind)
    sink = _Sink()
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        for group in _groups(table_row(record, kind, on_loss) for record in records):
            writer.write_table(pyarrow.Table.from_pylist([_object(row, kind) for row in group], schema))
            yield sink.take()
    yield sink.take()


def _groups(rows: Iterable[TableRow]) -> Iterator[list[TableRow]]:
    group: list[TableRow] = []
    characters = 0
    for row in rows:
        group.append(row)
        characters += len(row.text)
        if len(group) == GROUP_ROWS or characters >= GROUP_CHARACTERS:
            yield group
            group, characters = [], 0
    if group:
        yield group


def _schema(pyarrow: Any, kind: Kind) -> Any:
    """The columns; those who read the file with `datasets` find their types in its metadata."""
    name, feature = _FEATURES[kind]
    string = pyarrow.string()
    span = pyarrow.struct([("start", pyarrow.int64()), ("end", pyarrow.int64()), ("label", string)])
    answer = {"single": string, "multi": pyarrow.list_(string), "spans": pyarrow.list_(span)}[kind]
    columns = [("id", string), ("text", string), (name, answer), ("split", string), ("metadata", string)]
    features = {column: feature if column == name else _STRING for column, _ in columns}
    return pyarrow.schema(columns, {b"huggingface": json.dumps({"info": {"features": features}}).encode()})


def _object(row: TableRow, kind: Kind) -> dict[str, object]:
    answers: dict[Kind, tuple[str, object]] = {
        "single": ("label", row.label),
        "multi": ("labels", row.labels),
        "spans": ("spans", None if row.spans is None else _span_objects(row.spans)),
    }
    name, answer = answers[kind]
    return {
        "id": row.id,
        "text": row.text,
        name: answer,
        "split": row.split,
        "metadata": row.metadata or None,
    }


def _span_objects(spans: Sequence[Any]) -> list[dict[str, object]]:
    return [{"start": span.start, "end": span.end, "label": span.label} for span in spans]


class _Sink:
    """What the file is written to: it cannot go back, and forgets what was taken."""

    closed = False

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._position = 0

    def write(self, data: bytes) -> int:
        self._buffer += data
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def writable(self) -> bool:
        return True

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        piece = bytes(self._buffer)
        self._buffer.clear()
        return piece
