"""Log redaction: secrets of invitations, tokens, and passwords in addresses never stand in a log."""

from __future__ import annotations

import logging
import re

_SECRET = re.compile(
    r"(?P<link>(?:/|%2F)join(?:/|%2F))[\w-]{20,}"
    r"|(?P<token>\brq_)[\w-]{20,}"
    r"|(?P<address>://[^\s/@:]*:)[^\s/@]+(?=@)",
    re.IGNORECASE,
)


class RedactingFormatter(logging.Formatter):
    """Lines as they are, secrets blacked out: of the message, of its arguments and of tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def redacted(line: str) -> str:
    """The line with `***` for each secret.

    >>> redacted("Forbidden: /join/wAcACeFhT2yX0n3oPq5rSt/")
    'Forbidden: /join/***/'
    >>> redacted("Cannot connect to redis://:let-me-in@host:6379/0")
    'Cannot connect to redis://:***@host:6379/0'
    """
    return _SECRET.sub(
        lambda match: f"{match['link'] or match['token'] or match['address']}***",
        line,
    )
