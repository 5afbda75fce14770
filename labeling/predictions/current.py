"""Model predictions for a document: of the test set what was measured, else what the model said last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labeling.documents.models import Document
from labeling.explanations.reasons import top_classes
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.queue.models import Lease, QueueEntry

MAX_CLASSES = 3  # the likeliest, as far as a reader wants to know


@dataclass(frozen=True)
class ModelOpinion:
    """Of one model.

    number : of the model; None where it was not noted
    classes : (class identifier, probability), the likeliest first; of spans one for each
    words : of spans, the text of each; empty otherwise
    """

    number: int | None
    classes: list[tuple[str, float]]
    words: tuple[str, ...] = ()


def opinion_on(document: Document) -> ModelOpinion | None:
    """None while no model has said anything of the document."""
    if document.split == Document.Split.TEST and (version := ModelVersion.objects.in_use(document.project)):
        prediction = version.held_out_predictions.filter(document=document).first()
        if prediction is not None:
            return (
                _of(version, prediction)
                if prediction.spans is None
                else _of_spans(document, version, prediction.spans)
            )
    ranked = QueueEntry.objects.live(document.project).filter(document=document, reason__has_key="top")
    handed_out = Lease.objects.filter(document=document, reason__has_key="top").order_by("-leased_at")
    for reasons in (ranked, handed_out):
        if reason := reasons.values_list("reason", flat=True).first():
            return ModelOpinion(reason.get("model"), top_classes(reason)[:MAX_CLASSES])
    return None


def _of(version: ModelVersion, prediction: HeldOutPrediction) -> ModelOpinion:
    probabilities = sorted(
        zip(map(str, version.classes), prediction.probabilities, strict=True), key=lambda pair: -pair[1]
    )
    return ModelOpinion(
        version.number, [(pk, float(probability)) for pk, probability in probabilities[:MAX_CLASSES]]
    )


def _of_spans(document: Document, version: ModelVersion, spans: list[Any]) -> ModelOpinion:
    """What it marks: [start, end, place of the class, probability] each."""
    return ModelOpinion(
        version.number,
        [(str(version.classes[index]), float(probability)) for _start, _end, index, probability in spans],
        tuple(document.text[start:end] for start, end, _place, _odds in spans),
    )
