"""Test set wording: the title of a review, and its filters in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.test_set.report import Review
from labeling.documents.slices import Slice
from labeling.formatting import number as written
from labeling.formatting import percent
from labeling.steering.picks import Picked

LEFT_OUT = {
    "gold": lambda n: ngettext("{n} is gold", "{n} are gold", n),
    "excluded": lambda n: ngettext("{n} is excluded", "{n} are excluded", n),
    "disputed": lambda n: ngettext("{n} is disputed", "{n} are disputed", n),
    "decided": lambda n: ngettext(
        "{n} was decided or imported (relabel it yourself)",
        "{n} were decided or imported (relabel them yourself)",
        n,
    ),
    "nobody_left": lambda n: ngettext(
        "{n} has no other annotator left", "{n} has no other annotator left", n
    ),
    "unknown": lambda n: ngettext("{n} is not in this project", "{n} are not in this project", n),
}


@dataclass(frozen=True)
class Chip:
    """One condition in words, and the address without it."""

    text: str
    without: str


def test_set_headline(review: Review) -> str:
    """The finding of the page."""
    if review.version is None:
        return review.choice.status.title
    if review.numbers is None or not len(review):
        return _("No labeled test documents yet")
    number, total = review.version.number, written(len(review))
    if replace(review.filters, is_wrong=False).is_narrowed:
        fit = written(len(review.rows))
        return _("{n} of {total} test documents match").format(n=fit, total=total)
    wrong = int(review.numbers.is_wrong.sum())
    if not wrong:
        text = ngettext(
            "Model {number} is correct on the only test document",
            "Model {number} is correct on all {total} test documents",
            len(review),
        )
        return text.format(number=number, total=total)
    text = ngettext(
        "Model {number} is incorrect on {n} of {total} test document",
        "Model {number} is incorrect on {n} of {total} test documents",
        len(review),
    )
    return text.format(number=number, n=written(wrong), total=total)


def chips(review: Review) -> list[Chip]:
    """What the documents are narrowed by, each condition apart."""
    filters, labels = review.filters, []

    def name(field: str) -> str:
        label_class = review.classes.get(getattr(filters, field))
        return label_class.name if label_class else _("an unknown class")

    texts: dict[str, str] = {
        "is_wrong": _("incorrect only"),
        "truth": _("true class {name}").format(name=name("truth")),
        "predicted": _("predicted {name}").format(name=name("predicted")),
        "missed": _("{name} missed").format(name=name("missed")),
        "extra": _("{name} wrongly predicted").format(name=name("extra")),
        "either": _("{name} true or predicted").format(name=name("either")),
        "above": _("confidence {n} or more").format(n=percent((filters.above or 0) / 100)),
        "under": _("confidence below {n}").format(n=percent((filters.under or 0) / 100)),
        "by": _("annotator {name}").format(name=review.people.get(filters.by or 0, _("someone else"))),
        "guideline": _("guideline {n}").format(n=filters.guideline),
    }
    for field, text in texts.items():
        if getattr(filters, field) not in (None, False):
            empty: Any = False if field == "is_wrong" else None
            labels.append(Chip(text, filters.address(**{field: empty}, page=1)))
    if filters.where.query:
        labels.append(Chip(str(filters.where), filters.address(where=Slice(), page=1)))
    return labels


def pick_reason(review: Review) -> str:
    """What a pick of these documents is called until somebody calls it otherwise."""
    text = ", ".join(chip.text for chip in chips(review))
    return _("Test documents: {what}").format(what=text)[:300] if text else _("Test documents")


def describe_pick(done: Picked) -> str:
    """What became of documents that were sent to the queue."""
    sentences = []
    if done.waiting:
        waiting = ngettext(
            "{n} document was sent to the queue. Annotators who have not seen it get it within seconds.",
            "{n} documents were sent to the queue. Annotators who have not seen them get them within "
            "seconds.",
            done.waiting,
        )
        sentences.append(waiting.format(n=written(done.waiting)))
    else:
        sentences.append(_("None of these documents can be sent to the queue."))
    if done.left_out:
        why = ", ".join(LEFT_OUT[name](n).format(n=written(n)) for name, n in done.left_out.items())
        sentences.append(_("Left out: {why}.").format(why=why))
    return " ".join(sentences)
