"""Exports that come back: what our own import makes of a file that a writer of tables wrote."""

import io
import zipfile

from labeling import formats
from labeling.formats import USUAL_KEYS, Format
from labeling.formats.bundles import FilesInMemory
from labeling.formats.converters import CONVERTERS, convertible
from labeling.formats.outlines import ProjectOutline
from labeling.formats.projects import WRITERS
from labeling.formats.records import BadRow, Record


def written(key: str, outline: ProjectOutline, *records: Record) -> tuple[bytes, list[BadRow]]:
    """The file, and what was reported as lost."""
    reported: list[BadRow] = []
    return b"".join(WRITERS[key].write(outline, records, reported.append)), reported


def unzipped(content: bytes) -> FilesInMemory:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return FilesInMemory({name: archive.read(name) for name in archive.namelist()}, "export.zip")


def read_again(content: bytes, filename: str) -> list[Record | BadRow]:
    """The documents of a file, by the columns of the usual names."""
    bundle = unzipped(content) if filename.endswith(".zip") else FilesInMemory({filename: content})
    key = convertible(bundle)
    assert key is not None
    lines = b"".join(CONVERTERS[key].json_lines(bundle))
    return list(formats.read(io.BytesIO(lines), Format.JSONL, choice=USUAL_KEYS))


def without_order(rows: list[Record | BadRow]) -> dict[object, object]:
    """Documents by their IDs: the files of an archive are read by their names."""
    assert all(isinstance(row, Record) and row.problems == () for row in rows)
    return {
        row.external_id: (row.text, row.metadata, row.labels, row.spans, row.split)
        for row in rows
        if isinstance(row, Record)
    }
