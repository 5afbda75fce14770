"""Request keys: whether the keys and lease tokens of a request belong where it sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from labeling.api.edge.fields import Input, Text
from labeling.api.edge.parsers import StrictJsonParser
from labeling.exceptions import LeaseNotFound
from labeling.idempotency.requests import MAX_KEY_LENGTH
from labeling.queue.models import Lease, read_lease_token


class KeyedInput(Input):
    """A body that may carry its request's idempotency key."""

    key = Text(
        required=False,
        max_length=MAX_KEY_LENGTH,
        help_text="Same as the Idempotency-Key header: made by the client so that a retry changes nothing.",
    )


def key_of(request: Request, in_body: str | None) -> str | None:
    """The client's idempotency key, from the header or the body. Raises DRF's ValidationError."""
    in_header = request.headers.get("Idempotency-Key")
    if in_header is None:
        return in_body
    if not 1 <= len(in_header) <= MAX_KEY_LENGTH or not in_header.isprintable():
        raise ValidationError({"Idempotency-Key": [_("A key must have 1 to 64 printable characters.")]})
    if in_body not in (None, in_header):
        raise ValidationError(
            {"key": [_("The Idempotency-Key header has a different key. Send only one of them.")]}
        )
    return in_header


def optional_body(request: Request) -> Any:
    """What was sent as JSON to an address that needs no body; whatever else came is left unread."""
    media_type = (request.content_type or "").partition(";")[0].strip().lower()
    return request.data if media_type == StrictJsonParser.media_type else {}


def require_leases_of(project_id: int, tokens: Sequence[str], is_list: bool = False) -> None:
    """Raise LeaseNotFound unless every lease belongs to the project of the address.

    A token of a lease in another project is a token of nothing here, even for somebody who is in both.
    is_list : the error names the place of the first such token
    """
    leases = [_lease_id(token) for token in tokens]
    here = set(Lease.objects.filter(project=project_id, pk__in=leases).values_list("pk", flat=True))
    for index, lease in enumerate(leases):
        if lease not in here:
            raise LeaseNotFound(item=index if is_list else None)


def _lease_id(token: str) -> int:
    """0 for a token that this service did not make: it is no lease's number."""
    try:
        return read_lease_token(token)[0]
    except LeaseNotFound:
        return 0
