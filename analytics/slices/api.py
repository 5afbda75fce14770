"""Slice report API: on which documents the model is worse."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.edge.fields import MeasureOut, ModelFilter, RetiredOut, measure_json, retired_json
from analytics.slices.report import Slices, Weak, slices
from analytics.slices.slice_fields import Field
from analytics.slices.wording import slices_headline
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.permissions import READ
from labeling.api.edge.schema import operation
from labeling.api.model_status import ModelStatusOut, status_json
from labeling.documents.slices import Slice


class ConditionOut(serializers.Serializer[Any]):
    """A condition on one metadata field: its value or numeric range."""

    field = serializers.CharField()
    value = serializers.CharField(allow_null=True, help_text="Null for a range.")
    gte = serializers.FloatField(allow_null=True, help_text="At least.")
    lt = serializers.FloatField(allow_null=True, help_text="Less than.")


class SliceOut(serializers.Serializer[Any]):
    """A slice of documents, in the format that picks accept."""

    field = serializers.CharField(help_text="Metadata field; empty for none.")
    value = serializers.CharField()
    min_characters = serializers.IntegerField(help_text="Length of the text.")
    max_characters = serializers.IntegerField(allow_null=True, help_text="Length of the text.")
    conditions = ConditionOut(many=True, help_text="Further conditions on the metadata.")


class BucketOut(serializers.Serializer[Any]):
    """One value of a field, or a range of it."""

    name = serializers.CharField()
    documents = serializers.IntegerField()
    accuracy = MeasureOut(help_text="Share of documents predicted correctly (exact match).")
    slice = SliceOut(allow_null=True)


class FieldOut(serializers.Serializer[Any]):
    """A field that documents are sliced by; the one without a key is the text length."""

    key = serializers.CharField()
    name = serializers.CharField()
    buckets = BucketOut(many=True)


class WeakOut(serializers.Serializer[Any]):
    """A slice that is significantly worse than the rest, with an effect that is not small."""

    name = serializers.CharField()
    documents = serializers.IntegerField()
    wrong_documents = serializers.IntegerField()
    error_rate = serializers.FloatField()
    rest_error_rate = serializers.FloatField()
    effect_size = serializers.FloatField(help_text="Cohen's h: 0.2 is small, 0.5 medium, 0.8 large.")
    p_value = serializers.FloatField(help_text="Fisher's exact test, corrected for all slices tested.")
    slice = SliceOut(allow_null=True, help_text="Null if every document has the value.")


class SlicesOut(serializers.Serializer[Any]):
    """The model on slices of the test set."""

    headline = serializers.CharField()
    model = serializers.IntegerField(allow_null=True)
    model_status = ModelStatusOut()
    test_documents = serializers.IntegerField()
    retired_classes = RetiredOut(many=True)
    accuracy = MeasureOut(allow_null=True)
    tested_slices = serializers.IntegerField(help_text="Number of slices tested, of one and two fields.")
    weak_slices = WeakOut(many=True)
    fields_ = FieldOut(many=True)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return {name.rstrip("_"): field for name, field in fields.items()}


class SliceReports(Endpoint):
    needs = {"GET": READ}
    filters = ModelFilter

    @operation("reports_slices", answers={200: SlicesOut}, filters=ModelFilter)
    def get(self, request: Request, project_id: int) -> Response:
        """Read on which documents the model is worse: by length and by every field of the metadata."""
        report = slices(self.member.project, requested=self.requested.get("model"))
        return Response(_as_json(report) | {"model_status": status_json(report.choice.status, self.member)})


def _as_json(report: Slices) -> dict[str, Any]:
    return {
        "headline": slices_headline(report),
        "model": report.version.number if report.version else None,
        "test_documents": report.documents,
        "retired_classes": retired_json(report.retired),
        "accuracy": measure_json(report.whole.accuracy) if report.whole else None,
        "tested_slices": report.tried,
        "weak_slices": [_weak(weak) for weak in report.weak],
        "fields": [_field(report, field) for field in report.fields],
    }


def _field(report: Slices, field: Field) -> dict[str, Any]:
    buckets = [
        {
            "name": bucket.name,
            "documents": n,
            "accuracy": measure_json(accuracy),
            "slice": _slice(bucket.where),
        }
        for bucket, accuracy, n in report.accuracies(field)
    ]
    return {"key": field.key, "name": field.name, "buckets": buckets}


def _weak(weak: Weak) -> dict[str, Any]:
    weak_slice = weak.weak_slice
    return {
        "name": weak.name,
        "documents": weak_slice.documents,
        "wrong_documents": weak_slice.wrong,
        "error_rate": weak_slice.error,
        "rest_error_rate": weak_slice.rest_error,
        "effect_size": weak_slice.effect,
        "p_value": weak_slice.p_value,
        "slice": _slice(weak.where),
    }


def _slice(where: Slice | None) -> dict[str, Any] | None:
    if where is None:
        return None
    return {
        "field": where.field,
        "value": where.value,
        "min_characters": where.least,
        "max_characters": None if where.below is None else where.below - 1,
        "conditions": [
            {
                "field": condition.field,
                "value": condition.value,
                "gte": condition.least,
                "lt": condition.below,
            }
            for condition in where.also
        ],
    }
