"""Predictions API: predictions of other models come in, a thousand as JSON, or as a stream of lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, Number, Text, WholeNumber
from labeling.api.edge.parsers import JsonLinesParser, NdjsonParser, StrictJsonParser
from labeling.api.edge.permissions import MANAGE, MANAGE_HEAVY, READ
from labeling.api.edge.schema import JSON_LINES, operation
from labeling.api.imports import BadRowOut
from labeling.exceptions import NotFound
from labeling.formats.predictions import (
    MAX_SOURCE_CHARACTERS,
    UNSAID_CONFIDENCE,
    PredictionRow,
    prediction_from,
    read_predictions,
)
from labeling.formats.records import BadRow, RowProblem, bad_row
from labeling.predictions import external
from labeling.predictions.models import PredictionSource

MAX_PREDICTIONS = 1_000  # in a JSON body; a stream of lines may hold more


class PredictionIn(Input):
    """An external model's prediction for one document."""

    document_id = WholeNumber(
        required=False, min_value=1, max_value=2**63 - 1, help_text="The document's number, or"
    )
    external_id = Text(required=False, max_length=200, trim_whitespace=False, help_text="your ID.")
    source = Text(  # type: ignore[assignment]
        max_length=MAX_SOURCE_CHARACTERS,
        help_text="Name of the model. Its earlier prediction for the document is replaced.",
    )
    version = Text(required=False, allow_blank=True, max_length=MAX_SOURCE_CHARACTERS)
    label = Text(  # type: ignore[assignment]
        required=False, max_length=100, help_text="The most probable class, by name or ID, or"
    )
    confidence = Number(
        required=False,
        min_value=0,
        max_value=1,
        help_text=f"Probability of the label; absent: {UNSAID_CONFIDENCE}.",
    )
    probabilities = serializers.DictField(
        child=Number(min_value=0, max_value=1),
        required=False,
        help_text="By class name or ID. In single-label classification they add up to at most 1.",
    )


class PredictionsIn(Input):
    predictions = serializers.ListField(child=PredictionIn(), min_length=1, max_length=MAX_PREDICTIONS)


class RecordedOut(serializers.Serializer[Any]):
    """The result. Sending the same predictions again changes nothing."""

    rows_read = serializers.IntegerField(source="read")
    stored = serializers.IntegerField()
    bad_row_count = serializers.IntegerField(source="bad")
    bad_rows = BadRowOut(many=True, help_text="The first 1,000.")


class SourceOut(serializers.ModelSerializer[PredictionSource]):
    """An external model."""

    documents = serializers.IntegerField(help_text="Documents with a prediction.")

    class Meta:
        model = PredictionSource
        fields = ("id", "name", "documents", "changed_at")
        read_only_fields = fields


class SourcesOut(serializers.Serializer[Any]):
    results = SourceOut(many=True)


class Predictions(Endpoint):
    needs = {"GET": READ, "POST": MANAGE_HEAVY}
    parser_classes = [StrictJsonParser, JsonLinesParser, NdjsonParser]

    @operation("predictions_list", answers={200: SourcesOut})
    def get(self, request: Request, project_id: int) -> Response:
        """List external models with their number of predictions."""
        sources = PredictionSource.objects.filter(project=project_id).annotate(documents=Count("predictions"))
        return Response({"results": SourceOut(sources, many=True).data})

    @operation(
        "predictions_send",
        request={"application/json": PredictionsIn, **JSON_LINES},
        answers={200: RecordedOut},
        errors=[422],
        examples={
            "Two opinions": {
                "predictions": [
                    {"external_id": "t-1", "source": "llm", "label": "Refund", "confidence": 0.8},
                    {
                        "external_id": "t-2",
                        "source": "llm",
                        "probabilities": {"Delivery": 0.7, "Refund": 0.2},
                    },
                ]
            }
        },
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Import predictions of external models: up to 1,000 as JSON, or up to 64 MB as JSON lines.

        External models join the committee, which weights each by its performance on the labels.
        Valid predictions are stored and replace earlier ones of the same model; invalid ones are
        reported.
        """
        body: Any = request.data
        rows = read_predictions(body) if isinstance(body, Iterator) else _predictions(body)
        return Response(RecordedOut(external.record(project_id, self.caller, rows)).data)


class OnePredictionSource(Endpoint):
    needs = {"DELETE": MANAGE}

    @operation("predictions_forget", answers={204: None})
    def delete(self, request: Request, project_id: int, source_id: int) -> Response:
        """Delete an external model and its predictions."""
        if not external.forget(project_id, self.caller, source_id):
            raise NotFound(_("Unknown source."))
        return Response(status=204)


def _predictions(body: Any) -> Iterator[PredictionRow | BadRow]:
    """The predictions of a JSON body, one by one."""
    return map(_prediction, enumerate(PredictionsIn.checked(body)["predictions"], start=1))


def _prediction(numbered: tuple[int, dict[str, Any]]) -> PredictionRow | BadRow:
    line, prediction = numbered
    try:
        return prediction_from(dict(prediction), line)
    except RowProblem as problem:
        return bad_row(line, problem, str(prediction)[:80])
