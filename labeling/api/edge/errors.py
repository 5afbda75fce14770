"""Problem details: what an error looks like. Always `application/problem+json` (RFC 9457), no traceback."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.core import exceptions as django_errors
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404, UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework import exceptions as drf_errors
from rest_framework.response import Response

from labeling.db.state import DatabaseState, database_state
from labeling.exceptions import LabelingError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 100  # of one body; the first ones say enough


@dataclass
class ProblemDetails:
    """An error as a client sees it."""

    status: int
    code: str  # stable, for machines
    detail: str  # for people: what to do
    errors: list[dict[str, str]] = field(default_factory=list)  # {"path", "code", "reason"}
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        body: dict[str, Any] = {
            "type": f"urn:problem-type:{self.code}",
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            body["errors"] = self.errors[:MAX_ERRORS]
        return Response(body, self.status, headers=self.headers, content_type=MEDIA_TYPE)


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to whatever a view raised. Named in the settings as DRF's exception handler."""
    match error:
        case LabelingError():
            problem = _of_domain(error)
        case drf_errors.ValidationError():
            problem = ProblemDetails(
                400, "invalid", _("The request is not valid, and nothing was changed. See errors.")
            )
            problem.errors = flatten(error.detail)
        case drf_errors.APIException():
            problem = _of_framework(error)
        case django_errors.ValidationError():
            problem = ProblemDetails(
                422, "invalid_input", _("The input is not valid, and nothing was changed. See errors.")
            )
            problem.errors = flatten(drf_errors.ValidationError(_messages(error)).detail)
        case _:
            problem = _of_platform(error)
    return problem.response()


def flatten(detail: Any, path: str = "") -> list[dict[str, str]]:
    """Nested messages as one list, each with its path.

    >>> flatten({"labels": {1: {"class": [drf_errors.ErrorDetail("Give it.", "required")]}}})
    [{'path': 'labels[1].class', 'code': 'required', 'reason': 'Give it.'}]
    """
    if isinstance(detail, dict):
        return [
            error for key, below in detail.items() for error in flatten(below, _below(path, key)) if below
        ]
    if isinstance(detail, list) and any(isinstance(item, (dict, list)) for item in detail):
        return [error for key, below in enumerate(detail) for error in flatten(below, _below(path, key))]
    if isinstance(detail, list):
        return [error for item in detail for error in flatten(item, path)]
    return [{"path": path, "code": getattr(detail, "code", "invalid"), "reason": str(detail)}]


def _below(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    if key in ("non_field_errors", django_errors.NON_FIELD_ERRORS):
        return path
    return f"{path}.{key}" if path else key


def _of_domain(error: LabelingError) -> ProblemDetails:
    problem = ProblemDetails(error.status, error.code(), error.message)
    item = error.facts.get("item")
    prefix = "" if item is None else f"annotations[{item}]"
    for problem_facts in error.facts.get("errors", []):
        path = ".".join(part for part in (prefix, problem_facts["path"]) if part)
        problem.errors.append({"path": path, "code": error.code(), "reason": str(problem_facts["reason"])})
    if item is not None and not problem.errors:
        problem.errors = [{"path": prefix, "code": error.code(), "reason": error.message}]
    return problem


def _of_framework(error: drf_errors.APIException) -> ProblemDetails:
    code = str(getattr(error.detail, "code", error.default_code))
    problem = ProblemDetails(error.status_code, code, str(error.detail))
    if wait := getattr(error, "wait", None):
        problem.headers["Retry-After"] = str(int(wait) + 1)
    if header := getattr(error, "auth_header", None):
        problem.headers["WWW-Authenticate"] = header
    return problem


def _of_platform(error: Exception) -> ProblemDetails:
    match error:
        case Http404():
            return ProblemDetails(404, "not_found", _("Not found, or you do not have access."))
        case django_errors.PermissionDenied():
            return ProblemDetails(403, "not_allowed", _("You do not have permission to do this."))
        case django_errors.RequestDataTooBig():
            return ProblemDetails(
                413, "body_too_large", _("The request body is too large. Send it in parts.")
            )
        case django_errors.SuspiciousOperation() | UnreadablePostError():
            return ProblemDetails(400, "parse_error", _("The request body is not readable. Send JSON."))
        case IntegrityError():
            logger.warning("A constraint refused a write: %s", error.__cause__.__class__.__name__)
            return ProblemDetails(
                409, "conflict", _("Another request changed the same data. Reload and try again.")
            )
        case OperationalError():
            logger.error("The database did not answer: %s", error.__cause__.__class__.__name__)
            detail = _("The database is not responding. Try again in a moment.")
            if database_state() is DatabaseState.STARTING:
                detail = _("The database is starting. Try again in a moment.")
            problem = ProblemDetails(503, "unavailable", detail)
            problem.headers["Retry-After"] = "2"
            return problem
        case DataError():
            logger.error("The database could not store a value: %s", error.__cause__.__class__.__name__)
            return ProblemDetails(
                422, "invalid_input", _("The request contains a value that cannot be stored.")
            )
    logger.exception("An error that nobody expected.", exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return ProblemDetails(
        status, "internal_error", _("The server failed. The operator finds the cause in the log.")
    )


def _messages(error: django_errors.ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
