"""Which address shows which report?"""

from django.urls import path

from analytics.views import classes, confusion, distribution, savings

app_name = "analytics"

urlpatterns = [
    path("projects/<int:project_id>/savings/", savings.savings, name="savings"),
    path("projects/<int:project_id>/savings/replay/", savings.replay, name="replay"),
    path("projects/<int:project_id>/savings/defaults/", savings.use_defaults, name="use_defaults"),
    path("projects/<int:project_id>/report/", classes.classes, name="classes"),
    path("projects/<int:project_id>/report/news/", classes.news, name="news"),
    path("projects/<int:project_id>/report/classes.csv", classes.classes_csv, name="classes_csv"),
    path("projects/<int:project_id>/report/confusion/", confusion.confusion, name="confusion"),
    path("projects/<int:project_id>/report/confusion.csv", confusion.confusion_csv, name="confusion_csv"),
    path(
        "projects/<int:project_id>/report/confusion/<uuid:first_id>/<uuid:second_id>/draft/",
        confusion.draft_rule,
        name="draft_rule",
    ),
    path("projects/<int:project_id>/report/distribution/", distribution.page, name="distribution"),
    path("projects/<int:project_id>/report/distribution.csv", distribution.csv, name="distribution_csv"),
    path("projects/<int:project_id>/report/<uuid:class_id>/focus/", classes.focus, name="focus"),
    path("projects/<int:project_id>/report/<uuid:class_id>/focus/end/", classes.end_focus, name="end_focus"),
]
