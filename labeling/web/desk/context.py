"""Labeling page context: what is shown with a document. The choices, why it comes, what the model says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from labeling.desk.context import ClassCard, DeskContext, desk_context
from labeling.documents.metadata import shown_metadata
from labeling.documents.models import Document
from labeling.explanations.model_evidence import explanation
from labeling.explanations.reasons import describe_reason
from labeling.explanations.suggestions import Policy, Suggestion, offered
from labeling.formatting import percent
from labeling.guidelines.shortcuts import effective_keys
from labeling.projects.models import Membership, Project
from labeling.queue.claims import HeldDocument
from labeling.web.desk.form_values import EnteredAnswer, SpanRow
from labeling.web.desk.forms import signed_suggestion

CLASS_FILTER_THRESHOLD = 10  # found at a glance; above that they can be filtered by typing


def part(
    document: HeldDocument, facts: DeskContext, member: Membership, entered: EnteredAnswer
) -> dict[str, Any]:
    """The context of `_desk_part.html` for one document.

    entered : what was chosen for it before, if anything
    """
    project = member.project
    names = {card.id: card.name for card in facts.classes}
    suggestion = offered(document.reason, project.suggestion_policy, project.kind, names)
    why, details = describe_reason(document.reason, names, shows_classes=suggestion.is_open)
    confirms = project.kind == Project.Kind.SINGLE and project.confirms_choice
    is_preselected = suggestion.policy == Policy.PRESELECTED and not entered.is_known
    at_once = project.kind == Project.Kind.SINGLE and not confirms  # a choice saves: nothing is ticked before
    return {
        "why": why,
        "explanation": [
            *details,
            *(explanation(document.reason.evidence, names) if suggestion.is_open else []),
        ],
        "reply": document.reason.reply,
        "metadata": _short_facts(shown_metadata(document.metadata, project)),
        "suggestion": signed_suggestion(suggestion, document.token),
        "policy": suggestion.policy,
        "is_open": suggestion.is_open,
        "likely_count": len(suggestion.top),
        "choices": _choices(facts, member, suggestion),
        "keys": keys_of(facts, member),
        "has_filter": len(facts.classes) > CLASS_FILTER_THRESHOLD,
        "confirms": confirms,
        "enter_class": suggestion.chosen[0] if is_preselected and at_once else "",
        "entered": entered if at_once or not is_preselected else _preselected(entered, suggestion),
        "suggested_spans": _rows(suggestion),
    }


def _preselected(entered: EnteredAnswer, suggestion: Suggestion) -> EnteredAnswer:
    spans = [SpanRow(s.label_class, str(s.start), str(s.end)) for s in suggestion.spans or ()]
    return replace(entered, classes=list(suggestion.chosen), spans=spans)


def _rows(suggestion: Suggestion) -> str:
    """Suggested spans as the page's script reads them; none where they are marked already."""
    if not suggestion.spans or suggestion.policy == Policy.PRESELECTED:
        return ""
    return json.dumps([[s.label_class, s.start, s.end, s.probability] for s in suggestion.spans])


def keys_of(facts: DeskContext, member: Membership) -> dict[str, str]:
    """This member's key for each class and action of the desk, "" for none."""
    return effective_keys({card.id: card.key for card in facts.classes}, member.project.kind, member.keys)


def cards_of(facts: DeskContext, member: Membership) -> list[ClassCard]:
    """The classes in their order, each with this member's key."""
    keys = keys_of(facts, member)
    return [replace(card, key=keys[card.id]) for card in facts.classes]


def answer_form(member: Membership, document: Document, entered: EnteredAnswer, back: str) -> dict[str, Any]:
    """The context of a page on which a document that has answers gets another one.

    back : address of the page that follows; "" for the form's own
    """
    facts = desk_context(member.project_id, member.user_id)
    return {
        "member": member,
        "facts": facts,
        "choices": [(card, None) for card in cards_of(facts, member)],
        "document": document,
        "entered": entered,
        "back": back,
    }


def _choices(
    facts: DeskContext, member: Membership, suggestion: Suggestion
) -> list[tuple[ClassCard, str | None]]:
    """(class, how likely it is where that may be told). Of many classes the likely ones come first then."""
    probabilities = dict(suggestion.top) if suggestion.is_open else {}
    cards = cards_of(facts, member)
    if len(cards) > CLASS_FILTER_THRESHOLD:
        ranks = {label_class: rank for rank, label_class in enumerate(probabilities)}
        cards.sort(key=lambda card: ranks.get(card.id, len(ranks)))
    shown = set(suggestion.chosen) & probabilities.keys()
    return [(card, percent(probabilities[card.id]) if card.id in shown else None) for card in cards]


def _short_facts(metadata: dict[str, Any]) -> list[tuple[str, str]]:
    """The few short facts about a document that help to read it."""
    plain = [(name, str(value)) for name, value in metadata.items() if isinstance(value, str | int | float)]
    return [(name, value) for name, value in plain if len(value) <= 60][:4]
