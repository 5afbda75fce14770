"""Model comparison wording: the difference of two models, told in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from analytics.metrics.paired import PairedDifference
from analytics.model_versions.comparison import Comparison, Outcome
from labeling.formatting import number
from labeling.predictions.models import ModelVersion

UNKNOWN = "—"


def comparison_headline(comparison: Comparison | None) -> str:
    """Which of the two is better, and whether that is more than noise."""
    if comparison is None:
        return _("There are no two models to compare yet")
    text = {"a": comparison.first.number, "b": comparison.second.number}
    difference = comparison.differences.accuracy
    if difference.change.value is None:
        return _("Models {a} and {b} have no test document in common").format(**text)
    macro = comparison.differences.macro_f1
    sure = difference if difference.is_beyond_noise else macro if macro.is_beyond_noise else None
    if sure is None or sure.change.value is None:
        return _("Models {a} and {b} differ by no more than noise").format(**text)
    if sure.change.value > 0:
        return _("Model {b} is better than model {a}, by more than noise").format(**text)
    return _("Model {b} is worse than model {a}, by more than noise").format(**text)


def verdict(difference: PairedDifference) -> str:
    """One difference in words."""
    if difference.change.value is None:
        return _("cannot be told")
    if not difference.is_beyond_noise:
        return _("no more than noise")
    return _("better, more than noise") if difference.change.value > 0 else _("worse, more than noise")


def outcome_names() -> list[tuple[Outcome, str]]:
    return [
        (Outcome.FIXED, _("Fixed")),
        (Outcome.BROKEN, _("Broken")),
        (Outcome.WRONG, _("Both wrong")),
        (Outcome.RIGHT, _("Both right")),
    ]


def changes(comparison: Comparison) -> list[tuple[str, str]]:
    """What the second model had that the first had not, as names and values."""
    first, second = comparison.first, comparison.second
    rows = [
        (
            _("Labeled documents"),
            _("from {a} to {b}").format(a=_grouped(first.label_count), b=_grouped(second.label_count)),
        )
    ]
    added = set(second.classes) - set(first.classes)
    gone = set(first.classes) - set(second.classes)
    if added or gone:
        rows.append(
            (_("Classes"), _("{n} more, {gone} fewer").format(n=len(added), gone=len(gone))),
        )
    rows += [
        (name, _("both {value}").format(value=a) if a == b else _("from {a} to {b}").format(a=a, b=b))
        for (name, a), (_name, b) in zip(facts_of(first), facts_of(second), strict=True)
    ]
    return rows


def facts_of(version: ModelVersion) -> list[tuple[str, str]]:
    """What is known of how a model was made: names and values, the same names for all."""
    metadata = version.metadata
    return [
        (_("Experts and their weights"), _joined(metadata.experts or {})),
        (_("Recipe"), _joined(metadata.hyperparameters or {})),
        (_("Features"), metadata.view or UNKNOWN),
    ]


def _joined(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) or UNKNOWN


def _grouped(count: int) -> str:
    return number(count)
