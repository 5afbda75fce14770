"""Binary files: a worker makes JSON lines of a workbook, whose columns are mapped as of any table."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet as parquet
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from labeling import worker
from labeling.documents.imports import ImportJob
from labeling.formats import extras
from labeling.jobs.models import Job
from labeling.projects.models import Project
from tests.fixtures.tally import Tally, tally_file
from tests.labeling.web.imports.uploads import kept_files, send, start, text

ROWS = [["nr", "comment", "topic"], ["a1", "Bad and slow", "Delivery"], ["a2", "Money back", "Refund"]]


def workbook(*more: str) -> bytes:
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    for name in more:
        book.create_sheet(name).append(["x", "y"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def convert(project: Project) -> ImportJob:
    worker.run_job(project.pk, Job.Kind.IMPORT)
    return ImportJob.objects.get(project=project)


def page_of(client: Client, job: ImportJob, **headers: str) -> Any:
    return client.get(reverse("labeling:import_job", args=[job.project_id, job.pk]), headers=headers)


def test_a_workbook_is_converted_by_a_worker_and_then_mapped_like_a_table(
    client: Client, empty: Project
) -> None:
    page = text(send(client, empty, workbook(), "mails.xlsx"))
    assert "Reading the file" in page
    assert "You map the columns when a worker has read the file." in page
    job = convert(empty)
    assert (job.state, job.file_format) == ("uploaded", "jsonl")
    assert page_of(client, job, HX_Request="true")["HX-Refresh"] == "true"
    assert "Map the fields" in text(page_of(client, job))
    report = text(start(client, empty, text="comment", id="nr", label="topic", answers="settle"))
    assert "2 documents imported" in report
    assert set(empty.documents.values_list("external_id", flat=True)) == {"a1", "a2"}
    assert not kept_files()


def test_sheets_that_are_not_read_are_listed(client: Client, empty: Project) -> None:
    send(client, empty, workbook("Archive"), "mails.xlsx")
    page = text(page_of(client, convert(empty)))
    assert "Not imported" in page
    assert "Archive" in page


def test_records_that_argilla_exports_as_parquet_come_with_their_annotators(
    client: Client, empty: Project
) -> None:
    columns = {
        "id": ["r1", "r2"],
        "text": ["Bad and slow", "Money back"],
        "topic.responses": [["Refund", "Delivery"], None],
        "topic.responses.users": [["ann", "bob"], None],
        "topic.responses.status": [["submitted", "submitted"], None],
    }
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), buffer)
    send(client, empty, buffer.getvalue(), "records.parquet")
    job = convert(empty)
    assert (job.state, job.file_format) == ("uploaded", "argilla")
    assert "Map the fields" not in text(page_of(client, job))
    start(client, empty, answers="settle")
    first, second = empty.documents.order_by("external_id")
    assert first.annotations.count() == 2
    assert (second.text, second.annotations.count()) == ("Money back", 0)


def test_a_damaged_workbook_fails_with_its_reason(client: Client, empty: Project) -> None:
    send(client, empty, workbook()[:-200], "mails.xlsx")
    job = convert(empty)
    page = text(page_of(client, job))
    assert (job.state, job.failure) == ("failed", "The Excel file is damaged. Save it again.")
    assert "The Excel file is damaged. Save it again." in page
    assert "Refresh preview" not in page


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    client: Client, empty: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda package: None)
    send(client, empty, workbook(), "mails.xlsx")
    page = text(page_of(client, convert(empty)))
    assert "requires the package openpyxl" in page
    assert "pip install" in page


def test_a_file_that_was_discarded_meanwhile_is_not_converted(client: Client, empty: Project) -> None:
    send(client, empty, workbook(), "mails.xlsx")
    job = ImportJob.objects.get()
    client.post(reverse("labeling:discard_import", args=[empty.pk, job.pk]))
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    assert not ImportJob.objects.exists()
    assert not kept_files()


def test_a_workbook_can_start_a_project(client: Client, joan: User) -> None:
    file = io.BytesIO(workbook())
    file.name = "mails.xlsx"
    page = client.post(reverse("labeling:upload_project_file"), {"file": file}, follow=True)
    reference = page.redirect_chain[-1][0].partition("file=")[2]
    assert "does not describe a project" in text(page)
    form = {"name": "Mail", "kind": "single", "class_names": "Refund\nDelivery", "overlap": "1"}
    form |= {"test_percent": "0", "lease_minutes": "15", "creation_key": str(ImportJob().pk)}
    created = client.post(reverse("labeling:new_project"), form | {"file": _unquoted(reference)}, follow=True)
    assert "Reading the file" in text(created)
    assert convert(Project.objects.get()).state == "uploaded"


def _unquoted(reference: str) -> str:
    return reference.replace("%3A", ":")


def test_the_command_converts_by_itself(empty: Project, tmp_path: Path) -> None:
    path = tmp_path / "mails.xlsx"
    path.write_bytes(workbook())
    call_command(
        "import_documents", empty.pk, str(path), text_column="comment", id_column="nr", stdout=io.StringIO()
    )
    assert set(empty.documents.values_list("external_id", flat=True)) == {"a1", "a2"}


def test_the_preview_of_an_export_shows_its_tool_and_classes_and_what_is_lost(
    client: Client, empty: Project, tally: Tally, settings: Settings
) -> None:
    project = {"kind": "single", "classes": ["Refund", "Praise"], "losses": ["Relations are not imported."]}
    page = text(send(client, empty, tally_file(project, {"text": "Hi"}), "export.json"))
    assert "From Tally, with 2 classes: Refund Praise" in page
    assert "Not imported Relations are not imported." in page
    assert "The task types differ" not in page


def test_an_export_of_another_task_type_says_so_before_the_import(
    client: Client, empty: Project, tally: Tally
) -> None:
    project = {"kind": "spans", "classes": ["Refund"]}
    page = text(send(client, empty, tally_file(project, {"text": "Hi"}), "export.json"))
    assert "The task types differ" in page
    assert "for Span labeling (NER), but this project is for Single-label classification." in page
