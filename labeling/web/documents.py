"""Document pages: which documents a project has, what was said about one, and which may be labeled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from labeling.annotations import exclusion
from labeling.annotations.models import Annotation, Label, Resolution
from labeling.documents.models import Document
from labeling.exceptions import NotFound, WrongState
from labeling.projects.models import Membership
from labeling.queue.models import Lease
from labeling.ranking import gold
from labeling.web.access import for_managers, local_next, person
from labeling.web.components.model_prediction import describe_prediction
from labeling.web.components.resolution_wording import settled_by

PAGE_SIZE = 50
TEXT_START = 481  # characters: twice what a page shows and one, see `excerpt`


class DocumentSearch(forms.Form):
    q = forms.CharField(required=False, max_length=200, label=gettext_lazy("ID or #row number"))
    state = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("Any status")), *Document.State.choices],
        label=gettext_lazy("Status"),
    )
    split = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("Pool and test set")), *Document.Split.choices],
        label=gettext_lazy("Split"),
    )
    after = forms.IntegerField(required=False, widget=forms.HiddenInput)
    before = forms.IntegerField(required=False, widget=forms.HiddenInput)


@dataclass(frozen=True)
class AdjacentDocuments:
    """Where a page of the list begins and ends; None where nothing lies beyond."""

    newer: str | None  # the query of the page before
    older: str | None


@dataclass(frozen=True)
class Said:
    """One answer in a document's history."""

    annotation: Annotation
    labels: list[tuple[Label, str]]  # with the words of a span
    is_superseded: bool  # by a correction or a withdrawal


@require_safe
@for_managers
def documents(request: HttpRequest, member: Membership) -> HttpResponse:
    form = DocumentSearch(request.GET)
    requested = form.cleaned_data if form.is_valid() else {}
    page_rows, neighbors = _page_of(_matching(member, requested), requested)
    context = {
        "member": member,
        "form": form,
        "documents": page_rows,
        "neighbors": neighbors,
        "is_filtered": any(requested.get(name) for name in ("q", "state", "split")),
    }
    return render(request, "labeling/document_list.html", context)


@require_safe
@for_managers
def document(request: HttpRequest, member: Membership, document_id: int) -> HttpResponse:
    shown = _document(member, document_id)
    around = Document.objects.filter(project=member.project_id)
    resolution = _resolution(shown)
    context = {
        "member": member,
        "document": shown,
        "resolution": resolution,
        "settled_by": settled_by(resolution) if resolution else "",
        "prediction": describe_prediction(shown),
        "history": _history(shown),
        "leases": Lease.objects.filter(document=shown, round=shown.round).select_related("annotator"),
        "metadata": [
            *_origin(shown),
            *((name, _as_text(value)) for name, value in shown.metadata.items()),
        ],
        "before": around.filter(position=shown.position - 1).values_list("pk", flat=True).first(),
        "after": around.filter(position=shown.position + 1).values_list("pk", flat=True).first(),
    }
    return render(request, "labeling/document_detail.html", context)


@require_POST
@for_managers
def exclude(request: HttpRequest, member: Membership, document_id: int) -> HttpResponse:
    exclusion.exclude(member.project_id, person(request), document_id)
    messages.success(request, _("Document excluded. It is no longer labeled or used for training."))
    return redirect("labeling:document", member.project_id, document_id)


@require_POST
@for_managers
def include(request: HttpRequest, member: Membership, document_id: int) -> HttpResponse:
    exclusion.include(member.project_id, person(request), document_id)
    messages.success(request, _("Document included again, with its annotations."))
    return redirect(
        local_next(request) or reverse("labeling:document", args=[member.project_id, document_id])
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_managers
def mark_gold(request: HttpRequest, member: Membership, document_id: int) -> HttpResponse:
    if request.method != "POST":
        return render(request, "labeling/confirm.html", _marking(member, _document(member, document_id)))
    try:
        gold.mark(member.project_id, person(request), document_id)
    except WrongState as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Marked as gold. It measures annotators from the next queue update."))
    return redirect("labeling:document", member.project_id, document_id)


@require_POST
@for_managers
def unmark_gold(request: HttpRequest, member: Membership, document_id: int) -> HttpResponse:
    gold.unmark(member.project_id, person(request), document_id)
    messages.success(request, _("Gold mark removed. The annotations determine the label again."))
    return redirect(
        local_next(request) or reverse("labeling:document", args=[member.project_id, document_id])
    )


def _marking(member: Membership, document: Document) -> dict[str, Any]:
    return {
        "member": member,
        "title": _("Mark {document} as gold?").format(document=document),
        "text": _(
            "Its label becomes fixed and is still used for training. Annotators who have not seen it "
            "get it from time to time as if it were drawn at random, and the class report shows their"
            " accuracy. You can remove the mark again."
        ),
        "action": _("Mark as gold"),
        "back": reverse("labeling:document", args=[member.project_id, document.pk]),
    }


def _matching(member: Membership, requested: dict[str, Any]) -> QuerySet[Document]:
    """Only what an index serves: an exact identifier, a place, a state, a part; never a look into texts."""
    documents = Document.objects.filter(project=member.project_id)
    query = (requested.get("q") or "").strip()
    number = query.removeprefix("#")
    if query.startswith("#") and number.isdecimal() and len(number) < 18:
        documents = documents.filter(position=int(number))
    elif query:
        documents = documents.filter(external_id=query)
    if requested.get("state"):
        documents = documents.filter(state=requested["state"])
    if requested.get("split"):
        documents = documents.filter(split=requested["split"])
    return documents


def _page_of(matching: QuerySet[Document], requested: dict[str, Any]) -> tuple[list[Any], AdjacentDocuments]:
    """One page by position, forwards from `after` or backwards from `before`: as fast at any place."""
    before, after = requested.get("before"), requested.get("after")
    documents = matching.defer("text", "metadata").annotate(text_start=Left("text", TEXT_START))
    if before is not None:
        rows = list(documents.filter(position__lt=before).order_by("-position")[: PAGE_SIZE + 1])
        has_newer, has_older = len(rows) > PAGE_SIZE, True
        rows = rows[:PAGE_SIZE][::-1]
    else:
        start = documents if after is None else documents.filter(position__gt=after)
        rows = list(start.order_by("position")[: PAGE_SIZE + 1])
        has_newer, has_older = after is not None, len(rows) > PAGE_SIZE
        rows = rows[:PAGE_SIZE]
    kept = {name: requested[name] for name in ("q", "state", "split") if requested.get(name)}
    newer = urlencode(kept | {"before": rows[0].position}) if rows and has_newer else None
    older = urlencode(kept | {"after": rows[-1].position}) if rows and has_older else None
    return rows, AdjacentDocuments(newer, older)


def _document(member: Membership, document_id: int) -> Document:
    documents = Document.objects.select_related("told_language").filter(
        project=member.project_id, pk=document_id
    )
    if (document := documents.first()) is None:
        raise NotFound
    return document


def _origin(document: Document) -> list[tuple[str, str]]:
    """What is known of it besides its metadata: the file it came in, and its language."""
    language = getattr(document, "told_language", None)  # absent before a worker has told it
    rows = [
        (_("Source"), document.source),
        (_("Detected language"), language.name if language else ""),
    ]
    return [(name, value) for name, value in rows if value]


def _resolution(document: Document) -> Resolution | None:
    labeled = Prefetch("annotation__labels", Label.objects.select_related("label_class"))
    settled = Resolution.objects.filter(document=document).select_related("annotation")
    return settled.prefetch_related(labeled).first()


def _history(document: Document) -> list[Said]:
    """Every answer ever given, newest first, with what became of it."""
    labeled = Prefetch("labels", Label.objects.select_related("label_class"))
    annotations = (
        Annotation.objects.filter(document=document)
        .select_related("annotator", "guideline", "superseded_by")
        .prefetch_related(labeled)
        .order_by("-id")
    )
    return [
        Said(
            annotation,
            [(label, _words(document, label)) for label in annotation.labels.all()],
            hasattr(annotation, "superseded_by"),
        )
        for annotation in annotations
    ]


def _words(document: Document, label: Label) -> str:
    return "" if label.start is None or label.end is None else document.text[label.start : label.end]


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
