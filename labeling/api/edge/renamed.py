"""Renamed request keys: a client may still send the old name of a key or query parameter.

docs/reference/renamed.md lists them, and the keys of answers too, which have their new names only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

NEW_NAMES: dict[str, tuple[str, ...]] = {  # of an old name; where there are several, what the place takes
    "a": ("first_model",),
    "above": ("min_confidence_percent",),
    "also": ("conditions",),
    "answers": ("takes_labels",),
    "b": ("second_model",),
    "below": ("max_characters", "lt"),
    "by": ("group_by",),
    "colour": ("color",),
    "document": ("document_id",),
    "either": ("either_class",),
    "extra": ("false_positive_class",),
    "hide": ("hidden_fields",),
    "least": ("min_characters", "gte"),
    "leave_out": ("excluded_fields",),
    "missed": ("false_negative_class",),
    "predicted": ("predicted_class",),
    "show": ("shown_fields",),
    "truth": ("true_class",),
    "twins": ("has_near_duplicate",),
    "under": ("below_confidence_percent",),
    "waiting": ("unanswered",),
    "wanted_labels": ("target_labels",),
    "wrong": ("is_wrong",),
}
TAKES_LABELS = {"settle": "true", "texts": "false"}


def with_new_names(data: Mapping[Any, Any], fields: Collection[str]) -> dict[Any, Any]:
    """The data under the new names of those fields; a key that comes under both names stays as it is.

    >>> with_new_names({"colour": "#ff0000"}, {"name", "color"})
    {'color': '#ff0000'}
    >>> with_new_names({"below": 100}, {"max_characters"}), with_new_names({"below": 2.5}, {"gte", "lt"})
    ({'max_characters': 99}, {'lt': 2.5})
    >>> with_new_names({"colour": "red", "color": "blue"}, {"color"})
    {'colour': 'red', 'color': 'blue'}
    """
    renamed = {}
    for key, value in data.items():
        new = key if key in fields else next((n for n in NEW_NAMES.get(key, ()) if n in fields), key)
        is_twice = new != key and new in data
        renamed[key if is_twice else new] = value if is_twice or new == key else _new_value(key, new, value)
    return renamed


def _new_value(old: str, new: str, value: Any) -> Any:
    """What the value is called under the new name."""
    if new == "max_characters":
        return _one_less(value)
    if old == "answers" and isinstance(value, str):
        return TAKES_LABELS.get(value, "")  # "" is neither, and is refused
    return value


def _one_less(value: Any) -> Any:
    """`below` was a length that is too long already, `max_characters` is the longest that is not."""
    if type(value) is int:
        return value - 1
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return str(int(value) - 1)
    return value
