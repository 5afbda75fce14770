"""How do labels get out without a browser?"""

import io
import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.exchange.exporting import ExportFormat
from labeling.exchange.importing import import_documents
from labeling.formats.projects import WRITERS
from labeling.formats.records import Record, RecordAnnotation
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def answered(tickets: Project, ann: User) -> Project:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    return tickets


def test_the_labels_go_to_standard_output_and_the_count_elsewhere(
    answered: Project, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    call_command("export_labels", answered.pk)
    output = capfdbinary.readouterr()
    assert json.loads(output.out)["label"] == "Refund"
    assert output.err.splitlines()[-1].startswith(b"1 rows written")


@pytest.mark.parametrize(("file_format", "start"), [("raw_csv", b"id,text"), ("csv", b'\xef\xbb\xbf"id"')])
def test_the_labels_go_to_a_file(answered: Project, tmp_path: Path, file_format: str, start: bytes) -> None:
    path = tmp_path / "labels.csv"
    call_command(
        "export_labels", answered.pk, format=file_format, scope="all", output=str(path), stderr=io.StringIO()
    )
    assert path.read_bytes().startswith(start)
    assert path.read_bytes().count(b"\r\n") == 2


@pytest.mark.parametrize("key", [*ExportFormat.values, *WRITERS])
@pytest.mark.parametrize("scope", ["settled", "all"])
def test_every_format_is_written(answered: Project, tmp_path: Path, key: str, scope: str) -> None:
    path = tmp_path / "labels"
    call_command(
        "export_labels", answered.pk, format=key, scope=scope, output=str(path), stderr=io.StringIO()
    )
    assert path.stat().st_size > 0


def test_what_the_format_cannot_hold_is_listed_before_the_rows(answered: Project, tmp_path: Path) -> None:
    errors = io.StringIO()
    call_command("export_labels", answered.pk, format="azure", output=str(tmp_path / "a.zip"), stderr=errors)
    first, *others = errors.getvalue().splitlines()
    assert first == "This format cannot hold everything:"
    assert "  Times, notes, guideline versions and selection probabilities are left out." in others
    assert "6 rows written" in others[-1]
    errors = io.StringIO()
    call_command(
        "export_labels", answered.pk, format="dataset", output=str(tmp_path / "d.jsonl"), stderr=errors
    )
    assert "cannot hold" not in errors.getvalue()


def test_a_document_that_loses_something_is_named(answered: Project, tmp_path: Path, bob: User) -> None:
    annotations = (RecordAnnotation("x", labels=("Refund",)), RecordAnnotation("y", labels=("Billing",)))
    import_documents(answered.pk, [Record(1, "Where is it?", annotations=annotations)])
    errors = io.StringIO()
    call_command(
        "export_labels",
        answered.pk,
        format="azure",
        scope="all",
        output=str(tmp_path / "a.zip"),
        stderr=errors,
    )
    assert "Document 7: Annotators disagree and there is no final label." in errors.getvalue()
    assert "1 documents or labels were not written in full." in errors.getvalue()


@pytest.mark.parametrize(("where", "is_shown"), [(Terminal(), True), (io.StringIO(), False)])
def test_progress_is_for_terminals(
    answered: Project, tmp_path: Path, where: io.StringIO, is_shown: bool
) -> None:
    call_command("export_labels", answered.pk, output=str(tmp_path / "labels"), stderr=where)
    assert ("\r" in where.getvalue()) == is_shown
    assert "1 rows written (" in where.getvalue()


def test_what_cannot_be_done_is_said(answered: Project, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Project 999 does not exist"):
        call_command("export_labels", 999)
    with pytest.raises(CommandError, match="No such file"):
        call_command(
            "export_labels", answered.pk, output=str(tmp_path / "no" / "labels"), stderr=io.StringIO()
        )
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("export_labels", str(answered.pk), "--format", "xlsx")
