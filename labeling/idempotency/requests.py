"""Idempotency keys: the same request again under its key changes nothing; another body under it is refused.

A key belongs to one person, one project and one route. It is stored in the transaction of its request, so a
request that failed leaves none behind, and of two that come at once the second waits for the first.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import ngettext

from labeling.exceptions import InvalidInput, KeyReused
from labeling.idempotency.models import KeyedRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_KEY_LENGTH = 64


@dataclass(frozen=True)
class Request:
    """A request that is being carried out, or the repetition of one that was."""

    stored: KeyedRequest | None  # None without a key
    is_repeated: bool = False

    @property
    def result(self) -> int:
        """The row that came of it; 0 where there is none."""
        return (self.stored and self.stored.result) or 0

    def finish(self, result: int) -> None:
        """Remember which row came of it."""
        if self.stored:
            KeyedRequest.objects.filter(pk=self.stored.pk).update(result=result)


def begin(
    user: User, project_id: int | None, route: KeyedRequest.Route, key: str | None, *body: object
) -> Request:
    """The request with this body; repeated where it was carried out before under the same key.

    body : all that the request asks for
    Raises KeyReused where the key stands for another body, and InvalidInput for what is no key.
    """
    if not key:
        return Request(None)
    check_key(key)
    text = json.dumps(body, sort_keys=True, default=str)
    body_hash = hashlib.blake2b(text.encode(), digest_size=16).digest()
    scope: dict[str, Any] = {"user": user, "project_id": project_id, "route": route, "key": key}
    stored, is_new = KeyedRequest.objects.get_or_create(**scope, defaults={"body_hash": body_hash})
    if bytes(stored.body_hash) != body_hash:
        raise KeyReused
    return Request(stored, is_repeated=not is_new)


def check_key(key: str | None) -> None:
    """Raise InvalidInput for what is no key; none at all is allowed."""
    if key and (len(key) > MAX_KEY_LENGTH or not key.isprintable()):
        raise InvalidInput(
            ngettext(
                "A key must have 1 to {n} printable character.",
                "A key must have 1 to {n} printable characters.",
                MAX_KEY_LENGTH,
            ).format(n=MAX_KEY_LENGTH)
        )
