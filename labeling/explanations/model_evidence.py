"""Model evidence: what a suggestion rests on, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable
from unicodedata import bidirectional

from django.utils.translation import gettext as _

from labeling.explanations.reasons import Names
from labeling.explanations.selection_reason import ModelEvidence, SelectionReason
from labeling.formatting import every
from labeling.learning.query_strategies.mix import Share

# Shares whose answers must not lean on a suggestion: random and test documents measure the model, gold ones
# and further answers measure people. Gold passes for random, so both are told alike.
INDEPENDENT = (Share.RANDOM, Share.TEST, Share.GOLD, Share.SECOND_OPINION, Share.OVERLAP)
LONGEST_WORD = 40  # characters that are shown


def shows_prediction(reason: SelectionReason, shows_suggestions: bool) -> bool:
    """Whether annotators may know what the model thinks of this document.

    Never of those that measure the model or other people: what leans on a suggestion measures nothing.

    shows_suggestions : the project's policy

    >>> [shows_prediction(SelectionReason(share), True) for share in (Share.MARGIN, Share.TEST)]
    [True, False]
    >>> shows_prediction(SelectionReason.from_json({"share": "picked", "independent": "test"}), True)
    False
    """
    return shows_suggestions and reason.share not in INDEPENDENT and reason.measures is None


def explanation(evidence: ModelEvidence, class_names: Names) -> list[str]:
    """Sentences that say what points to the most probable class; none where nothing is known.

    class_names : name of each class by its identifier; classes that are not there are not spoken of

    >>> evidence = ModelEvidence.from_json({"top": [["a", 0.8]], "words": [["card", 1.2], ["invoice", 0.9]]})
    >>> explanation(evidence, {"a": "Billing"})
    ['These words point to Billing: card, invoice.']
    """
    sentences = [_difference(evidence, class_names)]
    name = next((class_names.get(label_class) for label_class, _odds in (evidence.top or ())[:1]), None)
    if name is not None:
        words = ", ".join(_shown(word) for word, _nats in evidence.words)
        if words:
            sentences.append(
                _("These words point to {name}: {words}.").format(name=_apart(name), words=words)
            )
        if evidence.whole_text:
            sentences.append(_("The text as a whole points to {name}.").format(name=_apart(name)))
    return [sentence for sentence in sentences if sentence]


def _difference(evidence: ModelEvidence, names: Names) -> str:
    """What each expert says, where they do not all say the same."""
    sides: dict[str, list[str]] = {}
    for expert, label_class, _odds in evidence.experts or ():
        if label_class in names:
            sides.setdefault(label_class, []).append(expert)
    if len(sides) < 2:
        return ""
    clauses = [
        _says(experts).format(
            who=every([_who(expert) for expert in experts]), name=_apart(names[label_class])
        )
        for label_class, experts in sides.items()
    ]
    sentence = ", ".join(clauses)
    return _("{what}.").format(what=sentence[:1].upper() + sentence[1:])


def _says(experts: list[str]) -> str:
    if len(experts) == 1 and experts[0] not in EXPERTS:
        return _("{who} points to {name}")
    return _("{who} point to {name}")


def _who(expert: str) -> str:
    """An expert of ours by what it looks at, a model from elsewhere by its own name."""
    return EXPERTS[expert]() if expert in EXPERTS else _apart(expert)


def _shown(word: str) -> str:
    return _apart(word if len(word) <= LONGEST_WORD else f"{word[: LONGEST_WORD - 1]}…")


def _apart(name: str) -> str:
    """A name or word that is written from right to left, so marked that it does not turn its neighbors.

    >>> _apart("card"), len(_apart("שקל")) - len("שקל")
    ('card', 2)
    """
    turns = any(bidirectional(letter) in ("R", "AL", "AN") for letter in name)
    return f"\u2068{name}\u2069" if turns else name


EXPERTS: dict[str, Callable[[], str]] = {
    "linear": lambda: _("the existing labels"),
    "words": lambda: _("the word counts"),
    "neighbours": lambda: _("the most similar documents"),
    "guideline": lambda: _("the class definitions"),
}
