"""Import records: what comes out of a file. One record a document, one bad row a mistake, limits on both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

MAX_TEXT_CHARACTERS = 1_000_000  # code points; a long novel
MAX_ID_CHARACTERS = 200
MAX_NAME_CHARACTERS = 100  # of a label class
MAX_COLUMNS = 1_000
EXCERPT_CHARACTERS = 80
MAX_RAW_BYTES = 1024 * 1024  # of a bad row; a longer one is not kept


def gettext_noop(message: str) -> str:
    """Mark a message for translation; whoever shows it looks the translation up.

    >>> gettext_noop("The text is empty.")
    'The text is empty.'
    """
    return message


class FormatError(ValueError):
    """A problem that the sender has to fix. `message` is the translatable form, `values` fill it in."""

    def __init__(self, message: str, **values: str | int) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.values = values


class RowProblem(FormatError):
    """One row cannot be taken; the others can."""


class UnreadableFile(FormatError):
    """The file as a whole, or the rest of it, cannot be read."""


@dataclass(frozen=True, slots=True)
class Span:
    """A label on a part of a text, in code points; the end is exclusive."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class RecordAnnotation:
    """What one annotator answered, with its circumstances.

    annotator : as the file names the person; None where it names nobody
    labels, spans : one of them, as in a Record; None for both where the annotator skipped the document
    provenance : created_at (ISO 8601), source, guideline_version, seconds, note, resolution, is_counted … by
        the names of our own export, and whatever else the file says of the annotation
    """

    annotator: str | None = None
    labels: tuple[str, ...] | None = None
    spans: tuple[Span, ...] | None = None
    provenance: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordPrediction:
    """What one model predicted of a document.

    probabilities : by class name, 0 to 1; a model that names only its best class gives that one
    spans : predicted spans, None for predictions about the document
    """

    model: str
    version: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    spans: tuple[Span, ...] | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A document as a file gives it.

    labels : None when the file says nothing, () when it says that no class applies
    split : "pool", "test", or None when the file leaves the choice to us
    problems : what the row says beside its text that could not be taken, and is left out
    annotations : the answers of each annotator where the file keeps them apart; labels and spans are None
    predictions : what models said
    """

    line: int  # where it starts, 1 is the first line of the file
    text: str
    external_id: str | None = None
    metadata: dict[str, Json] = field(default_factory=dict)
    labels: tuple[str, ...] | None = None
    spans: tuple[Span, ...] | None = None
    split: str | None = None
    problems: tuple[RowProblem, ...] = field(default=(), repr=False, compare=False)
    annotations: tuple[RecordAnnotation, ...] = field(default=(), repr=False)
    predictions: tuple[RecordPrediction, ...] = field(default=(), repr=False)

    @property
    def answers(self) -> tuple[RecordAnnotation, ...]:
        """All annotations, the unnamed one of a plain file among them.

        >>> Record(1, "Hi", labels=("greeting",)).answers[0].labels
        ('greeting',)
        """
        if self.labels is None and self.spans is None:
            return self.annotations
        return (RecordAnnotation(None, self.labels, self.spans), *self.annotations)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out, or in a report's warnings stored without a part of it, and why."""

    line: int
    message: str  # translatable, with %(name)s for each of the values
    excerpt: str  # the start of the row, safe to store and to show
    values: Mapping[str, str | int] = field(default_factory=dict)
    raw: bytes = field(default=b"", repr=False, compare=False)  # all of the row; empty if it is too long

    @property
    def reason(self) -> str:
        """The message with its values, in English.

        >>> BadRow(3, "%(count)d cells", "a,b", {"count": 2}).reason
        '2 cells'
        """
        return self.message % self.values if self.values else self.message


def bad_row(line: int, problem: FormatError, raw: bytes | str, row: bytes | None = None) -> BadRow:
    """A bad row from the problem and what was read.

    row : all of it, where `raw` is only its start

    >>> bad_row(7, RowProblem("The text is empty."), b"\\x00\\xff,1")
    BadRow(line=7, message='The text is empty.', excerpt='��,1', values={})
    """
    start = raw[: 4 * EXCERPT_CHARACTERS]
    text = start.decode(errors="replace") if isinstance(start, bytes) else start
    excerpt = "".join(c if c.isprintable() else "�" for c in text[:EXCERPT_CHARACTERS].rstrip())
    if row is None:
        row = raw if isinstance(raw, bytes) else b""
    return BadRow(line, problem.message, excerpt, problem.values, row if len(row) <= MAX_RAW_BYTES else b"")
