"""New project pages: a project from the file of another tool, confirmed first and created once."""

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from labeling import worker
from labeling.annotations.models import Annotation
from labeling.documents.imports import ImportJob
from labeling.exchange import project_summaries, upload_files, uploads
from labeling.exchange.export_files import export_file
from labeling.exchange.exporting import Scope
from labeling.guidelines import versions
from labeling.guidelines.models import Guideline
from labeling.guidelines.versions import RuleText
from labeling.jobs.models import Job
from labeling.projects import members
from labeling.projects.models import Project
from tests.fixtures.tally import Tally, tally_file
from tests.labeling.web.imports.uploads import kept_files, text

MAILS = {
    "name": "Support mail",
    "kind": "single",
    "classes": ["Refund", "Delivery", "~Spam"],
    "guidelines": ["Old rules", "Label what the customer wants."],
    "losses": ["Relations are not imported."],
}
ROWS: list[dict[str, Any]] = [
    {
        "id": "1",
        "text": "Money back",
        "labels": {"mia": ["Refund"], "noa": ["Refund"]},
        "split": "test",
    },
    {"id": "2", "text": "Where is it?", "labels": {"mia": ["Delivery"]}, "predictions": [{"Delivery": 0.9}]},
    {"id": "3", "text": "Buy now", "labels": {"noa": ["Spam"]}},
    {"id": "4", "text": "Hello"},
    {"id": "5"},
]


@pytest.fixture(autouse=True)
def signed_in(client: Client, eve: User, settings: Settings, tmp_path: Path, tally: Tally) -> None:
    settings.DATA_DIR = tmp_path
    client.force_login(eve)


def upload(client: Client, content: bytes, name: str = "export.json", **options: Any) -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("labeling:upload_project_file"), {"file": file}, follow=True, **options)


def address_of(response: Any) -> str:
    return str(response.redirect_chain[-1][0])


def create(client: Client, address: str, **changes: str) -> Any:
    values = {"name": "Mail", "overlap": "1", "test_percent": "0", "lease_minutes": "15"}
    return client.post(address, values | changes, follow=True)


def test_the_new_project_page_offers_a_file_first(client: Client) -> None:
    page = text(client.get(reverse("labeling:new_project")))
    assert page.index("Start from a file") < page.index("Start with your own classes")


def test_the_confirmation_shows_all_that_the_file_holds_and_what_is_lost(client: Client) -> None:
    page = text(upload(client, tally_file(MAILS, *ROWS)))
    for part in (
        "4 documents from Tally",
        "Nothing is imported yet.",
        "3 labeled 1 unlabeled 3 classes 2 annotators 1 with predictions 1 cannot be imported",
        "Task type: Single-label classification",
        "Refund 1 Delivery 1 Spam 1 retired",
        "mia 2 noa 2",
        "Test set 1",
        "Assigned at random 3",
        "Label what the customer wants.",
        "Not imported Relations are not imported.",
        "6 The row has no text. Add the field &quot;text&quot;.",
    ):
        assert part in page
    assert not Project.objects.exists()


def test_one_click_creates_the_project_with_everybodys_labels(client: Client, eve: User) -> None:
    page = upload(client, tally_file(MAILS, *ROWS))
    assert b'value="Support mail"' in page.content
    report = text(create(client, address_of(page), name="My mail", overlap="2"))
    assert "Project created." in report
    assert "4 documents imported" in report
    project = Project.objects.get()
    assert members.manager_of(project.pk, eve)
    assert (project.name, project.kind, project.overlap) == ("My mail", "single", 2)
    assert list(project.classes.values_list("name", flat=True)) == ["Refund", "Delivery", "Spam"]
    assert Annotation.objects.filter(document__project=project).count() == 4
    newest = Guideline.objects.filter(project=project).order_by("number").last()
    assert newest
    assert (newest.number, newest.body) == (3, "Label what the customer wants.")
    assert kept_files() == {f"{ImportJob.objects.get().pk.hex}.rejects"}


def test_a_dataset_of_this_service_becomes_the_same_project_with_the_rules_of_its_guideline(
    client: Client, tickets: Project, joan: User
) -> None:
    refund = tickets.classes.get(name="Refund")
    rules = {refund.pk: RuleText("Money back.", "I want it back", "I paid")}
    versions.publish(tickets.pk, joan, body="# Rules", rules=rules, change="rule", note="First rules")
    file = b"".join(export_file(tickets, Scope.ALL, "dataset"))
    create(client, address_of(upload(client, file, "dataset.jsonl")), name=tickets.name)
    again = Project.objects.exclude(pk=tickets.pk).get()
    assert b"".join(export_file(again, Scope.ALL, "dataset")) == file


def test_retired_classes_are_retired_when_their_labels_are_in(client: Client) -> None:
    create(client, address_of(upload(client, tally_file(MAILS, *ROWS))))
    retired = Project.objects.get().classes.exclude(retired_at=None)
    assert [label_class.name for label_class in retired] == ["Spam"]


def test_a_worker_reads_a_large_file_and_retires_the_classes(client: Client) -> None:
    many = [{"text": f"Mail {n}", "labels": {"mia": ["Spam"]}} for n in range(uploads.MAX_REQUEST_ROWS + 1)]
    page = text(create(client, address_of(upload(client, tally_file(MAILS, *many)))))
    project = Project.objects.get()
    assert "Waiting for a worker" in page
    assert not project.classes.exclude(retired_at=None)
    worker.run_job(project.pk, Job.Kind.IMPORT)
    job = project.import_jobs.get()
    assert (job.state, job.imported, job.labeled) == ("done", len(many), len(many))
    assert project.classes.get(name="Spam").retired_at


def test_a_double_click_creates_one_project(client: Client) -> None:
    address = address_of(upload(client, tally_file(MAILS, *ROWS)))
    first, second = (create(client, address, name=name) for name in ("Mail", "Other"))
    assert address_of(first) == address_of(second)
    assert Project.objects.get().name == "Mail"
    assert ImportJob.objects.get().imported == 4


def test_the_back_button_leads_to_the_project_that_was_created(client: Client) -> None:
    address = address_of(upload(client, tally_file(MAILS, *ROWS)))
    created = create(client, address)
    assert client.get(address)["Location"] == address_of(created)


def test_a_file_that_was_deleted_asks_for_another(client: Client, settings: Settings) -> None:
    address = address_of(upload(client, tally_file(MAILS, *ROWS)))
    for path in Path(settings.DATA_DIR, "uploads").iterdir():
        path.unlink()
    for response in (client.get(address), create(client, address)):
        assert response.status_code == 410
        assert "has been deleted. Upload it again." in text(response)
    assert not Project.objects.exists()


def test_a_reference_expires_with_its_file(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    address = address_of(upload(client, tally_file(MAILS, *ROWS)))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 24 * 3600 + 1)
    assert client.get(address).status_code == 410


def test_the_sweep_deletes_files_after_a_day_but_not_those_of_imports(
    client: Client, settings: Settings
) -> None:
    upload(client, tally_file(MAILS, *ROWS))
    waiting = address_of(upload(client, b"nr,text\n1,Hello\n", "table.csv"))
    create(client, reverse("labeling:new_project"), **form_of(client, waiting))
    assert len(kept_files()) == 3  # an export with its summary, and the table
    upload_files.sweep()
    assert len(kept_files()) == 3
    for path in Path(settings.DATA_DIR, "uploads").iterdir():
        os.utime(path, (0, 0))
    upload_files.sweep()
    assert kept_files() == {ImportJob.objects.get().pk.hex}


def form_of(client: Client, address: str) -> dict[str, str]:
    page = client.get(address).content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    return hidden | {"kind": "single", "class_names": "Good\nBad"}


def test_another_person_cannot_use_the_reference(client: Client, joan: User) -> None:
    address = address_of(upload(client, tally_file(MAILS, *ROWS)))
    client.force_login(joan)
    reference = address.rstrip("/").rpartition("/")[2]
    assert client.get(address).status_code == 404
    assert create(client, address).status_code == 404
    assert client.get(reverse("labeling:new_project"), {"file": reference}).status_code == 404
    assert client.get(reverse("labeling:project_from_file", args=[reference[:-1]])).status_code == 404
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "<script>alert(1)</script>.json",
        "a" * 400 + ".json",
        "\u202egnp.json",
        "mails\u2028.json",
        "\U0001f600" * 100,
        "a;b&c=d#e?.json",
    ],
)
def test_the_name_of_a_file_is_only_shown(client: Client, name: str, settings: Settings) -> None:
    response = upload(client, tally_file({"kind": "single", "classes": ["A"]}, {"text": "Hi"}), name)
    assert response.status_code == 200
    assert b"<script>alert" not in response.content
    create(client, address_of(response))
    assert Project.objects.get().name
    assert {path.name for path in Path(settings.DATA_DIR).iterdir()} == {"uploads"}


def test_hostile_text_of_a_file_is_shown_as_text_and_stored_without_what_no_database_takes(
    client: Client,
) -> None:
    script = "<script>alert(1)</script>"
    project = MAILS | {
        "name": f"A\0{script}",
        "guidelines": [f"{script}\0\ud800"],
        "description": "\0",
        "classes": ["A\0", script, "x" * 200],
        "losses": [script],
    }
    response = upload(client, tally_file(project, {"text": "Hi", "labels": {script: [script]}}))
    assert script not in response.content.decode()
    created = create(client, address_of(response), name=script)
    assert script not in created.content.decode()
    assert list(Project.objects.get().classes.values_list("name", flat=True)) == [script]


def test_a_table_leads_to_the_form_and_then_to_its_columns(client: Client) -> None:
    response = upload(client, b"nr,comment,topic\n1,Bad,Good\n", "mails.csv")
    page = text(response)
    assert "mails.csv This file does not describe a project." in page
    assert "Start from a file" not in page
    values = form_of(client, address_of(response))
    mapped = create(client, reverse("labeling:new_project"), **values)
    assert "Map the columns" in text(mapped)
    again = create(client, reverse("labeling:new_project"), **values)
    assert address_of(again) == address_of(mapped)
    assert Project.objects.count() == ImportJob.objects.count() == 1


def test_an_export_without_labels_leads_to_the_form_with_its_name(client: Client) -> None:
    response = upload(client, tally_file({"name": "Unlabeled"}, {"text": "Hi"}, {"text": "Ho"}))
    assert "2 documents without classes." in text(response)
    assert b'value="Unlabeled"' in response.content
    mapped = create(client, reverse("labeling:new_project"), **form_of(client, address_of(response)))
    assert "Check the preview" in text(mapped)


def test_a_file_that_names_no_task_type_asks_for_it(client: Client) -> None:
    response = upload(client, tally_file({"classes": ["A", "B"]}, {"text": "Hi"}))
    assert 'name="kind"' in response.content.decode()
    refused = create(client, address_of(response))
    assert refused.status_code == 422
    create(client, address_of(response), kind="multi")
    assert Project.objects.get().kind == "multi"


def test_a_large_export_names_the_command(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project_summaries, "MAX_OUTLINE_BYTES", 100)
    response = upload(client, tally_file(MAILS, *ROWS))
    page = text(response)
    assert "This Tally file is too large" in page
    assert "./run manage import_project" in page
    mapped = create(client, reverse("labeling:new_project"), **form_of(client, address_of(response)))
    assert "Check the preview" in text(mapped)


def test_a_file_that_breaks_off_says_so_and_keeps_what_was_read(client: Client) -> None:
    response = upload(client, tally_file(MAILS, *ROWS, end=b"!\n"))
    assert "The rest of the file cannot be read The file is cut off." in text(response)
    create(client, address_of(response))
    job = ImportJob.objects.get()
    assert (job.state, job.imported) == ("failed", 4)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"PK\x03\x04", "damaged"), (b"%PDF-1.4", "PDF"), (b"", "empty")]
)
def test_what_cannot_be_read_is_refused_on_the_page(client: Client, content: bytes, reason: str) -> None:
    response = upload(client, content, "x.zip")
    assert response.status_code == 422
    assert reason in text(response)
    assert not kept_files()


def test_a_project_that_cannot_be_is_refused_beside_its_field(client: Client) -> None:
    address = address_of(upload(client, tally_file(MAILS, *ROWS)))
    refused = create(client, address, name=" ", overlap="40")
    assert refused.status_code == 422
    assert "less than or equal to 32" in text(refused)
    assert not Project.objects.exists()
