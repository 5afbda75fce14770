"""How does a file of documents come in by command?"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from labeling.actions import projects
from labeling.models import Project


@pytest.fixture
def empty(joan: User) -> Project:
    return projects.create(joan, name="SMS", kind="single", class_names=["ham", "spam"], test_share=0.0)


def run(project: Project, path: Path, raw: bytes, **options: str) -> tuple[list[tuple[str, str | None]], str]:
    """(text, class) of the documents, and what the command warns of."""
    path.write_bytes(raw)
    warnings = io.StringIO()
    call_command("import_documents", project.pk, str(path), stdout=io.StringIO(), stderr=warnings, **options)
    found = project.documents.order_by("position")
    label = "resolution__annotation__labels__label_class__name"
    return list(found.values_list("text", label)), warnings.getvalue()


def test_a_file_without_a_header_is_guessed_and_said(empty: Project, tmp_path: Path) -> None:
    raw = b'ham\tSee you at eight\nspam\tYou have won\nham\t"Fine" she said\n'
    documents, warnings = run(empty, tmp_path / "SMSSpamCollection", raw)
    assert documents == [
        ("See you at eight", "ham"),
        ("You have won", "spam"),
        ('"Fine" she said', "ham"),
    ]
    assert "The first row does not look like names of columns" in warnings


def test_the_guess_can_be_overruled(empty: Project, tmp_path: Path) -> None:
    raw = "spam|You have won\nham|Ja, gern; größer\n".encode("cp1252")
    chosen = {"delimiter": "|", "header": "no", "text_column": "column 2", "label_column": "column 1"}
    documents, warnings = run(empty, tmp_path / "a.csv", raw, encoding="cp1252", **chosen)
    assert documents == [("You have won", "spam"), ("Ja, gern; größer", "ham")]
    assert not warnings


def test_utf_16_and_json_lists_are_recognised(empty: Project, tmp_path: Path) -> None:
    raw = '[{"text": "Größe", "label": "ham"}, "Anything"]'.encode("utf-16-le")
    assert run(empty, tmp_path / "a.json", raw) == ([("Größe", "ham"), ("Anything", None)], "")
