"""Wording of the slice report: its headline."""

from __future__ import annotations

from django.utils.translation import gettext as _

from analytics.slices.report import Slices
from labeling.formatting import percent


def slices_headline(report: Slices) -> str:
    """What the search found, in one sentence."""
    if report.version is None:
        return report.choice.status.title
    if report.whole is None:
        return _("No slices yet: they are measured on labeled test documents, with a model")
    if not report.weak:
        return _("No part of the test set is worse than the rest beyond noise")
    worst = report.weak[0]
    return _("Weakest part: {slice}. Wrong on {here} of its documents, on {rest} of the others").format(
        slice=worst.name,
        here=percent(worst.weak_slice.error),
        rest=percent(worst.weak_slice.rest_error),
    )
