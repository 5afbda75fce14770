"""Which documents does a JSONL file hold? One object a line; what is not a known key becomes metadata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from labeling.formats import strict_json
from labeling.formats.fields import (
    WITHOUT_ID,
    WITHOUT_LABEL,
    OptionalFields,
    check_id,
    check_label,
    check_labels,
    check_spans,
    check_split,
    check_text,
)
from labeling.formats.records import BadRow, Record, RowProblem, bad_row, gettext_noop
from labeling.formats.streams import lines

MAX_LINE_BYTES = 8 * 1024 * 1024  # a text of the greatest length, each character escaped as six bytes

_KNOWN = frozenset({"text", "id", "metadata", "label", "labels", "spans", "split", "annotation"})


def read_jsonl(chunks: Iterable[bytes]) -> Iterator[Record | BadRow]:
    r"""Records of a JSONL file; blank lines are passed over.

    >>> list(read_jsonl([b'{"text": "Hi", "id": 7, "stars": 4}\n']))
    [Record(line=1, text='Hi', external_id='7', metadata={'stars': 4}, labels=None, spans=None, split=None)]
    """
    for number, line in enumerate(lines(chunks, MAX_LINE_BYTES), 1):
        try:
            if len(line) > MAX_LINE_BYTES:
                raise RowProblem(
                    gettext_noop("The line is longer than %(limit)d bytes. Split the document."),
                    limit=MAX_LINE_BYTES,
                )
            if line.isspace() or not line:
                continue
            yield record_from(strict_json.loads(line), number)
        except RowProblem as problem:
            yield bad_row(number, problem, line)


def record_from(value: object, line: int) -> Record:
    """One document from an object already read (of a line, or of a request's body).

    Keys: text; id, label or labels, spans, split, metadata (all optional). Any other key becomes metadata.
    "annotation", which our own export adds, is passed over: a file does not say who labelled what here.
    An id, label or span that cannot be taken is left out and told in `problems`. Raises RowProblem that says
    what to mend where there is no document.

    >>> record_from({"text": "Bad and slow", "labels": ["bad", "slow"]}, 1).labels
    ('bad', 'slow')
    """
    if not isinstance(value, dict):
        raise RowProblem(gettext_noop('A document must be an object such as {"text": "…"}.'))
    text = check_text(value.get("text"))
    metadata = value.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise RowProblem(gettext_noop('"metadata" must be an object.'))
    others = {key: item for key, item in value.items() if key not in _KNOWN}
    if twice := others.keys() & metadata.keys():
        raise RowProblem(
            gettext_noop('"%(key)s" is given both inside and outside of "metadata".'), key=min(twice)[:50]
        )
    spans, fields = value.get("spans"), OptionalFields()
    return Record(
        line,
        text,
        fields.read(WITHOUT_ID, check_id, value.get("id")),
        metadata | others if metadata else others,
        fields.read(WITHOUT_LABEL, _labels, value),
        None if spans is None else fields.read(WITHOUT_LABEL, check_spans, spans, text),
        check_split(value.get("split")),
        tuple(fields.problems),
    )


def _labels(value: dict[str, object]) -> tuple[str, ...] | None:
    label, labels = value.get("label"), value.get("labels")
    if label is not None and labels is not None:
        raise RowProblem(gettext_noop('Give "label" for one class or "labels" for several, not both.'))
    if label is not None:
        return (check_label(label),)
    return None if labels is None else check_labels(labels)
