"""Label savings report: what the queue has saved. The newest replay of the project's labels, to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.charts.curves import LearningCurveChart, learning_curves
from analytics.metrics.measures import Interval, Measure
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.replay.actions import why_not
from labeling.replay.models import Replay

NAMES = {
    Project.Strategy.RANDOM: gettext_lazy("Random sampling"),
    Project.Strategy.MARGIN: gettext_lazy("Uncertainty sampling"),
    Project.Strategy.DEFAULT: gettext_lazy("Balanced queue"),
}
BASELINE = Project.Strategy.RANDOM
MAIN_SHARE = 0.95  # of the final quality: what the title speaks of
SECONDS_PER_HOUR = 3600
MAX_ROWS = 12  # of the table of the curves


@dataclass(frozen=True)
class Target:
    """What one strategy took to a share of the final quality. All but `needed` is None for the baseline."""

    share: float
    needed: Measure  # labeled documents
    saved: Measure | None  # fewer than at random
    saved_percent: float | None  # of what random took
    hours: Measure | None  # of labeling; None where nobody's time was measured

    @property
    def verdict(self) -> str:
        """`saved`, `cost` or `noise`: which side of nothing the whole interval lies on."""
        interval = self.saved.interval if self.saved else None
        if interval is None or interval.low <= 0 <= interval.high:
            return "noise"
        return "saved" if interval.low > 0 else "cost"


@dataclass(frozen=True)
class StrategyRow:
    """One way of choosing."""

    strategy: str
    name: str
    targets: list[Target]


@dataclass(frozen=True)
class CurveRow:
    """The quality of each strategy, in the order of the rows, at one number of labels."""

    labels: int
    quality: list[Measure]


@dataclass(frozen=True)
class SavingsReport:
    """Everything that the page and the API show.

    replay : the newest finished one, which all numbers are of
    running : the one under way; failure : why the workers gave it up
    why_not : what is missing before one can be asked for; empty where nothing is, or not looked at
    """

    project: Project
    replay: Replay | None
    running: Replay | None
    n_curves: int  # curves of the one under way
    failure: str
    why_not: str
    full: Measure | None  # macro F1 of all labels together
    rows: list[StrategyRow]
    curve: list[CurveRow]
    chart: LearningCurveChart | None

    @property
    def goals(self) -> list[tuple[float, list[tuple[StrategyRow, Target]]]]:
        """Each share of the final quality with what every strategy took to it."""
        by_share: dict[float, list[tuple[StrategyRow, Target]]] = {}
        for row in self.rows:
            for target in row.targets:
                by_share.setdefault(target.share, []).append((row, target))
        return list(by_share.items())

    @property
    def headline(self) -> Target | None:
        """What the queue's mix took to most of the final quality."""
        rows = [row for row in self.rows if row.strategy == Project.Strategy.DEFAULT]
        return next((target for row in rows for target in row.targets if target.share == MAIN_SHARE), None)


def savings_report(project: Project) -> SavingsReport:
    """Read what was found out last, and what is under way."""
    replays = list(Replay.objects.filter(project=project).defer("pool_annotations", "test_annotations")[:2])
    running = next((replay for replay in replays if replay.finished_at is None), None)
    replay = next((replay for replay in replays if replay.finished_at is not None), None)
    failed = Job.objects.failing().filter(project=project, kind=Job.Kind.REPLAY).first()
    rows = _rows(replay) if replay else []
    return SavingsReport(
        project=project,
        replay=replay,
        running=running,
        n_curves=running.curves.count() if running else 0,
        failure=failed.failure if failed and running else "",
        why_not="" if replay or running else why_not(project),
        full=_measure(_result(replay)["full"]) if replay else None,
        rows=rows,
        curve=_curve(replay, rows) if replay else [],
        chart=_chart(replay, rows) if replay else None,
    )


def savings_headline(report: SavingsReport) -> str:
    """The page's title: what the replay found."""
    target = report.headline
    if target is None or target.saved is None or target.saved.value is None:
        if report.running:
            return _("Replay in progress")
        return _("Too few labels to estimate savings") if report.why_not else _("Cost savings")
    labels = round(abs(target.saved.value))
    if target.verdict == "saved":
        return ngettext(
            "The balanced queue needed {n} fewer label than random sampling",
            "The balanced queue needed {n} fewer labels than random sampling",
            labels,
        ).format(n=labels)
    if target.verdict == "cost":
        return ngettext(
            "No savings: random sampling needed {n} fewer label",
            "No savings: random sampling needed {n} fewer labels",
            labels,
        ).format(n=labels)
    return _("No statistically significant savings on these labels")


def _result(replay: Replay) -> Mapping[str, Any]:
    return replay.result or {}


def _rows(replay: Replay) -> list[StrategyRow]:
    result = _result(replay)
    baseline = result["reached"][BASELINE]
    rows = []
    for strategy, name in NAMES.items():
        saved = result["saved"].get(strategy, {})
        targets = [
            _target(replay, float(share), needed, saved.get(share), baseline[share]["value"])
            for share, needed in result["reached"][strategy].items()
        ]
        rows.append(StrategyRow(strategy, str(name), targets))
    return rows


def _target(
    replay: Replay,
    share: float,
    needed: Mapping[str, float],
    saved: Mapping[str, float] | None,
    at_random: float,
) -> Target:
    if saved is None:
        return Target(share, _measure(needed), None, None, None)
    hours = None
    if replay.seconds_per_answer is not None:
        each = replay.seconds_per_answer * replay.answers_per_document / SECONDS_PER_HOUR
        hours = _measure({end: number * each for end, number in saved.items()})
    return Target(share, _measure(needed), _measure(saved), saved["value"] / max(at_random, 1), hours)


def _measure(values: Mapping[str, float]) -> Measure:
    return Measure(values["value"], interval=Interval(values["low"], values["high"]))


def _curve(replay: Replay, rows: list[StrategyRow]) -> list[CurveRow]:
    """A dozen places of the curves, the first and the last among them."""
    result = _result(replay)
    count = len(result["labels"])
    step = max(1, -(-count // MAX_ROWS))
    indices = sorted({*range(0, count, step), count - 1})
    return [
        CurveRow(
            result["labels"][index],
            [_measure(result["quality"][row.strategy][index]) for row in rows],
        )
        for index in indices
    ]


def _chart(replay: Replay, rows: list[StrategyRow]) -> LearningCurveChart:
    result = _result(replay)
    lines = {
        row.strategy: [(e["value"], e["low"], e["high"]) for e in result["quality"][row.strategy]]
        for row in rows
    }
    goals = {target.share: target.share * result["full"]["value"] for target in rows[0].targets}
    return learning_curves(result["labels"], lines, {row.strategy: row.name for row in rows}, goals)
