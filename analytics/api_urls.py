"""Report API URLs: which address of the API answers with which report."""

from django.urls import path

from analytics.class_report import api as class_report
from analytics.confusion import api as confusion
from analytics.distribution import api as distribution
from analytics.learning_curves import api as learning_curves
from analytics.model_versions import api as model_versions
from analytics.next_steps import api as next_steps
from analytics.quality import api as quality
from analytics.report_tables import REPORT_TABLES, csv_endpoint
from analytics.savings import api as savings
from analytics.slices import api as slices
from analytics.steering import api as steering
from analytics.test_set import api as test_set
from labeling.api.edge import fields

__all__ = ["fields", "urlpatterns"]  # fields makes <row:…> known

app_name = "analytics_api"

TABLES = [
    path(
        f"projects/<row:project_id>/reports/{name}/csv/",
        csv_endpoint(name, offered).as_view(),
        name=f"report_{name.replace('-', '_')}_csv",
    )
    for name, offered in REPORT_TABLES.items()
]

urlpatterns = [
    *TABLES,
    path(
        "projects/<row:project_id>/reports/classes/",
        class_report.ClassReports.as_view(),
        name="report_classes",
    ),
    path(
        "projects/<row:project_id>/reports/confusion/",
        confusion.Confusions.as_view(),
        name="report_confusion",
    ),
    path(
        "projects/<row:project_id>/reports/distribution/",
        distribution.Distributions.as_view(),
        name="report_distribution",
    ),
    path(
        "projects/<row:project_id>/reports/quality/", quality.QualityReports.as_view(), name="report_quality"
    ),
    path("projects/<row:project_id>/reports/curves/", learning_curves.Curves.as_view(), name="report_curves"),
    path(
        "projects/<row:project_id>/reports/compare/",
        model_versions.Comparisons.as_view(),
        name="report_compare",
    ),
    path("projects/<row:project_id>/reports/test-set/", test_set.TestSets.as_view(), name="report_test_set"),
    path("projects/<row:project_id>/reports/slices/", slices.SliceReports.as_view(), name="report_slices"),
    path("projects/<row:project_id>/reports/savings/", savings.Savings.as_view(), name="report_savings"),
    path(
        "projects/<row:project_id>/reports/next-steps/",
        next_steps.NextSteps.as_view(),
        name="report_next_steps",
    ),
    path(
        "projects/<row:project_id>/reports/steering/",
        steering.SteeringReports.as_view(),
        name="report_steering",
    ),
    path(
        "projects/<row:project_id>/reports/steering/<uuid:class_id>/",
        steering.ClassSteering.as_view(),
        name="report_steering_class",
    ),
]
