"""Resolution wording: what settled a document, in words. One answer is not an agreement."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeling.annotations.models import Resolution
from labeling.queue.models import Lease


def settled_by(resolution: Resolution) -> str:
    """The beginning of a sentence that its labels end, without the colon."""
    words = {
        Resolution.How.ADJUDICATED: _("Settled by an adjudicator"),
        Resolution.How.IMPORTED: _("Settled by what was imported"),
        Resolution.How.GOLD: _("Settled as gold"),
    }
    if (how := Resolution.How(resolution.how)) in words:
        return words[how]
    answers = Lease.objects.counted().filter(document=resolution.document_id).count()
    if how is Resolution.How.MAJORITY:
        return _("Settled by most of {n} answers").format(n=answers)
    return ngettext("Settled by one answer", "Settled by {n} answers that agree", answers).format(n=answers)
