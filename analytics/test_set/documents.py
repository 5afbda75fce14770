"""Reviewed documents: a test document's text, both answers, and the words that decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models.functions import Left, Length

from analytics.data.queries import HeldOut, Spans
from analytics.test_set.highlights import MAX_SHOWN, Marked, Piece, marked, pieces, shortened, window
from analytics.test_set.report import PAGE_SIZE, Review
from labeling.annotations.models import Label
from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.predictions.models import HeldOutPrediction
from labeling.web.components.span_markup import stretches

MAX_LOADED_CHARACTERS = 20_000  # characters of a text that is not asked for in full


@dataclass(frozen=True)
class Reviewed:
    """One document of the page.

    labelled, predicted : classes, the model's with their probability (None where there is none)
    pieces : of the text, with the words that pull
    towards, against : the classes that they pull to, where words are known; nothing is held against the first
        where a document may have several classes
    labelled_spans, predicted_spans : of a spans project
    """

    document: Document
    labelled: list[LabelClass]
    predicted: list[tuple[LabelClass, float | None]]
    true_odds: list[tuple[LabelClass, float]]
    is_wrong: bool
    loss: float
    confidence: float | None
    annotator: str
    guideline: int | None
    pieces: list[Piece] = field(default_factory=list)
    is_cut: bool = False
    towards: LabelClass | None = None
    against: LabelClass | None = None
    labelled_spans: list[Marked] = field(default_factory=list)
    predicted_spans: list[Marked] = field(default_factory=list)
    has_pulls: bool = False  # in a spans project: whether words are known

    @property
    def mistakes(self) -> int:
        """Spans that are missed or one too many."""
        return int(self.loss)


def shown(one: Review) -> list[Reviewed]:
    """The documents of the page, with their texts and the words that decided."""
    found = one.found
    if found is None or one.version is None:
        return []
    first = (one.asked.page - 1) * PAGE_SIZE
    rows = one.rows[first : first + PAGE_SIZE]
    ids = found.document_ids[rows].tolist()
    started = Document.objects.annotate(start=Left("text", MAX_LOADED_CHARACTERS), length=Length("text"))
    documents = started.defer("text").in_bulk(ids)
    kept = HeldOutPrediction.objects.filter(model_version=one.version, document__in=ids)
    pulls = dict(kept.values_list("document", "pulls"))
    return [
        _reviewed(one, found, row, documents[pk], pulls.get(pk) or {})
        for row, pk in zip(rows.tolist(), ids, strict=True)
        if pk in documents
    ]


def _reviewed(one: Review, found: HeldOut, row: int, document: Document, pulls: dict[str, Any]) -> Reviewed:
    assert one.numbers is not None and one.version is not None  # noqa: PT018, S101 - made with `found`
    classes = [one.classes[pk] for pk in found.classes]
    odds = found.probabilities[row].tolist() if found.probabilities.shape[1] else []
    true, said = (np.flatnonzero(flags[row]).tolist() for flags in (found.truth, found.predicted))
    who, number = one.facts.get(int(found.annotation_ids[row]), (None, None))
    facts: dict[str, Any] = {
        "document": document,
        "labelled": [classes[place] for place in true],
        "predicted": [(classes[place], odds[place] if odds else None) for place in said],
        "true_odds": [(classes[place], odds[place]) for place in true if odds and place not in said],
        "is_wrong": bool(one.numbers.is_wrong[row]),
        "loss": float(one.numbers.loss[row]),
        "confidence": None if np.isnan(one.numbers.confidence[row]) else float(one.numbers.confidence[row]),
        "annotator": one.people.get(who or 0, ""),
        "guideline": number,
    }
    is_whole = one.asked.whole == document.pk
    text = document.text if is_whole else document.start  # type: ignore[attr-defined]
    if found.truth_spans:
        spans = found.truth_spans[row], found.predicted_spans[row]
        facts |= _spans_of(text, *spans, pulls, classes, len(text) if is_whole else MAX_SHOWN)
    else:
        learnt = [one.classes[pk] for pk in one.version.classes]
        facts |= _words_of(text, pulls, learnt, len(text) if is_whole else MAX_SHOWN)
    facts["is_cut"] = not is_whole and document.length > MAX_SHOWN  # type: ignore[attr-defined]
    return Reviewed(**facts)


def _words_of(text: str, pulls: dict[str, Any], classes: Sequence[LabelClass], most: int) -> dict[str, Any]:
    """The text in pieces, and the classes that its words pull to."""
    to_first, to_other = (dict(pulls.get(name) or ()) for name in ("words", "others"))
    facts: dict[str, Any] = {"pieces": shortened(pieces(text, to_first, to_other), most)}
    if to_first or to_other:
        facts["towards"] = classes[pulls["towards"]]
        facts["against"] = classes[pulls["against"]] if pulls["against"] >= 0 else None
    return facts


def _spans_of(
    text: str, given: Spans, said: Spans, pulls: dict[str, Any], classes: Sequence[LabelClass], most: int
) -> dict[str, Any]:
    """Both sets of spans over the text, or over the part of it where the first mistake is.

    The words that pull are in what the model marks; those that pull away pull to what is labelled.
    """
    mistakes = sorted(set(given) ^ set(said))
    start, end = window(len(text), mistakes[0][0] if mistakes else 0, min(most, len(text)))
    pulling = [
        (left - start, right - start, pull, nats)
        for name, pull in (("words", "towards"), ("others", "against"))
        for left, right, nats in pulls.get(name) or ()
        if start <= left < end
    ]
    labelled, predicted = (
        stretches(text[start:end], _inside(spans, classes, start, end)) for spans in (given, said)
    )
    return {
        "labelled_spans": marked(labelled),
        "predicted_spans": marked(predicted, pulling),
        "has_pulls": bool(pulling),
    }


def _inside(spans: Spans, classes: Sequence[LabelClass], start: int, end: int) -> list[Label]:
    """Those spans that lie in a part of the text, as labels of it."""
    return [
        Label(label_class=classes[place], start=max(left, start) - start, end=min(right, end) - start)
        for left, right, place in spans
        if left < end and right > start
    ]
