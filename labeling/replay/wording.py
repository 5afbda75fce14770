"""Savings sentences: what active learning has saved so far, in words that are true."""

from __future__ import annotations

from math import isfinite

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.formatting import decimal
from labeling.learning.evaluation.control_arm import LiveSavings, SavingsVerdict

TOO_EARLY_TO_SAY = "too_early"  # instead of a verdict, where there is nothing to compare yet


def savings_sentence(savings: LiveSavings) -> str:
    """What the whole interval says, and no more."""
    low, high = savings.saved.low, savings.saved.high
    match savings.verdict:
        case SavingsVerdict.SAVED if isfinite(high):
            return _("Active learning saved {low} to {high} labels so far (95%)").format(
                low=_count(low), high=_count(high)
            )
        case SavingsVerdict.SAVED:
            return ngettext(
                "Active learning saved at least {n} label so far (95%)",
                "Active learning saved at least {n} labels so far (95%)",
                int(low),
            ).format(n=_count(low))
        case SavingsVerdict.COST:
            return _(
                "Active learning has saved nothing so far: random sampling needed {low} to {high} fewer "
                "labels (95%)"
            ).format(low=_count(max(-high, 0)), high=_count(-low))
    return _("Too early to say whether active learning saves labels")


def range_sentence(savings: LiveSavings) -> str:
    """What random sampling would have needed for the same, whatever side of zero that is on."""
    low, high = savings.labels + savings.saved.low, savings.labels + savings.saved.high
    if isfinite(high):
        text = ngettext(
            "For the macro F1 that the queue reached with {n} label, random sampling would have needed "
            "{low} to {high} (95%).",
            "For the macro F1 that the queue reached with {n} labels, random sampling would have needed "
            "{low} to {high} (95%).",
            savings.labels,
        )
        return text.format(n=_count(savings.labels), low=_count(low), high=_count(high))
    text = ngettext(
        "For the macro F1 that the queue reached with {n} label, random sampling would have needed "
        "{low} or more, with no upper limit (95%).",
        "For the macro F1 that the queue reached with {n} labels, random sampling would have needed "
        "{low} or more, with no upper limit (95%).",
        savings.labels,
    )
    return text.format(n=_count(savings.labels), low=_count(low))


def _count(labels: float) -> str:
    """
    >>> _count(140.6)
    '140'
    """
    return decimal(int(labels), 0)
