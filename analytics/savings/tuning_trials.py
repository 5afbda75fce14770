"""Tuning trials: which other hyperparameters were tried on the labels, and what came of each, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from labeling.formatting import decimal
from labeling.learning.classifiers.regularization import STRENGTH
from labeling.projects.models import Project
from labeling.training.models import Tuning

SHOWN_TUNINGS = 3


@dataclass(frozen=True)
class TrialRow:
    """One candidate: what it is, its gain in macro F1 with half of its interval, and whether it is used."""

    name: str
    gain: str
    reach: str
    log_loss_gain: str
    log_loss_reach: str
    is_better: bool


@dataclass(frozen=True)
class Trial:
    """All candidates of one moment; `is_in_use` where the newest trainings use what it adopted."""

    at: datetime
    labels: int
    tried: list[TrialRow]
    adopted: str  # empty for the usual recipe
    is_dismissed: bool
    is_in_use: bool


def trials(project: Project) -> list[Trial]:
    """The latest, the newest first."""
    tunings = Tuning.objects.filter(project=project, finished_at__isnull=False)
    tunings = tunings.only(
        "finished_at", "label_count", "verdicts", "strength", "augmentation", "dismissed_at"
    )
    return [_trial(tuning, is_newest=not index) for index, tuning in enumerate(tunings[:SHOWN_TUNINGS])]


def _trial(tuning: Tuning, *, is_newest: bool) -> Trial:
    adopted = [
        _name({"strength": tuning.strength, "augmentation": "none"}) if tuning.strength != STRENGTH else "",
        _name({"augmentation": tuning.augmentation}) if tuning.augmentation != "none" else "",
    ]
    is_dismissed = tuning.dismissed_at is not None
    name = ", ".join(part for part in adopted if part)
    return Trial(
        tuning.finished_at or tuning.started_at,
        tuning.label_count,
        [_tried(verdict) for verdict in tuning.verdicts],
        name,
        is_dismissed,
        bool(name) and is_newest and not is_dismissed,
    )


def _tried(verdict: Mapping[str, Any]) -> TrialRow:
    macro_f1, log_loss = verdict["macro_f1"], verdict["log_loss"]
    return TrialRow(
        _name(verdict["candidate"]),
        _signed(macro_f1["mean"]),
        decimal(macro_f1["reach"], 3),
        _signed(log_loss["mean"]),
        decimal(log_loss["reach"], 3),
        verdict["is_better"],
    )


def _name(hyperparameters: Mapping[str, Any]) -> str:
    if hyperparameters["augmentation"] == "dropout":
        return _("word dropout augmentation for small classes")
    if hyperparameters["augmentation"] == "joined":
        return _("document concatenation augmentation for small classes")
    more = _("weaker regularization (C = {c})")
    less = _("stronger regularization (C = {c})")
    return (more if hyperparameters["strength"] > STRENGTH else less).format(
        c=decimal(hyperparameters["strength"], 0)
    )


def _signed(number: float) -> str:
    """With its sign, so that gains and losses look different.

    >>> _signed(0.0021), _signed(-0.0104)
    ('+0.002', '-0.010')
    """
    return ("+" if number >= 0 else "") + decimal(number, 3)
