"""Live savings report: what active learning has saved so far, and whether the queue gave way to random."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from analytics.charts.curves import Band, LearningCurveChart, separate_curves
from labeling.learning.evaluation.control_arm import MIN_RANDOM, CurvePoint, LiveSavings
from labeling.learning.query_strategies.random_fallback import HALF
from labeling.projects.models import Project
from labeling.replay.actions import MIN_TEST
from labeling.replay.control_counts import labeled_test_documents, random_labels
from labeling.replay.wording import TOO_EARLY_TO_SAY, range_sentence, savings_sentence
from labeling.steering.actions import latest_comparison

ARMS = ("queue", "random", "extrapolated")  # of the curves, as JSON and CSV name them


@dataclass(frozen=True)
class LiveReport:
    """Everything that the page, the API and the CSV file show.

    savings : None where nothing can be said yet, and then `why_not` says what is missing
    level : of the fallback, 0 for none; since : when it began
    """

    project: Project
    savings: LiveSavings | None
    as_of: datetime | None
    why_not: str
    level: int
    since: datetime | None
    chart: LearningCurveChart | None

    @property
    def verdict(self) -> str:
        return self.savings.verdict.value if self.savings else TOO_EARLY_TO_SAY

    @property
    def headline(self) -> str:
        return savings_sentence(self.savings) if self.savings else _("Too early to say what was saved")

    @property
    def alternative(self) -> str:
        """To the drawing, for those who do not see it."""
        return _(
            "Curves of macro F1 for the queue, for its random labels, and for random sampling as "
            "extrapolated beyond these. The table below has the numbers."
        )

    @property
    def range(self) -> str:
        return range_sentence(self.savings) if self.savings else ""

    @property
    def is_half(self) -> bool:
        return self.level == HALF

    @property
    def has_fallen_back(self) -> bool:
        """Whether more of the queue is random now, by the fallback."""
        return bool(self.level) and self.project.falls_back and self.is_applicable

    @property
    def is_applicable(self) -> bool:
        """Whether the project's strategy has a random share to be compared with."""
        return self.project.strategy == Project.Strategy.DEFAULT and self.project.kind != Project.Kind.SPANS

    @property
    def points(self) -> dict[str, list[CurvePoint]]:
        """Of each of the arms."""
        return {arm: getattr(self.savings, arm) for arm in ARMS} if self.savings else {}


def live_report(project: Project) -> LiveReport:
    """Read the newest comparison; nothing is compared here."""
    newest = latest_comparison(project)
    savings = LiveSavings.from_json(newest.result) if newest and newest.result else None
    return LiveReport(
        project=project,
        savings=savings,
        as_of=newest.started_at if newest else None,
        why_not="" if savings else _why_not(project),
        level=newest.level if newest else 0,
        since=newest.fallen_since if newest else None,
        chart=_chart(savings) if savings else None,
    )


def _why_not(project: Project) -> str:
    if project.kind == Project.Kind.SPANS:
        return _("Span labeling cannot be compared with random sampling yet.")
    if project.strategy != Project.Strategy.DEFAULT:
        return _("Only the balanced strategy has a random share to be compared with.")
    random, test = random_labels(project, MIN_RANDOM), labeled_test_documents(project, MIN_TEST)
    if random < MIN_RANDOM or test < MIN_TEST:
        return _(
            "The comparison needs {random} labels of random documents of the queue and {test} labeled test "
            "documents. The project has {random_now} and {test_now}."
        ).format(random=MIN_RANDOM, test=MIN_TEST, random_now=random, test_now=test)
    return _("Workers compare the queue with its random labels when they are idle.")


def _chart(savings: LiveSavings) -> LearningCurveChart:
    lines = {
        "default": _placed(savings.queue),
        "measured": _placed(savings.random),
        "extrapolated": _placed(savings.extrapolated),
    }
    names = {
        "default": _("Queue"),
        "measured": _("Random labels of the queue"),
        "extrapolated": _("Random sampling, extrapolated"),
    }
    return separate_curves(lines, names, {})


def _placed(points: list[CurvePoint]) -> list[tuple[float, Band]]:
    return [(p.labels, (p.quality.value, p.quality.low, p.quality.high)) for p in points]
