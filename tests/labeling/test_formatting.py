"""Numbers, percentages and dates by the reader's locale, as Babel and so CLDR write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from labeling.formatting import decimal, number, percent, plain, short_date, short_datetime
from labeling.projects.models import Project
from tests.messages import PACKAGES, ROOT

DAY = date(2026, 11, 30)
MOMENT = datetime(2026, 11, 30, 9, 43, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", ["47%", "1,234.50", "12,345", "Nov 30, 2026", "Nov 30, 2026, 9:43 AM"]),
        ("en-gb", ["47%", "1,234.50", "12,345", "30 Nov 2026", "30 Nov 2026, 09:43"]),
        ("de", ["47 %", "1.234,50", "12.345", "30.11.2026", "30.11.2026, 09:43"]),
    ],
)
def test_numbers_and_dates_follow_the_readers_locale(language: str, written: list[str]) -> None:
    with translation.override(language):
        result = [percent(0.47), decimal(1234.5, 2), number(12345), short_date(DAY), short_datetime(MOMENT)]
    assert [re.sub(r"\s", " ", text) for text in result] == written


def test_years_are_never_grouped_in_any_language() -> None:
    for language in ("en", "de", "en-in"):
        with translation.override(language):
            assert plain(2026.0) == "2026"


def test_a_moment_is_written_in_the_current_time_zone(settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    assert "10:43" in short_datetime(MOMENT)


def test_a_browser_from_britain_reads_british_dates(client: Client, tickets: Project, joan) -> None:
    client.force_login(joan)
    address = reverse("labeling:members", args=[tickets.pk])
    added = tickets.memberships.first().created_at.date()
    page = client.get(address, headers={"Accept-Language": "en-GB,en;q=0.9"}).content.decode()
    assert f"{added.day} {added:%b %Y}".replace("Sep ", "Sept ") in page
    assert 'lang="en-gb"' in page


def test_no_template_writes_dates_or_percentages_by_itself() -> None:
    offenses = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.html")
        for match in re.finditer(
            r"\|(date|time):\"(?!c\")[^\"]*\"|\|floatformat|\|timesince|\}\} %", path.read_text("utf-8")
        )
    ]
    assert offenses == []
