"""Report tables as CSV for programs: one endpoint for each table that a page offers as a file."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.request import Request

from analytics.class_report.tables import TABLE as CLASSES
from analytics.confusion.tables import TABLE as CONFUSION
from analytics.distribution.tables import TABLE as DISTRIBUTION
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
from labeling.api.fields import AddressNumber
from labeling.api.permissions import MANAGERS_READ, READ
from labeling.api.schema import operation

REPORT_TABLES = {  # by the name in the address, of page and API
    "classes": CLASSES,
    "confusion": CONFUSION,
    "curves": CURVES,
    "models": MODELS,
    "compare": COMPARISON,
    "distribution": DISTRIBUTION,
    "quality": QUALITY,
    "test-set": TEST_SET,
    "steering": STEERING,
    "slices": SLICES,
}


class TableFilters(TestSetFilters):
    """What a table may be asked for; a report passes over what it does not have."""

    table = serializers.CharField(required=False, max_length=30, help_text="Of a report with several tables.")
    group_by = serializers.CharField(
        source="by", required=False, max_length=30, help_text="`distribution`: what to group by."
    )
    first_model = AddressNumber(
        source="a", required=False, min_value=1, help_text="`compare`: the first model."
    )
    second_model = AddressNumber(
        source="b", required=False, min_value=1, help_text="`compare`: the second model."
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        """`class` is no name for a Python attribute."""
        of_curve = serializers.UUIDField(required=False, help_text="`quality`: the class of the curve.")
        return {"class": of_curve, **super().get_fields()}


def csv_endpoint(name: str, report: ReportTable) -> type[Endpoint]:
    """The endpoint that gives this table to programs."""

    class TableEndpoint(Endpoint):
        needs = {"GET": MANAGERS_READ if report.is_for_managers else READ}
        filters = TableFilters

        @operation(
            f"tables_{name.replace('-', '_')}",
            answers={(200, "text/csv"): OpenApiTypes.STR},
            filters=TableFilters,
        )
        def get(self, request: Request, project_id: int) -> HttpResponse:
            """Read the table of the report's page as CSV: measures with the ends of their intervals."""
            return download(self.member, report, {key: str(value) for key, value in self.requested.items()})

    return TableEndpoint
