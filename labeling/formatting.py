"""Number, percentage and date formatting by Babel in the reader's locale; JSON and CSV never use it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from django.utils.timezone import is_aware, localtime, now
from django.utils.translation import get_language

CACHE_SIZE = 4_096  # texts of one process: a table has hundreds of numbers, most of them written before
FALLBACK = "en-us"
AMBIGUOUS = {"en": FALLBACK}  # American unless a country is named


def decimal(number: float, digits: int) -> str:
    """With so many digits behind the point, thousands grouped; never a minus before zeros.

    >>> decimal(0.8199, 2), decimal(99.8, 0), decimal(-0.001, 2), decimal(12345.67, 1)
    ('0.82', '100', '0.00', '12,345.7')
    """
    return _decimal(f"{round(number, digits) + 0.0:.{digits}f}", digits, get_language())


def number(value: float) -> str:
    """With its thousands grouped and only the digits that it has.

    >>> number(12345), number(0.25)
    ('12,345', '0.25')
    """
    return _number(value, get_language())


def plain(value: float) -> str:
    """Without groups: years are no amounts.

    >>> plain(2000.0), plain(0.25), plain(-3)
    ('2000', '0.25', '-3')
    """
    return format_decimal(value, format="0.##########", locale=_locale(get_language()))


def percent(share: float, digits: int | None = None) -> str:
    """A share as a percentage: whole, with one digit near nothing and near all, or with so many digits.

    >>> percent(0.416), percent(0.0042), percent(0.998), percent(1.0), percent(-0.1), percent(0.0312, 1)
    ('42%', '0.4%', '99.8%', '100%', '-10%', '3.1%')
    """
    if digits is None:
        digits = 1 if 0 < abs(share) < 0.01 or 0.99 < abs(share) < 1 else 0
    return _percent(f"{round(100 * share, digits) + 0.0:.{digits}f}", digits, get_language())


def short_date(day: date) -> str:
    """A day, of a moment in the current time zone.

    >>> short_date(date(2026, 11, 30))
    'Nov 30, 2026'
    """
    return format_date(_local(day), "medium", locale=_locale(get_language()))


def short_datetime(moment: datetime) -> str:
    """A moment in the current time zone, to the minute.

    >>> short_datetime(datetime(2026, 11, 30, 9, 43)).replace("\\u202f", " ")
    'Nov 30, 2026, 9:43 AM'
    """
    locale = _locale(get_language())
    day, time = (
        format_date(_local(moment), "medium", locale=locale),
        format_datetime(_local(moment), locale.time_formats["short"].pattern, locale=locale),
    )
    return locale.datetime_formats["medium"].format(time, day)


def ago(moment: datetime) -> str:
    """How long ago a moment was, in its largest unit; never in the future, whatever the clocks say.

    >>> ago(now() - timedelta(hours=3, minutes=20))
    '3 hours ago'
    """
    passed = max(now() - moment, timedelta(seconds=1))
    return format_timedelta(-passed, add_direction=True, locale=_locale(get_language()))


def every(names: Sequence[str]) -> str:
    """A list of all of them.

    >>> every(["Refund", "Billing"]), every(["Refund", "Billing", "Delivery"])
    ('Refund and Billing', 'Refund, Billing, and Delivery')
    """
    return format_list(names, locale=_locale(get_language()))


def either(names: Sequence[str]) -> str:
    """A list of which one holds.

    >>> either(["Refund", "Billing"])
    'Refund or Billing'
    """
    return format_list(names, style="or", locale=_locale(get_language()))


def _local(day: date) -> date:
    """A moment in the current time zone; a day as it is."""
    return localtime(day) if isinstance(day, datetime) and is_aware(day) else day


@lru_cache(CACHE_SIZE)
def _decimal(written: str, digits: int, language: str | None) -> str:
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    return format_decimal(Decimal(written), format=pattern, locale=_locale(language))


@lru_cache(CACHE_SIZE)
def _number(value: float, language: str | None) -> str:
    return format_decimal(value, format="#,##0.##########", locale=_locale(language))


@lru_cache(CACHE_SIZE)
def _percent(written: str, digits: int, language: str | None) -> str:
    locale = _locale(language)
    pattern: str = locale.percent_formats[None].pattern
    if digits:
        pattern = pattern.replace("0", "0." + "0" * digits)
    return format_percent(Decimal(written) / 100, format=pattern, locale=locale)


@lru_cache
def _locale(language: str | None) -> Locale:
    """The locale of a language as Django names it; American where no language is active.

    >>> [str(_locale(language)) for language in ("en", "en-gb", "de", "de-xa", None)]
    ['en_US', 'en_GB', 'de', 'de', 'en_US']
    """
    name = AMBIGUOUS.get(language or FALLBACK, language or FALLBACK)
    try:
        return Locale.parse(name, sep="-")
    except UnknownLocaleError:  # of a country or test language that CLDR does not have
        return Locale.parse(name.partition("-")[0])
