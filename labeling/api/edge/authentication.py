"""Authentication: a bearer token names its owner; without one, the browser's session does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from labeling.projects import tokens

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request

    from labeling.projects.models import ApiToken

TOKEN = re.compile(r"rq_[A-Za-z0-9_-]{20,100}")
TOKEN_PARAMETERS = frozenset({"token", "access_token", "api_key", "apikey", "auth_token", "authorization"})


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer rq_…`. A request that carries this header is never judged by its cookies."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        if _stands_in_address(request):
            raise AuthenticationFailed(
                _(
                    "Tokens in a URL end up in logs. Revoke this token and send a new one in the "
                    "Authorization header."
                )
            )
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _space, text = header.partition(" ")
        if scheme.lower() != "bearer" or not TOKEN.fullmatch(text):
            raise AuthenticationFailed(_("Send the token in the header “Authorization: Bearer rq_…”."))
        token = tokens.owner_of(text)
        if token is None:
            raise AuthenticationFailed(
                _("This token does not exist, was revoked or has expired. Create a new one.")
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _stands_in_address(request: Request) -> bool:
    return any(
        name.lower() in TOKEN_PARAMETERS or TOKEN.search(value)
        for name, values in request.query_params.lists()
        for value in values
    )
