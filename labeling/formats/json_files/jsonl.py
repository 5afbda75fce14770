"""JSONL reader: one document a line, as an object; what is not a known key becomes metadata.

The keys of a document may be called as the file calls them: see `ColumnChoice`.
"""

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
    split_labels,
)
from labeling.formats.records import BadRow, Json, Record, RowProblem, Span, bad_row, gettext_noop
from labeling.formats.row_annotations import with_annotation
from labeling.formats.streams import lines
from labeling.formats.tables.csv_columns import METADATA_PREFIX, ColumnChoice, metadata_field

MAX_LINE_BYTES = 8 * 1024 * 1024  # a text of the greatest length, each character escaped as six bytes

_KNOWN = frozenset({"text", "id", "metadata", "label", "labels", "spans", "split", "annotation"})
GIVEN_TWICE = gettext_noop('"%(key)s" is both inside and outside of "metadata". Remove one.')
USUAL_KEYS = ColumnChoice("text", "id", "label", "labels", "spans", "split")


def read_jsonl(chunks: Iterable[bytes], choice: ColumnChoice | None = None) -> Iterator[Record | BadRow]:
    r"""Records of a JSONL file; blank lines are passed over.

    choice : which keys hold what; None for the usual ones

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
            yield record_from(strict_json.loads(line), number, choice)
        except RowProblem as problem:
            yield bad_row(number, problem, line)


def record_from(value: object, line: int, choice: ColumnChoice | None = None) -> Record:
    """One document from an object already read (of a line, or of a request's body).

    Keys: text; id, label or labels, spans, split, metadata (all optional). Any other key becomes metadata.
    "annotation", which our own export adds, says who gave the label and what it counts for.
    An id, label or span that cannot be taken is left out and told in `problems`. Raises RowProblem that says
    what to mend where there is no document.

    >>> record_from({"text": "Bad and slow", "labels": ["bad", "slow"]}, 1).labels
    ('bad', 'slow')
    """
    if not isinstance(value, dict):
        raise RowProblem(gettext_noop('A document must be an object, such as {"text": "…"}.'))
    annotation = value.get("annotation")
    if choice is not None:
        value = _renamed(value, choice)
    text = check_text(value.get("text"), "text" if choice is None else choice.text)
    metadata = value.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise RowProblem(gettext_noop('"metadata" must be an object.'))
    others = {key: item for key, item in value.items() if key not in _KNOWN}
    if twice := others.keys() & metadata.keys():
        raise RowProblem(GIVEN_TWICE, key=min(twice)[:50])
    spans, fields = value.get("spans"), OptionalFields()
    record = Record(
        line,
        text,
        fields.read(WITHOUT_ID, check_id, value.get("id")),
        metadata | others if metadata else others,
        fields.read(WITHOUT_LABEL, _labels if choice is None else _chosen_labels, value, choice),
        None if spans is None else fields.read(WITHOUT_LABEL, _spans, spans, text, choice),
        check_split(value.get("split")),
        tuple(fields.problems),
    )
    return record if annotation is None else with_annotation(record, annotation)


def fields_of(value: dict[str, Json]) -> dict[str, Json]:
    """What can be chosen of an object: its keys, and those of its metadata behind a prefix.

    >>> fields_of({"text": "Hi", "metadata": {"channel": "mail"}, "annotation": {}})
    {'text': 'Hi', 'metadata.channel': 'mail'}
    """
    metadata = value.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise RowProblem(gettext_noop('"metadata" must be an object.'))
    fields = {key: item for key, item in value.items() if key not in ("metadata", "annotation")}
    return fields | {METADATA_PREFIX + key: item for key, item in metadata.items()}


def _renamed(value: dict[str, Json], choice: ColumnChoice) -> dict[str, Json]:
    """The same document under the usual keys, without what is left out."""
    fields = fields_of(value)
    chosen = {role: fields.pop(name, None) for role, name in choice.roles.items()}
    metadata: dict[str, Json] = {}
    for name, item in fields.items():
        field = metadata_field(name)
        if choice.leaves_out(name):
            continue
        if field in metadata:
            raise RowProblem(GIVEN_TWICE, key=field[:50])
        metadata[field] = item
    return chosen | {"metadata": metadata}


def _chosen_labels(value: dict[str, Json], choice: ColumnChoice) -> tuple[str, ...] | None:
    """Labels of a key that somebody chose, where names in one text are taken as in a cell of a table."""
    label, labels = value.get("label"), value.get("labels")
    if isinstance(label, list) and len(label) == 1:
        label = label[0]
    if isinstance(labels, str):
        if not labels.strip():
            labels = None
        elif label is None:
            return split_labels(labels, choice.separator)
    elif isinstance(labels, (int, float)):
        labels = [labels]
    return _labels({"label": label, "labels": labels})


def _spans(value: object, text: str, choice: ColumnChoice | None) -> tuple[Span, ...]:
    if choice is not None and isinstance(value, str):
        value = strict_json.loads(value)
    return check_spans(value, text)


def _labels(value: dict[str, Json], choice: ColumnChoice | None = None) -> tuple[str, ...] | None:
    label, labels = value.get("label"), value.get("labels")
    if label is not None and labels is not None:
        raise RowProblem(gettext_noop('Use "label" for one class or "labels" for several, not both.'))
    if label is not None:
        return (check_label(label),)
    return None if labels is None else check_labels(labels)
