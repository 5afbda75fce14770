"""How do templates write numbers and texts?"""

from __future__ import annotations

from django import template
from django.utils.formats import number_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def number(value: float) -> str:
    """The number with its thousands grouped, as the reader's language does it.

    >>> number(12345)
    '12,345'
    """
    return number_format(value, use_l10n=True, force_grouping=True)


@register.filter
def exact(text: str) -> SafeString:
    """The text, escaped, such that a browser's copy of it has the same code points as ours.

    A browser turns a carriage return in a page into a line feed, and every span behind it would shift.

    >>> exact("a<b\\r\\nc")
    'a&lt;b&#13;\\nc'
    """
    return mark_safe(escape(text).replace("\r", "&#13;"))  # noqa: S308 - escaped in the same breath
