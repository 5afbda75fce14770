"""Parquet, Arrow and Feather files, and the folders of Hugging Face datasets, as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO

from labeling.formats.bundles import Bundle
from labeling.formats.converters.binary_files import damage_is, head, seekable
from labeling.formats.converters.data_files import ARROW_FILE, FEATHER_1, PARQUET, DataFile, data_files
from labeling.formats.converters.hf_features import Features
from labeling.formats.converters.json_rows import json_pieces, metadata_object
from labeling.formats.extras import load
from labeling.formats.json_files.jsonl import MAX_LINE_BYTES
from labeling.formats.records import Json, UnreadableFile, gettext_noop
from labeling.formats.streams import GZIP_GRACE_BYTES, MAX_GZIP_RATIO, lines
from labeling.formats.tables.csv_columns import header_names

TOOL = "Parquet, Arrow or Hugging Face"
EXTRA = "exchange"

BATCH_ROWS = 1_000
READ_BYTES = 1024 * 1024  # of a column; without it a row group is read at once
MAX_INFO_BYTES = 16 * 1024 * 1024  # of dataset_info.json
DAMAGED = gettext_noop("The Parquet or Arrow file is damaged. Write it again.")
OLD_FEATHER = gettext_noop("This is a Feather file of version 1. Write it as Parquet and upload that.")

_SPLIT = "split"
_INDEX = "__index_level_0__"  # of pandas, which numbers rows
_INFO = "dataset_info.json"
_REPEATED = ("tokens", "ner_tags")  # of our own export, beside text and spans, for those who train taggers
_HUGGING_FACE = b"huggingface"


def recognizes(bundle: Bundle) -> bool:
    """A Parquet, Arrow or Feather file by its first bytes, or a folder of such files and of JSONL by split.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> recognizes(FilesInMemory({"mails.parquet": b"PAR1..."}))
    True
    >>> recognizes(FilesInMemory({"train.jsonl": b"", "test.jsonl": b"", "README.md": b""}, "mails"))
    True
    """
    return bool(data_files(bundle))


def json_lines(bundle: Bundle) -> Iterator[bytes]:
    """The rows of all files, in pieces of about 64 KiB.

    Classes are named where the features of the dataset have names; tokens with tags become a text with spans.
    The split is that of the file's name. Raises UnreadableFile.
    """
    features = _folder_features(bundle)
    for file in data_files(bundle):
        limit = max(GZIP_GRACE_BYTES, MAX_GZIP_RATIO * bundle.size(file.name))
        for piece in _pieces(bundle, file, features):
            limit -= len(piece)
            if limit < 0:
                raise UnreadableFile(
                    gettext_noop(
                        "The file expands more than %(ratio)d times. Write it with less compression."
                    ),
                    ratio=MAX_GZIP_RATIO,
                )
            yield piece


def losses(bundle: Bundle) -> list[str]:
    """Nothing: every column becomes a field of the row."""
    return []


def _pieces(bundle: Bundle, file: DataFile, features: Features) -> Iterator[bytes]:
    if file.magic:
        with damage_is(DAMAGED), seekable(bundle, file.name) as stream:
            yield from json_pieces(_rows(_batches(stream, file.magic), features, file.split))
        return
    with bundle.open(file.name) as stream:
        for line in lines(iter(lambda: stream.read(MAX_LINE_BYTES // 8), b""), MAX_LINE_BYTES):
            yield _with_split(line, features, file.split)


def _batches(stream: BinaryIO, magic: bytes) -> Iterator[Any]:
    """Record batches of at most BATCH_ROWS rows, checked before anything points into them."""
    pyarrow = load("pyarrow", EXTRA)
    if magic == FEATHER_1:
        raise UnreadableFile(OLD_FEATHER)
    if magic == PARQUET:
        parquet = load("pyarrow.parquet", EXTRA)
        file = parquet.ParquetFile(stream, buffer_size=READ_BYTES, pre_buffer=False)
        batches = file.iter_batches(BATCH_ROWS)
    elif magic == ARROW_FILE:
        reader = pyarrow.ipc.open_file(stream)
        batches = (reader.get_batch(index) for index in range(reader.num_record_batches))
    else:
        batches = iter(pyarrow.ipc.open_stream(stream))
    for batch in batches:
        batch.validate(full=True)
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(start, BATCH_ROWS)


def _rows(batches: Iterator[Any], features: Features, split: str | None) -> Iterator[dict[str, Json]]:
    first = next(batches, None)
    if first is None:
        return
    metadata = first.schema.metadata or {}
    if not features.columns and _HUGGING_FACE in metadata:
        features = Features.from_json(metadata[_HUGGING_FACE])
    start = list(_objects(first, features))
    tokens = features.token_columns(first.schema.names, start)
    classes = [] if tokens else _class_columns(first.schema, start)
    rest = (row for batch in batches for row in _objects(batch, features))
    for row in chain(start, rest):
        if tokens is not None:
            row = tokens.join(row)
        if classes:
            row["labels"] = [name for name in classes if row.pop(name) == 1]
        if split is not None:
            row.setdefault(_SPLIT, split)
        yield row


def _objects(batch: Any, features: Features) -> Iterator[dict[str, Json]]:
    names = header_names(batch.schema.names)
    columns = [_values(column, features, name) for name, column in zip(names, batch.columns, strict=True)]
    for values in zip(*columns, strict=True):
        row = dict(zip(names, values, strict=True))
        row.pop(_INDEX, None)
        if "metadata" in row:
            row["metadata"] = metadata_object(row["metadata"])
        yield row


def _values(column: Any, features: Features, name: str) -> Iterable[Json]:
    """The values of one column. Text and small numbers are JSON already."""
    pyarrow = load("pyarrow", EXTRA)
    types = pyarrow.types
    kind = column.type
    if name not in features.columns and (
        types.is_string(kind) or types.is_boolean(kind) or types.is_int32(kind)
    ):
        values: list[Json] = column.to_pylist()
        return values
    if types.is_timestamp(kind) and kind.unit == "ns":  # which Python's datetime cannot hold
        column = column.cast(pyarrow.timestamp("us", kind.tz), safe=False)
    return map(features.translate(name), column.to_pylist())


def _class_columns(schema: Any, rows: Sequence[dict[str, Json]]) -> list[str]:
    """Columns of 0.0 and 1.0, one a class, as trainers of several classes a document take them."""
    types = load("pyarrow", EXTRA).types
    floats = [field.name for field in schema if types.is_floating(field.type)]
    others = {field.name for field in schema if not types.is_floating(field.type)}
    if len(floats) < 2 or others & {"label", "labels"}:
        return []
    return floats if all(row[name] in (0, 1) for row in rows for name in floats) else []


def _with_split(line: bytes, features: Features, split: str | None) -> bytes:
    """A line of JSON with its split and the names of its classes; one that is no object as it is."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        return line + b"\n"
    row = {key: features.translate(key)(value) for key, value in row.items()}
    row[_SPLIT] = row.get(_SPLIT) or split
    if "metadata" in row:
        row["metadata"] = metadata_object(row["metadata"])
    if row.keys() >= {"text", "spans"}:
        for name in _REPEATED:
            row.pop(name, None)
    return b"".join(json_pieces([row]))


def _folder_features(bundle: Bundle) -> Features:
    """What dataset_info.json says, or the card of the folder; else each file speaks for itself."""
    name = next((name for name in bundle.names if name.rpartition("/")[2] == _INFO), None)
    if name is None or bundle.size(name) > MAX_INFO_BYTES:
        return Features()
    return Features.from_json(head(bundle, name, MAX_INFO_BYTES))
