"""Number formatting: rounded, in the reader's locale. Django's own cuts digits off instead."""

from __future__ import annotations

from functools import lru_cache

from django.utils.formats import number_format
from django.utils.translation import get_language

CACHE_SIZE = 4_096  # texts of one process: a table has hundreds of numbers, most of them written before


def decimal(number: float, digits: int) -> str:
    """With so many digits behind the point, thousands grouped; never a minus before zeros.

    >>> decimal(0.8199, 2), decimal(99.8, 0), decimal(-0.001, 2), decimal(12345.67, 1)
    ('0.82', '100', '0.00', '12,345.7')
    """
    return _written(f"{round(number, digits) + 0.0:.{digits}f}", digits, get_language())


def plain(number: float) -> str:
    """As it is, ungrouped: years are no amounts.

    >>> plain(2000.0), plain(0.25), plain(-3)
    ('2000', '0.25', '-3')
    """
    return str(number_format(int(number) if float(number).is_integer() else number))


@lru_cache(CACHE_SIZE)
def _written(number: str, digits: int, _language: str | None) -> str:
    return str(number_format(number, digits, force_grouping=True))
