"""Report tables as CSV for programs: one endpoint for each table that a page offers as a file."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request

from analytics.class_report.tables import TABLE as CLASSES
from analytics.confusion.tables import TABLE as CONFUSION
from analytics.confusion.tables import TABLES as CONFUSION_TABLES
from analytics.distribution.tables import BY as GROUPS
from analytics.distribution.tables import TABLE as DISTRIBUTION
from analytics.edge.fields import ModelFilter
from analytics.edge.tables import ReportTable, download
from analytics.learning_curves.tables import TABLE as CURVES
from analytics.model_versions.comparison_table import TABLE as COMPARISON
from analytics.model_versions.tables import TABLE as MODELS
from analytics.quality.tables import TABLE as QUALITY
from analytics.slices.tables import TABLE as SLICES
from analytics.steering.tables import TABLE as STEERING
from analytics.test_set.api import TestSetFilters
from analytics.test_set.tables import TABLE as TEST_SET
from labeling.api.endpoints import Endpoint
from labeling.api.fields import AddressNumber, Filters
from labeling.api.permissions import MANAGERS_READ, READ
from labeling.api.schema import operation


class ConfusionFilters(ModelFilter):
    """Which of the tables."""

    table = serializers.ChoiceField(CONFUSION_TABLES, required=False)


class DistributionFilters(Filters):
    """What the labels are counted by."""

    group_by = serializers.ChoiceField(
        ["class", *GROUPS], source="by", required=False, help_text="`person` is for managers."
    )


class QualityFilters(ModelFilter):
    """Which of the tables, and the class of a curve."""

    table = serializers.ChoiceField(["classes", "averages", "calibration", "curve"], required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        """`class` is no name for a Python attribute."""
        of_curve = serializers.UUIDField(required=False, help_text="With `table=curve`.")
        return {**super().get_fields(), "class": of_curve}


class SteeringFilters(Filters):
    """Which of the tables."""

    table = serializers.ChoiceField(["classes", "head"], required=False)


class SliceFilters(ModelFilter):
    """Which of the tables."""

    table = serializers.ChoiceField(["buckets", "worst"], required=False)


class ComparisonFilters(Filters):
    """Which two models; without them the model in use and the one before it."""

    first_model = AddressNumber(source="a", required=False, min_value=1)
    second_model = AddressNumber(source="b", required=False, min_value=1)


@dataclass(frozen=True)
class Download:
    """A table as the API offers it: what may be asked of it, and what it is called there."""

    table: ReportTable
    filters: type[Filters]
    about: str


REPORT_TABLES = {  # by the name in the address, of page and API
    "classes": Download(CLASSES, ModelFilter, "the measures of each class"),
    "confusion": Download(CONFUSION, ConfusionFilters, "the confusion matrix, or its pairs"),
    "curves": Download(CURVES, Filters, "the learning curves, point by point"),
    "models": Download(MODELS, Filters, "all models, with what each measured when it was new"),
    "compare": Download(COMPARISON, ComparisonFilters, "the measures of two models, and how they differ"),
    "distribution": Download(DISTRIBUTION, DistributionFilters, "labels by class, time, guideline or person"),
    "quality": Download(QUALITY, QualityFilters, "every measure of a model, its calibration, or a curve"),
    "test-set": Download(TEST_SET, TestSetFilters, "the labeled test set beside what a model says of it"),
    "steering": Download(STEERING, SteeringFilters, "what each class gets of the queue, or the head"),
    "slices": Download(SLICES, SliceFilters, "the accuracy of every slice, or the worst of them"),
}


def csv_endpoint(name: str, offered: Download) -> type[Endpoint]:
    """The endpoint that gives this table to programs."""

    class TableEndpoint(Endpoint):
        needs = {"GET": MANAGERS_READ if offered.table.is_for_managers else READ}
        filters = offered.filters

        @operation(
            f"tables_{name.replace('-', '_')}",
            answers={(200, "text/csv"): OpenApiTypes.STR},
            filters=offered.filters,
            summary=f"Read {offered.about}, as CSV.",
        )
        def get(self, request: Request, project_id: int) -> HttpResponse:
            """Columns are those of the page's own file: measures with the ends of their intervals."""
            return download(
                self.member, offered.table, {key: str(value) for key, value in self.requested.items()}
            )

    return TableEndpoint
