"""Which language does an answer speak? The reader's on pages, English for programs."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.projects.models import Project

GERMAN = {"Accept-Language": "de"}
LANGUAGE = reverse("labeling:language")
SIGN_IN = reverse("labeling:sign_in")


def chosen(page: str) -> list[str]:
    return re.findall(r'<option value="([\w-]+)" lang="[\w-]+" selected>', page)


@pytest.mark.django_db
def test_the_browser_s_wish_decides_until_the_reader_chooses(client: Client) -> None:
    german = client.get(SIGN_IN, headers=GERMAN)
    assert '<html lang="de" dir="ltr">' in german.content.decode()
    assert chosen(german.content.decode()) == ["de"]
    moved = client.post(LANGUAGE, {"language": "en-gb", "next": "/sign-in/?next=/x/"}, headers=GERMAN)
    assert (moved.status_code, moved["Location"]) == (302, "/sign-in/?next=/x/")
    british = client.get(SIGN_IN, headers=GERMAN).content.decode()
    assert '<html lang="en-gb" dir="ltr">' in british
    assert chosen(british) == ["en-gb"]


@pytest.mark.django_db
def test_a_choice_lasts_a_year_and_no_script_reads_it(client: Client) -> None:
    client.post(LANGUAGE, {"language": "de"})
    cookie = client.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (365 * 24 * 3600, True, "Lax")


@pytest.mark.django_db
@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "javascript:alert(1)"])
def test_a_choice_never_leads_to_another_site(client: Client, elsewhere: str) -> None:
    assert client.post(LANGUAGE, {"language": "de", "next": elsewhere})["Location"] == "/"


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["xx", "fr", "en-xa", "../de", ""])
def test_a_language_that_is_not_offered_changes_nothing(client: Client, code: str) -> None:
    client.post(LANGUAGE, {"language": code})
    assert settings.LANGUAGE_COOKIE_NAME not in client.cookies


@pytest.mark.django_db
def test_only_a_form_of_this_site_changes_the_language() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(LANGUAGE).status_code == 405
    assert strict.post(LANGUAGE, {"language": "de"}).status_code == 403
    page = strict.get(SIGN_IN).content.decode()
    token = re.search(r'action="/language/".*?name="csrfmiddlewaretoken" value="(\w+)"', page, re.S)
    assert token is not None
    assert strict.post(LANGUAGE, {"language": "de", "csrfmiddlewaretoken": token[1]}).status_code == 302


def test_each_language_has_its_own_name_in_the_account_menu(
    client: Client, tickets: Project, joan: User
) -> None:
    client.force_login(joan)
    address = reverse("labeling:documents", args=[tickets.pk]) + "?q=late&state=open"
    page = client.get(address, headers=GERMAN).content.decode()
    named = re.findall(r'<option value="[\w-]+" lang="([\w-]+)"[^>]*>([^<]+)<', page)
    assert {("en", "English (US)"), ("en-gb", "English (UK)"), ("de", "Deutsch")} <= set(named)
    assert f'value="/projects/{tickets.pk}/documents/?q=late&amp;state=open"' in page


@pytest.mark.django_db
def test_a_page_that_answers_a_form_leads_home_after_a_choice(client: Client) -> None:
    page = client.post(SIGN_IN, {"username": "ann", "password": "wrong"}).content.decode()
    assert re.search(r'action="/language/".*?name="next"\s+value="/"', page, re.S)


def test_programs_read_english_whatever_they_accept(client: Client, tickets: Project, joan: User) -> None:
    client.force_login(joan)
    addresses = [
        "/api/v1/nowhere/",
        f"/api/v1/projects/{tickets.pk}/",
        f"/api/v1/projects/{tickets.pk}/reports/classes/",
        f"/api/v1/projects/{tickets.pk}/reports/next-steps/",
        reverse("analytics:classes_csv", args=[tickets.pk]),
        reverse("analytics:curves_csv", args=[tickets.pk]),
    ]
    for address in addresses:
        english, german = client.get(address), client.get(address, headers=GERMAN)
        assert german.content == english.content, address
        assert german["Content-Language"] == "en"
        assert "accept-language" not in german.get("Vary", "").lower(), address


@pytest.mark.django_db
def test_an_error_of_the_api_is_english_too(client: Client) -> None:
    refused = client.get("/api/v1/projects/", headers=GERMAN)
    assert refused.json()["detail"] == "Authentication credentials were not provided."
    assert refused["Content-Language"] == "en"
