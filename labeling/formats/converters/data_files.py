"""Data files of a Hugging Face folder: which files hold rows, and the split that the name of each tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from labeling.formats.bundles import Bundle
from labeling.formats.converters.binary_files import head

ARROW_FILE, ARROW_STREAM, PARQUET, FEATHER_1 = b"ARROW1\0\0", b"\xff\xff\xff\xff", b"PAR1", b"FEA1"
_MAGIC = (ARROW_FILE, ARROW_STREAM, PARQUET, FEATHER_1)
_BINARY = (".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows")
_LINES = (".jsonl", ".ndjson")
_ABOUT = frozenset(
    {"readme.md", "license", "license.txt", "dataset_info.json", "dataset_infos.json", "state.json"}
    | {"dataset_dict.json", "metadata.json"}
)
_SPLITS = {
    **dict.fromkeys(("train", "training", "validation", "valid", "val", "dev"), "pool"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
_WORD = re.compile("[a-z]+")


@dataclass(frozen=True)
class DataFile:
    """A file with rows.

    magic : how it begins; empty for JSON lines
    split : "pool", "test", or None where no name tells
    """

    name: str
    magic: bytes
    split: str | None


def data_files(bundle: Bundle) -> list[DataFile]:
    """The files with rows, in the order of their names; none where the bundle holds anything else besides.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> parts = {"README.md": b"", "data/train-00000-of-00001.parquet": b"PAR1", "data/test.parquet": b"PAR1"}
    >>> [(file.name, file.split) for file in data_files(FilesInMemory(parts, "mails.zip"))]
    [('data/test.parquet', 'test'), ('data/train-00000-of-00001.parquet', 'pool')]
    """
    if len(bundle.names) == 1:
        magic = magic_of(bundle, bundle.names[0])
        return [DataFile(bundle.names[0], magic, None)] if magic else []
    files = []
    for name in sorted(bundle.names):
        path = PurePosixPath(name.lower())
        if path.name in _ABOUT or path.name.startswith("cache-"):  # of `datasets`, what a function returned
            continue
        magic = magic_of(bundle, name) if path.suffix in _BINARY else b""
        split = _split(path)
        if not magic and (path.suffix not in _LINES or split is None):
            return []
        files.append(DataFile(name, magic, split))
    return files


def magic_of(bundle: Bundle, name: str) -> bytes:
    """How a file of Arrow or Parquet begins; empty where it is neither."""
    start = head(bundle, name, 8)
    return next((magic for magic in _MAGIC if start.startswith(magic)), b"")


def _split(path: PurePosixPath) -> str | None:
    """The nearest name decides: train/data-00000-of-00001.arrow, data/test-00000-of-00001.parquet."""
    for part in (path.stem, *(folder.name for folder in path.parents)):
        for word in _WORD.findall(part):
            if word in _SPLITS:
                return _SPLITS[word]
    return None
