"""Fields that give the answer away: metadata whose name or values are those of labels."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from labeling.formats.names import normal_name
from labeling.formats.records import MAX_NAME_CHARACTERS, Json
from labeling.formats.tables.column_names import names_an_answer

MIN_CLASS_SHARE = 0.5  # of a field's values name classes
MIN_ROWS_PER_VALUE = 2  # fewer, and an identifier would match any label

_SEPARATORS = re.compile(r"[|,;#]")


def answer_fields(
    rows: Sequence[Mapping[str, Json]],
    class_names: Collection[str],
    labels: Sequence[tuple[str, ...] | None] = (),
) -> set[str]:
    """Fields that annotators should not see unless a manager says so.

    rows : metadata, or all columns, of some rows
    class_names : of the project, in their normal form
    labels : of the same rows, where they have any
    A field is one of them if it is called as labels are, if half of its values are names of classes, or if it
    tells the label of each row by another word.

    >>> rows = [{"channel": "mail", "intent": "Refund"}, {"channel": "chat", "intent": "Delivery"}]
    >>> answer_fields(rows, {"Refund", "Billing"})
    {'intent'}
    """
    folded = {name.casefold() for name in class_names}
    fields = set()
    for field in dict.fromkeys(field for row in rows for field in row):
        values = [row.get(field) for row in rows]
        present = [value for value in values if value is not None and value not in ("", [], {})]
        if present and (
            (names_an_answer(field) and all(map(_is_short, present)))
            or sum(_names_classes(value, folded) for value in present) >= MIN_CLASS_SHARE * len(present)
            or _tells_labels(values, labels)
        ):
            fields.add(field)
    return fields


def _names_classes(value: Json, folded: Collection[str]) -> bool:
    """Whether a value names classes and nothing else; in lists and objects one is enough."""
    if isinstance(value, str) and normal_name(value).casefold() in folded:
        return True
    if isinstance(value, (list, dict)):
        return any(leaf in folded for leaf in _leaves(value))
    if isinstance(value, str):
        parts = [normal_name(part).casefold() for part in _SEPARATORS.split(value)]
        return len(parts) > 1 and all(part in folded for part in parts if part)
    return str(value).casefold() in folded


def _leaves(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield normal_name(str(value)).casefold()


def _tells_labels(values: Sequence[Json], labels: Sequence[tuple[str, ...] | None]) -> bool:
    """Whether each value stands for one label and each label for one value, as a number of the class does."""
    pairs = [(str(value), label) for value, label in zip(values, labels, strict=False) if label and value]
    distinct = set(pairs)
    return (
        len(distinct) > 1
        and len(pairs) >= MIN_ROWS_PER_VALUE * len(distinct)
        and len({value for value, _ in distinct}) == len({label for _, label in distinct}) == len(distinct)
    )


def _is_short(value: Json) -> bool:
    return not isinstance(value, str) or len(value) <= MAX_NAME_CHARACTERS
