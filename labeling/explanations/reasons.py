"""Selection reasons: why a document comes now. One plain sentence, with its numbers, for a queue entry.

A reason is {"share": one of SENTENCES, …} and what that share knows: "top" ([[class identifier, probability],
…], the most probable first), "likely" (of several classes those that it would choose), "class" (the one that
was asked for), "sought" (it has so few labels that its likeliest documents come), "similar" (documents that
it stands for), "propensity" (chance of a random draw), "given" and "wanted" (answers), "seed_words" (those it
holds), "posterior" (chance that the answer it has is right), "informativeness", "seconds" (of work that it
may take, where doubt was weighed by them), "part" (of the queue, that the weak class gets), "need" (why it
gets it, see `need_sentences`), "spans" (that the model would mark), "reply" (to a question of the annotator
who gets it), "why" (a manager's, who picked it), "independent" (of a picked document that measures the model,
"test", or people, "again")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.explanations.needs import need_sentence
from labeling.formatting import decimal

Reason = Mapping[str, Any]
Names = Mapping[str, str]  # of the classes, by identifier
UNSURE = 0.6  # of a suggested span
DRAWN_AT_RANDOM = ("random", "test", "gold")  # shares that annotators must not tell apart


def reason_sentence(reason: Reason, class_names: Names, shows_classes: bool = True) -> str:
    """The reason as the end of "Why this document: …".

    class_names : name of each class by its identifier
    shows_classes : False hides what the model thinks, where the project keeps suggestions from annotators

    >>> reason_sentence({"share": "margin", "top": [["a", 0.412], ["b", 0.38]]}, {"a": "Refund", "b": "Bug"})
    'the model is torn between Refund (41 %) and Bug (38 %).'
    >>> reason_sentence({"share": "margin", "top": [["a", 0.412], ["b", 0.38]], "similar": 214}, {}, False)
    'the model is torn between two classes (41 % and 38 %). It stands for 214 similar documents.'
    """
    sentence, details = told(reason, class_names, shows_classes)
    return " ".join([sentence, *details])


def told(reason: Reason, class_names: Names, shows_classes: bool = True) -> tuple[str, list[str]]:
    """The same in two: the sentence itself, and further ones for those who want to know more.

    >>> told({"share": "margin", "similar": 214}, {})
    ('the model is unsure about it.', ['It stands for 214 similar documents.'])
    """
    write = SENTENCES.get(str(reason.get("share")), _unknown)
    sentence = write(reason, class_names if shows_classes or write in OF_MANAGERS else {})
    details = [*_unsure_spans(reason, class_names)] if shows_classes else []
    if isinstance(part := reason.get("part"), float):
        details.append(_part(reason, part, class_names if shows_classes else {}))
    if isinstance(similar := reason.get("similar"), int) and similar > 1:
        stands = ngettext(
            "It stands for {n} similar document.", "It stands for {n} similar documents.", similar
        )
        details.append(stands.format(n=decimal(similar, 0)))
    return sentence, details


def _part(reason: Reason, part: float, names: Names) -> str:
    name, told = names.get(str(reason.get("class"))), reason.get("need")
    if name is None or not isinstance(told, dict):
        return _("That class gets {p} of the queue.").format(p=percent(part))
    return need_sentence(name, percent(part), told)


def _unsure_spans(reason: Reason, names: Names) -> list[str]:
    """
    >>> _unsure_spans({"spans": [[0, 4, "a", 0.9], [5, 9, "a", 0.41]]}, {"a": "Place"})
    ['Of 2 suggested spans, 1 is below 60 %.']
    """
    spans = [
        float(probability) for _start, _end, name, probability in reason.get("spans") or [] if name in names
    ]
    unsure = sum(probability < UNSURE for probability in spans)
    if not unsure:
        return []
    sentence = ngettext(
        "Of {of} suggested spans, {n} is below {p}.", "Of {of} suggested spans, {n} are below {p}.", unsure
    )
    return [sentence.format(of=decimal(len(spans), 0), n=decimal(unsure, 0), p=percent(UNSURE))]


def for_annotators(reason: Reason) -> dict[str, Any]:
    """The reason as whoever labels may know it: gold and test documents look like others drawn at random.

    >>> for_annotators({"share": "gold", "propensity": 0.02}) == for_annotators({"share": "test"})
    True
    """
    if reason.get("share") not in DRAWN_AT_RANDOM:
        return dict(reason)
    # A chance would tell the documents of the pool from those of the test set.
    return {name: fact for name, fact in reason.items() if name != "propensity"} | {"share": "random"}


def top_classes(reason: Reason) -> list[tuple[str, float]]:
    """(class identifier, probability) of the classes that the model holds most likely; empty without a model.

    >>> top_classes({"share": "margin", "top": [["a", 0.41]]})
    [('a', 0.41)]
    """
    return [(str(label_class), float(probability)) for label_class, probability in reason.get("top") or []]


def percent(share: float) -> str:
    """A share as whole per cent; near nothing and near all with one digit more.

    >>> percent(0.416), percent(0.0042), percent(0.998), percent(1.0)
    ('42 %', '0.4 %', '99.8 %', '100 %')
    """
    digits = 0 if share in (0, 1) or 0.01 <= share <= 0.99 else 1
    return _("{number} %").format(number=decimal(100 * share, digits))


def _doubt(reason: Reason, names: Names) -> str:
    top = top_classes(reason)[:2]
    seconds = reason.get("seconds")
    if isinstance(seconds, float):
        return _(
            "it holds much that the model is unsure about for the work it takes (about {n} seconds)."
        ).format(n=decimal(max(seconds, 1), 0))
    if len(top) < 2:
        return _("the model is unsure about it.")
    percentages = {"p": percent(top[0][1]), "q": percent(top[1][1])}
    if any(label_class not in names for label_class, _p in top):
        return _("the model is torn between two classes ({p} and {q}).").format(**percentages)
    first, second = (names[label_class] for label_class, _p in top)
    return _("the model is torn between {first} ({p}) and {second} ({q}).").format(
        first=first, second=second, **percentages
    )


def _weak_class(reason: Reason, names: Names) -> str:
    if reason.get("sought"):
        return _likeliest(reason, names)
    name = names.get(str(reason.get("class")))
    if name is None:
        return _("one of the weak classes needs more labels, and it may belong there.")
    if "spans" in reason:
        text = _("{name} is a weak class that needs more labels, and the model finds one in this text.")
        return text.format(name=name)
    text = _("{name} is a weak class that needs more labels, and this document may belong to it{odds}.")
    return text.format(name=name, odds=_odds(reason))


def _focus(reason: Reason, names: Names) -> str:
    """That this document may belong to the class is the model's opinion, so it is told like one."""
    name = names.get(str(reason.get("class")))
    if name is None:
        return _("a manager asked for more labels of one class, and it may belong there.")
    text = _("a manager asked for more labels of {name}, and this document may belong to it.")
    return text.format(name=name)


def _seed_words(reason: Reason, names: Names) -> str:
    words = ", ".join(str(word) for word in reason.get("seed_words") or [])
    name = names.get(str(reason.get("class")))
    if name is None:
        return _("it holds words that a manager gave for a class with few labels.")
    return _("it matches the seed words “{words}” of {name}, which has few labels.").format(
        words=words, name=name
    )


def _likeliest(reason: Reason, names: Names) -> str:
    name = names.get(str(reason.get("class")))
    if name is None:
        return _("it is one of the likeliest documents of a class with few labels.")
    text = _("{name} has few labels, and this document is one of the likeliest of it{odds}.")
    return text.format(name=name, odds=_odds(reason))


def _second_opinion(reason: Reason, names: Names) -> str:
    """How sure the first answer is, may be told; which one it was, never."""
    posterior = reason.get("posterior")
    if not isinstance(posterior, float):
        return _("a second opinion on it is wanted.")
    return _("a second opinion on it is wanted: the answer it has is right with a chance of {p}.").format(
        p=percent(posterior)
    )


def _odds(reason: Reason) -> str:
    for label_class, probability in top_classes(reason):
        if label_class == str(reason.get("class")):
            return _(" ({p} likely)").format(p=percent(probability))
    return ""


def _random(reason: Reason, names: Names) -> str:
    propensity = reason.get("propensity")
    if not isinstance(propensity, float) or propensity >= 1:
        return _("it was drawn at random, so that the numbers stay honest.")
    return _("it was drawn at random with a chance of {p}, so that the numbers stay honest.").format(
        p=percent(propensity)
    )


def _disagreement(reason: Reason, names: Names) -> str:
    entropy = reason.get("informativeness")
    if not isinstance(entropy, float):
        return _("the members of the committee disagree about it.")
    told = _("the members of the committee disagree about it (vote entropy {h}).")
    return told.format(h=decimal(entropy, 2))


def _overlap(reason: Reason, names: Names) -> str:
    given, wanted = reason.get("given"), reason.get("wanted")
    if given is None or wanted is None:
        return _("the project now asks more people about each document.")
    return _("it has {given} of the {wanted} answers that the project asks for.").format(
        given=given, wanted=wanted
    )


def _picked(reason: Reason, names: Names) -> str:
    """Why, in the manager's words, which the reason holds only where they may be told."""
    if reason.get("independent") == "again":
        return _("a manager asked for a second opinion on it.")
    why = str(reason.get("why") or "").rstrip(" .")
    if not why:
        return _("a manager picked it to be labelled next.")
    return _("a manager picked it to be labelled next: {why}.").format(why=why)


def _always(text: Callable[[], str]) -> Callable[[Reason, Names], str]:
    return lambda reason, names: text()


_unknown = _always(lambda: _("its place in the queue came up."))

SENTENCES: dict[str, Callable[[Reason, Names], str]] = {
    "margin": _doubt,
    "weak_class": _weak_class,
    "focus": _focus,
    "random": _random,
    "disagreement": _disagreement,
    "overlap": _overlap,
    "herding": _always(
        lambda: _("the model is unsure about it, and it is unlike what has been labelled so far.")
    ),
    "cold_start": _always(lambda: _("there is no model yet, and it is typical of this project's documents.")),
    "test": _always(lambda: _("it belongs to the random test set, which measures the model.")),
    "second_opinion": _second_opinion,
    "picked": _picked,
    "seed_words": _seed_words,
    "gold": _always(lambda: _("its right answer is known, so it measures whoever labels it.")),
    "unranked": _always(
        lambda: _("nothing better is ranked for you at the moment, so it was drawn at random.")
    ),
}
OF_MANAGERS = (_picked, _seed_words)  # by words that a manager gave, without any opinion of a model
