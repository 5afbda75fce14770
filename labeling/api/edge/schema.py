"""OpenAPI schema: how the API describes itself. Each operation says what it takes and answers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.errors import MEDIA_TYPE
from labeling.api.edge.permissions import READ

Method = TypeVar("Method", bound=Callable[..., Any])

ERRORS = {
    400: "The body or a filter is not valid. `errors` lists the path of each value.",
    401: "No token, no session, or a token that is not valid.",
    403: "The token's scope or the caller's role does not allow this.",
    404: "Not found, or the caller is not a member of the project. The two look the same.",
    409: "The current state does not allow this. `code` gives the reason.",
    413: "The body is too large.",
    415: "The content type of the body is not supported here.",
    422: "The input is not valid for this project. `errors` lists the path of each value.",
    429: "Too many requests in this minute. `Retry-After` says when to try again.",
    503: "The database is not responding. Try again in a moment.",
}
ALWAYS = (400, 401, 403, 404, 429, 503)
WITH_BODY = (413, 415)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Created by the client, 1 to 64 characters. Repeating a request with its key changes "
    "nothing; a different request with the same key is refused. Keys are separate for each "
    "user, project and URL.",
)


class PlaceOut(serializers.Serializer[Any]):
    """One problem of a request."""

    path = serializers.CharField(
        help_text="Path of the value, such as `annotations[3].labels[0].class`; empty for the whole request."
    )
    code = serializers.CharField(help_text="For programs.")
    reason = serializers.CharField(help_text="For people.")


class ProblemOut(serializers.Serializer[Any]):
    """An error (RFC 9457)."""

    type = serializers.CharField(help_text="`urn:problem-type:` and the code.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong and what to do.")
    code = serializers.CharField(help_text="Stable, for programs to check.")
    errors = PlaceOut(many=True, required=False)  # type: ignore[assignment]


class BearerScheme(OpenApiAuthenticationExtension):
    """How the document describes our tokens. drf-spectacular finds this class by its being defined."""

    target_class = "labeling.api.edge.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "API token of one project: `Authorization: Bearer rq_…`.",
        }


def operation(
    operation_id: str,
    *,
    answers: Mapping[Any, Any],
    request: Any = None,
    errors: Sequence[int] = (),
    headers: Sequence[OpenApiParameter] = (),
    filters: type[serializers.Serializer[Any]] | None = None,
    examples: Mapping[str, Any] | None = None,
    summary: str = "",
) -> Callable[[Method], Method]:
    """Document a method of an Endpoint.

    operation_id : noun and verb, such as `documents_list`; the noun groups operations on the page
    answers : the good statuses with their serializers (None: no body)
    errors : statuses of errors beside those that every operation may answer
    examples : named bodies that a client may send
    summary : where several operations share a method; else the docstring's first line
    The docstring is the description.
    """
    statuses = sorted({*ALWAYS, *errors, *(WITH_BODY if request else ())})
    responses: dict[Any, Any] = dict(answers)
    for status in statuses:
        responses[(status, MEDIA_TYPE)] = OpenApiResponse(ProblemOut, description=ERRORS[status])

    def document(method: Method) -> Method:
        text = inspect.cleandoc(method.__doc__ or "")
        decorate = extend_schema(
            operation_id=operation_id,
            summary=summary or text.partition("\n")[0],
            description=text,
            tags=[operation_id.rpartition("_")[0]],
            request=request,
            responses=responses,
            parameters=[*headers, *([filters] if filters and filters().fields else [])],
            examples=[
                OpenApiExample(name, value=value, request_only=True)
                for name, value in (examples or {}).items()
            ],
        )
        return decorate(method)

    return document


JSON_LINES = {"application/jsonl": OpenApiTypes.BINARY, "application/x-ndjson": OpenApiTypes.BINARY}


@cache  # it costs a second and changes only with the code
def openapi_document() -> dict[str, Any]:
    """The whole API as OpenAPI 3.1, of labeling and of analytics."""
    generator = SchemaGenerator()
    return dict(generator.get_schema(request=None, public=True))


class SchemaDocument(Endpoint):
    """The OpenAPI document. It holds no data, so anybody may read it."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []
    needs = {"GET": READ}
    schema = None

    def get(self, request: Request) -> Response:
        return Response(openapi_document())


# Swagger UI writes style attributes; it runs no inline script and asks no other host.
@method_decorator(never_cache, name="dispatch")  # the script carries the session's CSRF token
@method_decorator(csp_update({"style-src": ["'self'", "'unsafe-inline'"]}), name="dispatch")
class SchemaPage(SpectacularSwaggerSplitView):
    """The same for people, to read and to try with the session they have."""

    url_name = "api:schema"
