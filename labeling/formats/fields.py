"""Document validation: the checks of a document's text, identifier, labels, spans and split.

An identifier or an answer that cannot be taken never costs the document: see `OptionalFields`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from labeling.formats import strict_json
from labeling.formats.names import normal_name
from labeling.formats.records import (
    MAX_ID_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    RowProblem,
    Span,
    gettext_noop,
)

_LABEL_STUDIO = '{"choices":'  # of a cell with several classes in its CSV and TSV exports
_SPLITS = {
    **dict.fromkeys(("pool", "train", "training", "dev", "valid", "validation"), "pool"),
    **dict.fromkeys(("test", "testing"), "test"),
}

SEPARATORS = ("|", ",", ";", "#")  # of several labels in one cell; the first is the rule where none is chosen

WITHOUT_ID = gettext_noop("The document was imported without its ID: %(reason)s")
WITHOUT_LABEL = gettext_noop("The document was imported without its label: %(reason)s")
WITHOUT_SPLIT = gettext_noop("The document was imported without its split: %(reason)s")

Read = TypeVar("Read")


class OptionalFields:
    """Reads the fields that a document can do without, and keeps what is wrong with them.

    >>> fields = OptionalFields()
    >>> fields.read(WITHOUT_ID, check_id, 3.5), fields.read(WITHOUT_LABEL, check_label, 3.0)
    (None, '3')
    >>> [str(problem) for problem in fields.problems]
    ['The document was imported without its ID: The ID must be a string or a whole number.']
    """

    def __init__(self) -> None:
        self.problems: list[RowProblem] = []

    def read(self, message: str, check: Callable[..., Read], *values: object) -> Read | None:
        """What `check` makes of the values; None where it cannot, which `message` then says."""
        try:
            return check(*values)
        except RowProblem as problem:
            self.problems.append(RowProblem(message, reason=str(problem)))
            return None


def check_text(value: object, field: str = "text") -> str:
    """The text, unchanged: offsets of spans are counted in it.

    field : what holds it in this file

    Raises RowProblem when there is none, it is blank, or longer than 1,000,000 characters.

    >>> check_text("  Hello  ")
    '  Hello  '
    """
    if not isinstance(value, str):
        raise RowProblem(gettext_noop('The row has no text. Add the field "%(field)s".'), field=field[:50])
    if not value or value.isspace():
        raise RowProblem(gettext_noop("The text is empty. Add text or remove the row."))
    if len(value) > MAX_TEXT_CHARACTERS:
        raise RowProblem(
            gettext_noop("The text has %(length)d characters; the limit is %(limit)d. Split it."),
            length=len(value),
            limit=MAX_TEXT_CHARACTERS,
        )
    return value


def check_id(value: object) -> str | None:
    """The identifier as text; None when there is none.

    >>> check_id(17), check_id(17.0), check_id("a-1"), check_id("")
    ('17', '17', 'a-1', None)
    """
    if value is None or value == "":
        return None
    value = _whole(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise RowProblem(gettext_noop("The ID must be a string or a whole number."))
    identifier = str(value)
    if len(identifier) > MAX_ID_CHARACTERS:
        raise RowProblem(
            gettext_noop("The ID has more than %(limit)d characters. Shorten it."), limit=MAX_ID_CHARACTERS
        )
    return identifier


def check_label(value: object) -> str:
    """The name of one class in its normal form; a whole number is taken as a name.

    >>> check_label(" late "), check_label(1), check_label(1.0)
    ('late', '1', '1')
    """
    value = _whole(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise RowProblem(gettext_noop("A label must be a class name."))
    name = normal_name(str(value))
    strict_json.check_storable(name)
    if not name:
        raise RowProblem(gettext_noop("A label is empty. Enter a class name or remove it."))
    if len(name) > MAX_NAME_CHARACTERS:
        raise RowProblem(
            gettext_noop("A label has more than %(limit)d characters. Shorten it."), limit=MAX_NAME_CHARACTERS
        )
    return name


def check_labels(value: object) -> tuple[str, ...]:
    """Several classes of one document, each once.

    >>> check_labels(["late", "rude", "late"])
    ('late', 'rude')
    """
    if not isinstance(value, list):
        raise RowProblem(
            gettext_noop('"labels" must be a list of class names. For a single class use "label".')
        )
    return tuple(dict.fromkeys(check_label(item) for item in value))


def split_labels(cell: str, separator: str | None = None) -> tuple[str, ...]:
    """Several classes of one cell: a JSON list, or names with a separator between.

    Label Studio writes an object around the list where a document has several.

    separator : one of SEPARATORS, empty parts are passed over; None is the vertical bar

    >>> split_labels("late|rude"), split_labels("late; rude;", ";"), split_labels('["late"]')
    (('late', 'rude'), ('late', 'rude'), ('late',))
    """
    if cell.startswith(_LABEL_STUDIO):
        value = strict_json.loads(cell)
        return check_labels(value.get("choices") if isinstance(value, dict) else value)
    if cell.startswith("["):
        return check_labels(strict_json.loads(cell))
    if separator is None:
        return check_labels(cell.split(SEPARATORS[0]))
    return check_labels([part for part in cell.split(separator) if part.strip()])


def guess_separator(cells: Iterable[str], class_names: Collection[str]) -> str | None:
    """The separator that leaves most of the parts of these cells names of classes; None where none helps.

    class_names : of the project, in their normal form

    >>> guess_separator(["late;rude", "late"], {"late", "rude"}), guess_separator(["late|rude"], {"rude"})
    (';', '|')
    >>> guess_separator(["a;b"], {"late"}) is None
    True
    """
    rows = [cell for cell in cells if cell.strip() and not cell.startswith(("[", _LABEL_STUDIO))]

    def known(separator: str) -> int:
        parts = (normal_name(part) for cell in rows if separator in cell for part in cell.split(separator))
        return sum(part in class_names for part in parts)

    best = max(SEPARATORS, key=known)
    return best if known(best) else None


def check_spans(value: object, text: str) -> tuple[Span, ...]:
    """Spans inside the text, in code points, end exclusive, each once.

    value : list of [start, end, label], or of objects with these keys

    >>> check_spans([[0, 5, "person"]], "Maria sings")
    (Span(start=0, end=5, label='person'),)
    """
    if not isinstance(value, list):
        raise RowProblem(gettext_noop('"spans" must be a list of [start, end, label].'))
    return tuple(dict.fromkeys(_span(item, text) for item in value))


def check_split(value: object) -> str | None:
    """Where the document belongs: "pool" (also train, dev, validation), "test", or None for our own draw.

    >>> check_split("train"), check_split("Test"), check_split(None)
    ('pool', 'test', None)
    """
    if value is None or value == "":
        return None
    split = _SPLITS.get(value.strip().lower()) if isinstance(value, str) else None
    if split is None:
        raise RowProblem(gettext_noop('The split must be "pool" (or "train") or "test".'))
    return split


def _whole(value: object) -> object:
    """A number that is whole, however it is written, as the integer that it is.

    >>> _whole(3.0), _whole(3.5), _whole("3.0")
    (3, 3.5, '3.0')
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _span(value: object, text: str) -> Span:
    parts: Sequence[object] = ()
    if isinstance(value, list):
        parts = value
    elif isinstance(value, dict) and value.keys() == {"start", "end", "label"}:
        parts = (value["start"], value["end"], value["label"])
    if len(parts) != 3:
        raise RowProblem(gettext_noop("A span must have a start, an end and a label, and nothing else."))
    start, end, label = _whole(parts[0]), _whole(parts[1]), parts[2]
    if type(start) is not int or type(end) is not int:
        raise RowProblem(gettext_noop("The start and end of a span must be whole numbers."))
    if not 0 <= start < end <= len(text):
        raise RowProblem(
            gettext_noop(
                "The span %(start)d to %(end)d is outside the text, which has %(length)d characters."
            ),
            start=start,
            end=end,
            length=len(text),
        )
    return Span(start, end, check_label(label))
