"""Member activity: how much each member annotated in the last week, and when they last did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Subquery

from labeling.annotations.models import Annotation
from labeling.db.clock import Now
from labeling.projects.models import Membership

RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Activity:
    """A member's annotations of the last week, and the moment of the last one; None where there is none."""

    recent: int
    last_at: datetime | None


def activity_of(project_id: int) -> dict[int, Activity]:
    """The activity of each member, by the user's number; reads one week, and one row of each."""
    by_people = Annotation.objects.filter(
        project=project_id, source=Annotation.Source.PERSON, is_withdrawal=False
    )
    week = by_people.filter(created_at__gt=Now() - RECENT).order_by()
    recent = dict(week.values_list("annotator").annotate(n=Count("pk")))
    latest = by_people.filter(annotator=OuterRef("user")).order_by("-pk").values("created_at")[:1]
    members = Membership.objects.filter(project=project_id).annotate(last_at=Subquery(latest))
    return {
        user_id: Activity(recent.get(user_id, 0), last_at)
        for user_id, last_at in members.values_list("user_id", "last_at")
    }
