"""How does a file of documents come in by command?"""

from __future__ import annotations

import io
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from labeling.annotations.submit import Submission, submit
from labeling.guidelines import new_projects
from labeling.learning.text.limits import READ_CHARACTERS
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label


@pytest.fixture
def empty(joan: User) -> Project:
    return new_projects.create(joan, name="SMS", kind="single", class_names=["ham", "spam"], test_share=0.0)


def run(project: Project, path: Path, raw: bytes, **options: Any) -> tuple[list[tuple[str, str | None]], str]:
    """(text, class) of the documents, and what the command warns of."""
    path.write_bytes(raw)
    warnings = io.StringIO()
    call_command("import_documents", project.pk, str(path), stdout=io.StringIO(), stderr=warnings, **options)
    result = project.documents.order_by("position")
    label = "resolution__annotation__labels__label_class__name"
    return list(result.values_list("text", label)), warnings.getvalue()


def test_a_file_without_a_header_is_guessed_and_said(empty: Project, tmp_path: Path) -> None:
    raw = b'ham\tSee you at eight\nspam\tYou have won\nham\t"Fine" she said\n'
    documents, warnings = run(empty, tmp_path / "SMSSpamCollection", raw)
    assert documents == [
        ("See you at eight", "ham"),
        ("You have won", "spam"),
        ('"Fine" she said', "ham"),
    ]
    assert "The first row does not look like column names" in warnings


def test_the_guess_can_be_overruled(empty: Project, tmp_path: Path) -> None:
    raw = "spam|You have won\nham|Ja, gern; größer\n".encode("cp1252")
    chosen = {"delimiter": "|", "header": "no", "text_column": "column 2", "label_column": "column 1"}
    documents, warnings = run(empty, tmp_path / "a.csv", raw, encoding="cp1252", **chosen)
    assert documents == [("You have won", "spam"), ("Ja, gern; größer", "ham")]
    assert not warnings


def test_utf_16_and_json_lists_are_recognized(empty: Project, tmp_path: Path) -> None:
    raw = '[{"text": "Größe", "label": "ham"}, "Anything"]'.encode("utf-16-le")
    assert run(empty, tmp_path / "a.json", raw) == ([("Größe", "ham"), ("Anything", None)], "")


ROWS = (
    b'{"body": "See you", "verdict": "ham", "by": "Kim"}\n'
    b'{"body": "You won", "verdict": "scam", "by": "Lee"}\n'
)


def said(project: Project, path: Path, raw: bytes, **options: Any) -> str:
    path.write_bytes(raw)
    out = io.StringIO()
    call_command("import_documents", project.pk, str(path), stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def test_a_dry_run_tells_what_would_be_settled_and_stores_nothing(empty: Project, tmp_path: Path) -> None:
    summary = said(empty, tmp_path / "a.jsonl", ROWS, dry_run=True)
    assert "2 of 2 rows have a label; 1 would be imported as labeled." in summary
    assert "1 rows have 1 labels that are not classes of the project" in summary
    assert "scam (1 rows)" in summary
    assert not empty.documents.exists()
    assert not empty.import_jobs.exists()


def test_keys_of_json_rows_and_what_becomes_of_them_are_chosen(empty: Project, tmp_path: Path) -> None:
    chosen = {"text_column": "body", "label_column": "verdict", "hidden": ["by"], "add_classes": True}
    documents, _ = run(empty, tmp_path / "a.jsonl", ROWS, **chosen)
    assert documents == [("See you", "ham"), ("You won", "scam")]
    empty.refresh_from_db()
    assert (empty.hidden_metadata, empty.documents.first().metadata) == (["by"], {"by": "Kim"})  # type: ignore[union-attr]


def test_texts_only_and_columns_left_out(empty: Project, tmp_path: Path) -> None:
    raw = b"text,label,by\nSee you,ham,Kim\nYou won,spam,Lee\n"
    documents, _ = run(empty, tmp_path / "a.csv", raw, ignore_labels=True, left_out=["by"])
    assert documents == [("See you", None), ("You won", None)]
    assert [document.metadata for document in empty.documents.all()] == [{}, {}]


@pytest.mark.parametrize("chosen", [{}, {"labels_column": "tags", "separator": ";"}])
def test_the_separator_is_guessed_or_chosen(joan: User, tmp_path: Path, chosen: dict[str, str]) -> None:
    project = new_projects.create(joan, name="X", kind="multi", class_names=["late", "rude"], test_share=0.0)
    documents, _ = run(project, tmp_path / "a.csv", b"text,tags\nHi,late;rude\n", **chosen)
    assert sorted(name for _text, name in documents if name) == ["late", "rude"]


def test_documents_longer_than_models_read_are_counted(empty: Project, tmp_path: Path) -> None:
    summary = said(empty, tmp_path / "a.txt", b"x" * (READ_CHARACTERS + 1) + b"\nshort\n")
    assert "1 of the new documents are longer than the 20,000 characters" in summary


def undo(*words: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("undo_import", *words, stdout=out, **options)
    return out.getvalue()


def test_an_import_is_undone_by_its_identifier(empty: Project, joan: User, tmp_path: Path) -> None:
    summary = said(empty, tmp_path / "a.csv", b"text,label\nSee you,ham\nYou won,spam\n")
    job = re.findall(r"Import (\S+)\.", summary)[0]
    assert "2 documents, 2 imported labels and 0 classes would be removed" in undo(job, dry_run=True)
    assert empty.documents.count() == 2
    assert "Undone: 2 documents, 2 imported labels" in undo(job)
    assert not empty.documents.exists()
    summary = said(empty, tmp_path / "b.csv", b"text\nSee you\n")
    job = re.findall(r"Import (\S+)\.", summary)[0]
    (held,) = claims.claim(empty.pk, joan, 1).documents
    submit(joan, Submission(held.token, [label(empty, "ham")]))
    assert "1 of its documents has been labeled" in undo(job, dry_run=True)
    with pytest.raises(CommandError, match="1 of its documents has been labeled"):
        undo(job)
    with pytest.raises(CommandError, match=r"Import .* does not exist"):
        undo(str(uuid.uuid4()))
