"""Reason sentences: why a document comes now, in one plain sentence with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.explanations.needs import need_sentence
from labeling.explanations.selection_reason import Measures, SelectionReason
from labeling.formatting import decimal, percent
from labeling.learning.query_strategies.mix import Share

Names = Mapping[str, str]  # of the classes, by identifier
UNSURE = 0.6  # of a suggested span
DRAWN_AT_RANDOM = (Share.RANDOM, Share.TEST, Share.GOLD)  # that annotators must not tell apart


def reason_sentence(reason: SelectionReason, class_names: Names, shows_classes: bool = True) -> str:
    """The reason in words, one sentence or more.

    class_names : name of each class by its identifier
    shows_classes : False hides what the model thinks, where the project keeps suggestions from annotators

    >>> stored = {"share": "margin", "top": [["a", 0.412], ["b", 0.38]], "similar": 214}
    >>> reason = SelectionReason.from_json(stored)
    >>> reason_sentence(reason, {"a": "Refund", "b": "Bug"})
    'The model is unsure: Refund 41%, Bug 38%. Represents 214 similar documents.'
    >>> reason_sentence(reason, {}, False)
    'The model is unsure between two classes: 41% and 38%. Represents 214 similar documents.'
    """
    sentence, details = describe_reason(reason, class_names, shows_classes)
    return " ".join([sentence, *details])


def describe_reason(
    reason: SelectionReason, class_names: Names, shows_classes: bool = True
) -> tuple[str, list[str]]:
    """The same in two: the sentence itself, and further ones for those who want to know more.

    >>> describe_reason(SelectionReason(Share.MARGIN, cluster_size=214), {})
    ('The model is unsure about this document.', ['Represents 214 similar documents.'])
    """
    write = SENTENCES.get(reason.share, _unknown)
    sentence = write(reason, class_names if shows_classes or write in OF_MANAGERS else {})
    details = [*_unsure_spans(reason, class_names)] if shows_classes else []
    if reason.part is not None:
        details.append(_part(reason, reason.part, class_names if shows_classes else {}))
    if reason.cluster_size is not None and reason.cluster_size > 1:
        stands = ngettext(
            "Represents {n} similar document.", "Represents {n} similar documents.", reason.cluster_size
        )
        details.append(stands.format(n=decimal(reason.cluster_size, 0)))
    if reason.is_fallback:
        details.append(_("More documents than usual are random: selected ones taught the model less."))
    return sentence, details


def _part(reason: SelectionReason, part: float, names: Names) -> str:
    name = _name(reason, names)
    if name is None or reason.need is None:
        return _("This class gets {p} of the queue.").format(p=percent(part))
    return need_sentence(name, percent(part), reason.need)


def _unsure_spans(reason: SelectionReason, names: Names) -> list[str]:
    """
    >>> reason = SelectionReason.from_json({"spans": [[0, 4, "a", 0.9], [5, 9, "a", 0.41]]})
    >>> _unsure_spans(reason, {"a": "Place"})
    ['1 of 2 suggested spans has a probability below 60%.']
    """
    spans = [span.probability for span in reason.evidence.spans or () if span.label_class in names]
    unsure = sum(probability < UNSURE for probability in spans)
    if not unsure:
        return []
    sentence = ngettext(
        "{n} of {of} suggested spans has a probability below {p}.",
        "{n} of {of} suggested spans have a probability below {p}.",
        unsure,
    )
    return [sentence.format(of=decimal(len(spans), 0), n=decimal(unsure, 0), p=percent(UNSURE))]


def for_annotators(reason: SelectionReason) -> SelectionReason:
    """The reason as whoever labels may know it: gold and test documents look like others drawn at random.

    >>> gold, test = SelectionReason(Share.GOLD, propensity=0.02), SelectionReason(Share.TEST)
    >>> for_annotators(gold) == for_annotators(test) == SelectionReason(Share.RANDOM)
    True
    """
    if reason.share not in DRAWN_AT_RANDOM:
        return reason
    # A chance would tell the documents of the pool from those of the test set.
    return replace(reason, share=Share.RANDOM, propensity=None, is_fallback=False)


def _uncertainty(reason: SelectionReason, names: Names) -> str:
    top = (reason.evidence.top or ())[:2]
    if reason.seconds is not None:
        seconds = round(max(reason.seconds, 1))
        return ngettext(
            "High uncertainty for the labeling time (about {n} second).",
            "High uncertainty for the labeling time (about {n} seconds).",
            seconds,
        ).format(n=decimal(seconds, 0))
    if len(top) < 2:
        return _("The model is unsure about this document.")
    percentages = {"p": percent(top[0][1]), "q": percent(top[1][1])}
    if any(label_class not in names for label_class, _p in top):
        return _("The model is unsure between two classes: {p} and {q}.").format(**percentages)
    first, second = (names[label_class] for label_class, _p in top)
    return _("The model is unsure: {first} {p}, {second} {q}.").format(
        first=first, second=second, **percentages
    )


def _weak_class(reason: SelectionReason, names: Names) -> str:
    if reason.is_rare_class:
        return _likeliest(reason, names)
    name = _name(reason, names)
    if name is None:
        return _("This document may belong to a weak class that needs more labels.")
    if reason.evidence.spans is not None:
        text = _("{name} is a weak class that needs more labels, and the model predicts it in this text.")
        return text.format(name=name)
    text = _("{name} is a weak class that needs more labels, and this document may belong to it.")
    if probability := _probability(reason):
        text = _(
            "{name} is a weak class that needs more labels, and this document may belong to it "
            "(probability {probability})."
        )
    return text.format(name=name, probability=probability)


def _focus(reason: SelectionReason, names: Names) -> str:
    """That this document may belong to the class is the model's opinion, so it is told like one."""
    name = _name(reason, names)
    if name is None:
        return _("A manager requested more labels of a class that this document may belong to.")
    text = _("A manager requested more labels of {name}, and this document may belong to it.")
    return text.format(name=name)


def _seed_words(reason: SelectionReason, names: Names) -> str:
    words = ", ".join(reason.seed_words)
    name = _name(reason, names)
    if name is None:
        return _("This document contains seed words of a class with few labels.")
    return _("Matches the seed words “{words}” of {name}, which has few labels.").format(
        words=words, name=name
    )


def _likeliest(reason: SelectionReason, names: Names) -> str:
    name = _name(reason, names)
    if name is None:
        return _("This document is among the most likely of a class with few labels.")
    text = _("{name} has few labels, and this document is among the most likely.")
    if probability := _probability(reason):
        text = _(
            "{name} has few labels, and this document is among the most likely (probability {probability})."
        )
    return text.format(name=name, probability=probability)


def _second_opinion(reason: SelectionReason, names: Names) -> str:
    """How sure the first answer is, may be told; which one it was, never."""
    if reason.posterior is None:
        return _("Selected for a second opinion.")
    return _("Selected for a second opinion: the current label is correct with probability {p}.").format(
        p=percent(reason.posterior)
    )


def _name(reason: SelectionReason, names: Names) -> str | None:
    """Of the class that the share asked for, where there is one that may be spoken of."""
    return None if reason.label_class is None else names.get(reason.label_class)


def _probability(reason: SelectionReason) -> str:
    for label_class, probability in reason.evidence.top or ():
        if label_class == reason.label_class:
            return percent(probability)
    return ""


def _random(reason: SelectionReason, names: Names) -> str:
    if reason.propensity is None or reason.propensity >= 1:
        return _("Random sample, for unbiased evaluation.")
    return _("Random sample ({p}), for unbiased evaluation.").format(p=percent(reason.propensity))


def _disagreement(reason: SelectionReason, names: Names) -> str:
    if reason.informativeness is None:
        return _("The committee disagrees about this document.")
    text = _("The committee disagrees about this document (vote entropy {h}).")
    return text.format(h=decimal(reason.informativeness, 2))


def _overlap(reason: SelectionReason, names: Names) -> str:
    if reason.answers is None or reason.overlap is None:
        return _("The project now needs more annotations per document.")
    return _("This document has {annotations} of {overlap} annotations.").format(
        annotations=reason.answers, overlap=reason.overlap
    )


def _picked(reason: SelectionReason, names: Names) -> str:
    """Why, in the manager's words, which the reason holds only where they may be told."""
    if reason.measures is Measures.PEOPLE:
        return _("A manager requested a second opinion.")
    why = (reason.why or "").rstrip(" .")
    if not why:
        return _("Selected by a manager.")
    return _("Selected by a manager: {why}.").format(why=why)


def _always(text: Callable[[], str]) -> Callable[[SelectionReason, Names], str]:
    return lambda reason, names: text()


_unknown = _always(lambda: _("Next in the queue."))

SENTENCES: dict[str, Callable[[SelectionReason, Names], str]] = {
    Share.MARGIN: _uncertainty,
    Share.WEAK_CLASS: _weak_class,
    Share.FOCUS: _focus,
    Share.RANDOM: _random,
    Share.DISAGREEMENT: _disagreement,
    Share.OVERLAP: _overlap,
    Share.HERDING: _always(
        lambda: _("The model is unsure about this document, which differs from those labeled so far.")
    ),
    Share.COLD_START: _always(
        lambda: _("There is no model yet, and this document is typical of the project.")
    ),
    Share.TEST: _always(lambda: _("Part of the random test set, which evaluates the model.")),
    Share.SECOND_OPINION: _second_opinion,
    Share.PICKED: _picked,
    Share.SEED_WORDS: _seed_words,
    Share.GOLD: _always(lambda: _("Gold document: its known label measures annotators.")),
    Share.UNRANKED: _always(lambda: _("Random document, because nothing is ranked for you right now.")),
}
OF_MANAGERS = (_picked, _seed_words)  # by words that a manager gave, without any opinion of a model
