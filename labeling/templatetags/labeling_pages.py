"""Page template tags: how templates write numbers and texts."""

from __future__ import annotations

import re
from types import ModuleType
from unicodedata import combining

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from labeling import formatting
from labeling.learning.text import limits

register = template.Library()
GROUPED_FROM = 1_000  # below it a whole number looks the same in each language
register.filter(formatting.percent)
register.filter(formatting.short_date)
register.filter(formatting.short_datetime)
register.filter(formatting.ago)
LAST_PART = 3  # a cut falls on a space of the last third, if it has one
JOINTS = re.compile(r"([_\-/.:]+)(?=[^\s_\-/.:])")  # where a long name may break
JOINERS = "\u200d\ufe0e\ufe0f"  # what follows or precedes them belongs to the same sign


@register.simple_tag
def learning_limits() -> ModuleType:
    """How much of a long text the models learn from."""
    return limits


@register.filter
def number(value: float) -> str:
    """The number with its thousands grouped, as the reader's language does it.

    >>> number(12345)
    '12,345'
    """
    if isinstance(value, int) and abs(value) < GROUPED_FROM:
        return str(value)
    return formatting.number(value)


@register.filter
def decimal(value: float | None, digits: int) -> str:
    """The number with so many digits behind the point; empty where there is none.

    >>> decimal(12345.678, 1), decimal(None, 2)
    ('12,345.7', '')
    """
    return "" if value is None else formatting.decimal(value, digits)


@register.filter
def excerpt(text: str, limit: int) -> str:
    """The beginning of a text in one line, cut between two words, with … where something is left out.

    limit : characters, not counting the …; a text without spaces is cut there, but within no sign. Of the
        text, the first 2 · limit + 1 characters are looked at; nothing is lost when no more are handed in.

    >>> excerpt("Bring  it\\nback, please", 12), excerpt("short", 12)
    ('Bring it…', 'short')
    >>> excerpt("a" + " " * 30 + "b", 12)
    'a…'
    >>> excerpt("e\u0301" * 4, 5) == "e\u0301" * 2 + "…"
    True
    """
    start = text[: 2 * limit]
    line = " ".join(start.split())
    if len(line) <= limit:
        return line if len(start) == len(text) else f"{line.rpartition(' ')[0] or line}…"
    end = line.rfind(" ", limit - limit // LAST_PART, limit + 1)
    if end < 0:
        end = limit
        while end > 1 and (combining(line[end]) or line[end] in JOINERS or line[end - 1] in JOINERS):
            end -= 1
    return line[:end].rstrip(" ,;:") + "…"


@register.filter
def breakable(name: str) -> SafeString:
    """The name, escaped, that may break behind _ - / . and : where its line ends, and not inside a word.

    >>> breakable("cash_withdrawal<charge")
    'cash_<wbr>withdrawal&lt;charge'
    """
    # Escaped text has no other _ - / . or : than the name; an entity has none.
    return mark_safe(JOINTS.sub(r"\1<wbr>", str(escape(name))))


@register.filter
def exact(text: str) -> SafeString:
    """The text, escaped, such that a browser's copy of it has the same code points as ours.

    A browser turns a carriage return in a page into a line feed, and every span behind it would shift.

    >>> exact("a<b\\r\\nc")
    'a&lt;b&#13;\\nc'
    """
    return mark_safe(escape(text).replace("\r", "&#13;"))
