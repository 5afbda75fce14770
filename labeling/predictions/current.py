"""Model predictions for a document: of the test set what was measured, else what the model said last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labeling.documents.models import Document
from labeling.explanations.selection_reason import ClassProbability, ReasonKey, SelectionReason
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.queue.models import Lease, QueueEntry

MAX_CLASSES = 3  # the likeliest, as far as a reader wants to know


@dataclass(frozen=True)
class CurrentPrediction:
    """Of one model.

    number : of the model; None where it was not noted
    classes : (class identifier, probability), the likeliest first; of spans one for each
    words : of spans, the text of each; empty otherwise
    """

    number: int | None
    classes: list[ClassProbability]
    words: tuple[str, ...] = ()


def current_prediction(document: Document) -> CurrentPrediction | None:
    """None while no model has said anything of the document."""
    if document.split == Document.Split.TEST and (version := ModelVersion.objects.in_use(document.project)):
        prediction = version.held_out_predictions.filter(document=document).first()
        if prediction is not None:
            return (
                _of(version, prediction)
                if prediction.spans is None
                else _of_spans(document, version, prediction.spans)
            )
    ranked = QueueEntry.objects.live(document.project).filter(
        document=document, reason__has_key=ReasonKey.TOP.value
    )
    handed_out = Lease.objects.filter(document=document, reason__has_key=ReasonKey.TOP.value).order_by(
        "-leased_at"
    )
    for reasons in (ranked, handed_out):
        if stored := reasons.values_list("reason", flat=True).first():
            reason = SelectionReason.from_json(stored)
            return CurrentPrediction(reason.model, list(reason.evidence.top or ())[:MAX_CLASSES])
    return None


def _of(version: ModelVersion, prediction: HeldOutPrediction) -> CurrentPrediction:
    probabilities = sorted(
        zip(map(str, version.classes), prediction.probabilities, strict=True), key=lambda pair: -pair[1]
    )
    return CurrentPrediction(
        version.number, [ClassProbability(pk, float(p)) for pk, p in probabilities[:MAX_CLASSES]]
    )


def _of_spans(document: Document, version: ModelVersion, spans: list[Any]) -> CurrentPrediction:
    """What it marks: [start, end, place of the class, probability] each."""
    return CurrentPrediction(
        version.number,
        [
            ClassProbability(str(version.classes[index]), float(probability))
            for _start, _end, index, probability in spans
        ],
        tuple(document.text[start:end] for start, end, _place, _odds in spans),
    )
