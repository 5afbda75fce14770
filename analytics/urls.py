"""Report page URLs: which address shows which report."""

from django.urls import path

from analytics.class_report import page as class_report
from analytics.confusion import page as confusion
from analytics.distribution import page as distribution
from analytics.edge.tables import csv_page
from analytics.learning_curves import page as learning_curves
from analytics.model_versions import comparison_page
from analytics.model_versions import page as model_versions
from analytics.next_steps import page as next_steps
from analytics.quality import page as quality
from analytics.report_tables import REPORT_TABLES
from analytics.savings import page as savings
from analytics.slices import page as slices
from analytics.steering import page as steering
from analytics.test_set import page as test_set
from labeling.web.moved import redirects

app_name = "analytics"

DOWNLOADS = [
    path(
        f"projects/<int:project_id>/quality/{name}.csv",
        csv_page(offered.table),
        name=f"{name.replace('-', '_')}_csv",
    )
    for name, offered in REPORT_TABLES.items()
]

urlpatterns = [
    path("projects/<int:project_id>/quality/cost-savings/", savings.savings, name="savings"),
    path("projects/<int:project_id>/quality/cost-savings/replay/", savings.replay, name="replay"),
    path("projects/<int:project_id>/quality/cost-savings/fallback/", savings.fallback, name="fallback"),
    path(
        "projects/<int:project_id>/quality/cost-savings/defaults/", savings.use_defaults, name="use_defaults"
    ),
    path("projects/<int:project_id>/quality/", class_report.classes, name="classes"),
    path("projects/<int:project_id>/quality/news/", class_report.news, name="news"),
    path("projects/<int:project_id>/quality/next-steps/", next_steps.steps, name="next_steps"),
    path("projects/<int:project_id>/quality/confusion-matrix/", confusion.confusion, name="confusion"),
    path(
        "projects/<int:project_id>/quality/confusion-matrix/<uuid:first_id>/<uuid:second_id>/draft/",
        confusion.draft_rule,
        name="draft_rule",
    ),
    path("projects/<int:project_id>/quality/learning-curve/", learning_curves.curves, name="curves"),
    path("projects/<int:project_id>/quality/models/", model_versions.models, name="models"),
    path(
        "projects/<int:project_id>/quality/models/newest/", model_versions.follow_newest, name="follow_newest"
    ),
    path(
        "projects/<int:project_id>/quality/models/<int:number>/promote/",
        model_versions.promote,
        name="promote",
    ),
    path("projects/<int:project_id>/quality/models/<int:number>/note/", model_versions.note, name="note"),
    path(
        "projects/<int:project_id>/quality/models/<int:number>/download/",
        model_versions.download,
        name="download_model",
    ),
    path("projects/<int:project_id>/quality/models/compare/", comparison_page.comparison, name="compare"),
    path("projects/<int:project_id>/quality/queue-test/", next_steps.queue_test, name="queue_test"),
    path("projects/<int:project_id>/quality/train/", next_steps.train_again, name="train_again"),
    path("projects/<int:project_id>/quality/label-distribution/", distribution.page, name="distribution"),
    path("projects/<int:project_id>/quality/calibration/", quality.page, name="quality"),
    path("projects/<int:project_id>/quality/test-set/", test_set.test_set, name="test_set"),
    path("projects/<int:project_id>/quality/test-set/pick/", test_set.pick_test_set, name="pick_test_set"),
    path(
        "projects/<int:project_id>/quality/test-set/picks/<int:pick_id>/end/",
        test_set.end_pick,
        name="end_pick",
    ),
    path("projects/<int:project_id>/quality/class-priorities/", steering.page, name="steering"),
    path(
        "projects/<int:project_id>/quality/class-priorities/change/",
        steering.change_steering,
        name="change_steering",
    ),
    path(
        "projects/<int:project_id>/quality/class-priorities/<uuid:class_id>/",
        steering.change_need,
        name="change_need",
    ),
    path("projects/<int:project_id>/quality/slices/", slices.page, name="slices"),
    path("projects/<int:project_id>/quality/slices/queue/", slices.queue, name="queue_slice"),
    path(
        "projects/<int:project_id>/quality/slices/picks/<int:pick_id>/end/",
        slices.end_pick,
        name="end_slice_pick",
    ),
    path("projects/<int:project_id>/quality/<uuid:class_id>/focus/", class_report.focus, name="focus"),
    path(
        "projects/<int:project_id>/quality/<uuid:class_id>/focus/end/",
        class_report.end_focus,
        name="end_focus",
    ),
    *DOWNLOADS,
    *redirects(
        {
            "savings": "quality/cost-savings",
            "report/quality": "quality/calibration",
            "report/curves": "quality/learning-curve",
            "report/confusion": "quality/confusion-matrix",
            "report/distribution": "quality/label-distribution",
            "report/steering": "quality/class-priorities",
            "report/compare": "quality/models/compare",
            "report": "quality",
        }
    ),
]
