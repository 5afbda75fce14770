"""Keyboard shortcuts: which key does what at the desk. The project's keys, and over them a person's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEYS = "1234567890qwertyuiopasdfghjklzxcvbnm"
ACTION_KEYS = {"undo": "u", "skip": "s", "defer": "d", "ask": "f", "note": "n", "guideline": "g"}
SPAN_KEYS = {
    "accept": "a",
    "reject": "x",
    "everywhere": "e",
}  # of a suggested span, and of one that is marked
MARKS = "-=+*.,;:#'!_&%$@"  # besides letters and digits; / and ? are taken, brackets move edges of spans
OFF = "off"  # stands among a person's keys where single keys are turned off


def action_keys(kind: str) -> dict[str, str]:
    """The desk's own actions with their keys, in a project of this kind.

    >>> action_keys("single")["guideline"], "accept" in action_keys("single"), action_keys("spans")["accept"]
    ('g', False, 'a')
    """
    return ACTION_KEYS | SPAN_KEYS if kind == "spans" else dict(ACTION_KEYS)


def class_keys(kind: str) -> list[str]:
    """The keys that classes of such a project may have, in the order in which they are allotted.

    >>> "".join(class_keys("single"))
    '1234567890qwertyiopahjklzxcvbm'
    """
    taken = action_keys(kind).values()
    return [key for key in KEYS if key not in taken]


def project_keys(classes: Mapping[str, str], kind: str) -> dict[str, str]:
    """Key of each class and action, "" for none. A class keeps its key; an action whose key it has, has none.

    classes : key of each class by its identifier

    >>> project_keys({"refund": "1", "goods": "g"}, "single")["guideline"]
    ''
    """
    return dict(classes) | {
        name: "" if key in classes.values() else key for name, key in action_keys(kind).items()
    }


def effective_keys(classes: Mapping[str, str], kind: str, own: Mapping[str, Any]) -> dict[str, str]:
    """The same for one person: their own keys go first, and what clashes with them has none.

    own : what `Membership.keys` holds; what is gone from the project since is passed over

    >>> keys = effective_keys({"refund": "1", "goods": "2"}, "single", {"refund": "2", "skip": "k"})
    >>> keys["refund"], keys["goods"], keys["skip"], keys["undo"]
    ('2', '', 'k', 'u')
    >>> set(effective_keys({"refund": "1"}, "single", {"off": True}).values())
    {''}
    """
    keys = project_keys(classes, kind)
    if own.get(OFF):
        return dict.fromkeys(keys, "")
    chosen = {name: str(own[name]) for name in keys if name in own}
    taken = set(chosen.values())
    return {name: chosen.get(name, "" if key in taken else key) for name, key in keys.items()}


def is_key(key: str) -> bool:
    """Whether one press can make it, and the desk may use it: a letter of any script, a digit or a mark.

    >>> [is_key(key) for key in ("é", "7", "-", "/", "ab", " ", "[")]
    [True, True, True, False, False, False, False]
    """
    return len(key) == 1 and (key.isalnum() or key in MARKS) and key.lower() == key
