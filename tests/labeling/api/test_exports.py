"""How does a program get the labels out?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling import worker
from labeling.formats.bundles import FilesInMemory
from labeling.formats.projects import WRITERS
from labeling.formats.readers import dataset
from labeling.jobs.models import Job
from labeling.projects.models import Project


def get(client: Client, project: Project, path: str = "", **query: str) -> Any:
    return client.get(f"/api/v1/projects/{project.pk}/exports/{path}", query)


def test_every_format_is_listed_with_what_it_cannot_hold(
    client: Client, tickets: Project, joan: User
) -> None:
    client.force_login(joan)
    formats = {each["key"]: each for each in get(client, tickets).json()["formats"]}
    assert set(formats) == {"jsonl", "csv", "raw_csv", *WRITERS}
    assert formats["dataset"]["losses"] == []
    assert formats["jsonl"]["losses"] == ["Unlabeled documents are left out."]
    assert formats["dataset"]["suffix"] == ".jsonl"
    assert formats["dataset"]["needs_worker"] is False


def test_the_file_is_streamed_in_the_format(client: Client, tickets: Project, joan: User) -> None:
    client.force_login(joan)
    response = get(client, tickets, "dataset/", scope="all")
    assert response["Content-Type"] == "application/x-ndjson"
    name = f"project-{tickets.pk}-annotations-dataset.jsonl"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    file = b"".join(response.streaming_content)
    assert len(list(dataset.read(FilesInMemory({name: file})))) == 6


def test_a_format_that_needs_a_package_is_left_to_a_worker(
    client: Client, tickets: Project, joan: User
) -> None:
    client.force_login(joan)
    formats = {each["key"]: each for each in get(client, tickets).json()["formats"]}
    assert formats["excel"]["needs_worker"] is True
    response = get(client, tickets, "excel/")
    assert response.status_code == 422
    assert "Send a POST to exports/files/" in response.json()["detail"]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [("xlsx/", {}, 404), ("dataset/", {"scope": "none"}, 400), ("dataset/", {"x": "1"}, 400)],
)
def test_what_there_is_not_is_refused(
    client: Client, tickets: Project, joan: User, path: str, query: dict[str, str], status: int
) -> None:
    client.force_login(joan)
    assert get(client, tickets, path, **query).status_code == status


def test_a_worker_writes_a_file_that_a_program_asks_for(
    client: Client, tickets: Project, joan: User, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    client.force_login(joan)
    address = f"/api/v1/projects/{tickets.pk}/exports/files/"
    created = client.post(address, {"format": "excel", "scope": "all"}, content_type="application/json")
    assert created.status_code == 202, created.content
    file = created.json()
    assert (file["state"], file["scope"], file["expires_at"]) == ("queued", "all", None)
    own = f"{address}{file['id']}/"
    assert client.get(f"{own}content/").status_code == 404
    worker.run_job(tickets.pk, Job.Kind.EXPORT)
    file = client.get(own).json()
    assert (file["state"], file["rows_written"], file["row_count"]) == ("ready", 6, 6)
    assert file["expires_at"] > file["created_at"]
    content = b"".join(client.get(f"{own}content/").streaming_content)  # type: ignore[attr-defined]
    assert len(content) == file["byte_count"]
    assert [each["id"] for each in client.get(address).json()["files"]] == [file["id"]]
    assert client.delete(own).status_code == 204
    assert client.get(own).status_code == 404


@pytest.mark.parametrize("body", [{"format": "xlsx"}, {"format": "excel", "dataset_version": 9}])
def test_a_worker_writes_only_what_there_is(
    client: Client, tickets: Project, joan: User, body: dict[str, Any]
) -> None:
    client.force_login(joan)
    address = f"/api/v1/projects/{tickets.pk}/exports/files/"
    assert client.post(address, body, content_type="application/json").status_code == 404
