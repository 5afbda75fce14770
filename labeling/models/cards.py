"""Class cards: what the label page says of one class. Name, key, color, rule of the newest guideline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rule:
    """What one version of the guideline says of a class."""

    definition: str
    examples: list[str]
    counter_examples: list[str]

    @property
    def has_rule(self) -> bool:
        return bool(self.definition or self.examples or self.counter_examples)


@dataclass(frozen=True)
class ClassCard(Rule):
    """A class that may be chosen, with what the newest guideline says of it."""

    id: str  # of the class, as text
    name: str
    key: str
    colour: str
    before: Rule | None = None  # what the version said that this person read last, where it is different


def card_of(*values: Any) -> ClassCard:
    """From a row of the desk's statement."""
    class_id, name, key, colour, *rule, before = values
    return ClassCard(*_rule(*rule), class_id, name, key, colour, Rule(*_rule(*before)) if before else None)


def _rule(
    definition: str | None, examples: str | None, counter_examples: str | None
) -> tuple[str, list[str], list[str]]:
    return definition or "", _lines(examples), _lines(counter_examples)


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
