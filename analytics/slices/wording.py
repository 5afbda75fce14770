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
        return _("Label test documents to compare slices")
    if not report.weak:
        return _("No slice is significantly worse than the rest")
    worst = report.weak[0]
    return _(
        "Weakest slice: {slice}. Incorrect on {here} of its documents, compared with {rest} of the others"
    ).format(
        slice=worst.name,
        here=percent(worst.weak_slice.error),
        rest=percent(worst.weak_slice.rest_error),
    )
