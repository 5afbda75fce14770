"""Exchange formats: how documents come in and annotations leave. Pure readers and writers.

`sniff` tells what a file is, `columns` shows what a table offers, `read` gives its documents one by one;
`write_jsonl` and `write_csv` write annotations. Nothing here knows the database or the web.
"""

from labeling.formats.exports import Annotation, ExportRow, write_csv, write_jsonl
from labeling.formats.json_files.json_columns import json_columns
from labeling.formats.json_files.jsonl import USUAL_KEYS, record_from
from labeling.formats.reading import Format, read, sniff
from labeling.formats.records import BadRow, FormatError, Json, Record, RowProblem, Span, UnreadableFile
from labeling.formats.streams import ENCODINGS, HEAD_BYTES, guess_encoding
from labeling.formats.tables.csv_columns import ColumnChoice, Columns, columns
from labeling.formats.tables.dialects import Dialect

__all__ = [
    "ENCODINGS",
    "HEAD_BYTES",
    "USUAL_KEYS",
    "Annotation",
    "BadRow",
    "ColumnChoice",
    "Columns",
    "Dialect",
    "ExportRow",
    "Format",
    "FormatError",
    "Json",
    "Record",
    "RowProblem",
    "Span",
    "UnreadableFile",
    "columns",
    "guess_encoding",
    "json_columns",
    "read",
    "record_from",
    "sniff",
    "write_csv",
    "write_jsonl",
]
