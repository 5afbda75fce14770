"""Wording of the distribution report: its headline."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.distribution.report import Distribution

MAX_FINDINGS = 3
UNEVEN = 5.0  # largest class by smallest, from which the headline tells it


def distribution_headline(report: Distribution) -> str:
    """What the distribution shows, in one sentence."""
    under, over, ratio = report.standing("under"), report.standing("over"), report.imbalance.ratio.value
    empty = [row.label_class.name for row in report.rows if not row.train and not row.label_class.retired_at]
    if not report.labels:
        return _("No labels yet")
    if empty:
        return ngettext(
            "{n} class has no training labels: {names}",
            "{n} classes have no training labels: {names}",
            len(empty),
        ).format(n=len(empty), names=_listed(empty))
    if under:
        names = _listed([row.label_class.name for row in under])
        return ngettext(
            "{n} class is under-represented in the training set: {names}",
            "{n} classes are under-represented in the training set: {names}",
            len(under),
        ).format(n=len(under), names=names)
    if over:
        names = _listed([row.label_class.name for row in over])
        return ngettext(
            "{n} class is over-represented in the training set: {names}",
            "{n} classes are over-represented in the training set: {names}",
            len(over),
        ).format(n=len(over), names=names)
    if ratio is not None and ratio >= UNEVEN:
        return _("The largest class has {ratio} times as many labels as the smallest").format(
            ratio=round(ratio)
        )
    return _("No class is significantly under- or over-represented")


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:MAX_FINDINGS])
    return shown if len(names) <= MAX_FINDINGS else _("{names} and others").format(names=shown)
