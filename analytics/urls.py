"""Report page URLs: which address shows which report."""

from django.urls import path

from analytics.class_report import page
from analytics.confusion import page as confusion
from analytics.distribution import page as distribution
from analytics.edge.tables import csv_page
from analytics.learning_curves import page as curves
from analytics.model_versions import comparison_page
from analytics.model_versions import page as versions
from analytics.next_steps import page as guidance
from analytics.quality import page as quality
from analytics.report_tables import REPORT_TABLES
from analytics.savings import page as savings
from analytics.slices import page as slices
from analytics.steering import page as steering
from analytics.test_set import page as review

app_name = "analytics"

DOWNLOADS = [
    path(
        f"projects/<int:project_id>/report/{name}.csv", csv_page(table), name=f"{name.replace('-', '_')}_csv"
    )
    for name, table in REPORT_TABLES.items()
]

urlpatterns = [
    path("projects/<int:project_id>/savings/", savings.savings, name="savings"),
    path("projects/<int:project_id>/savings/replay/", savings.replay, name="replay"),
    path("projects/<int:project_id>/savings/defaults/", savings.use_defaults, name="use_defaults"),
    path("projects/<int:project_id>/report/", page.classes, name="classes"),
    path("projects/<int:project_id>/report/news/", page.news, name="news"),
    path("projects/<int:project_id>/report/next-steps/", guidance.steps, name="next_steps"),
    path("projects/<int:project_id>/report/confusion/", confusion.confusion, name="confusion"),
    path(
        "projects/<int:project_id>/report/confusion/<uuid:first_id>/<uuid:second_id>/draft/",
        confusion.draft_rule,
        name="draft_rule",
    ),
    path("projects/<int:project_id>/report/curves/", curves.curves, name="curves"),
    path("projects/<int:project_id>/report/models/", versions.models, name="models"),
    path("projects/<int:project_id>/report/models/newest/", versions.follow_newest, name="follow_newest"),
    path("projects/<int:project_id>/report/models/<int:number>/promote/", versions.promote, name="promote"),
    path("projects/<int:project_id>/report/models/<int:number>/note/", versions.note, name="note"),
    path("projects/<int:project_id>/report/compare/", comparison_page.comparison, name="compare"),
    path("projects/<int:project_id>/report/queue-test/", guidance.queue_test, name="queue_test"),
    path("projects/<int:project_id>/report/train/", guidance.train_again, name="train_again"),
    path("projects/<int:project_id>/report/distribution/", distribution.page, name="distribution"),
    path("projects/<int:project_id>/report/quality/", quality.page, name="quality"),
    path("projects/<int:project_id>/report/test-set/", review.test_set, name="test_set"),
    path("projects/<int:project_id>/report/test-set/pick/", review.pick_test_set, name="pick_test_set"),
    path(
        "projects/<int:project_id>/report/test-set/picks/<int:pick_id>/end/", review.end_pick, name="end_pick"
    ),
    path("projects/<int:project_id>/report/steering/", steering.page, name="steering"),
    path(
        "projects/<int:project_id>/report/steering/change/", steering.change_steering, name="change_steering"
    ),
    path(
        "projects/<int:project_id>/report/steering/<uuid:class_id>/", steering.change_need, name="change_need"
    ),
    path("projects/<int:project_id>/report/slices/", slices.page, name="slices"),
    path("projects/<int:project_id>/report/slices/queue/", slices.queue, name="queue_slice"),
    path(
        "projects/<int:project_id>/report/slices/picks/<int:pick_id>/end/",
        slices.end_pick,
        name="end_slice_pick",
    ),
    path("projects/<int:project_id>/report/<uuid:class_id>/focus/", page.focus, name="focus"),
    path("projects/<int:project_id>/report/<uuid:class_id>/focus/end/", page.end_focus, name="end_focus"),
    *DOWNLOADS,
]
