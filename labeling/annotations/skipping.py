"""Skip limits: how much one person may skip, and who skips most of what they see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from labeling.annotations.models import Annotation
from labeling.annotations.resolution import dispute, is_given_up
from labeling.db.clock import Now
from labeling.documents.models import Document
from labeling.exceptions import TooManySkips
from labeling.projects.models import Membership
from labeling.queue.claims import give_back
from labeling.queue.models import Lease

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PACE = timedelta(hours=1)
MAX_CONSECUTIVE_SKIPS = 30  # skips within PACE that need no answers beside them
NOTICED = timedelta(days=7)
MIN_RECENT_SKIPS = 10  # skips within NOTICED; fewer say nothing about a person


@dataclass(frozen=True)
class Skipper:
    """How many of the documents that a member finished in a week were skipped."""

    name: str
    skipped: int
    seen: int  # skipped and answered


def check_pace(project_id: int, annotator: User) -> None:
    """Raise TooManySkips for whoever skipped many documents of the last hour, more than they answered.

    Three people's skips send a document to the adjudicators: one who skips everything takes the whole pool
    out of their own queue, and with two others out of everybody's.
    """
    began = Now() - PACE
    own = Lease.objects.filter(project=project_id, annotator=annotator, leased_at__gt=began)
    skips = own.filter(state=Lease.State.SKIPPED).count()
    if skips <= MAX_CONSECUTIVE_SKIPS:
        return
    sources = (Annotation.Source.PERSON, Annotation.Source.MACHINE)
    answers = Annotation.objects.filter(
        project=project_id, annotator=annotator, created_at__gt=began, source__in=sources, is_withdrawal=False
    ).count()
    if skips > answers:
        raise TooManySkips


def who_skips_most(project_id: int) -> list[Skipper]:
    """Members who skipped more than half of what they finished in a week, the most skips first.

    Counted for each member by an index of their own leases: a large project has millions of others.
    """
    recent = Lease.objects.filter(
        project=OuterRef("project"), annotator=OuterRef("user"), leased_at__gt=Now() - NOTICED
    )
    members = Membership.objects.filter(project=project_id, removed_at=None)
    skippers = (
        members.annotate(skipped=_count(recent.filter(state=Lease.State.SKIPPED)))
        .filter(skipped__gte=MIN_RECENT_SKIPS)
        .annotate(seen=F("skipped") + _count(recent.filter(state=Lease.State.SUBMITTED)))
        .filter(seen__lt=2 * F("skipped"))
        .order_by("-skipped", "pk")
    )
    return [Skipper(*row) for row in skippers.values_list("user__username", "skipped", "seen")]


def _count(leases: QuerySet[Lease]) -> Coalesce:
    per_person = leases.order_by().values("annotator").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(per_person), 0)


@transaction.atomic
def skip(token: str, annotator: User, reason: str = "", key: str | None = None) -> None:
    """Give the document back for good: it never comes to this annotator again.

    When three people skipped it, or in a smaller team nobody is left to ask, an adjudicator decides.
    Skipped again with the same reason, under the same `key` or none, it stays skipped: nothing is raised.
    Raises TooManySkips for who skips nearly everything.
    """
    reason = reason.replace("\0", "")[:300]
    lease = give_back(token, annotator, Lease.State.SKIPPED, key, {"skip_reason": reason})
    if lease is None:
        return
    check_pace(lease.project_id, annotator)
    if lease.document.state == Document.State.OPEN and is_given_up(lease.document):
        dispute(lease.document)
