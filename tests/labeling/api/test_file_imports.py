"""Files by API: into a project, and as a project of their own."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.fixtures import Settings

from labeling import worker
from labeling.documents.imports import ImportJob
from labeling.exchange import project_summaries, uploads
from labeling.guidelines import new_projects
from labeling.jobs.models import Job
from labeling.projects.models import Project
from tests.fixtures.tally import Tally, tally_file
from tests.labeling.api.conftest import Caller

MAILS = {"name": "Mail", "kind": "single", "classes": ["Refund", "~Spam"], "losses": ["Relations are lost."]}
ROWS: list[dict[str, Any]] = [
    {"text": "Money back", "labels": {"mia": ["Refund"]}, "split": "test"},
    {"text": "Buy now", "labels": {"noa": ["Spam"]}, "predictions": [{"Spam": 0.9}]},
    {"text": "Hello"},
    {"id": "4"},
]
TABLE = b"nr,comment,topic\n1,Bad and slow,Delivery\n2,Money back,Refund\n"
FROM_FILE = "projects/from-file/"


@pytest.fixture(autouse=True)
def data_folder(settings: Settings, tmp_path: Path, tally: Tally) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "uploads"


@pytest.fixture
def empty(joan: User) -> Project:
    return new_projects.create(
        joan, name="M", kind="single", class_names=["Refund", "Delivery"], test_share=0.0
    )


def form(content: bytes = b"", filename: str = "export.json", /, **fields: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile(filename, content or tally_file(MAILS, *ROWS)), **fields}


def stored(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.exists() else []


def test_a_project_is_created_from_an_export(joan: User, data_folder: Path) -> None:
    response = Caller(joan).post(FROM_FILE, form(overlap=2, test_share=0.2))
    created = response.json()
    assert response.status_code == 201
    project = Project.objects.get()
    assert (created["project"]["id"], created["project"]["name"]) == (project.pk, "Mail")
    assert (project.overlap, project.test_share) == (2, 0.2)
    assert (created["documents"]["state"], created["documents"]["imported"]) == ("done", 3)
    assert created["documents"]["origin"] == "api"
    assert list(project.classes.filter(retired_at=None).values_list("name", flat=True)) == ["Refund"]
    assert [path.suffix for path in stored(data_folder)] == [".rejects"]


def test_a_dry_run_shows_what_the_export_holds_and_stores_nothing(joan: User, data_folder: Path) -> None:
    response = Caller(joan).post(FROM_FILE, form(dry_run="true"))
    summary = response.json()
    assert response.status_code == 200
    assert (summary["tool"], summary["name"], summary["kind"]) == ("Tally", "Mail", "single")
    assert summary["classes"][1] == {"name": "Spam", "documents": 1, "is_active": False}
    assert {row["name"] for row in summary["annotators"]} == {"mia", "noa"}
    assert summary["splits"][0] == {"name": "", "documents": 2}
    assert (summary["documents"], summary["labeled"], summary["predicted"]) == (3, 2, 1)
    assert (summary["losses"], summary["bad_rows"][0]["line"]) == (["Relations are lost."], 5)
    assert not Project.objects.exists()
    assert not stored(data_folder)


def test_what_is_sent_wins_over_what_the_file_says(joan: User) -> None:
    fields = {"name": "Other", "kind": "multi", "classes": "Refund\nPraise"}
    Caller(joan).post(FROM_FILE, form(**fields))
    project = Project.objects.get()
    assert (project.name, project.kind) == ("Other", "multi")
    assert {"Refund", "Praise"} <= set(project.classes.values_list("name", flat=True))


def test_a_repeated_request_with_its_key_creates_one_project(joan: User, data_folder: Path) -> None:
    first, second = (Caller(joan).post(FROM_FILE, form(), **{"Idempotency-Key": "move"}) for _ in range(2))
    assert first.json() == second.json()
    refused = Caller(joan).post(FROM_FILE, form(name="Other"), **{"Idempotency-Key": "move"})
    assert (refused.status_code, refused.json()["code"]) == (422, "key_reused")
    assert Project.objects.count() == ImportJob.objects.count() == 1


def test_a_file_that_is_no_project_is_refused_with_what_to_do(
    joan: User, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Caller(joan).post(FROM_FILE, form(TABLE, "mails.csv"))
    assert refused.status_code == 422
    assert "does not describe a project" in refused.json()["detail"]
    monkeypatch.setattr(project_summaries, "MAX_OUTLINE_BYTES", 10)
    assert "import_project" in Caller(joan).post(FROM_FILE, form()).json()["detail"]
    assert not stored(data_folder)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"overlap": "x"}, "overlap"),
        ({"kind": "both"}, "kind"),
        ({"surname": "x"}, "surname"),
        ({"test_share": "2"}, "test_share"),
    ],
)
def test_wrong_fields_are_named(joan: User, fields: dict[str, str], path: str) -> None:
    refused = Caller(joan).post(FROM_FILE, form(**fields))
    assert refused.status_code == 400
    assert [error["path"] for error in refused.json()["errors"]] == [path]


def test_a_body_that_is_no_form_is_refused(joan: User, empty: Project) -> None:
    for path in (FROM_FILE, f"projects/{empty.pk}/imports/files/"):
        assert Caller(joan).post(path, {"name": "x"}).status_code == 415
        assert Caller(joan).post(path).status_code in (400, 415)


def test_a_table_is_imported_with_its_columns_guessed(joan: User, empty: Project) -> None:
    response = Caller(joan).post(f"projects/{empty.pk}/imports/files/", form(TABLE, "mails.csv"))
    assert response.status_code == 200
    assert (response.json()["imported"], response.json()["labeled"]) == (2, 2)
    assert response.json()["origin"] == "api"


def test_columns_and_labels_are_as_stated(joan: User, empty: Project) -> None:
    fields = {"text_field": "topic", "label_field": "", "id_field": "comment", "takes_labels": "false"}
    Caller(joan).post(f"projects/{empty.pk}/imports/files/", form(TABLE, "mails.csv", **fields))
    documents = empty.documents.order_by("position").values_list("external_id", "text", "state")
    assert list(documents) == [("Bad and slow", "Delivery", "open"), ("Money back", "Refund", "open")]


def test_json_is_read_by_its_usual_keys_or_as_stated(joan: User, empty: Project) -> None:
    path = f"projects/{empty.pk}/imports/files/"
    Caller(joan).post(path, form(b'{"text": "One", "label": "Refund"}\n', "a.jsonl"))
    Caller(joan).post(
        path,
        form(b'[{"body": "Two", "topic": "Delivery"}]', "a.json", label_field="topic", text_field="body"),
    )
    assert empty.documents.filter(state="resolved").count() == 2


def test_a_dry_run_of_a_file_counts_and_stores_nothing(joan: User, empty: Project, data_folder: Path) -> None:
    response = Caller(joan).post(f"projects/{empty.pk}/imports/files/", form(TABLE, "a.csv", dry_run="true"))
    assert (response.status_code, response.json()["settled_rows"]) == (200, 2)
    assert not ImportJob.objects.exists()
    assert not stored(data_folder)


def test_an_export_goes_into_an_existing_project(joan: User, empty: Project) -> None:
    response = Caller(joan).post(f"projects/{empty.pk}/imports/files/", form(add_classes="true"))
    assert (response.json()["imported"], response.json()["labeled"]) == (3, 2)
    assert empty.classes.filter(name="Spam").exists()


def test_a_large_file_is_left_to_a_worker(joan: User, empty: Project) -> None:
    lines = b"".join(b"text %d\n" % n for n in range(uploads.MAX_REQUEST_ROWS + 1))
    response = Caller(joan).post(f"projects/{empty.pk}/imports/files/", form(lines, "a.txt", format="lines"))
    assert (response.status_code, response.json()["state"]) == (202, "queued")


def test_a_workbook_is_converted_and_then_imported_without_another_request(
    joan: User, empty: Project
) -> None:
    book = openpyxl.Workbook()
    for row in (["nr", "comment", "topic"], [1, "Bad and slow", "Delivery"]):
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    fields = {"text_field": "comment", "label_field": "topic", "id_field": "nr"}
    path = f"projects/{empty.pk}/imports/files/"
    response = Caller(joan).post(path, form(buffer.getvalue(), "mails.xlsx", **fields))
    assert (response.status_code, response.json()["state"]) == (202, "converting")
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    done = Caller(joan).get(f"projects/{empty.pk}/imports/{response.json()['id']}/").json()
    assert (done["state"], done["imported"], done["labeled"]) == ("done", 1, 1)
    refused = Caller(joan).post(path, form(buffer.getvalue(), "mails.xlsx", dry_run="true"))
    assert (refused.status_code, ImportJob.objects.count()) == (422, 1)


def test_what_cannot_be_read_is_refused_and_not_kept(joan: User, empty: Project, data_folder: Path) -> None:
    for content, name in ((b"%PDF-1.4", "a.pdf"), (b"PK\x03\x04", "a.zip")):
        assert (
            Caller(joan).post(f"projects/{empty.pk}/imports/files/", form(content, name)).status_code == 422
        )
        assert Caller(joan).post(FROM_FILE, form(content, name)).status_code == 422
    assert not stored(data_folder)
    assert not ImportJob.objects.exists()


def test_rows_that_cannot_be_read_come_back_as_a_file(joan: User, empty: Project) -> None:
    table = b"nr,text\n1,Hi\n2,\n"
    job = Caller(joan).post(f"projects/{empty.pk}/imports/files/", form(table, "a.csv")).json()
    response = Caller(joan).get(f"projects/{empty.pk}/imports/{job['id']}/rejected-rows/")
    assert (response.status_code, b"".join(response.streaming_content)) == (200, b"nr,text\n2,\n")
    fine = Caller(joan).post(f"projects/{empty.pk}/imports/files/", form(b"nr,text\n3,Ho\n", "a.csv")).json()
    assert Caller(joan).get(f"projects/{empty.pk}/imports/{fine['id']}/rejected-rows/").status_code == 404


def test_an_import_is_canceled_and_resumed(joan: User, empty: Project) -> None:
    lines = b"".join(b"text %d\n" % n for n in range(uploads.MAX_REQUEST_ROWS + 1))
    path = f"projects/{empty.pk}/imports/"
    job = Caller(joan).post(f"{path}files/", form(lines, "a.txt", format="lines")).json()
    own = f"{path}{job['id']}/"
    assert Caller(joan).post(f"{own}cancel/", {}).status_code == 204
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    assert (Caller(joan).get(own).json()["state"], empty.documents.count()) == ("stopped", 0)
    resumed = Caller(joan).post(f"{own}resume/", {})
    assert (resumed.status_code, resumed.json()["state"]) == (202, "queued")
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    done = Caller(joan).get(own).json()
    assert (done["state"], done["imported"]) == ("done", uploads.MAX_REQUEST_ROWS + 1)
    assert Caller(joan).post(f"{own}cancel/", {}).status_code == 204
    assert Caller(joan).get(own).json()["state"] == "done"


def test_a_file_that_waits_to_be_converted_is_forgotten_when_its_import_is_canceled(
    joan: User, empty: Project, data_folder: Path
) -> None:
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["text"])
    book.active.append(["Hi"])
    book.save(buffer)
    path = f"projects/{empty.pk}/imports/"
    job = Caller(joan).post(f"{path}files/", form(buffer.getvalue(), "a.xlsx")).json()
    assert Caller(joan).post(f"{path}{job['id']}/cancel/", {}).status_code == 204
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    assert not ImportJob.objects.exists()
    assert not stored(data_folder)
