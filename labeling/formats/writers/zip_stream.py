"""Zip archives written in pieces: members stream in, compressed bytes stream out."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, TypeAlias, cast

PIECE_BYTES = 64 * 1024
MAX_STEM_CHARACTERS = 80
MAX_STEM_BYTES = 200  # file systems take 255, an ending and a number included

_DATE = (1980, 1, 1, 0, 0, 0)  # the first that zip can hold: equal data make equal archives
_RESERVED = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))]
)

Content: TypeAlias = bytes | Iterable[bytes]


def zip_pieces(members: Iterable[tuple[str, Content]]) -> Iterator[bytes]:
    """The bytes of a zip archive, in pieces of about 64 KiB.

    members : (name, content) of each file, in their order; a content of unknown length comes in pieces
    Memory grows by the names alone, which the directory at the end of an archive lists.

    >>> import io
    >>> archive = b"".join(zip_pieces([("a.txt", b"one"), ("b/c.txt", [b"t", b"wo"])]))
    >>> [zipfile.ZipFile(io.BytesIO(archive)).read(name) for name in ("a.txt", "b/c.txt")]
    [b'one', b'two']
    """
    sink = _Sink()
    with zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            has_length = isinstance(content, bytes)
            if isinstance(content, bytes):
                info.file_size = len(content)
                content = [content]
            with archive.open(info, "w", force_zip64=not has_length) as file:
                for chunk in content:
                    file.write(chunk)
                    if sink.size >= PIECE_BYTES:
                        yield sink.take()
            if sink.size >= PIECE_BYTES:
                yield sink.take()
    yield sink.take()


class ParallelFiles:
    """Files that grow side by side, such as one for each annotator, in one temporary file.

    spool : an open temporary file, which closing removes

    >>> import io
    >>> files = ParallelFiles(io.BytesIO())
    >>> for annotator, line in [("anna", b"1"), ("ben", b"2"), ("anna", b"3")]:
    ...     files.append(annotator, line)
    >>> {name: b"".join(files.pieces(name)) for name in files.names}
    {'anna': b'13', 'ben': b'2'}
    """

    def __init__(self, spool: IO[bytes]) -> None:
        self._spool = spool
        self._files: dict[str, _ParallelFile] = {}

    @property
    def names(self) -> list[str]:
        """In the order in which they began."""
        return list(self._files)

    def append(self, name: str, content: bytes) -> None:
        file = self._files.setdefault(name, _ParallelFile())
        file.pending += content
        if len(file.pending) >= PIECE_BYTES:
            file.extents.append((self._spool.tell(), len(file.pending)))
            self._spool.write(file.pending)
            file.pending.clear()

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content of one file. Nothing may be appended meanwhile."""
        file = self._files[name]
        for offset, size in file.extents:
            self._spool.seek(offset)
            yield self._spool.read(size)
        yield bytes(file.pending)
        self._spool.seek(0, 2)


class MemberNames:
    """File names of an archive, without their endings, from any names.

    No name comes twice, and none that some system cannot store.

    >>> names = MemberNames()
    >>> [names.add(name) for name in ("mails/7", "mails_7", "Ann", "ann", "")]
    ['mails_7', 'mails_7-2', 'Ann', 'ann-2', 'unnamed']
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}  # the last number of each stem, by the stem in lower case

    def add(self, name: str) -> str:
        """The name of one more file; names that differ only in case differ in a number too."""
        stem = _stem(name)
        number = self._numbers.get(stem.casefold(), 0) + 1
        unique = stem
        while number > 1 and (unique := f"{stem}-{number}").casefold() in self._numbers:
            number += 1
        self._numbers[stem.casefold()] = number
        self._numbers.setdefault(unique.casefold(), 1)
        return unique


@dataclass(slots=True)
class _ParallelFile:
    extents: list[tuple[int, int]] = field(default_factory=list)  # (offset, size) in the temporary file
    pending: bytearray = field(default_factory=bytearray)


class _Sink:
    """What an archive is written to: it cannot go back, and forgets what was taken."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def size(self) -> int:
        return len(self._buffer)

    def write(self, data: bytes) -> int:
        self._buffer += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def take(self) -> bytes:
        piece = bytes(self._buffer)
        self._buffer.clear()
        return piece


def _stem(name: str) -> str:
    """One part of a path that every system can store, at most 80 characters and 200 bytes long."""
    visible = "".join("_" if c in _RESERVED or not c.isprintable() else c for c in name)
    stem = visible[:MAX_STEM_CHARACTERS].encode()[:MAX_STEM_BYTES].decode(errors="ignore").strip(" .")
    return f"_{stem}" if stem.partition(".")[0].casefold() in _DEVICES else stem or "unnamed"
