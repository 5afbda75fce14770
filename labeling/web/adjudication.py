"""Adjudication pages: where people disagree, and what is decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from labeling.annotations import adjudication
from labeling.annotations.models import Annotation, Resolution
from labeling.documents.models import Document
from labeling.exceptions import LabelingError, NotFound
from labeling.projects.models import Membership
from labeling.queue.models import Lease
from labeling.web import questions
from labeling.web.access import for_adjudicators, local_next, person
from labeling.web.components.model_prediction import describe_prediction
from labeling.web.components.resolution_wording import settled_by
from labeling.web.components.span_markup import TextSegment, text_segments
from labeling.web.desk.context import answer_form
from labeling.web.desk.form_values import WITH_LABELS, EnteredAnswer
from labeling.web.desk.forms import ChoiceOfClasses

PER_PAGE = 25


@dataclass(frozen=True)
class DisputeAnswer:
    """One person's answer in a dispute."""

    annotation: Annotation
    text_segments: list[TextSegment]


@require_safe
@for_adjudicators
def disputes(request: HttpRequest, member: Membership) -> HttpResponse:
    """Documents that wait for a decision, the oldest first, with what was said."""
    waiting = (
        Document.objects.disputed()
        .filter(project=member.project)
        .annotate(skips=Count("leases", Q(leases__state=Lease.State.SKIPPED, leases__round=F("round"))))
    )
    page = Paginator(waiting, PER_PAGE).get_page(request.GET.get("page"))
    documents = list(page)
    answers = counted_answers(documents)
    rows = [(document, [a for a in answers if a.document_id == document.pk]) for document in documents]
    context = {"member": member, "page": page, "rows": rows, "questions": questions.waiting(member)}
    return render(request, "labeling/disputes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_adjudicators
def dispute(request: HttpRequest, member: Membership, document_id: int) -> HttpResponse:
    """The answers side by side, and the decision."""
    document = Document.objects.filter(project=member.project, pk=document_id).first()
    if document is None:
        raise NotFound
    if document.state != Document.State.DISPUTED:
        messages.info(request, _("This document is not disputed. Another adjudicator may have resolved it."))
        return redirect("labeling:disputes", member.project_id)
    answers = counted_answers([document])
    chosen, status = start_from(answers, request.GET.get("from")), 200
    if request.method == "POST":
        form = ChoiceOfClasses(posted(request, answers), member.project.kind)
        if form.is_valid() and _is_decided(request, member, document_id, form):
            return redirect(_next_dispute(request, member, document_id))
        if form.complaint:
            messages.error(request, form.complaint)
        chosen, status = EnteredAnswer.of_post(request.POST), 422
    context = answer_form(member, document, chosen, back="") | voices_on(document, answers)
    waiting = Document.objects.disputed().filter(project=member.project)
    context |= waiting.aggregate(number=Count("pk", filter=Q(pk__lte=document.pk)), waiting=Count("pk"))
    context["prediction"] = describe_prediction(
        document, {card.id: card.name for card in context["facts"].classes}
    )
    return render(request, "labeling/dispute.html", context, status=status)


def posted(request: HttpRequest, answers: list[Annotation]) -> QueryDict:
    """The form's fields; where one of the answers is taken as it is, that answer's."""
    fields = request.POST.copy()
    for annotation in answers:
        if str(annotation.pk) == fields.get("use"):
            for name, values in EnteredAnswer.of_labels(annotation.labels.all()).as_fields().items():
                fields.setlist(name, values)
    return fields


def _next_dispute(request: HttpRequest, member: Membership, document_id: int) -> str:
    """The address of the oldest dispute after this one, else of the oldest, else of the list."""
    waiting = Document.objects.disputed().filter(project=member.project).order_by("pk")
    following = waiting.filter(pk__gt=document_id).first() or waiting.first()
    if following is None or "list" in request.POST:
        return reverse("labeling:disputes", args=[member.project_id])
    return reverse("labeling:dispute", args=[member.project_id, following.pk])


def _is_decided(request: HttpRequest, member: Membership, document_id: int, form: ChoiceOfClasses) -> bool:
    done = _("Final label saved. The annotations are kept.")
    return is_stored(adjudication.decide, request, member, document_id, form, done)


def is_stored(
    decide: Callable[..., Annotation],
    request: HttpRequest,
    member: Membership,
    document_id: int,
    form: ChoiceOfClasses,
    done: str,
) -> bool:
    """Whether the decision of the form stands now; the reader is told that, or why not."""
    cleaned = form.cleaned_data
    try:
        decide(member.project_id, document_id, person(request), cleaned["labels"], cleaned["note"])
    except LabelingError as error:
        messages.error(request, error.message)
        return False
    messages.success(request, done)
    return True


def voices_on(document: Document, answers: list[Annotation]) -> dict[str, Any]:
    """What people said of a document, and who skipped it, for the page of a decision."""
    voices = [
        DisputeAnswer(annotation, text_segments(document.text, annotation.labels.all()))
        for annotation in answers
    ]
    return {"voices": voices, "skips": _skips_of(document)}


def counted_answers(documents: Sequence[Document]) -> list[Annotation]:
    """The answers that count in these documents' rounds, with their labels and people."""
    counted = Annotation.objects.filter(document__in=documents, filled_lease__round=F("document__round"))
    return list(
        counted.select_related("annotator", "guideline")
        .prefetch_related(WITH_LABELS)
        .order_by("document_id", "filled_lease__slot")
    )


def _skips_of(document: Document) -> list[Lease]:
    skipped = Lease.objects.filter(document=document, round=document.round, state=Lease.State.SKIPPED)
    return list(skipped.select_related("annotator").order_by("pk"))


def start_from(answers: list[Annotation], chosen: str | None) -> EnteredAnswer:
    """Whose answer the decision starts from, where the adjudicator asked for one."""
    for annotation in answers:
        if str(annotation.pk) == chosen:
            return EnteredAnswer.of_labels(annotation.labels.all())
    return EnteredAnswer()


@require_http_methods(["GET", "HEAD", "POST"])
@for_adjudicators
def relabel(request: HttpRequest, member: Membership, document_id: int) -> HttpResponse:
    """The answers side by side, and another decision. `next` names the page to go back to."""
    document = Document.objects.filter(project=member.project, pk=document_id).first()
    if document is None:
        raise NotFound
    back = _way_back(request, member, document)
    answers = counted_answers([document])
    settled = Resolution.objects.filter(document=document).select_related("annotation").first()
    chosen, status = start_from(answers, request.GET.get("from")), 200
    if settled and not chosen.is_known:
        chosen = EnteredAnswer.of_labels(settled.annotation.labels.all())
    if request.method == "POST":
        form = ChoiceOfClasses(posted(request, answers), member.project.kind)
        if form.is_valid() and _is_settled(request, member, document_id, form):
            return redirect(back)
        if form.complaint:
            messages.error(request, form.complaint)
        chosen, status = EnteredAnswer.of_post(request.POST), 422
    context = answer_form(member, document, chosen, back) | voices_on(document, answers)
    context |= {
        "is_closed": document.is_gold or document.state == Document.State.EXCLUDED,
        "here": request.get_full_path(),
        "settled": settled,
        "settled_by": settled_by(settled) if settled else "",
        "prediction": describe_prediction(
            document, {card.id: card.name for card in context["facts"].classes}
        ),
        "settled_segments": text_segments(document.text, settled.annotation.labels.all()) if settled else (),
    }
    return render(request, "labeling/relabel.html", context, status=status)


def _is_settled(request: HttpRequest, member: Membership, document_id: int, form: ChoiceOfClasses) -> bool:
    done = _("Relabeled. All reports now use this label. Earlier annotations are kept.")
    return is_stored(adjudication.relabel, request, member, document_id, form, done)


def _way_back(request: HttpRequest, member: Membership, document: Document) -> str:
    """Where the reader came from, if that is a page of this service; else the document, or the disputes."""
    if address := local_next(request):
        return address
    if member.may_manage:
        return reverse("labeling:document", args=[member.project_id, document.pk])
    return reverse("labeling:disputes", args=[member.project_id])
