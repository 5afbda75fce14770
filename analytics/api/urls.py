"""Report API URLs: which address of the API answers with which report."""

from django.urls import path

from analytics.api import (
    classes,
    comparing,
    confusion,
    curves,
    distribution,
    next_steps,
    quality,
    review,
    savings,
    slices,
    steering,
)
from labeling.api import identifiers

__all__ = ["identifiers", "urlpatterns"]  # identifiers makes <row:…> known

app_name = "analytics_api"

urlpatterns = [
    path("projects/<row:project_id>/reports/classes/", classes.ClassReports.as_view(), name="report_classes"),
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
    path("projects/<row:project_id>/reports/curves/", curves.Curves.as_view(), name="report_curves"),
    path(
        "projects/<row:project_id>/reports/compare/", comparing.Comparisons.as_view(), name="report_compare"
    ),
    path("projects/<row:project_id>/reports/test-set/", review.TestSets.as_view(), name="report_test_set"),
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
