"""Test set API: labels and predictions of the test set, with the page's filters and order, without texts."""

from __future__ import annotations

from typing import Any

import numpy as np
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.edge.fields import MeasureOut, measure_json
from analytics.test_set.filters import SORTS, ReviewFilters
from analytics.test_set.report import Review, review
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import AddressLengthLimit, AddressNumber, Filters, Flag
from labeling.api.edge.permissions import MANAGERS_READ
from labeling.api.edge.schema import operation
from labeling.api.model_status import ModelStatusOut, status_json

PAGE_SIZE = 100


class TestSetFilters(Filters):
    """Filters of the test set page; all are optional."""

    model = AddressNumber(required=False, min_value=1, help_text="Number of a model with stored predictions.")
    is_wrong = Flag(
        is_only_true=True, source="wrong", required=False, help_text="Only incorrect predictions."
    )
    true_class = serializers.UUIDField(source="truth", required=False)
    predicted_class = serializers.UUIDField(
        source="predicted",
        required=False,
        help_text="Together with `true_class`: a cell of the confusion matrix.",
    )
    false_negative_class = serializers.UUIDField(
        source="missed", required=False, help_text="A class that the model missed."
    )
    false_positive_class = serializers.UUIDField(
        source="extra", required=False, help_text="A class that the model wrongly predicted."
    )
    either_class = serializers.UUIDField(
        source="either", required=False, help_text="A class that is true or predicted."
    )
    min_confidence_percent = AddressNumber(
        source="above", required=False, min_value=0, max_value=100, help_text="Minimum confidence in percent."
    )
    below_confidence_percent = AddressNumber(
        source="under",
        required=False,
        min_value=0,
        max_value=100,
        help_text="Confidence below this percentage.",
    )
    guideline = AddressNumber(required=False, min_value=1, help_text="Guideline version of the label.")
    field = serializers.CharField(
        required=False, max_length=200, help_text="Metadata field; requires `value`."
    )
    value = serializers.CharField(required=False, allow_blank=True, max_length=1000)
    min_characters = AddressNumber(
        source="least", required=False, min_value=0, help_text="Length of the text."
    )
    max_characters = AddressLengthLimit(
        source="below", required=False, min_value=0, help_text="Length of the text."
    )
    has_near_duplicate = Flag(source="twins", required=False)
    sort = serializers.ChoiceField(SORTS, required=False)
    page = AddressNumber(required=False, min_value=1, help_text="Page number; 100 documents per page.")


class ReviewedOut(serializers.Serializer[Any]):
    """One labeled test document and its prediction."""

    document_id = serializers.IntegerField()
    true_classes = serializers.ListField(child=serializers.UUIDField(), help_text="Empty in a spans project.")
    predicted_classes = serializers.ListField(
        child=serializers.UUIDField(), help_text="Empty in a spans project."
    )
    true_spans = serializers.ListField(help_text="Start, end and class of each span.")
    predicted_spans = serializers.ListField(help_text="Start, end and class of each span.")
    probabilities = serializers.DictField(
        child=serializers.FloatField(), help_text="By class; empty in a spans project."
    )
    is_wrong = serializers.BooleanField()
    confidence = serializers.FloatField(
        allow_null=True,
        help_text="Confidence of the prediction or its least confident span; null if no span is predicted.",
    )
    loss = serializers.FloatField(help_text="In nats; in a spans project, the number of errors.")
    annotator = serializers.CharField(help_text="Annotator of the label; empty for an import.")
    guideline = serializers.IntegerField(allow_null=True)


class TestSetOut(serializers.Serializer[Any]):
    """A page of the matching documents, and the model's error rate on the whole test set."""

    model = serializers.IntegerField(allow_null=True)
    model_status = ModelStatusOut()
    test_documents = serializers.IntegerField()
    error_rate = MeasureOut(help_text="Share of incorrect predictions.")
    matching_documents = serializers.IntegerField()
    page = serializers.IntegerField()
    page_count = serializers.IntegerField()
    results = ReviewedOut(many=True)


class TestSets(Endpoint):
    needs = {"GET": MANAGERS_READ}
    filters = TestSetFilters

    @operation("reports_test_set", answers={200: TestSetOut}, filters=TestSetFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """Read the labeled test set with a model's predictions, worst errors first.

        Requires the manager role: annotators of the test set must not see its labels. To send documents to
        the queue, pass their IDs to `picks`.
        """
        query = {name: str(value) for name, value in self.requested.items()}
        listing = review(self.member.project, ReviewFilters.read(query))
        status = status_json(listing.choice.status, self.member)
        return Response(_as_json(listing, int(query.get("page", 1))) | {"model_status": status})


def _as_json(review: Review, requested_page: int) -> dict[str, Any]:
    pages = max(1, -(-len(review.rows) // PAGE_SIZE))
    page = min(requested_page, pages)
    rows = review.rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    return {
        "model": review.version.number if review.version else None,
        "test_documents": len(review),
        "error_rate": measure_json(review.error),
        "matching_documents": len(review.rows),
        "page": page,
        "page_count": pages,
        "results": [_row(review, row) for row in rows.tolist()],
    }


def _row(review: Review, row: int) -> dict[str, Any]:
    held_out, numbers = review.held_out, review.numbers
    assert held_out is not None and numbers is not None
    who, number = review.label_sources.get(int(held_out.annotation_ids[row]), (None, None))
    is_spans = not held_out.probabilities.shape[1]

    def classes(flags: Any) -> list[Any]:
        return [held_out.classes[index] for index in np.flatnonzero(flags[row])]

    def spans(lists: Any) -> list[list[Any]]:
        return [[start, end, held_out.classes[index]] for start, end, index in lists[row]] if lists else []

    sure = float(numbers.confidence[row])
    probabilities = [] if is_spans else held_out.probabilities[row].round(6).tolist()
    return {
        "document_id": int(held_out.document_ids[row]),
        "true_classes": classes(held_out.truth),
        "predicted_classes": classes(held_out.predicted),
        "true_spans": spans(held_out.truth_spans),
        "predicted_spans": spans(held_out.predicted_spans),
        "probabilities": {str(pk): p for pk, p in zip(held_out.classes, probabilities, strict=False)},
        "is_wrong": bool(numbers.is_wrong[row]),
        "confidence": None if np.isnan(sure) else round(sure, 6),
        "loss": round(float(numbers.loss[row]), 6),
        "annotator": review.people.get(who or 0, ""),
        "guideline": number,
    }
