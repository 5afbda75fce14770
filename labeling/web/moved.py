"""Permanent redirects from the addresses that pages had before: bookmarks and open pages go on working."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.urls import URLPattern, path, reverse


def redirects(addresses: Mapping[str, str]) -> list[URLPattern]:
    """Routes from old addresses of a project to new ones, with all that lies below; the longest first."""
    return [
        path(f"projects/<int:project_id>/{old}/{rest}", moved, {"new": new}, name="moved")
        for old, new in sorted(addresses.items(), key=lambda pair: -len(pair[0]))
        for rest in ("", "<path:rest>")
    ]


def moved(request: HttpRequest, project_id: int, new: str, rest: str = "") -> HttpResponsePermanentRedirect:
    """301 to the new address, which asks who may see it; 308 sends an open form there once more."""
    address = f"{reverse('labeling:project', args=[project_id])}{new}/{rest}"
    query = request.META.get("QUERY_STRING", "")
    is_read = request.method in {"GET", "HEAD"}
    return HttpResponsePermanentRedirect(
        f"{address}?{query}" if query else address, preserve_request=not is_read
    )
