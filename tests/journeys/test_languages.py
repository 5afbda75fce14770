"""Do pages hold long words and right-to-left text on a phone, and does a chosen language show at once?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import override_settings
from django.urls import reverse
from playwright.sync_api import expect

from labeling.projects.models import Project
from labeling.templatetags.labeling_navigation import SECTIONS
from tests import pseudo
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture
def pseudo_languages(tmp_path: Path) -> Iterator[None]:
    with override_settings(**pseudo.install(tmp_path / "locale")):
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("pseudo_languages")
@pytest.mark.parametrize("language", [pseudo.LEFT_TO_RIGHT, pseudo.RIGHT_TO_LEFT])
def test_no_page_is_wider_than_a_phone(open_as: Open, tickets: Project, joan: User, language: str) -> None:
    page = open_as(joan, "/", extra_http_headers={"Accept-Language": language}, **PHONE)
    too_wide = []
    for name in (item.name for section in SECTIONS for item in section.pages):
        page.goto(reverse(name, args=[tickets.pk]))
        expect(page.locator("html")).to_have_attribute("lang", language)
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            too_wide.append(name)
    assert too_wide == []


@pytest.mark.usefixtures("pseudo_languages")
def test_the_sign_in_page_fits_a_phone_in_long_words(open_as: Open) -> None:
    for language in (pseudo.LEFT_TO_RIGHT, pseudo.RIGHT_TO_LEFT):
        page = open_as(None, "/sign-in/", extra_http_headers={"Accept-Language": language}, **PHONE)
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_language_chosen_in_the_account_menu_shows_at_once(
    open_as: Open, tickets: Project, joan: User
) -> None:
    page = open_as(joan, f"/projects/{tickets.pk}/")
    page.locator(".top details.menu summary").click()
    page.get_by_label("Language").select_option(label="Deutsch")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page).to_have_url(re.compile(rf"/projects/{tickets.pk}/$"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
