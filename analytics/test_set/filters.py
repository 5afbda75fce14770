"""Test set filters: which documents a reviewer wants to see, in which order. Arrays in, positions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self
from urllib.parse import urlencode
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analytics.data.queries import HeldOut, Spans, taken_for
from labeling.documents.slices import Slice
from labeling.learning.arrays.class_index import ClassIndex

MIN_PROBABILITY = 1e-6  # a probability of 0 would be an infinite loss
SORTS = ("loss", "confidence", "newest")
CLASS_FILTERS = ("truth", "predicted", "missed", "extra", "either")
BARE = frozenset({"model"})  # what an address may ask for and still be that of the page as it opens


@dataclass(frozen=True)
class ReviewFilters:
    """What a page's address asks for.

    truth, predicted : classes of the label and of the model's answer; of spans, at the same place
    missed, extra : a class that the model missed, and one that it gave wrongly
    either : a class that the label or the model's answer has
    above, under : confidence in percent, from and below
    where : a slice of the documents
    by, guideline : who gave the label, and under which version
    whole : the document that is shown in full
    """

    model: int | None = None
    is_wrong: bool = False
    truth: UUID | None = None
    predicted: UUID | None = None
    missed: UUID | None = None
    extra: UUID | None = None
    either: UUID | None = None
    above: int | None = None
    under: int | None = None
    where: Slice = field(default_factory=Slice)
    by: int | None = None
    guideline: int | None = None
    sort: str = "loss"
    page: int = 1
    whole: int | None = None

    @classmethod
    def opened(cls, query: Mapping[str, str]) -> Self:
        """As `read`; whoever asks for nothing else sees what the model got wrong.

        >>> ReviewFilters.opened({"model": "3"}).is_wrong, ReviewFilters.opened({"wrong": "0"}).is_wrong
        (True, False)
        """
        return cls.read(query if query.keys() - BARE else {"wrong": "1", **query})

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """From an address; what makes no sense is passed over.

        >>> ReviewFilters.read({"wrong": "1", "above": "50", "sort": "color", "page": "x", "truth": "none"})
        ReviewFilters(model=None, is_wrong=True, ..., above=50, ..., sort='loss', page=1, whole=None)
        """
        sort = query.get("sort", "")
        values: dict[str, Any] = {name: _identifier(query.get(name)) for name in CLASS_FILTERS}
        values |= {name: _whole(query.get(name)) for name in ("model", "above", "under", "by", "guideline")}
        return cls(
            is_wrong=query.get("wrong") == "1",
            where=Slice.read(query),
            sort=sort if sort in SORTS else SORTS[0],
            page=max(1, _whole(query.get("page")) or 1),
            whole=_whole(query.get("all")),
            **values,
        )

    def address(self, **changes: Any) -> str:
        """The query of an address that asks for this, with these fields changed.

        >>> ReviewFilters(model=3, is_wrong=True, where=Slice("source", "mail")).address(page=2)
        'wrong=1&model=3&page=2&field=source&value=mail'
        >>> ReviewFilters(model=3).address()
        'wrong=0&model=3'
        """
        filters = replace(self, **changes)
        values: dict[str, Any] = {"wrong": "1" if filters.is_wrong else None}
        values |= {name: getattr(filters, name) for name in ("model", "above", "under", "by", "guideline")}
        values |= {name: getattr(filters, name) for name in CLASS_FILTERS}
        values |= {"sort": filters.sort if filters.sort != SORTS[0] else None, "all": filters.whole}
        values |= {"page": filters.page if filters.page > 1 else None}
        query = {name: value for name, value in values.items() if value is not None} | filters.where.query
        return urlencode(query if query.keys() - BARE else {"wrong": "0"} | query)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the model and the order is asked for.

        >>> ReviewFilters(model=3, sort="newest").is_narrowed, ReviewFilters(is_wrong=True).is_narrowed
        (False, True)
        """
        plain = type(self)(model=self.model, sort=self.sort, page=self.page, whole=self.whole)
        return any(getattr(self, field.name) != getattr(plain, field.name) for field in fields(self))


@dataclass(frozen=True)
class PredictionErrors:
    """Each test document, and how far the model is off.

    is_wrong : (n,) bool, where its answer is not the label in full
    loss : (n,) nats of the true classes, summed over several; mistakes in a spans project
    confidence : (n,) probability of the answer, of several classes or spans the least sure; NaN without spans
    missed, extra : (n, n_classes) bool
    """

    is_wrong: NDArray[np.bool_]
    loss: NDArray[np.float64]
    confidence: NDArray[np.float64]
    missed: NDArray[np.bool_]
    extra: NDArray[np.bool_]


def judged(held_out: HeldOut) -> PredictionErrors:
    """Hold the model's answers against the labels.

    >>> odds = np.array([[0.9, 0.1], [0.8, 0.2]])
    >>> truth = np.array([[True, False], [False, True]])
    >>> one = judged(HeldOut((), np.arange(2), np.arange(2), truth, odds > 0.5, odds))
    >>> one.is_wrong, one.loss.round(2), one.confidence
    (array([False,  True]), array([0.11, 1.61]), array([0.9, 0.8]))
    """
    if len(held_out.truth_spans) or not held_out.probabilities.shape[1]:
        return _judged_spans(held_out)
    truth, predicted = held_out.truth, held_out.predicted
    probabilities = held_out.probabilities.clip(MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    is_single = bool((truth.sum(axis=1) == 1).all() and (predicted.sum(axis=1) == 1).all())
    if is_single and np.allclose(held_out.probabilities.sum(axis=1), 1, atol=1e-3):
        loss = -np.log(probabilities[truth])
        confidence = held_out.probabilities.max(axis=1)
    else:
        loss = -np.log(np.where(truth, probabilities, 1 - probabilities)).sum(axis=1)
        confidence = np.where(predicted, held_out.probabilities, 1 - held_out.probabilities).min(axis=1)
    return PredictionErrors(
        (truth != predicted).any(axis=1), loss, confidence, truth & ~predicted, predicted & ~truth
    )


def _judged_spans(held_out: HeldOut) -> PredictionErrors:
    shape = (len(held_out), len(held_out.classes))
    missed, extra = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    mistakes = np.zeros(len(held_out))
    for row, (labeled, marked) in enumerate(zip(held_out.truth_spans, held_out.predicted_spans, strict=True)):
        lost, made = set(labeled) - set(marked), set(marked) - set(labeled)
        missed[row, [class_index for _s, _e, class_index in lost]] = True
        extra[row, [class_index for _s, _e, class_index in made]] = True
        mistakes[row] = len(lost) + len(made)
    least = [min(probabilities, default=np.nan) for probabilities in held_out.span_odds] or [np.nan] * len(
        held_out
    )
    return PredictionErrors(mistakes > 0, mistakes, np.array(least, dtype=np.float64), missed, extra)


def chosen(
    held_out: HeldOut,
    numbers: PredictionErrors,
    filters: ReviewFilters,
    also: Sequence[NDArray[np.bool_]] = (),
) -> NDArray[np.int64]:
    """Places of the documents that fit all that is asked for, in its order; none for an unknown class.

    also : (n,) further conditions, of what the arrays do not tell: people, guidelines, slices
    """
    class_index = ClassIndex.of(held_out.classes)
    classes = {name: getattr(filters, name) for name in CLASS_FILTERS if getattr(filters, name)}
    if not class_index.holds(classes.values()):
        return np.zeros(0, dtype=np.int64)
    fits = numbers.is_wrong.copy() if filters.is_wrong else np.ones(len(held_out), dtype=bool)
    columns = {name: class_index.column(label_class) for name, label_class in classes.items()}
    for condition in [*also, *_of_classes(held_out, numbers, columns)]:
        fits &= condition
    if filters.above is not None:
        fits &= numbers.confidence >= filters.above / 100
    if filters.under is not None:
        fits &= numbers.confidence < filters.under / 100
    rows = np.flatnonzero(fits)
    keys = {"loss": -numbers.loss, "confidence": numbers.confidence, "newest": -held_out.annotation_ids}
    return rows[np.lexsort((held_out.document_ids[rows], keys[filters.sort][rows]))]


def _of_classes(
    held_out: HeldOut, numbers: PredictionErrors, classes: Mapping[str, int]
) -> list[NDArray[np.bool_]]:
    """(n,) a condition for each filter by class; of spans, a label and an answer at one place are one."""
    has = {
        "missed": numbers.missed,
        "extra": numbers.extra,
        "truth": held_out.truth,
        "predicted": held_out.predicted,
    }
    rest = dict(classes)
    conditions = []
    if held_out.truth_spans or not held_out.probabilities.shape[1]:
        has["truth"], has["predicted"] = (
            _holds(held_out.truth_spans, held_out),
            _holds(held_out.predicted_spans, held_out),
        )
        if "truth" in rest and "predicted" in rest:
            conditions.append(taken_for(held_out, rest.pop("truth"), rest.pop("predicted")))
    if "either" in rest:
        class_index = rest.pop("either")
        conditions.append(has["truth"][:, class_index] | has["predicted"][:, class_index])
    return conditions + [has[name][:, index] for name, index in rest.items()]


def _holds(spans: Sequence[Spans], held_out: HeldOut) -> NDArray[np.bool_]:
    flags = np.zeros((len(held_out), len(held_out.classes)), dtype=bool)
    for row, each in enumerate(spans):
        flags[row, [class_index for _s, _e, class_index in each]] = True
    return flags


def _identifier(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
