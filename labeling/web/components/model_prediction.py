"""Prediction panel: what people who decide read of the model's prediction for a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labeling.documents.models import Document
from labeling.formatting import percent
from labeling.guidelines.models import LabelClass
from labeling.predictions.current import current_prediction


@dataclass(frozen=True)
class DescribedPrediction:
    """The classes that the model holds most likely; of spans what it marks, with its words."""

    number: int | None  # of the model
    classes: list[tuple[str, str, str]]  # name, probability, words


def describe_prediction(
    document: Document, names: Mapping[str, str] | None = None
) -> DescribedPrediction | None:
    """None where no model has said anything. Only classes in `names` are told, by default active ones."""
    prediction = current_prediction(document)
    if prediction is None:
        return None
    if names is None:
        active = LabelClass.objects.active().filter(project=document.project_id)
        names = {str(pk): name for pk, name in active.values_list("pk", "name")}
    words = prediction.words or ("",) * len(prediction.classes)
    pairs = zip(prediction.classes, words, strict=True)
    rows = [(names[pk], percent(probability), quoted) for (pk, probability), quoted in pairs if pk in names]
    return DescribedPrediction(prediction.number, rows)
