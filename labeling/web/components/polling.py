"""Page polling: a part of a page asks again, ever more rarely while nothing changes."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

BUSY_SECONDS = (3, 30)  # between two questions while workers are at it: the first, and the longest
QUIET_SECONDS = (10, 160)  # else; after the longest, five minutes in all, nobody asks any more
SLOWER = 2  # times as long after each answer that brings nothing new


@dataclass(frozen=True)
class Live:
    """What a part of a page needs to ask again: what it shows now, and when; 0 seconds mean never."""

    seen: str
    seconds: int


def live(request: HttpRequest, state: object, *, is_busy: bool) -> Live:
    """When to ask next, by what the part says that it showed and how long it waited."""
    seen = blake2b(repr(state).encode(), digest_size=8).hexdigest()
    first, longest = BUSY_SECONDS if is_busy else QUIET_SECONDS
    waited = request.GET.get("after", "")
    if not is_update(request) or request.GET.get("seen") != seen or not waited.isdecimal():
        return Live(seen, first)
    seconds = max(SLOWER * int(waited[:4]), first)
    if seconds > longest:
        return Live(seen, longest if is_busy else 0)
    return Live(seen, seconds)


def is_update(request: HttpRequest) -> bool:
    """A part of the page asks, not a reader."""
    return bool(HtmxDetails(request))


def render_live(
    request: HttpRequest, page: str, part: str, context: dict[str, Any], *, is_over: bool = False
) -> HttpResponse:
    """The page with its part, or the part alone where that asks; is_over: the whole page has to come anew."""
    if not is_update(request):
        return render(request, page, context)
    return HttpResponseClientRefresh() if is_over else render(request, part, context)
