"""Converters of binary files: Excel, Parquet and the like become JSON lines, which every JSONL reader takes.

`recognizes` needs no library. `json_lines` loads one, so that workers and commands alone may call it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from labeling.formats.bundles import Bundle
from labeling.formats.converters import arrow, excel, spacy_docs


class Converter(Protocol):
    """What each converter offers."""

    @property
    def TOOL(self) -> str:
        """The name by which users call the format."""

    @property
    def EXTRA(self) -> str:
        """The optional dependency that has its library."""

    def recognizes(self, bundle: Bundle) -> bool:
        """Whether the files are of this format, by their names and first bytes."""

    def json_lines(self, bundle: Bundle) -> Iterator[bytes]:
        """One JSON object a line, in pieces: documents by the usual keys, or the columns of a table.

        Raises UnreadableFile, perhaps after some lines, also where the library is not installed.
        """

    def losses(self, bundle: Bundle) -> list[str]:
        """What of the files is not read, a sentence each, in English. Raises UnreadableFile."""


CONVERTERS: Mapping[str, Converter] = {"excel": excel, "arrow": arrow, "spacy": spacy_docs}


def convertible(bundle: Bundle) -> str | None:
    """The key of CONVERTERS that reads these files; None where none of them does.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> convertible(FilesInMemory({"mails.xlsx": b"PK\\x03\\x04..."}))
    'excel'
    """
    return next((key for key, converter in CONVERTERS.items() if converter.recognizes(bundle)), None)
