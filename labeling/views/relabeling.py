"""Relabeling page: settles a document anew, whatever settled it before."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from labeling.actions import adjudication
from labeling.exceptions import NotFound
from labeling.forms.answers import ChoiceOfClasses
from labeling.models import Document, Membership, Resolution
from labeling.views.access import for_adjudicators, local_next
from labeling.views.disputes import counted_answers, is_stored, posted, start_from, voices_on
from labeling.views.given import Given
from labeling.views.marked import stretches
from labeling.views.opinion import told_opinion
from labeling.views.parts import answer_form
from labeling.views.settled import settled_by


@require_http_methods(["GET", "HEAD", "POST"])
@for_adjudicators
def relabel(request: HttpRequest, member: Membership, document_id: int) -> HttpResponse:
    """The answers side by side, and another decision. `next` names the page to go back to."""
    document = Document.objects.filter(project=member.project, pk=document_id).first()
    if document is None:
        raise NotFound
    back = _way_back(request, member, document)
    said = counted_answers([document])
    settled = Resolution.objects.filter(document=document).select_related("annotation").first()
    given, status = start_from(said, request.GET.get("from")), 200
    if settled and not given.is_known:
        given = Given.of_labels(settled.annotation.labels.all())
    if request.method == "POST":
        form = ChoiceOfClasses(posted(request, said), member.project.kind)
        if form.is_valid() and _is_settled(request, member, document_id, form):
            return redirect(back)
        if form.complaint:
            messages.error(request, form.complaint)
        given, status = Given.of_post(request.POST), 422
    context = answer_form(member, document, given, back) | voices_on(document, said)
    context |= {
        "is_closed": document.is_gold or document.state == Document.State.EXCLUDED,
        "here": request.get_full_path(),
        "settled": settled,
        "settled_by": settled_by(settled) if settled else "",
        "opinion": told_opinion(document, {card.id: card.name for card in context["facts"].classes}),
        "settled_stretches": stretches(document.text, settled.annotation.labels.all()) if settled else (),
    }
    return render(request, "labeling/relabel.html", context, status=status)


def _is_settled(request: HttpRequest, member: Membership, document_id: int, form: ChoiceOfClasses) -> bool:
    done = _("Labelled anew: every number counts it so from now on. What was said before stays beside it.")
    return is_stored(adjudication.relabel, request, member, document_id, form, done)


def _way_back(request: HttpRequest, member: Membership, document: Document) -> str:
    """Where the reader came from, if that is a page of this service; else the document, or the disputes."""
    if asked := local_next(request):
        return asked
    if member.may_manage:
        return reverse("labeling:document", args=[member.project_id, document.pk])
    return reverse("labeling:disputes", args=[member.project_id])
