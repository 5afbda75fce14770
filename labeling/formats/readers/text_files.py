"""Text files reader: a zip, tar or folder of text files, one document each."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import PurePosixPath

from labeling.formats.bundles import Bundle
from labeling.formats.fields import check_text
from labeling.formats.outlines import ProjectOutline, outline_of
from labeling.formats.records import (
    MAX_TEXT_CHARACTERS,
    BadRow,
    Record,
    RowProblem,
    UnreadableFile,
    bad_row,
    gettext_noop,
)

TOOL = gettext_noop("Text files")
MAX_FILE_BYTES = 4 * MAX_TEXT_CHARACTERS
_SUFFIXES = (".txt", ".text", ".md")


def recognizes(bundle: Bundle) -> bool:
    """More than one file, all of them text."""
    return len(bundle.names) > 1 and all(name.lower().endswith(_SUFFIXES) for name in bundle.names)


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    """One document a file; its path is its ID, and `line` its number in the archive.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> [record.external_id for record in read(FilesInMemory({"a.txt": b"one", "b/c.txt": b"two"}))]
    ['a.txt', 'b/c.txt']
    """
    for number, name in enumerate(bundle.names, 1):
        try:
            yield Record(number, check_text(file_text(bundle, name)), external_id=name[-200:])
        except RowProblem as problem:
            yield bad_row(number, problem, name)


def outline(bundle: Bundle) -> ProjectOutline:
    return outline_of(TOOL, (), name=PurePosixPath(bundle.filename).stem)


def file_text(bundle: Bundle, name: str) -> str:
    """The text of one file as it is, line ends included: offsets count them. Raises RowProblem.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> file_text(FilesInMemory({"a.txt": b"one\\r\\ntwo"}), "a.txt")
    'one\\r\\ntwo'
    """
    if bundle.size(name) > MAX_FILE_BYTES:
        raise RowProblem(
            gettext_noop("The file has more than %(limit)d bytes. Split it."), limit=MAX_FILE_BYTES
        )
    try:
        with bundle.open(name) as file:
            content = file.read()
        # Not as a stream of lines: a single document may well have carriage returns only.
        is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnreadableFile as error:
        raise RowProblem(error.message, **error.values) from None
    except UnicodeDecodeError as error:
        raise RowProblem(
            gettext_noop("Byte %(number)d is not UTF-8. Save the file as UTF-8."), number=error.start + 1
        ) from None
