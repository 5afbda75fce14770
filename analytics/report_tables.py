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
from analytics.savings.tables import TABLE as SAVINGS
from analytics.slices.tables import TABLE as SLICES
from analytics.steering.tables import TABLE as STEERING
from analytics.test_set.api import TestSetFilters
from analytics.test_set.tables import TABLE as TEST_SET
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import AddressNumber, Filters
from labeling.api.edge.permissions import MANAGERS_READ, READ
from labeling.api.edge.schema import operation


class ConfusionFilters(ModelFilter):
    """Which table to return."""

    table = serializers.ChoiceField(CONFUSION_TABLES, required=False)


class DistributionFilters(Filters):
    """How the labels are grouped."""

    group_by = serializers.ChoiceField(
        ["class", *GROUPS], source="by", required=False, help_text="`person` requires the manager role."
    )


class QualityFilters(ModelFilter):
    """Which table to return, and the class of a curve."""

    table = serializers.ChoiceField(["classes", "averages", "calibration", "curve"], required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        """`class` is no name for a Python attribute."""
        of_curve = serializers.UUIDField(required=False, help_text="Required with `table=curve`.")
        return {**super().get_fields(), "class": of_curve}


class SteeringFilters(Filters):
    """Which table to return."""

    table = serializers.ChoiceField(["classes", "head"], required=False)


class SliceFilters(ModelFilter):
    """Which table to return."""

    table = serializers.ChoiceField(["buckets", "worst"], required=False)


class ComparisonFilters(Filters):
    """The two models to compare; default: the model in use and the one before it."""

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
    "models": Download(MODELS, Filters, "all models, with their measures when trained"),
    "compare": Download(COMPARISON, ComparisonFilters, "the measures of two models and their differences"),
    "distribution": Download(
        DISTRIBUTION, DistributionFilters, "labels by class, time, guideline or annotator"
    ),
    "quality": Download(QUALITY, QualityFilters, "all measures of a model, its calibration, or a curve"),
    "test-set": Download(TEST_SET, TestSetFilters, "the labeled test set with a model's predictions"),
    "steering": Download(STEERING, SteeringFilters, "the share of the queue of each class, or the head"),
    "savings": Download(SAVINGS, Filters, "the curves behind the labels saved so far"),
    "slices": Download(SLICES, SliceFilters, "the accuracy of every slice, or the weakest slices"),
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
            """Columns are the same as in the page's CSV file: measures with their interval bounds."""
            return download(
                self.member, offered.table, {key: str(value) for key, value in self.requested.items()}
            )

    return TableEndpoint
