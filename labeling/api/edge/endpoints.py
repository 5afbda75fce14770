"""API endpoints: what all addresses share. Permission, budget, filters, and answers that are always JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.views import APIView

from labeling.api.edge.authentication import TokenAuthentication
from labeling.api.edge.fields import Filters
from labeling.api.edge.parsers import StrictJsonParser
from labeling.api.edge.permissions import MayEnter, Requirement
from labeling.api.edge.throttles import BudgetThrottle
from labeling.projects.models import ApiToken, Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.parsers import BaseParser
    from rest_framework.request import Request


class Utf8Json(JSONRenderer):
    """JSON that names its encoding, so that no browser guesses."""

    charset = "utf-8"


class AlwaysJson(BaseContentNegotiation):
    """Whatever the client accepts, the answer is JSON: text from documents is never read as HTML."""

    def select_parser(self, request: Request, parsers: Sequence[BaseParser]) -> BaseParser | None:  # type: ignore[override]
        sent = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(  # type: ignore[override]
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], str(renderers[0].media_type)


class Endpoint(APIView):
    """One address. `needs` says for each method who may call it; what it does not name does not exist."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated, MayEnter]
    throttle_classes = [BudgetThrottle]
    parser_classes = [StrictJsonParser]
    renderer_classes = [Utf8Json]
    content_negotiation_class = AlwaysJson
    metadata_class = None  # OPTIONS is not answered: the schema says it all

    needs: ClassVar[Mapping[str, Requirement]] = {}
    filters: ClassVar[type[Filters]] = Filters  # of GET
    post_filters: ClassVar[type[Filters]] = Filters  # of POST; other methods take none

    member: Membership  # the caller's, with its project; set where the address names a project
    requested: dict[str, Any]  # the filters of this request

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        by_method = {"GET": self.filters, "HEAD": self.filters, "POST": self.post_filters}
        filters = by_method.get(str(request.method), Filters)
        self.requested = dict(filters.checked(request.query_params).validated_data)

    @property
    def caller(self) -> User:
        """The person who asks; the permissions have made sure that there is one."""
        return cast("User", self.request.user)

    @property
    def is_machine(self) -> bool:
        """Whether the caller's answers are a machine's: the token says so at its creation."""
        return isinstance(self.request.auth, ApiToken) and self.request.auth.is_machine

    @property
    def default_response_headers(self) -> dict[str, str]:
        allowed = ", ".join(sorted(self.needs))
        return {"Allow": allowed, "Cache-Control": "no-store", "Vary": "Authorization, Cookie"}


class NoSuchAddress(Endpoint):
    """Answers whatever no other address answers."""

    permission_classes = []
    throttle_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound("No such address. Every address of the API ends with a slash; see /api/v1/docs/.")
