"""Suggestions: what an annotator was shown of the model's opinion. Kept with each answer, to measure bias.

Stored is {"policy": what happened, "top": [[class identifier, probability], …], "chosen": [class identifiers
that the model would choose], "first": [what was chosen before the suggestion was seen]}. An answer for which
nothing was shown has {"policy": "hidden"}; "first" stands under `after` alone. Until there were policies the
list "top" stood by itself. Where spans are marked, {"policy", "spans": [[start, end, class identifier,
probability], …]} and under `after` "first": [[start, end, class identifier], …], all in code points.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Any

from labeling.explanations.model_evidence import shows_prediction
from labeling.explanations.selection_reason import (
    SelectionReason,
    SuggestedSpan,
    class_probabilities,
    suggested_spans,
)
from labeling.projects.models import Project

Policy = Project.SuggestionPolicy
OPEN = (Policy.SHOWN, Policy.PRESELECTED)  # seen before anything was chosen
LIKELY = 0.5  # from which a class of several is suggested, where the model does not say
MAX_SUGGESTIONS = 10


@dataclass(frozen=True)
class Suggestion:
    """What of the model's opinion goes with one document."""

    policy: str = Policy.HIDDEN
    top: tuple[tuple[str, float], ...] = ()  # (class identifier, probability), the most probable first
    chosen: tuple[str, ...] = ()  # what the model would choose: one class, or any number of several
    first: tuple[Any, ...] | None = None  # under `after`: what was chosen, or marked, before it was seen
    spans: tuple[SuggestedSpan, ...] | None = None  # in a project of spans, instead of classes

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
        fields: dict[str, Any] = {"policy": str(self.policy)}
        if self.spans is not None:
            fields["spans"] = [list(span) for span in self.spans]
            return fields if self.first is None else fields | {"first": [list(span) for span in self.first]}
        fields |= {
            "top": [[label_class, probability] for label_class, probability in self.top],
            "chosen": list(self.chosen),
        }
        return fields if self.first is None else fields | {"first": list(self.first)}


def offered(reason: SelectionReason, policy: str, kind: str, active: Container[str]) -> Suggestion:
    """What an annotator may see of the model's opinion of this document, and when.

    policy : the project's
    active : identifiers of the classes that can be chosen

    >>> reason = SelectionReason.from_json({"share": "margin", "top": [["a", 0.6], ["b", 0.3]]})
    >>> offered(reason, "shown", "single", {"a", "b"}).chosen
    ('a',)
    >>> offered(replace(reason, share="test"), "shown", "single", {"a"}).policy
    Project.SuggestionPolicy.HIDDEN
    """
    if kind == Project.Kind.SPANS:
        return _of_spans(reason, policy, active)
    evidence = reason.evidence
    predicted = [*(evidence.likely or ()), *(evidence.top or ())]
    top = tuple(sorted({k: p for k, p in predicted if k in active}.items(), key=lambda pair: -pair[1]))[
        :MAX_SUGGESTIONS
    ]
    if not top or not shows_prediction(reason, policy != Policy.HIDDEN):
        return Suggestion()
    if kind == Project.Kind.SINGLE:
        return Suggestion(policy, top, (top[0][0],))
    if evidence.likely is not None:
        return Suggestion(policy, top, tuple(k for k, _p in evidence.likely if k in active))
    return Suggestion(policy, top, tuple(k for k, p in top if p >= LIKELY))


def _of_spans(reason: SelectionReason, policy: str, active: Container[str]) -> Suggestion:
    """
    >>> spans = [[0, 4, "a", 0.9], [5, 9, "gone", 0.8]]
    >>> reason = SelectionReason.from_json({"share": "margin", "spans": spans})
    >>> _of_spans(reason, "shown", {"a"}).spans
    (SuggestedSpan(start=0, end=4, label_class='a', probability=0.9),)
    >>> _of_spans(SelectionReason("margin"), "shown", {"a"}).policy, _of_spans(reason, "hidden", {"a"}).spans
    (Project.SuggestionPolicy.HIDDEN, None)
    """
    spans = reason.evidence.spans
    if spans is None or not shows_prediction(reason, policy != Policy.HIDDEN):
        return Suggestion()
    return Suggestion(policy, spans=tuple(span for span in spans if span.label_class in active))


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
    if "spans" in stored:
        spans = suggested_spans(stored["spans"])
        before = None if first is None else tuple(tuple(span) for span in first)
        return Suggestion(stored["policy"], first=before, spans=spans)
    return Suggestion(
        stored["policy"],
        class_probabilities(stored.get("top")) or (),
        tuple(stored.get("chosen") or ()),
        None if first is None else tuple(first),
    )


def seen(stored: Any, first: list[Any] | None) -> Any:
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


def describe_suggestion(stored: Any, names: dict[str, str]) -> dict[str, Any] | None:
    """For people and exports: the same with the classes' names.

    >>> describe_suggestion([["a", 0.41]], {"a": "Refund"})
    {'policy': 'shown', 'top': [['Refund', 0.41]], 'chosen': ['Refund']}
    >>> describe_suggestion({"policy": "shown", "spans": [[0, 4, "a", 0.9]]}, {"a": "Place"})
    {'policy': 'shown', 'spans': [[0, 4, 'Place', 0.9]]}
    """
    suggestion = read(stored)
    if suggestion is None:
        return None
    if suggestion.spans is not None:
        spans = tuple(
            span._replace(label_class=names.get(span.label_class, span.label_class))
            for span in suggestion.spans
        )
        first = suggestion.first and tuple(
            (start, end, names.get(key, key)) for start, end, key in suggestion.first
        )
        return replace(suggestion, spans=spans, first=first).stored()
    of = {
        key: names.get(key, key)
        for key in [*(k for k, _p in suggestion.top), *suggestion.chosen, *(suggestion.first or ())]
    }
    return Suggestion(
        suggestion.policy,
        tuple((of[k], p) for k, p in suggestion.top),
        tuple(of[k] for k in suggestion.chosen),
        None if suggestion.first is None else tuple(of[k] for k in suggestion.first),
    ).stored()
