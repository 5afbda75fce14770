"""Does a German reader get German pages, from signing in to labeling, disputes and documents?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.utils import translation

from labeling.management import catalogs
from labeling.projects.models import Project
from tests import pseudo
from tests.fixtures.full_project import FullProject

GERMAN = {"Accept-Language": "de"}
SIGN_IN = "/sign-in/"
PAGES = (  # of an annotator and an adjudicator
    "change_password",
    "correct",
    "dispute",
    "disputes",
    "document",
    "documents",
    "documents none fits",
    "guideline",
    "guideline_diff",
    "guideline_version",
    "guideline_versions",
    "label",
    "mark_gold",
    "mine",
    "my_keys",
    "project",
    "projects",
    "relabel",
)


@pytest.mark.django_db
def test_the_sign_in_page_is_german_for_a_german_browser(client: Client) -> None:
    page = client.get(SIGN_IN, headers=GERMAN).content.decode()
    assert '<html lang="de" dir="ltr">' in page
    for words in (
        "Anmelden",
        "Benutzername",
        "Passwort",
        "Noch kein Konto?",
        "Sprache",
        "Zum Inhalt springen",
    ):
        assert words in page
    refused = client.post(SIGN_IN, {"username": "ann", "password": "wrong"}, headers=GERMAN).content.decode()
    assert "Benutzername oder Passwort falsch." in refused


def test_the_labeling_page_and_the_overview_are_german(client: Client, tickets: Project, ann: User) -> None:
    client.force_login(ann)
    desk = client.get(f"/projects/{tickets.pk}/label/", headers=GERMAN).content.decode()
    for words in ("Überspringen", "Später", "Speichern und weiter", "Warum dieses Dokument:", "Tastenkürzel"):
        assert words in desk
    overview = client.get(f"/projects/{tickets.pk}/", headers=GERMAN).content.decode()
    for words in ("Übersicht", "ungelabelt", "eigene Rolle", "Abmelden"):
        assert words in overview


def test_a_number_decides_between_one_and_many_in_german() -> None:
    with translation.override("de"):
        counts = [translation.ngettext("%(n)s question", "%(n)s questions", n) % {"n": n} for n in (0, 1, 2)]
    assert counts == ["0 Fragen", "1 Frage", "2 Fragen"]


class Marked:
    """Each message as its number, so that a page says which messages it shows."""

    def __init__(self, folder: Path) -> None:
        self.ids: list[Any] = []
        catalog = catalogs.FixedHeader(charset="utf-8")
        for message in catalogs.messages():
            text = (message.id,) if isinstance(message.id, str) else message.id
            mark = f"⟦#{len(self.ids)}#{' '.join(pseudo.PLACEHOLDER.findall(text[0]))}⟧"
            catalog.add(
                message.id, mark if isinstance(message.id, str) else (mark, mark), context=message.context
            )
            self.ids.append(message.id)
        target = folder / "en_XA" / "LC_MESSAGES"
        target.mkdir(parents=True)
        (target / "django.mo").write_bytes(catalogs.compiled(catalog))

    def shown(self, html: str) -> Iterator[Any]:
        for number in sorted({int(each) for each in re.findall(r"⟦#(\d+)#", html)}):
            yield self.ids[number]


@pytest.mark.slow
@pytest.mark.parametrize("full_project", ["single", "spans"], indirect=True)
def test_every_message_of_the_pages_of_annotators_and_adjudicators_is_translated(
    full_project: FullProject, client: Client, joan: User, tmp_path: Path
) -> None:
    german = catalogs.read("de")
    marked = Marked(tmp_path / "marked")
    offered = [("en", "English"), (pseudo.LEFT_TO_RIGHT, "Marks")]
    with override_settings(LOCALE_PATHS=[tmp_path / "marked"], LANGUAGES=offered):
        headers = {"Accept-Language": pseudo.LEFT_TO_RIGHT}
        html = client.get(SIGN_IN, headers=headers).content.decode()
        client.force_login(joan)
        addresses = full_project.addresses()
        for page in PAGES:
            html += client.get(addresses[f"labeling:{page}"], headers=headers).content.decode()
    shown = list(marked.shown(html))
    assert len(shown) > 200
    of = {each: german.get(each if isinstance(each, str) else each[0]) for each in shown}
    missing = [each for each, message in of.items() if not (message and catalogs.is_translated(message))]
    assert missing == []


@pytest.mark.django_db
def test_terms_are_explained_in_german_by_their_german_forms(client: Client, ann: User) -> None:
    client.force_login(ann)
    terms = client.get("/help/terms.json", headers=GERMAN).json()["terms"]
    guideline = next(term for term in terms if term["slug"] == "guideline")
    assert guideline["forms"] == ["Richtlinie", "Richtlinien"]
    assert guideline["meaning"].startswith("Die Regeln für das Labeln")
