"""What was an annotator shown of the model's opinion? Stored with each answer, so that bias can be measured.

Stored is {"policy": what happened, "top": [[class identifier, probability], …], "chosen": [class identifiers
that the model would choose], "first": [what was chosen before the suggestion was seen]}. An answer for which
nothing was shown has {"policy": "hidden"}; "first" stands under `after` alone. Until there were policies the
list "top" stood by itself.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from labeling.models.explanations import shows_opinion
from labeling.models.projects import Project
from labeling.models.reasons import Reason, top_classes

Policy = Project.SuggestionPolicy
OPEN = (Policy.SHOWN, Policy.PRESELECTED)  # seen before anything was chosen
LIKELY = 0.5  # from which a class of several is suggested, where the model does not say
MOST_TOP = 10


@dataclass(frozen=True)
class Suggestion:
    """What of the model's opinion goes with one document."""

    policy: str = Policy.HIDDEN
    top: tuple[tuple[str, float], ...] = ()  # (class identifier, probability), the most probable first
    chosen: tuple[str, ...] = ()  # what the model would choose: one class, or any number of several
    first: tuple[str, ...] | None = None  # under `after`: what was chosen before it was seen

    @property
    def is_open(self) -> bool:
        """Whether it may be seen before anything is chosen."""
        return self.policy in OPEN

    def stored(self) -> dict[str, Any]:
        """As an annotation keeps it.

        >>> Suggestion().stored()
        {'policy': 'hidden'}
        """
        if self.policy == Policy.HIDDEN:
            return {"policy": str(Policy.HIDDEN)}
        found = {
            "policy": str(self.policy),
            "top": [[label_class, odds] for label_class, odds in self.top],
            "chosen": list(self.chosen),
        }
        return found if self.first is None else found | {"first": list(self.first)}


def offered(reason: Reason, policy: str, kind: str, known: Container[str]) -> Suggestion:
    """What an annotator may see of the model's opinion of this document, and when.

    policy : the project's
    known : identifiers of the classes that can be chosen

    >>> offered({"share": "margin", "top": [["a", 0.6], ["b", 0.3]]}, "shown", "single", {"a", "b"}).chosen
    ('a',)
    >>> offered({"share": "test", "top": [["a", 0.6]]}, "shown", "single", {"a"})
    Suggestion(policy=Project.SuggestionPolicy.HIDDEN, top=(), chosen=(), first=None)
    """
    opinion = [*top_classes({"top": reason.get("likely")}), *top_classes(reason)]
    top = tuple(sorted({k: p for k, p in opinion if k in known}.items(), key=lambda pair: -pair[1]))[
        :MOST_TOP
    ]
    if not top or not shows_opinion(reason, policy != Policy.HIDDEN):
        return Suggestion()
    if kind == Project.Kind.SINGLE:
        return Suggestion(policy, top, (top[0][0],))
    likely = top_classes({"top": reason.get("likely")}) if "likely" in reason else top
    least = 0.0 if "likely" in reason else LIKELY
    return Suggestion(policy, top, tuple(k for k, p in likely if k in known and p >= least))


def read(stored: Any) -> Suggestion | None:
    """What an annotation keeps; None where nothing is known of what was shown.

    >>> read([["a", 0.41], ["b", 0.38]]).policy, read(None), read({"policy": "hidden"}).top
    (Project.SuggestionPolicy.SHOWN, None, ())
    """
    if isinstance(stored, list):
        stored = {"policy": Policy.SHOWN, "top": stored, "chosen": [pair[0] for pair in stored[:1]]}
    if not isinstance(stored, dict) or stored.get("policy") not in Policy.values:
        return None
    first = stored.get("first")
    return Suggestion(
        stored["policy"],
        tuple(top_classes(stored)),
        tuple(stored.get("chosen") or ()),
        None if first is None else tuple(first),
    )


def seen(stored: Any, first: list[str] | None) -> Any:
    """What to store, now that the answer is there: under `after` nothing was seen unless the page says what
    was chosen first, which a page without a script cannot.

    >>> seen({"policy": "after", "top": [["a", 0.6]], "chosen": ["a"]}, None)
    {'policy': 'hidden'}
    >>> seen({"policy": "after", "top": [["a", 0.6]], "chosen": ["a"]}, ["b"])["first"]
    ['b']
    """
    if not isinstance(stored, dict) or stored.get("policy") != Policy.AFTER:
        return stored
    return Suggestion().stored() if first is None else stored | {"first": first}


def named(stored: Any, names: dict[str, str]) -> dict[str, Any] | None:
    """For people and exports: the same with the classes' names.

    >>> named([["a", 0.41]], {"a": "Refund"})
    {'policy': 'shown', 'top': [['Refund', 0.41]], 'chosen': ['Refund']}
    """
    found = read(stored)
    if found is None:
        return None
    of = {
        key: names.get(key, key) for key in [*(k for k, _p in found.top), *found.chosen, *(found.first or ())]
    }
    return Suggestion(
        found.policy,
        tuple((of[k], p) for k, p in found.top),
        tuple(of[k] for k in found.chosen),
        None if found.first is None else tuple(of[k] for k in found.first),
    ).stored()
