"""Are the translations whole? The files fit each other, and no translation loses a placeholder."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import read_mo
from django.core.management import call_command

from labeling.management import catalogs

LANGUAGES = catalogs.languages()
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+(?::[^{}]*)?\}|%%|</?\w+[^>]*>")


def translated(language: str) -> list[Message]:
    return [message for message in catalogs.read(language) if message.id and catalogs.is_translated(message)]


def _whole(texts: str | Sequence[str]) -> str | tuple[str, ...]:
    return texts if isinstance(texts, str) else tuple(texts)


def test_german_is_among_the_languages() -> None:
    assert "de" in LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_service_reads_is_what_translators_edit(language: str) -> None:
    path = catalogs.LOCALE / language / "LC_MESSAGES" / "django.mo"
    with path.open("rb") as file:
        compiled = {(_whole(m.id), m.context): _whole(m.string) for m in read_mo(file) if m.id}
    assert compiled == {(_whole(m.id), m.context): _whole(m.string) for m in translated(language)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_placeholders_of_its_message(language: str) -> None:
    """The singular may leave its number out: “one document”."""
    wrong = []
    for message in translated(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        assert len(strings) == (2 if len(ids) == 2 else 1), message.id
        for string in strings:
            placeholders = sorted(PLACEHOLDER.findall(string))
            if placeholders not in [sorted(PLACEHOLDER.findall(text)) for text in ids]:
                wrong.append(string)
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_says_nothing_of_when_and_where_it_was_written(language: str) -> None:
    path = catalogs.LOCALE / language / "LC_MESSAGES" / "django.po"
    header = path.read_text(encoding="utf-8").partition("\n\n")[0]
    assert not re.search(r"Date|Generated|Translator|Team|\d{4}-", header)
    assert path.read_bytes() == catalogs.written(catalogs.read(language))


def test_every_message_of_code_and_templates_is_collected() -> None:
    ids = {message.id for message in catalogs.messages()}
    assert "Sign in" in ids  # of a template
    assert "Not found, or you do not have access." in ids  # of an error
    assert ("Send {n} document to the queue?", "Send {n} documents to the queue?") in ids
    assert len(ids) > 1_500


@pytest.mark.slow
def test_updating_twice_changes_nothing_and_keeps_translations(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(catalogs, "LOCALE", tmp_path)
    call_command("update_translations", "fr", stdout=io.StringIO())
    path = tmp_path / "fr" / "LC_MESSAGES" / "django.po"
    path.write_text(
        path.read_text().replace('msgid "Sign in"\nmsgstr ""', 'msgid "Sign in"\nmsgstr "Se connecter"')
    )
    output = io.StringIO()
    call_command("update_translations", stdout=output)
    assert output.getvalue().startswith("fr: 1 of ")
    once = path.read_bytes(), path.with_suffix(".mo").read_bytes()
    call_command("update_translations", stdout=io.StringIO())
    assert (path.read_bytes(), path.with_suffix(".mo").read_bytes()) == once
    assert 'msgstr "Se connecter"' in path.read_text()
