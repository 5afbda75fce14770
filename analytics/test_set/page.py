"""Test set page: the test set as a model saw it, and what is wrong sent to be looked at again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from numpy.typing import NDArray

from analytics.edge.csv import csv_file
from analytics.test_set.documents import shown
from analytics.test_set.filters import SORTS, Asked
from analytics.test_set.report import Review, external_ids, review
from analytics.test_set.wording import chips, headline, pick_reason, told_of_pick
from labeling.documents.models import Document
from labeling.exceptions import InvalidInput
from labeling.projects.models import Membership
from labeling.steering import picks
from labeling.steering.models import Pick
from labeling.web.access import for_managers, person

MAX_PICKS = 5  # that the page names
MAX_UNCONFIRMED = 20  # documents that are sent to the queue without asking: half an hour's work


@require_safe
@for_managers
def test_set(request: HttpRequest, member: Membership) -> HttpResponse:
    one = review(member.project, Asked.opened(request.GET.dict()))
    kind = member.project.kind
    shown_to = {
        "member": member,
        "one": one,
        "choice": one.choice,
        "retired": one.found.retired if one.found is not None else (),
        "asked": one.asked,
        "headline": headline(one),
        "chips": chips(one, kind),
        "fields": _fields(one),
        "documents": shown(one),
        "pages": _pages(one),
        "query": one.asked.address(page=1, whole=None),
        "here": request.get_full_path(),
        "reason": pick_reason(one, kind),
        "most": picks.MAX_PICKED_DOCUMENTS,
        "picks": _standing(member.project_id),
    }
    return render(request, "analytics/test_set/page.html", shown_to)


@require_POST
@for_managers
def pick_test_set(request: HttpRequest, member: Membership) -> HttpResponse:
    """Send the documents that fit to the queue, at most as many as one pick takes, in the page's order.

    Of more than a handful it asks first: each costs somebody an answer.
    """
    query = QueryDict(request.POST.get("query", ""))
    one = review(member.project, Asked.read(query.dict()))
    ids = one.document_ids[: picks.MAX_PICKED_DOCUMENTS]
    if len(ids) > MAX_UNCONFIRMED and "sure" not in request.POST:
        return render(request, "labeling/confirm.html", _sending(member, one, len(ids), request.POST))
    try:
        done = picks.pick(member.project_id, person(request), ids, request.POST.get("reason", ""))
    except InvalidInput as error:
        messages.error(request, error.message)
    else:
        (messages.success if done.waiting else messages.warning)(request, told_of_pick(done))
    return redirect(f"{reverse('analytics:test_set', args=[member.project_id])}?{one.asked.address()}")


@require_POST
@for_managers
def end_pick(request: HttpRequest, member: Membership, pick_id: int) -> HttpResponse:
    if picks.end_pick(member.project_id, person(request), pick_id):
        messages.success(request, _("Taken back: these documents come no sooner than others."))
    query = Asked.read(QueryDict(request.POST.get("query", "")).dict()).address()
    return redirect(f"{reverse('analytics:test_set', args=[member.project_id])}?{query}")


@require_safe
@for_managers
def test_set_csv(request: HttpRequest, member: Membership) -> HttpResponse:
    """All documents that fit, in the page's order, as a file for spreadsheets."""
    one = review(member.project, Asked.read(request.GET.dict()))
    header = [
        "document",
        "external_id",
        "labelled",
        "predicted",
        "is_wrong",
        "confidence",
        "loss",
        "labelled_by",
    ]
    number = one.version.number if one.version else 0
    return csv_file(f"test-set-{member.project_id}-model-{number}", header, _csv_rows(one))


def _sending(member: Membership, one: Review, count: int, sent: QueryDict) -> dict[str, Any]:
    address = one.asked.address()
    text = _(
        "Each of them is opened for one more answer by somebody who has not seen it; until then what "
        "settles it now goes on counting. You can take it back."
    )
    if not one.asked.is_narrowed:
        text = _("This is the whole test set, not only what the model got wrong.") + " " + text
    return {
        "member": member,
        "title": _("Send {n} documents to the queue?").format(n=count),
        "text": text,
        "action": _("Send"),
        "hidden": [("query", address), ("reason", sent.get("reason", "")), ("sure", "yes")],
        "back": f"{reverse('analytics:test_set', args=[member.project_id])}?{address}",
    }


def _csv_rows(one: Review) -> Iterable[list[object]]:
    found, numbers = one.found, one.numbers
    if found is None or numbers is None:
        return
    names = external_ids(found.document_ids[one.rows])
    classes = [one.classes[pk].name for pk in found.classes]
    sides = [] if found.truth_spans else [_named(flags, classes) for flags in (found.truth, found.predicted)]
    for row in one.rows.tolist():
        pk = int(found.document_ids[row])
        if found.truth_spans:
            said = [
                " ".join(f"{classes[place]}:{start}-{end}" for start, end, place in spans[row])
                for spans in (found.truth_spans, found.predicted_spans)
            ]
        else:
            said = ["|".join(side[row]) for side in sides]
        who, _guideline = one.facts.get(int(found.annotation_ids[row]), (None, None))
        sure = "" if np.isnan(numbers.confidence[row]) else round(float(numbers.confidence[row]), 4)
        wrong = int(numbers.is_wrong[row])
        loss = round(float(numbers.loss[row]), 4)
        yield [pk, names.get(pk) or "", *said, wrong, sure, loss, one.people.get(who or 0, "")]


def _named(flags: NDArray[np.bool_], classes: Sequence[str]) -> list[list[str]]:
    """The names of the classes of each row."""
    named: list[list[str]] = [[] for _ in flags]
    for row, place in zip(*(side.tolist() for side in np.nonzero(flags)), strict=True):
        named[row].append(classes[place])
    return named


def _fields(one: Review) -> dict[str, Any]:
    """What the form offers to choose from."""
    in_use = [one.classes[pk] for pk in (one.found.classes if one.found else ())]
    names = {
        "loss": _("the worst first"),
        "confidence": _("the least sure first"),
        "newest": _("the newest label first"),
    }
    return {
        "classes": sorted(in_use, key=lambda label_class: label_class.position),
        "people": sorted(one.people.items(), key=lambda pair: pair[1]),
        "guidelines": one.guidelines,
        "sorts": [(sort, names[sort]) for sort in SORTS],
    }


def _pages(one: Review) -> dict[str, str]:
    asked = one.asked
    return {
        "newer": asked.address(page=asked.page - 1, whole=None) if asked.page > 1 else "",
        "older": asked.address(page=asked.page + 1, whole=None) if asked.page < one.pages else "",
    }


def _standing(project_id: int) -> list[Pick]:
    is_open = Q(picked__document__state=Document.State.OPEN)
    newest = Pick.objects.standing().filter(project=project_id).order_by("-pk")
    return list(newest.annotate(waiting=Count("picked", filter=is_open))[:MAX_PICKS])
