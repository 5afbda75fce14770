"""My annotations page: what somebody answered lately, and how they change it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from labeling.annotations import corrections
from labeling.annotations.models import Annotation, Resolution
from labeling.documents.models import Document
from labeling.exceptions import LabelingError, NotFound
from labeling.projects.models import Membership
from labeling.queue.models import Lease
from labeling.web import questions
from labeling.web.access import for_members, person
from labeling.web.components.span_markup import TextSegment, text_segments
from labeling.web.desk.context import answer_form
from labeling.web.desk.form_values import WITH_LABELS, EnteredAnswer
from labeling.web.desk.forms import ChoiceOfClasses

PER_PAGE = 25


@dataclass(frozen=True)
class AnnotationRow:
    """One answer of mine, with what has become of it."""

    annotation: Annotation
    name: str
    text_segments: list[TextSegment]
    became: str
    tone: str
    is_mine_to_change: bool


@require_safe
@for_members
def mine(request: HttpRequest, member: Membership) -> HttpResponse:
    """My answers that stand, the latest first."""
    answers = (
        Annotation.objects.current()
        .filter(project=member.project, annotator=person(request))
        .select_related("document__resolution", "filled_lease", "project")
        .prefetch_related(WITH_LABELS)
        .order_by("-pk")
    )
    page = Paginator(answers, PER_PAGE).get_page(request.GET.get("page"))
    rows = [_row(annotation) for annotation in page]
    questions_asked = questions.own(member, person(request))
    context = {"member": member, "page": page, "rows": rows, "questions": questions_asked}
    return render(request, "labeling/mine.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def correct(request: HttpRequest, member: Membership, annotation_id: int) -> HttpResponse:
    """Another answer in place of mine; the first one stays in the history."""
    annotation = (
        Annotation.objects.current()
        .filter(project=member.project, annotator=person(request), pk=annotation_id)
        .select_related("document")
        .prefetch_related("labels")
        .first()
    )
    if annotation is None:
        raise NotFound
    chosen, status = EnteredAnswer.of_annotation(annotation), 200
    back = _list(member, request.GET.get("page", ""))
    if request.GET.get("next") == "desk":
        back = reverse("labeling:label", args=[member.project_id])
    if request.method == "POST":
        form = ChoiceOfClasses(request.POST, member.project.kind)
        if form.is_valid() and _is_corrected(request, member, annotation_id, form):
            return redirect(back)
        if form.complaint:
            messages.error(request, form.complaint)
        chosen, status = EnteredAnswer.of_post(request.POST), 422
    context = answer_form(member, annotation.document, chosen, back) | {"annotation": annotation}
    return render(request, "labeling/correct.html", context, status=status)


@require_POST
@for_members
def take_back(request: HttpRequest, member: Membership, annotation_id: int) -> HttpResponse:
    """The answer counts no more and its document is in hand again; the reader stays where they were."""
    try:
        lease = corrections.undo(member.project_id, person(request), annotation_id)
    except LabelingError as error:
        messages.warning(request, error.message)
    else:
        _tell(request, member, lease)
    return redirect(_list(member, request.POST.get("page", "")))


def _tell(request: HttpRequest, member: Membership, lease: Lease) -> None:
    name = str(lease.document)
    if lease.state != Lease.State.LIVE:
        messages.success(request, _("Annotation of {name} withdrawn.").format(name=name))
        return
    message = _("Annotation of {name} withdrawn. The document is assigned to you again.").format(name=name)
    again = f"{reverse('labeling:label', args=[member.project_id])}?lease={lease.pk}"
    messages.success(request, format_html('{} <a href="{}">{}</a>', message, again, _("Label it again")))


def _list(member: Membership, page: str) -> str:
    """The address of the list, on the page that the reader came from."""
    at_page = f"?page={page}" if page.isdecimal() and len(page) < 10 else ""
    return reverse("labeling:mine", args=[member.project_id]) + at_page


def _is_corrected(
    request: HttpRequest, member: Membership, annotation_id: int, form: ChoiceOfClasses
) -> bool:
    try:
        corrections.correct(member.project_id, person(request), annotation_id, form.cleaned_data["labels"])
    except LabelingError as error:
        messages.error(request, error.message)
        return False
    messages.success(request, _("Annotation updated."))
    return True


def _row(annotation: Annotation) -> AnnotationRow:
    document = annotation.document
    became, tone = _became(annotation, document)
    is_decided = document.state == Document.State.EXCLUDED or _how(document) == Resolution.How.ADJUDICATED
    return AnnotationRow(
        annotation=annotation,
        name=str(document),
        text_segments=text_segments(document.text, annotation.labels.all()),
        became=became,
        tone=tone,
        is_mine_to_change=_is_counted(annotation) and not is_decided,
    )


def _became(annotation: Annotation, document: Document) -> tuple[str, str]:
    """(words, tone) for the state that the answer is in."""
    if annotation.source == Annotation.Source.ADJUDICATION:
        return _("your final label"), ""
    if annotation.is_surplus:
        return _("kept, not counted"), "warn"
    if not _is_counted(annotation):
        return _("from an earlier round"), ""
    if document.state == Document.State.RESOLVED and _how(document) == Resolution.How.ADJUDICATED:
        return _("final label by an adjudicator"), ""
    state = Document.State(document.state)
    if document.is_gold and annotation.project.overlap > 1:
        state = Document.State.OPEN  # annotators must not tell gold documents from others
    words = {
        Document.State.OPEN: (_("waiting for others"), ""),
        Document.State.DISPUTED: (_("disputed"), "warn"),
        Document.State.RESOLVED: (_("labeled"), "good"),
        Document.State.EXCLUDED: (_("document excluded"), ""),
    }
    return words[state]


def _is_counted(annotation: Annotation) -> bool:
    lease: Lease | None = getattr(annotation, "filled_lease", None)
    return lease is not None and annotation.round == annotation.document.round


def _how(document: Document) -> str | None:
    resolution: Resolution | None = getattr(document, "resolution", None)
    return resolution.how if resolution else None
