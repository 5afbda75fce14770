"""Test set page: the test set as a model saw it, and what is wrong sent to be looked at again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from analytics.test_set.documents import shown
from analytics.test_set.filters import SORTS, ReviewFilters
from analytics.test_set.report import Review, review
from analytics.test_set.wording import chips, describe_pick, pick_reason, test_set_headline
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
    listing = review(member.project, ReviewFilters.opened(request.GET.dict()))
    shown_to = {
        "member": member,
        "review": listing,
        "choice": listing.choice,
        "retired": listing.held_out.retired if listing.held_out is not None else (),
        "filters": listing.filters,
        "headline": test_set_headline(listing),
        "chips": chips(listing),
        "fields": _fields(listing),
        "documents": shown(listing),
        "pages": _pages(listing),
        "query": listing.filters.address(page=1, whole=None),
        "here": request.get_full_path(),
        "reason": pick_reason(listing),
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
    listing = review(member.project, ReviewFilters.read(query.dict()))
    ids = listing.document_ids[: picks.MAX_PICKED_DOCUMENTS]
    if len(ids) > MAX_UNCONFIRMED and "sure" not in request.POST:
        return render(request, "labeling/confirm.html", _sending(member, listing, len(ids), request.POST))
    try:
        done = picks.pick(member.project_id, person(request), ids, request.POST.get("reason", ""))
    except InvalidInput as error:
        messages.error(request, error.message)
    else:
        (messages.success if done.waiting else messages.warning)(request, describe_pick(done))
    return redirect(f"{reverse('analytics:test_set', args=[member.project_id])}?{listing.filters.address()}")


@require_POST
@for_managers
def end_pick(request: HttpRequest, member: Membership, pick_id: int) -> HttpResponse:
    if picks.end_pick(member.project_id, person(request), pick_id):
        messages.success(request, _("Stopped. These documents no longer have priority."))
    query = ReviewFilters.read(QueryDict(request.POST.get("query", "")).dict()).address()
    return redirect(f"{reverse('analytics:test_set', args=[member.project_id])}?{query}")


def _sending(member: Membership, review: Review, count: int, sent: QueryDict) -> dict[str, Any]:
    address = review.filters.address()
    text = _(
        "Each document gets one more annotation, from an annotator who has not seen it. Its current "
        "label counts until then. You can stop this at any time."
    )
    if not review.filters.is_narrowed:
        text = _("This is the whole test set, not just the incorrect predictions.") + " " + text
    return {
        "member": member,
        "title": ngettext(
            "Send {n} document to the queue?", "Send {n} documents to the queue?", count
        ).format(n=count),
        "text": text,
        "action": _("Send to queue"),
        "hidden": [("query", address), ("reason", sent.get("reason", "")), ("sure", "yes")],
        "back": f"{reverse('analytics:test_set', args=[member.project_id])}?{address}",
    }


def _fields(review: Review) -> dict[str, Any]:
    """What the form offers to choose from."""
    in_use = [review.classes[pk] for pk in (review.held_out.classes if review.held_out else ())]
    names = {
        "loss": _("Highest loss first"),
        "confidence": _("Least confident first"),
        "newest": _("Newest label first"),
    }
    return {
        "classes": sorted(in_use, key=lambda label_class: label_class.position),
        "people": sorted(review.people.items(), key=lambda pair: pair[1]),
        "guidelines": review.guidelines,
        "sorts": [(sort, names[sort]) for sort in SORTS],
    }


def _pages(review: Review) -> dict[str, str]:
    filters = review.filters
    return {
        "newer": filters.address(page=filters.page - 1, whole=None) if filters.page > 1 else "",
        "older": filters.address(page=filters.page + 1, whole=None) if filters.page < review.pages else "",
    }


def _standing(project_id: int) -> list[Pick]:
    is_open = Q(picked__document__state=Document.State.OPEN)
    newest = Pick.objects.standing().filter(project=project_id).order_by("-pk")
    return list(newest.annotate(waiting=Count("picked", filter=is_open))[:MAX_PICKS])
