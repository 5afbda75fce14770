"""Guidance actions: what is to be done next, and which buttons of it do more than open a page."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from analytics.data.request_sizes import TEST_DOCUMENTS
from analytics.next_steps.report import FAILING_WORK, next_steps
from labeling.documents.models import Document
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.projects.models import Membership
from labeling.steering import picks
from labeling.web.access import for_managers, for_members, person
from labeling.web.components.polling import is_update

SHOWN_AT_HOME = 3

FOR_EVALUATION = "To evaluate the model"  # stored: in no reader's language


@require_safe
@for_members
def steps(request: HttpRequest, member: Membership) -> HttpResponse:
    """The next steps as a page; for the overview, which shows failing jobs itself, the first others."""
    ranked = next_steps(member)
    if is_update(request):
        others = [step for step in ranked if step.key != FAILING_WORK]
        context = {"member": member, "findings": others[:SHOWN_AT_HOME], "all": len(ranked)}
        return render(request, "analytics/guidance/_next_steps.html", context)
    return render(request, "analytics/guidance/page.html", {"member": member, "findings": ranked})


@require_POST
@for_managers
def queue_test(request: HttpRequest, member: Membership) -> HttpResponse:
    """Bring test documents that wait to the front, drawn at random as the test set was."""
    waiting = Document.objects.test_set().filter(project=member.project_id, state=Document.State.OPEN)
    sampled = list(waiting.order_by("random_key").values_list("pk", flat=True)[:TEST_DOCUMENTS])
    picked = picks.pick(member.project_id, person(request), sampled, FOR_EVALUATION) if sampled else None
    if picked is None or picked.pick is None:
        messages.info(request, _("There are no unlabeled test documents. Import more documents."))
    else:
        message = ngettext(
            "{n} test document moves to the front of the queue within seconds. You can stop this on "
            "the test set page.",
            "{n} test documents move to the front of the queue within seconds. You can stop this on "
            "the test set page.",
            picked.waiting,
        )
        messages.success(request, message.format(n=picked.waiting))
    return redirect("analytics:classes", member.project_id)


@require_POST
@for_managers
@transaction.atomic
def train_again(request: HttpRequest, member: Membership) -> HttpResponse:
    """Train on the current labels, without those that repeat test documents."""
    outbox.enqueue(member.project_id, Job.Kind.TRAIN)
    messages.success(request, _("Retraining requested. The current model stays in use until it is done."))
    return redirect("analytics:classes", member.project_id)
