"""How does a program get the labels out?"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.formats.bundles import FilesInMemory
from labeling.formats.projects import WRITERS
from labeling.formats.readers import dataset
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
    assert formats["dataset"]["needs_command"] is False


def test_the_file_is_streamed_in_the_format(client: Client, tickets: Project, joan: User) -> None:
    client.force_login(joan)
    response = get(client, tickets, "dataset/", scope="all")
    assert response["Content-Type"] == "application/x-ndjson"
    name = f"project-{tickets.pk}-annotations-dataset.jsonl"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    file = b"".join(response.streaming_content)
    assert len(list(dataset.read(FilesInMemory({name: file})))) == 6


def test_a_format_that_needs_a_package_is_left_to_the_command(
    client: Client, tickets: Project, joan: User
) -> None:
    client.force_login(joan)
    formats = {each["key"]: each for each in get(client, tickets).json()["formats"]}
    assert formats["excel"]["needs_command"] is True
    response = get(client, tickets, "excel/")
    assert response.status_code == 422
    assert "Use the command export_labels" in response.json()["detail"]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [("xlsx/", {}, 404), ("dataset/", {"scope": "none"}, 400), ("dataset/", {"x": "1"}, 400)],
)
def test_what_there_is_not_is_refused(
    client: Client, tickets: Project, joan: User, path: str, query: dict[str, str], status: int
) -> None:
    client.force_login(joan)
    assert get(client, tickets, path, **query).status_code == status
