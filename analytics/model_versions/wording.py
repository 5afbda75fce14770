"""Model comparison wording: the difference of two models, told in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.metrics.paired import PairedDifference
from analytics.model_versions.comparison import Comparison, Outcome
from labeling.formatting import number
from labeling.predictions.metadata import EstimatorRun
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

UNKNOWN = "—"


def comparison_headline(comparison: Comparison | None) -> str:
    """Which of the two is better, and whether that is more than noise."""
    if comparison is None:
        return _("No two models to compare yet")
    text = {"a": comparison.first.number, "b": comparison.second.number}
    difference = comparison.differences.accuracy
    if difference.change.value is None:
        return _("Models {a} and {b} have no test documents in common").format(**text)
    macro = comparison.differences.macro_f1
    sure = difference if difference.is_beyond_noise else macro if macro.is_beyond_noise else None
    if sure is None or sure.change.value is None:
        return _("No statistically significant difference between models {a} and {b}").format(**text)
    if sure.change.value > 0:
        return _("Model {b} is better than model {a} (statistically significant)").format(**text)
    return _("Model {b} is worse than model {a} (statistically significant)").format(**text)


def verdict(difference: PairedDifference) -> str:
    """One difference in words."""
    if difference.change.value is None:
        return _("not enough data")
    if not difference.is_beyond_noise:
        return _("not statistically significant")
    return (
        _("better, statistically significant")
        if difference.change.value > 0
        else _("worse, statistically significant")
    )


def outcome_names() -> list[tuple[Outcome, str]]:
    return [
        (Outcome.FIXED, _("Fixed")),
        (Outcome.BROKEN, _("Broken")),
        (Outcome.WRONG, _("Both incorrect")),
        (Outcome.RIGHT, _("Both correct")),
    ]


def changes(comparison: Comparison) -> list[tuple[str, str]]:
    """What the second model had that the first had not, as names and values."""
    first, second = comparison.first, comparison.second
    rows = [(_("Labeled documents"), _changed(_grouped(first.label_count), _grouped(second.label_count)))]
    added = set(second.classes) - set(first.classes)
    gone = set(first.classes) - set(second.classes)
    if added or gone:
        rows.append(
            (_("Classes"), _("{n} added, {gone} removed").format(n=len(added), gone=len(gone))),
        )
    rows += [
        (name, _changed(a, b))
        for (name, a), (_name, b) in zip(facts_of(first), facts_of(second), strict=True)
    ]
    return rows


def facts_of(version: ModelVersion) -> list[tuple[str, str]]:
    """What is known of how a model was made: names and values, the same names for all."""
    metadata = version.metadata
    return [
        (_("Ensemble weights"), _joined(metadata.experts or {})),
        (_("Hyperparameters"), _joined(metadata.hyperparameters or {})),
        (_("Model of another package"), _estimator(metadata.estimator)),
        (_("Features"), view_name(metadata.view)),
    ]


def view_name(view: str | None) -> str:
    """Which view of the texts a model reads, and so ranks by."""
    if view is None:
        return UNKNOWN
    names = {
        "words": _("words"),
        "distilled": _("words, mapped to sentence embeddings (distilled)"),
        "minilm": _("sentence embeddings"),
    }
    return names.get(view.partition("-")[0], view)


def _estimator(run: EstimatorRun | None) -> str:
    if run is None:
        return UNKNOWN
    if run.failure:
        return _("{name} failed: {reason}").format(name=run.name, reason=run.failure)
    if run.use == Project.EstimatorUse.ALONE:
        text = ngettext("{name}, alone on {n} document", "{name}, alone on {n} documents", run.documents)
    else:
        text = ngettext(
            "{name}, as an expert on {n} document", "{name}, as an expert on {n} documents", run.documents
        )
    return text.format(name=run.name, n=_grouped(run.documents))


def _changed(first: str, second: str) -> str:
    """Two values of one thing in words."""
    if first == second:
        return _("both {value}").format(value=first)
    return _("from {a} to {b}").format(a=first, b=second)


def _joined(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) or UNKNOWN


def _grouped(count: int) -> str:
    return number(count)
