"""Bundles: one file, or the files of a zip, a tar or a folder, read by name."""

from __future__ import annotations

import io
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from labeling.formats.records import UnreadableFile, gettext_noop
from labeling.formats.streams import GZIP_GRACE_BYTES, MAX_GZIP_RATIO, unpacked_chunks

MAX_FILES = 2_000_000  # of one archive; their names are held in memory
MAX_UNPACKED_BYTES = 16 * 1024**3  # that are written to disk for one file
MAX_MEMORY_BYTES = (
    64 * 1024 * 1024
)  # of a tar that had to be decompressed; a larger one goes to a temporary file
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = b"\x1f\x8b"
# What zipfile raises over a file: RuntimeError is a compression or an encryption that it does not know.
_ZIP_ERRORS = (zipfile.BadZipFile, RuntimeError, ValueError)
_TAR_MAGIC_OFFSET = 257


class Bundle(Protocol):
    """Files by name; `filename` is what the file, archive or folder itself is called."""

    filename: str
    names: Sequence[str]  # with "/" between folders; no folders, no hidden files

    def open(self, name: str) -> BinaryIO:
        """The bytes of one file, from its start. Raises UnreadableFile where they are damaged."""

    def size(self, name: str) -> int:
        """How many bytes it has, unpacked."""


@contextmanager
def open_bundle(path: Path, filename: str = "") -> Iterator[Bundle]:
    """The bundle that lies at a path: a folder, a zip, a tar (gzip allowed), or a single file as it is.

    filename : what it was called where it came from
    Raises UnreadableFile for damaged, encrypted and absurdly compressed archives.
    """
    filename = readable_name(filename or path.name)
    if path.is_dir():
        yield _Folder(path)
        return
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        head = file.read(_TAR_MAGIC_OFFSET + 8)
        file.seek(0)
        if head.startswith(_ZIP) and not _is_workbook(file, filename):
            yield _Zip(file, filename)
        elif _is_tar(head):
            yield _Tar(file, filename)
        elif head.startswith(_GZIP) and filename.lower().endswith((".tgz", ".tar.gz")):
            unpacked = stack.enter_context(tempfile.SpooledTemporaryFile(MAX_MEMORY_BYTES))
            for chunk in bounded(unpacked_chunks(file)):
                unpacked.write(chunk)
            unpacked.seek(0)
            yield _Tar(cast(BinaryIO, unpacked), filename)
        else:
            yield SingleFile(path, filename)


def readable_name(name: str) -> str:
    r"""The name of a file, that of an old archive or folder read as Latin-1 where it is not UTF-8.

    Python keeps such bytes as halves of characters, which no database can store.

    >>> readable_name("caf\udce9.txt"), readable_name("café.txt")
    ('café.txt', 'café.txt')
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode(errors="surrogateescape").decode("latin-1")
    return name


def bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same chunks. Raises UnreadableFile where they would fill a disk.

    >>> list(bounded([b"one", b"two"]))
    [b'one', b'two']
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_UNPACKED_BYTES:
            raise UnreadableFile(
                gettext_noop("The file has more than %(limit)d GB when it is unpacked. Split it."),
                limit=MAX_UNPACKED_BYTES // 1024**3,
            )
        yield chunk


class SingleFile:
    """A file that is no archive: a bundle of one."""

    def __init__(self, path: Path, filename: str = "") -> None:
        self.path = path
        self.filename = readable_name(filename or path.name)
        self.names: Sequence[str] = [self.filename]

    def open(self, name: str) -> BinaryIO:
        return self.path.open("rb")

    def size(self, name: str) -> int:
        return self.path.stat().st_size


class FilesInMemory:
    """Files that are at hand as bytes, for tests and examples.

    >>> FilesInMemory({"a.txt": b"one"}).open("a.txt").read()
    b'one'
    """

    def __init__(self, files: dict[str, bytes], filename: str = "") -> None:
        self._files = files
        self.names: Sequence[str] = list(files)
        self.filename = filename or self.names[0]

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self._files[name])

    def size(self, name: str) -> int:
        return len(self._files[name])


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.filename = readable_name(path.name)
        files = (p.relative_to(path).as_posix() for p in sorted(path.rglob("*")) if p.is_file())
        self._files = {readable_name(name): name for name in files if _is_shown(name)}
        self.names: Sequence[str] = list(self._files)

    def open(self, name: str) -> BinaryIO:
        return (self._path / self._files[name]).open("rb")

    def size(self, name: str) -> int:
        return (self._path / self._files[name]).stat().st_size


class _Zip:
    def __init__(self, file: BinaryIO, filename: str) -> None:
        self.filename = filename
        try:
            self._zip = zipfile.ZipFile(file)
            members = [m for m in self._zip.infolist() if not m.is_dir() and _is_shown(m.filename)]
        except _ZIP_ERRORS:
            raise _damaged() from None
        _check_count(len(members))
        if any(member.flag_bits & 1 for member in members):
            raise UnreadableFile(gettext_noop("The archive has a password. Create one without."))
        size = sum(member.file_size for member in members)
        packed = sum(member.compress_size for member in members)
        if size > max(GZIP_GRACE_BYTES, MAX_GZIP_RATIO * packed):
            raise UnreadableFile(
                gettext_noop(
                    "The archive expands more than %(ratio)d times. Upload it with less compression."
                ),
                ratio=MAX_GZIP_RATIO,
            )
        self._members = {member.filename: member for member in members}
        self.names: Sequence[str] = list(self._members)

    def open(self, name: str) -> BinaryIO:
        try:
            return cast(BinaryIO, CheckedFile(self._zip.open(self._members[name])))
        except _ZIP_ERRORS:
            raise _damaged() from None

    def size(self, name: str) -> int:
        return self._members[name].file_size


class _Tar:
    def __init__(self, file: BinaryIO, filename: str) -> None:
        self.filename = filename
        try:
            self._tar = tarfile.TarFile(fileobj=file)
            members = [m for m in self._tar if m.isfile() and _is_shown(m.name)]
        except (tarfile.TarError, ValueError, EOFError):
            raise _damaged() from None
        _check_count(len(members))
        self._members = {readable_name(member.name.removeprefix("./")): member for member in members}
        self.names: Sequence[str] = list(self._members)

    def open(self, name: str) -> BinaryIO:
        file = self._tar.extractfile(self._members[name])
        assert file is not None
        return cast(BinaryIO, CheckedFile(file))

    def size(self, name: str) -> int:
        return self._members[name].size


class CheckedFile(io.RawIOBase):
    """The file of an archive, whose damage is said in our words."""

    def __init__(self, file: io.BufferedIOBase | object) -> None:
        self._file = cast(BinaryIO, file)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._file.seekable()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1) -> bytes:
        try:
            return self._file.read(-1 if size is None else size)
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError):
            raise _damaged() from None

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _is_workbook(file: BinaryIO, filename: str) -> bool:
    """Whether a zip is a single file to its users: an Excel workbook, whatever it is called."""
    if filename.lower().endswith((".xlsx", ".xlsm")):
        return True
    try:
        return "xl/workbook.xml" in zipfile.ZipFile(file).NameToInfo
    except _ZIP_ERRORS:
        return False
    finally:
        file.seek(0)


def _is_tar(head: bytes) -> bool:
    return head[_TAR_MAGIC_OFFSET:].startswith(b"ustar")


def _is_shown(name: str) -> bool:
    """Whether a file is meant: Finder and others add their own. Argilla keeps its settings in .argilla."""
    parts = PurePosixPath(name).parts
    if not parts or parts[0] == "__MACOSX" or parts[-1] in ("Thumbs.db", "desktop.ini"):
        return False
    return not parts[-1].startswith(".")


def _check_count(count: int) -> None:
    if count > MAX_FILES:
        raise UnreadableFile(
            gettext_noop("The archive has more than %(limit)d files. Split it."), limit=MAX_FILES
        )
    if not count:
        raise UnreadableFile(gettext_noop("The archive is empty. Add the files and upload it again."))


def _damaged() -> UnreadableFile:
    return UnreadableFile(gettext_noop("The archive is damaged. Create it again."))
