"""Import sources: what a file is, and its rows, whichever tool wrote it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from labeling import formats
from labeling.formats import ColumnChoice, Format
from labeling.formats.bundles import Bundle, CheckedFile, bounded, open_bundle
from labeling.formats.converters import CONVERTERS, convertible
from labeling.formats.outlines import ProjectOutline, outline_of
from labeling.formats.projects import READERS, recognize
from labeling.formats.records import BadRow, Record, UnreadableFile, gettext_noop
from labeling.formats.streams import HEAD_BYTES, read_chunks

ONE_FILE = gettext_noop(
    "The archive holds %(count)d files of no format that is known here. Upload one file, or a project that "
    "another tool exported."
)


@dataclass(frozen=True)
class Source:
    """A file as it was recognized.

    file_format : a value of Format, or a key of READERS or CONVERTERS
    member : the file of an archive that is meant, where the archive holds just one; empty: the file itself
    """

    file_format: str
    encoding: str = "utf-8"
    member: str = ""

    @property
    def is_project(self) -> bool:
        """Whether another tool's reader reads it, so that nobody has to map columns."""
        return self.file_format in READERS


class Rows:
    """The rows of a file that is open, and how much of it is read."""

    def __init__(self, bundle: _CountingBundle, rows: Iterator[Record | BadRow]) -> None:
        self._bundle = bundle
        self._rows = rows

    def __iter__(self) -> Iterator[Record | BadRow]:
        return self._rows

    @property
    def share_read(self) -> float:
        """0 to 1; a reader that passes twice over its files is at 1 after the first pass."""
        return min(1.0, self._bundle.bytes_read / max(1, self._bundle.byte_count))


def recognize_file(path: Path, filename: str) -> Source:
    """What lies at a path: a file, an archive or a folder. Raises UnreadableFile for an unknown format."""
    with open_bundle(path, filename) as bundle:
        if key := recognize(bundle):
            return Source(key)
        if key := convertible(bundle):
            return Source(key)
        name = _only_file(bundle)
        head = _head(bundle)
        encoding = formats.guess_encoding(head)
        member = "" if name == bundle.filename else name
        return Source(formats.sniff(head, name, encoding), encoding, member)


def head_of(path: Path, filename: str) -> bytes:
    """The start of a file that is no project of another tool, or of the only file of an archive."""
    with open_bundle(path, filename) as bundle:
        return _head(bundle)


@contextmanager
def open_rows(
    path: Path,
    filename: str,
    file_format: str,
    *,
    encoding: str = "utf-8",
    choice: ColumnChoice | None = None,
) -> Iterator[Rows]:
    """The rows of a file, archive or folder in this format.

    encoding, choice : as `labeling.formats.read` takes them, which reads all but READERS
    Raises UnreadableFile, perhaps after some rows.
    """
    with open_bundle(path, filename) as bundle:
        counting = _CountingBundle(bundle)
        if reader := READERS.get(file_format):
            yield Rows(counting, reader.read(counting))
            return
        with counting.open(_only_file(bundle)) as file:
            yield Rows(counting, formats.read(file, Format(file_format), choice=choice, encoding=encoding))


def outline_of_file(path: Path, filename: str, file_format: str) -> ProjectOutline:
    """What a file says of its project; tables and JSON do so by their labels alone. Raises UnreadableFile."""
    if file_format in READERS:
        with open_bundle(path, filename) as bundle:
            return READERS[file_format].outline(bundle)
    with open_rows(path, filename, file_format) as rows:
        return outline_of(file_format.upper(), rows, name=Path(filename).stem)


def extract(path: Path, filename: str, member: str) -> None:
    """Put the one file that is meant in the place of its archive. Raises UnreadableFile."""
    partial = path.with_suffix(".partial")
    try:
        with open_bundle(path, filename) as bundle, bundle.open(member) as file, partial.open("wb") as target:
            target.writelines(bounded(read_chunks(file)))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def convert(
    path: Path, filename: str, key: str, target: Path, on_progress: Callable[[float], None] | None = None
) -> list[str]:
    """Write the JSON lines that a binary file becomes; what of it is not read, a sentence each.

    key : of CONVERTERS
    on_progress : is told of each piece with the share of the file that was read, 0 to 1
    Raises UnreadableFile, also where the library of the format is not installed. For workers and commands.
    """
    with open_bundle(path, filename) as bundle, target.open("wb") as lines:
        losses = CONVERTERS[key].losses(bundle)
        counting = _CountingBundle(bundle)
        for piece in bounded(CONVERTERS[key].json_lines(counting)):
            lines.write(piece)
            if on_progress:
                on_progress(min(1.0, counting.bytes_read / max(1, counting.byte_count)))
    return losses


def format_of_lines(path: Path, filename: str) -> str:
    """What the JSON lines of a binary file are: Argilla's records, which it writes as a Hugging Face dataset,
    or rows whose columns are mapped.

    No other tool is asked for: a plain table may look like the rows of one.
    """
    with open_bundle(path, filename) as bundle:
        return "argilla" if READERS["argilla"].recognizes(bundle) else Format.JSONL.value


@contextmanager
def as_readable(path: Path, file_format: str) -> Iterator[tuple[Path, str]]:
    """The file and its format, or a temporary file of JSON lines and theirs where the format is a binary one.

    Raises UnreadableFile.
    """
    if file_format not in CONVERTERS:
        yield path, file_format
        return
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder, f"{path.stem}.jsonl")
        convert(path, path.name, file_format, lines)
        yield lines, format_of_lines(lines, lines.name)


def unpacked_size(path: Path, filename: str) -> int:
    """Bytes of all files of an archive or folder, or of the file. Raises UnreadableFile."""
    with open_bundle(path, filename) as bundle:
        return sum(bundle.size(name) for name in bundle.names)


def _head(bundle: Bundle) -> bytes:
    with bundle.open(_only_file(bundle)) as file:
        return file.read(HEAD_BYTES)


def _only_file(bundle: Bundle) -> str:
    if len(bundle.names) != 1:
        raise UnreadableFile(ONE_FILE, count=len(bundle.names))
    return bundle.names[0]


class _CountingBundle:
    """A bundle that knows how many bytes were read of it."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self.filename = bundle.filename
        self.names = bundle.names
        self.byte_count = sum(bundle.size(name) for name in bundle.names)
        self.bytes_read = 0

    def open(self, name: str) -> BinaryIO:
        return cast(BinaryIO, _CountingFile(self._bundle.open(name), self))

    def size(self, name: str) -> int:
        return self._bundle.size(name)


class _CountingFile(CheckedFile):
    def __init__(self, file: BinaryIO, bundle: _CountingBundle) -> None:
        super().__init__(file)
        self._bundle = bundle

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self._bundle.bytes_read += len(data)
        return data
