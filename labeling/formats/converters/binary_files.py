"""Binary files of a bundle: their first bytes, a form that libraries can seek in, and damage in our words."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from labeling.formats.bundles import Bundle, bounded
from labeling.formats.records import FormatError, UnreadableFile
from labeling.formats.streams import read_chunks

_OUR_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE)  # of the disk, not of the file
MAX_MEMORY_BYTES = 16 * 1024 * 1024  # of a file that had to be unpacked; a larger one goes to the disk


def head(bundle: Bundle, name: str, size: int) -> bytes:
    """The first bytes of a file; none where they cannot be read.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> head(FilesInMemory({"a.parquet": b"PAR1..."}), "a.parquet", 4)
    b'PAR1'
    """
    try:
        with bundle.open(name) as file:
            return file.read(size)
    except UnreadableFile:
        return b""


@contextmanager
def seekable(bundle: Bundle, name: str) -> Iterator[BinaryIO]:
    """A file to go to and fro in. That of an archive is unpacked first: going back there reads all again."""
    if len(bundle.names) == 1 and bundle.names[0] == bundle.filename:
        with bundle.open(name) as file:
            yield file
        return
    with tempfile.SpooledTemporaryFile(MAX_MEMORY_BYTES) as unpacked:
        with bundle.open(name) as file:
            unpacked.writelines(bounded(read_chunks(file)))
        unpacked.seek(0)
        yield cast(BinaryIO, unpacked)


@contextmanager
def damage_is(message: str) -> Iterator[None]:
    """Anything that a library raises over a damaged file, as UnreadableFile with this message.

    Which errors a hostile file can bring a library to raise, its documentation does not tell. It may also
    claim to hold a petabyte, for which there is no memory.
    """
    try:
        yield
    except FormatError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OUR_FAULTS:
            raise
        raise UnreadableFile(message) from error
