"""Is this a document we can take? The checks of its text, identifier, labels, spans and split."""

from __future__ import annotations

from collections.abc import Sequence

from labeling.formats.records import (
    MAX_ID_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    RowProblem,
    Span,
    gettext_noop,
)

_SPLITS = {
    **dict.fromkeys(("pool", "train", "training", "dev", "valid", "validation"), "pool"),
    **dict.fromkeys(("test", "testing"), "test"),
}


def check_text(value: object) -> str:
    """The text, unchanged: offsets of spans are counted in it.

    Raises RowProblem when there is none, it is blank, or longer than 1,000,000 characters.

    >>> check_text("  Hello  ")
    '  Hello  '
    """
    if not isinstance(value, str):
        raise RowProblem(gettext_noop('The row has no text. It needs the field "text".'))
    if not value or value.isspace():
        raise RowProblem(gettext_noop("The text is empty."))
    if len(value) > MAX_TEXT_CHARACTERS:
        raise RowProblem(
            gettext_noop("The text has %(length)d characters; at most %(limit)d are allowed. Split it."),
            length=len(value),
            limit=MAX_TEXT_CHARACTERS,
        )
    return value


def check_id(value: object) -> str | None:
    """The identifier as text; None when there is none.

    >>> check_id(17), check_id("a-1"), check_id("")
    ('17', 'a-1', None)
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise RowProblem(gettext_noop("The id must be text or a whole number."))
    identifier = str(value)
    if len(identifier) > MAX_ID_CHARACTERS:
        raise RowProblem(
            gettext_noop("The id has more than %(limit)d characters. Shorten it."), limit=MAX_ID_CHARACTERS
        )
    return identifier


def check_label(value: object) -> str:
    """The name of one class, trimmed; a number is taken as a name."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise RowProblem(gettext_noop("A label must be the name of a class."))
    name = str(value).strip()
    if not name:
        raise RowProblem(gettext_noop("A label is empty."))
    if len(name) > MAX_NAME_CHARACTERS:
        raise RowProblem(
            gettext_noop("A label has more than %(limit)d characters. Shorten it."), limit=MAX_NAME_CHARACTERS
        )
    return name


def check_labels(value: object) -> tuple[str, ...]:
    """Several classes of one document, each once.

    >>> check_labels(["late", "rude"])
    ('late', 'rude')
    """
    if not isinstance(value, list):
        raise RowProblem(gettext_noop('"labels" must be a list of names. For a single one use "label".'))
    labels = tuple(check_label(item) for item in value)
    if len(set(labels)) != len(labels):
        raise RowProblem(gettext_noop("A label is given twice."))
    return labels


def check_spans(value: object, text: str) -> tuple[Span, ...]:
    """Spans inside the text, in code points, end exclusive.

    value : list of [start, end, label], or of objects with these keys

    >>> check_spans([[0, 5, "person"]], "Maria sings")
    (Span(start=0, end=5, label='person'),)
    """
    if not isinstance(value, list):
        raise RowProblem(gettext_noop('"spans" must be a list of [start, end, label].'))
    spans = tuple(_span(item, text) for item in value)
    if len(set(spans)) != len(spans):
        raise RowProblem(gettext_noop("A span is given twice."))
    return spans


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


def _span(value: object, text: str) -> Span:
    parts: Sequence[object] = ()
    if isinstance(value, list):
        parts = value
    elif isinstance(value, dict) and value.keys() == {"start", "end", "label"}:
        parts = (value["start"], value["end"], value["label"])
    if len(parts) != 3:
        raise RowProblem(gettext_noop("A span needs a start, an end and a label, and nothing else."))
    start, end, label = parts
    if type(start) is not int or type(end) is not int:
        raise RowProblem(gettext_noop("The start and the end of a span must be whole numbers."))
    if not 0 <= start < end <= len(text):
        raise RowProblem(
            gettext_noop(
                "The span %(start)d to %(end)d is not inside the text, which has %(length)d characters."
            ),
            start=start,
            end=end,
            length=len(text),
        )
    return Span(start, end, check_label(label))
