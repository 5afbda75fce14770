"""How does a whole project come in by command?"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pyarrow import parquet

from labeling.annotations.models import Annotation
from labeling.projects.models import Project

pytestmark = pytest.mark.django_db


def run(path: Path, **options: Any) -> tuple[str, str]:
    """What the command writes, to standard output and of bad rows."""
    output, errors = io.StringIO(), io.StringIO()
    call_command("import_project", str(path), stdout=output, stderr=errors, **options)
    return output.getvalue(), errors.getvalue()


@pytest.fixture
def doccano(tmp_path: Path) -> Path:
    """The export of a project of two annotators, who agree on one of two texts; and one bad row."""
    path = tmp_path / "tickets.zip"
    rows = {"ann": ["Refund", "Late"], "bob": ["Refund", "Refund"]}
    with zipfile.ZipFile(path, "w") as archive:
        for annotator, labels in rows.items():
            texts = ["I want my money back.", "Where is it?"]
            lines = [
                json.dumps({"id": number, "text": text, "label": [label], "Comments": []})
                for number, (text, label) in enumerate(zip(texts, labels, strict=True), 1)
            ]
            archive.writestr(f"{annotator}.jsonl", "\n".join([*lines, '{"id": 3, "text": ""}']))
    return path


def test_a_dry_run_counts_and_stores_nothing(doccano: Path, joan: User) -> None:
    output, errors = run(doccano, dry_run=True)
    assert "doccano: Single-label classification, 2 classes." in output
    assert "2 documents, 2 of them labeled" in output
    assert "Annotator ann: 2" in output
    assert errors.count("The text is empty") == 2
    assert "Nothing was imported." in output
    assert not Project.objects.exists()


def test_the_project_has_classes_and_everybodys_labels(doccano: Path, joan: User) -> None:
    output, _errors = run(doccano, name="Tickets")
    project = Project.objects.get()
    assert f"Project {project.pk} (Tickets): 2 documents, 1 labeled" in output
    assert (project.kind, list(project.classes.values_list("name", flat=True))) == (
        "single",
        ["Refund", "Late"],
    )
    annotators = Annotation.objects.filter(project=project).values_list("origin__annotator", flat=True)
    assert sorted(annotators) == ["ann", "ann", "bob", "bob"]
    assert project.memberships.get().user == joan


def test_a_table_and_a_parquet_file_become_projects_too(joan: User, tmp_path: Path) -> None:
    table = tmp_path / "mails.csv"
    table.write_text("id,text,label\n1,Where is it?,Late\n2,Money back,Refund\n3,Where is my box?,Late\n")
    run(table)
    rows = pyarrow.table({"text": ["Ann sings.", "Nobody."], "label": ["PER", "NONE"]})
    parquet.write_table(rows, tmp_path / "songs.parquet")
    run(tmp_path / "songs.parquet")
    for name, classes, count in (("mails", ["Late", "Refund"], 3), ("songs", ["PER", "NONE"], 2)):
        project = Project.objects.get(name=name)
        assert list(project.classes.values_list("name", flat=True)) == classes
        assert project.documents.filter(state="resolved").count() == count


def test_a_file_without_labels_asks_for_classes(joan: User, tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("First document.\nSecond document.\n")
    with pytest.raises(CommandError, match="Choose one"):
        run(texts)
    with pytest.raises(CommandError, match="Enter them"):
        run(texts, kind="single")
    run(texts, kind="single", class_names=["A", "B"])
    assert Project.objects.get().documents.count() == 2


def test_the_manager_has_to_be_named_where_several_people_are(doccano: Path, joan: User, ann: User) -> None:
    with pytest.raises(CommandError, match="--manager"):
        run(doccano)
    with pytest.raises(CommandError, match="There is no account nobody"):
        run(doccano, manager="nobody")
    run(doccano, manager=ann.username)
    assert Project.objects.get().memberships.get().user == ann
