"""Annotator accuracy: how often each annotator is right, where what is right is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.contrib.auth.models import User

from analytics.metrics.intervals import interval_of_share
from analytics.metrics.measures import Interval
from labeling.projects.models import Project
from labeling.ranking.gold import gold_answers


@dataclass(frozen=True)
class GoldRow:
    """One annotator on gold documents. Few answers make a wide interval: read that, not the share."""

    name: str
    right: int
    answered: int
    interval: Interval  # of the share that is right, 95%


def gold_rows(project: Project) -> list[GoldRow]:
    """Everybody who answered gold documents that the queue gave them, by name."""
    answers = gold_answers(project.pk)
    if not answers:
        return []
    answered = Counter(answer.annotator_id for answer in answers)
    right = Counter(answer.annotator_id for answer in answers if answer.is_right)
    people = User.objects.filter(pk__in=answered).order_by("username").values_list("pk", "username")
    return [
        GoldRow(name, right[pk], answered[pk], interval_of_share(right[pk], answered[pk]))
        for pk, name in people
    ]
