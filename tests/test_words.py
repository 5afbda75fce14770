"""Style of words: nothing says what docs/reference/style-of-words.md forbids."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import get_commands, load_command_class
from django.test import Client

from tests.fixtures.full_project import FullProject
from tests.messages import PACKAGES, ROOT, Message, all_messages
from tests.visible import visible_texts

STYLE = ROOT / "docs" / "reference" / "style-of-words.md"
# These quote what was written before: the style itself and old names.
QUOTES = {"style-of-words.md", "renamed.md"}
MIN_PHRASES = 60
CHOICES = re.compile(r"\{[^}]*\}")  # values that programs send: they never change


@cache
def forbidden() -> dict[str, str]:
    """What must not be written, with what to write instead, from the last table of the page."""
    table = STYLE.read_text(encoding="utf-8").rpartition("## What must not be written")[2]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.M)
    return {phrase.lower(): instead for phrase, instead in rows if phrase != "Not"}


@cache
def pattern() -> re.Pattern[str]:
    """Any of the phrases as whole words; parts of an address are no words."""
    phrases = sorted(forbidden(), key=len, reverse=True)
    return re.compile(rf"(?<![\w/#-])({'|'.join(map(re.escape, phrases))})(?![\w/-])", re.I)


def offenses(messages: tuple[Message, ...]) -> list[str]:
    return [
        f"{message} — “{match[0]}”: write {forbidden()[match[0].lower()]}"
        for message in messages
        for match in pattern().finditer(" ".join(message.text.split()))
    ]


def documents() -> tuple[Message, ...]:
    """Every line of the documents that users read, without code: values of machines and addresses stay."""
    names = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
    return tuple(
        Message(path.relative_to(ROOT).as_posix(), number, line)
        for path in [*(ROOT / name for name in names), *sorted(Path(ROOT / "docs").rglob("*.md"))]
        if path.name not in QUOTES
        for number, line in enumerate(prose(path.read_text(encoding="utf-8")).splitlines(), 1)
    )


def prose(text: str) -> str:
    """A document without its code and the addresses of its links; lines keep their numbers."""
    text = re.sub(r"^```.*?^```$", lambda block: "\n" * block[0].count("\n"), text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`|\]\([^)\s]*\)", lambda code: "]" * code[0].startswith("]"), text)


def test_the_page_forbids_enough_phrases_and_shows_twenty_pairs() -> None:
    assert len(forbidden()) >= MIN_PHRASES
    pairs = STYLE.read_text(encoding="utf-8").partition("## Before and after")[2].partition("## ")[0]
    assert len(re.findall(r"^\| ", pairs, re.M)) >= 21


def test_a_forbidden_phrase_is_found_in_any_case_and_only_as_a_whole() -> None:
    matches = offenses(
        (Message("a.html", 1, "Label it\n Anew"), Message("a.html", 2, "An undoubted settledness"))
    )
    assert matches == ["a.html:1: Label it\n Anew — “Anew”: write again, new; relabel"]


def test_no_message_has_a_forbidden_phrase() -> None:
    assert offenses(all_messages()) == []


def test_code_in_a_document_is_no_prose() -> None:
    assert prose("[A `b`](c.md)\n```\nd\n```\ne") == "[A ]\n\n\n\ne"


def test_no_document_has_a_forbidden_phrase() -> None:
    assert offenses(documents()) == []


@pytest.mark.slow
def test_no_rendered_page_has_a_forbidden_phrase(
    full_project: FullProject, client: Client, joan: User
) -> None:
    client.force_login(joan)
    full_project.grow(3, 3)
    pages = {name: client.get(address) for name, address in full_project.addresses().items()}
    texts = [
        Message(name, 0, text)
        for name, page in pages.items()
        if page["Content-Type"].startswith("text/html")
        for text in visible_texts(page.content.decode())
    ]
    assert len(texts) > 1_000
    assert offenses(tuple(texts)) == []


def test_no_help_text_of_a_command_has_a_forbidden_phrase() -> None:
    ours = {name: app for name, app in get_commands().items() if app in PACKAGES}
    parsers = {
        name: load_command_class(str(app), name).create_parser("manage", name) for name, app in ours.items()
    }
    texts = [
        Message(f"manage {name}", 0, CHOICES.sub("", parser.format_help()))
        for name, parser in parsers.items()
    ]
    assert len(texts) > 5
    assert offenses(tuple(texts)) == []
