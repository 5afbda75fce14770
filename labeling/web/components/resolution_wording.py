"""Resolution wording: what settled a document, in words. One answer is not an agreement."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.annotations.models import Resolution
from labeling.queue.models import Lease


def settled_by(resolution: Resolution) -> str:
    """The beginning of a sentence that its labels end, without the colon."""
    words = {
        Resolution.How.ADJUDICATED: _("Final label (by an adjudicator)"),
        Resolution.How.IMPORTED: _("Final label (imported)"),
        Resolution.How.GOLD: _("Final label (gold)"),
    }
    if (how := Resolution.How(resolution.how)) in words:
        return words[how]
    answers = Lease.objects.counted().filter(document=resolution.document_id).count()
    if how is Resolution.How.MAJORITY:
        return ngettext(
            "Final label (majority of {n} annotation)", "Final label (majority of {n} annotations)", answers
        ).format(n=answers)
    return ngettext("Final label (one annotation)", "Final label ({n} annotations agree)", answers).format(
        n=answers
    )
