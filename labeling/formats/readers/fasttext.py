"""fastText reader: one document a line, its classes before it as __label__name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from labeling.formats.bundles import Bundle
from labeling.formats.fields import WITHOUT_LABEL, OptionalFields, check_labels, check_text
from labeling.formats.heads import head_of
from labeling.formats.jsonl import MAX_LINE_BYTES
from labeling.formats.outlines import ProjectOutline, outline_of
from labeling.formats.records import BadRow, Record, RowProblem, bad_row, gettext_noop
from labeling.formats.streams import lines, utf8_chunks

TOOL = "fastText"
PREFIX = "__label__"


def recognizes(bundle: Bundle) -> bool:
    """A single file whose first line begins with a label."""
    return len(bundle.names) == 1 and head_of(bundle, bundle.names[0]).startswith(PREFIX)


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    r"""One document a line.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> file = FilesInMemory({"train.txt": b"__label__late __label__rude Where is it?\n"})
    >>> [(record.text, record.labels) for record in read(file)]
    [('Where is it?', ('late', 'rude'))]
    """
    with bundle.open(bundle.names[0]) as file:
        for number, line in enumerate(lines(utf8_chunks(file), MAX_LINE_BYTES), 1):
            if not line.strip():
                continue
            try:
                yield _record(line, number)
            except RowProblem as problem:
                yield bad_row(number, problem, line)


def outline(bundle: Bundle) -> ProjectOutline:
    return outline_of(TOOL, read(bundle), name=PurePosixPath(bundle.filename).stem)


def _record(line: bytes, number: int) -> Record:
    try:
        rest = line.removesuffix(b"\r").decode()
    except UnicodeDecodeError as error:
        raise RowProblem(
            gettext_noop("Byte %(number)d is not UTF-8. Save the file as UTF-8."), number=error.start + 1
        ) from None
    names = []
    while rest.startswith(PREFIX):
        name, _, rest = rest.partition(" ")
        names.append(name.removeprefix(PREFIX))
    fields = OptionalFields()
    labels = fields.read(WITHOUT_LABEL, check_labels, names) if names else None
    return Record(number, check_text(rest), labels=labels, problems=tuple(fields.problems))
