"""Known browsers: the signed cookie of an earlier sign-in. It opens nothing by itself.

Whoever signed in before still gets a few tries where strangers have used up those of their name.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TypedDict

from django.core import signing
from django.utils.crypto import salted_hmac

COOKIE_NAME = "known_browser"
MAX_AGE = timedelta(days=180)  # since the latest sign-in
MAX_NAMES = 5  # of people who share one browser; the latest ones

_SALT = "labeling.known_browser"


class _Cookie(TypedDict):
    id: str
    names: list[str]  # digests: the cookie tells nobody who works here


def browser_id(cookie: str, name: str) -> str:
    """The identifier of this browser, if this name signed in with it before; else ""."""
    browser = _read(cookie)
    return browser["id"] if browser and _digest(name) in browser["names"] else ""


def with_name(cookie: str, name: str) -> str:
    """What the cookie holds once this name has signed in."""
    browser = _read(cookie) or _Cookie(id=secrets.token_urlsafe(16), names=[])
    others = [digest for digest in browser["names"] if digest != _digest(name)]
    return signing.dumps(_Cookie(id=browser["id"], names=[_digest(name), *others][:MAX_NAMES]), salt=_SALT)


def _read(cookie: str) -> _Cookie | None:
    try:
        payload: _Cookie = signing.loads(cookie, salt=_SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    return payload


def _digest(name: str) -> str:
    return salted_hmac(_SALT, name.lower(), algorithm="sha256").hexdigest()[:32]
