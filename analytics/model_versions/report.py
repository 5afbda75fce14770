"""Model versions report: which ones there are, which one is used, and what each knew and measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analytics.data.queries import held_out
from analytics.data.scores import scores
from analytics.metrics.classification import Report
from analytics.metrics.measures import Interval, Measure, gettext_noop, undefined
from analytics.model_versions.wording import UNKNOWN, facts_of
from analytics.models import Measurement
from labeling.annotations.test_labels import LabelTable
from labeling.deployments.downloads import is_downloadable
from labeling.formatting import decimal
from labeling.guidelines.models import LabelClass
from labeling.predictions.metadata import NewTextQuality
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

NOT_MEASURED = gettext_noop("It was not evaluated when it was trained.")


@dataclass(frozen=True)
class VersionRow:
    """One model in the list."""

    version: ModelVersion
    measurement: Measurement | None  # of when it was new
    is_used: bool
    is_usable: bool  # can be promoted
    labels: list[tuple[LabelClass, int | None]]  # by class of now; None where it does not know or count it
    now: Report | None  # with the current labels, of the model in use and the newest

    @property
    def counts(self) -> list[int | str]:
        """Labels of each class of now, "" where unknown."""
        return ["" if count is None else count for _, count in self.labels]

    @property
    def is_counted(self) -> bool:
        """Whether anybody counted the labels that it learned from."""
        return any(count is not None for _, count in self.labels)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """How it was made: names and values."""
        return [(name, value) for name, value in facts_of(self.version) if value != UNKNOWN]

    @property
    def is_downloadable(self) -> bool:
        return is_downloadable(self.version)

    @property
    def new_texts(self) -> NewTextQuality | None:
        """How good the part is that a download holds."""
        return self.version.metadata.new_texts

    @property
    def new_texts_f1(self) -> str:
        return "" if self.new_texts is None else decimal(self.new_texts.macro_f1, 2)

    @property
    def accuracy(self) -> Measure:
        return measured_then(self.measurement, "accuracy")

    @property
    def macro_f1(self) -> Measure:
        return measured_then(self.measurement, "macro_f1")


@dataclass(frozen=True)
class CurrentVersions:
    """Which model is in use, and why.

    missed : classes of now that it does not know
    """

    used: ModelVersion | None
    newest: ModelVersion | None
    promoted: ModelVersion | None  # that a manager chose, whether it can be used or not
    missed: list[LabelClass]

    @property
    def is_followed(self) -> bool:
        """Whether each new model is used as soon as it is ready."""
        return self.promoted is None

    @property
    def is_promoted_lost(self) -> bool:
        """Whether the chosen model could not be used, so that the newest one is."""
        return self.promoted is not None and self.promoted != self.used


def standing_of(project: Project, classes: Sequence[LabelClass]) -> CurrentVersions:
    """`classes` are those of now."""
    versions = ModelVersion.objects.select_related("guideline")
    newest = versions.ready().filter(project=project).first()
    promoted = versions.filter(pk=project.promoted_model_id).first() if project.promoted_model_id else None
    is_chosen = promoted is not None and promoted.state == ModelVersion.State.READY and promoted.fits(project)
    used = promoted if is_chosen else newest
    missed = [
        label_class for label_class in classes if used is not None and label_class.pk not in used.classes
    ]
    return CurrentVersions(used, newest, promoted, missed)


def version_rows(
    project: Project,
    versions: Sequence[ModelVersion],
    standing: CurrentVersions,
    classes: Sequence[LabelClass],
    labeled: LabelTable | None,
) -> list[VersionRow]:
    """These models for the list.

    labeled : the test set of now, to judge the model in use and the newest by it; None leaves that out
    """
    kept = Measurement.objects.select_related("test_set").defer("test_set__annotations")
    measured = kept.in_bulk([version.pk for version in versions])
    shown = {
        version.pk
        for version in (standing.used, standing.newest)
        if version is not None and labeled is not None
    }
    return [
        VersionRow(
            version=version,
            measurement=measured.get(version.pk),
            is_used=version == standing.used,
            is_usable=version.state == ModelVersion.State.READY and version.fits(project),
            labels=_labels(version, classes),
            now=_now(project, version, labeled) if labeled and version.pk in shown else None,
        )
        for version in versions
    ]


def measured_then(measurement: Measurement | None, name: str) -> Measure:
    """An average as it was measured when the model was new."""
    if measurement is None or measurement.averages.get(name) is None:
        return undefined(NOT_MEASURED)
    value, low, high = measurement.averages[name]
    return Measure(value, interval=None if low is None else Interval(low, high))


def versions_headline(standing: CurrentVersions) -> str:
    """Which model is used."""
    used, newest = standing.used, standing.newest
    if used is None:
        return _("No model is ready yet")
    text: dict[str, Any] = {
        "number": used.number,
        "newest": newest.number if newest else "",
        "promoted": standing.promoted.number if standing.promoted else "",
    }
    if standing.is_promoted_lost:
        return _("Model {promoted} is no longer usable, so model {number}, the newest, is in use").format(
            **text
        )
    if standing.is_followed:
        return _("Model {number}, the newest, is in use").format(**text)
    if used == newest:
        return _("Model {number} is in use and pinned").format(**text)
    return _("Model {number} is pinned; model {newest} is the newest").format(**text)


def _labels(version: ModelVersion, classes: Sequence[LabelClass]) -> list[tuple[LabelClass, int | None]]:
    counts = version.metadata.labels or {}
    return [(label_class, counts.get(str(label_class.pk))) for label_class in classes]


def _now(project: Project, version: ModelVersion, labeled: LabelTable) -> Report | None:
    held = held_out(project, version, labeled)
    return scores(project.kind, held) if len(held) else None
