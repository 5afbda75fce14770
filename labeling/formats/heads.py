"""Heads of files: the first characters, by which the tool that wrote a file is recognized."""

from __future__ import annotations

from collections.abc import Iterator

from labeling.formats.bundles import Bundle
from labeling.formats.records import UnreadableFile
from labeling.formats.streams import HEAD_BYTES, utf8_chunks

MAX_CANDIDATES = 100  # files of one archive that are opened to recognize it


def head_of(bundle: Bundle, name: str) -> str:
    """The start of a text file, unpacked; empty where it is none.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> head_of(FilesInMemory({"a.json": b"[{}]"}), "a.json")
    '[{}]'
    """
    try:
        with bundle.open(name) as file:
            return next(utf8_chunks(file), b"")[:HEAD_BYTES].decode(errors="ignore")
    except UnreadableFile:
        return ""


def heads(bundle: Bundle, *suffixes: str) -> Iterator[tuple[str, str]]:
    """(name, head) of the files with one of these endings, of the first hundred of them.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> list(heads(FilesInMemory({"a.json": b"[{}]", "b.txt": b"Hi"}), ".json"))
    [('a.json', '[{}]')]
    """
    names = [name for name in bundle.names if name.lower().endswith(suffixes)]
    return ((name, head_of(bundle, name)) for name in names[:MAX_CANDIDATES])
