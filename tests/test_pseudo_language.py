"""Which words would stay English in any language? Every page is read in a pseudo-language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import translation

from labeling.documents.imports import ImportJob
from labeling.formats.projects import READERS, WRITERS
from labeling.projects.models import Project
from labeling.steering.models import Focus
from tests import pseudo
from tests.fixtures.full_project import FullProject
from tests.visible import read_texts

FAMILIAR = re.compile(
    r"Review Queue|\b(F1|CSV|TSV|JSON|JSONL|API|ID|URL|HTTP|UTF-8|UTC|Enter|Esc|Tab|Ctrl|Alt|Shift|p)\b"
)
DATE = re.compile(r"[A-Z][a-z]{2} \d{1,2}, \d{4}(, \d{1,2}:\d\d\s[AP]M)?")  # Babel's: CLDR translates it
ENCODING = re.compile(r"^(utf|iso|cp|koi8|euc|shift_jis|big5|gb)[\w-]*$")  # a choice of the import
# What the users of the project wrote, where an attribute or a list of choices cannot say that it is theirs.
THEIRS = re.compile(
    r"Tickets (single|spans)|Refund|Billing|Delivery|\d\.csv|No memory is left\.|Unclear since the new rule"
    r"|Tally|Relations are not imported\.|The courier left the box with a neighbor\."
    r"|Please cancel the order and send my money back\."
)
TOOL_NAMES = {reader.TOOL for reader in READERS.values()} | {writer.TOOL for writer in WRITERS.values()}
TOOLS = re.compile("|".join(map(re.escape, sorted(TOOL_NAMES))))
WORD = re.compile(r"[A-Za-z]{2,}")


def untranslated(html: str) -> list[str]:
    """The words of a page that are not in brackets; without its title, which has names of users.

    >>> untranslated('<p title="Why">⟦Ŵĥý <b>Refund</b> ~⟧ now <b dir="auto">Ann</b></p>')
    ['Why', 'now']
    """
    depth = 0
    texts = []
    for text in read_texts(html):
        if text.element == "title":
            continue
        outside, after = outside_brackets(text.words, 0 if text.is_attribute else depth)
        depth = depth if text.is_attribute else after
        for pattern in (DATE, THEIRS, TOOLS, FAMILIAR):
            outside = pattern.sub("", outside)
        if WORD.search(outside) and not ENCODING.match(outside.strip()):
            texts.append(" ".join(outside.split()))
    return texts


def outside_brackets(text: str, depth: int) -> tuple[str, int]:
    """What of a text stands outside brackets, of which `depth` are open before it, and how many are after it.

    >>> outside_brackets("b⟧ c", 1)
    ('   c', 0)
    """
    outside = ""
    for character in text:
        depth += {"⟦": 1, "⟧": -1}.get(character, 0)
        outside += character if depth == 0 and character not in "⟦⟧" else " "
    return outside, depth


@pytest.fixture
def pseudo_languages(tmp_path: Path) -> Any:
    with override_settings(**pseudo.install(tmp_path / "locale")):
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("pseudo_languages")
@pytest.mark.parametrize("full_project", ["single", "spans"], indirect=True)
def test_no_page_has_a_word_that_cannot_be_translated(
    full_project: FullProject, client: Client, joan: User
) -> None:
    client.force_login(joan)
    pages: dict[str, str] = {}
    checked = 0
    for name, address in full_project.addresses().items():
        page = client.get(address, headers={"Accept-Language": pseudo.LEFT_TO_RIGHT})
        if page["Content-Type"].startswith("text/html") and "api" not in name:
            assert page.content.count("⟦".encode()) or page.status_code != 200, name
            checked += 1
            pages |= dict.fromkeys(untranslated(page.content.decode()), name)
    assert checked > 40
    assert "\n".join(f"{page}: {words}" for words, page in pages.items()) == ""


@pytest.mark.usefixtures("pseudo_languages")
def test_a_language_from_right_to_left_turns_the_page(client: Client, tickets: Project, joan: User) -> None:
    client.force_login(joan)
    page = client.get(f"/projects/{tickets.pk}/", headers={"Accept-Language": pseudo.RIGHT_TO_LEFT})
    assert f'<html lang="{pseudo.RIGHT_TO_LEFT}" dir="rtl">' in page.content.decode()


def stored_texts() -> Iterator[str]:
    """Every row of the service's tables, as text."""
    for model in (
        *apps.get_app_config("labeling").get_models(),
        *apps.get_app_config("analytics").get_models(),
    ):
        for row in model._default_manager.values():
            yield f"{model.__name__}: {row}"


@pytest.mark.slow
@pytest.mark.usefixtures("pseudo_languages")
def test_nothing_translated_is_ever_stored(full_project: FullProject, client: Client, joan: User) -> None:
    """What stores texts of ours is done by a reader of the pseudo-language; then every row is read."""
    client.force_login(joan)
    project = full_project.project
    project.documents.filter(split="test").update(state="open")
    settled = project.documents.filter(state="resolved").first()
    first, second = project.classes.filter(retired_at=None)[:2]
    table = SimpleUploadedFile("a.jsonl", b'{"text": "Good", "label": "Unknown"}\n{"text": ""}\nno json\n')
    broken = SimpleUploadedFile("b.csv", b'text\n"never closed')
    headers = {"Accept-Language": pseudo.LEFT_TO_RIGHT}
    with translation.override(pseudo.LEFT_TO_RIGHT):
        for path, data in (
            (f"documents/{settled.pk}/gold/", {}),
            (f"documents/{settled.pk}/gold/end/", {}),
            ("quality/queue-test/", {}),
            (reverse("analytics:focus", args=[project.pk, first.pk]), {"also": str(second.pk)}),
            (reverse("analytics:queue_slice", args=[project.pk]), {"least": "10"}),
            (f"documents/{settled.pk}/exclude/", {}),
            ("documents/import/", {"file": table}),
            ("documents/import/", {"file": broken}),
        ):
            address = path if path.startswith("/") else f"/projects/{project.pk}/{path}"
            sent = client.post(address, data, headers=headers)
            assert sent.status_code in (200, 302), address
        for job in ImportJob.objects.filter(
            project=project, state="uploaded", file_name__in=["a.jsonl", "b.csv"]
        ):
            client.post(
                f"/projects/{project.pk}/documents/import/{job.pk}/start/", {"sure": "yes"}, headers=headers
            )
    assert Focus.objects.filter(project=project).count() == 2
    assert project.annotations.filter(note__startswith="Gold mark removed by").count() == 1
    assert project.picks.filter(reason="To evaluate the model").exists()
    assert [text for text in stored_texts() if "⟦" in text] == []


@pytest.mark.django_db
def test_a_pseudo_language_is_not_offered(client: Client) -> None:
    page = client.get("/sign-in/", headers={"Accept-Language": pseudo.LEFT_TO_RIGHT}).content.decode()
    assert pseudo.LEFT_TO_RIGHT not in page
    assert "⟦" not in page
