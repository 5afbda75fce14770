"""Reviewed documents: a test document's text, both answers, and the words that decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models.functions import Left, Length

from analytics.data.queries import HeldOut, Spans
from analytics.test_set.highlights import (
    MAX_SHOWN,
    AttributedSegment,
    AttributedText,
    marked,
    pieces,
    shortened,
    window,
)
from analytics.test_set.report import PAGE_SIZE, Review
from labeling.annotations.models import Label
from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.predictions.models import HeldOutPrediction
from labeling.web.components.span_markup import text_segments

MAX_LOADED_CHARACTERS = 20_000  # characters of a text that is not asked for in full


@dataclass(frozen=True)
class Reviewed:
    """One document of the page.

    labeled, predicted : classes, the model's with their probability (None where there is none)
    pieces : of the text, with the words that pull
    towards, against : the classes that they pull to, where words are known; nothing is held against the first
        where a document may have several classes
    labeled_spans, predicted_spans : of a spans project
    """

    document: Document
    labeled: list[LabelClass]
    predicted: list[tuple[LabelClass, float | None]]
    true_odds: list[tuple[LabelClass, float]]
    is_wrong: bool
    loss: float
    confidence: float | None
    annotator: str
    guideline: int | None
    pieces: list[AttributedText] = field(default_factory=list)
    is_cut: bool = False
    towards: LabelClass | None = None
    against: LabelClass | None = None
    labeled_spans: list[AttributedSegment] = field(default_factory=list)
    predicted_spans: list[AttributedSegment] = field(default_factory=list)
    has_attributions: bool = False  # in a spans project: whether words are known

    @property
    def mistakes(self) -> int:
        """Spans that are missed or one too many."""
        return int(self.loss)


def shown(review: Review) -> list[Reviewed]:
    """The documents of the page, with their texts and the words that decided."""
    held_out = review.held_out
    if held_out is None or review.version is None:
        return []
    first = (review.filters.page - 1) * PAGE_SIZE
    rows = review.rows[first : first + PAGE_SIZE]
    ids = held_out.document_ids[rows].tolist()
    started = Document.objects.annotate(start=Left("text", MAX_LOADED_CHARACTERS), length=Length("text"))
    documents = started.defer("text").in_bulk(ids)
    kept = HeldOutPrediction.objects.filter(model_version=review.version, document__in=ids)
    attributions = dict(kept.values_list("document", "pulls"))
    return [
        _reviewed(review, held_out, row, documents[pk], attributions.get(pk) or {})
        for row, pk in zip(rows.tolist(), ids, strict=True)
        if pk in documents
    ]


def _reviewed(
    review: Review, held_out: HeldOut, row: int, document: Document, attributions: dict[str, Any]
) -> Reviewed:
    assert review.numbers is not None and review.version is not None
    classes = [review.classes[pk] for pk in held_out.classes]
    probabilities = held_out.probabilities[row].tolist() if held_out.probabilities.shape[1] else []
    true, predicted = (np.flatnonzero(flags[row]).tolist() for flags in (held_out.truth, held_out.predicted))
    who, number = review.label_sources.get(int(held_out.annotation_ids[row]), (None, None))
    fields: dict[str, Any] = {
        "document": document,
        "labeled": [classes[index] for index in true],
        "predicted": [
            (classes[index], probabilities[index] if probabilities else None) for index in predicted
        ],
        "true_odds": [
            (classes[index], probabilities[index])
            for index in true
            if probabilities and index not in predicted
        ],
        "is_wrong": bool(review.numbers.is_wrong[row]),
        "loss": float(review.numbers.loss[row]),
        "confidence": None
        if np.isnan(review.numbers.confidence[row])
        else float(review.numbers.confidence[row]),
        "annotator": review.people.get(who or 0, ""),
        "guideline": number,
    }
    is_whole = review.filters.whole == document.pk
    text = document.text if is_whole else document.start  # type: ignore[attr-defined]
    if held_out.truth_spans:
        spans = held_out.truth_spans[row], held_out.predicted_spans[row]
        fields |= _spans_of(text, *spans, attributions, classes, len(text) if is_whole else MAX_SHOWN)
    else:
        learned = [review.classes[pk] for pk in review.version.classes]
        fields |= _words_of(text, attributions, learned, len(text) if is_whole else MAX_SHOWN)
    fields["is_cut"] = not is_whole and document.length > MAX_SHOWN  # type: ignore[attr-defined]
    return Reviewed(**fields)


def _words_of(
    text: str, attributions: dict[str, Any], classes: Sequence[LabelClass], limit: int
) -> dict[str, Any]:
    """The text in pieces, and the classes that its words pull to."""
    to_first, to_other = (dict(attributions.get(name) or ()) for name in ("words", "others"))
    fields: dict[str, Any] = {"pieces": shortened(pieces(text, to_first, to_other), limit)}
    if to_first or to_other:
        fields["towards"] = classes[attributions["towards"]]
        fields["against"] = classes[attributions["against"]] if attributions["against"] >= 0 else None
    return fields


def _spans_of(
    text: str,
    true_spans: Spans,
    predicted_spans: Spans,
    attributions: dict[str, Any],
    classes: Sequence[LabelClass],
    limit: int,
) -> dict[str, Any]:
    """Both sets of spans over the text, or over the part of it where the first mistake is.

    The words that pull are in what the model marks; those that pull away pull to what is labeled.
    """
    mistakes = sorted(set(true_spans) ^ set(predicted_spans))
    start, end = window(len(text), mistakes[0][0] if mistakes else 0, min(limit, len(text)))
    pulling = [
        (left - start, right - start, pull, nats)
        for name, pull in (("words", "towards"), ("others", "against"))
        for left, right, nats in attributions.get(name) or ()
        if start <= left < end
    ]
    labeled, predicted = (
        text_segments(text[start:end], _inside(spans, classes, start, end))
        for spans in (true_spans, predicted_spans)
    )
    return {
        "labeled_spans": marked(labeled),
        "predicted_spans": marked(predicted, pulling),
        "has_attributions": bool(pulling),
    }


def _inside(spans: Spans, classes: Sequence[LabelClass], start: int, end: int) -> list[Label]:
    """Those spans that lie in a part of the text, as labels of it."""
    return [
        Label(label_class=classes[index], start=max(left, start) - start, end=min(right, end) - start)
        for left, right, index in spans
        if left < end and right > start
    ]
