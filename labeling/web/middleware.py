"""Middleware: the language of an answer, and the page that a database outage shows."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import add_never_cache_headers

from labeling.db.state import DatabaseState, database_state

logger = logging.getLogger(__name__)
RETRY_SECONDS = 5
API = "/api/"
FILE = ".csv"
ENGLISH = "en"


class ReaderLanguage(LocaleMiddleware):
    """Pages are in the language of the reader. The API and files are English for every reader."""

    def process_request(self, request: HttpRequest) -> None:
        if not _is_for_programs(request):
            super().process_request(request)
            return
        translation.activate(ENGLISH)
        request.LANGUAGE_CODE = ENGLISH

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Without `Vary: Accept-Language` where it changes nothing."""
        if not _is_for_programs(request):
            return super().process_response(request, response)
        response.headers.setdefault("Content-Language", ENGLISH)
        return response


def _is_for_programs(request: HttpRequest) -> bool:
    return request.path_info.startswith(API) or request.path_info.endswith(FILE)


class DatabaseOutage:
    """Middleware. The API answers in its own words before that: see labeling.api.edge.errors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        logger.error("The database did not answer: %s", error.__cause__.__class__.__name__)
        # Without the request: who is signed in is what the database would have to say.
        shown = {
            "is_reading": request.method in ("GET", "HEAD"),
            "is_starting": database_state() is DatabaseState.STARTING,
        }
        text = render_to_string("503.html", shown)
        response = HttpResponse(text, status=503, headers={"Retry-After": str(RETRY_SECONDS)})
        add_never_cache_headers(response)
        return response
