"""How does a program freeze the data, and read what was frozen?"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling import worker
from labeling.jobs.models import Job
from labeling.projects.models import Project


@pytest.fixture(autouse=True)
def data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def test_a_version_is_created_read_downloaded_compared_and_deleted(
    client: Client, tickets: Project, joan: User
) -> None:
    client.force_login(joan)
    address = f"/api/v1/projects/{tickets.pk}/dataset-versions/"
    created = client.post(address, {"name": "Pilot"}, content_type="application/json")
    assert (created.status_code, created.json()["state"]) == (202, "queued")
    assert created.json()["methods"] == ""
    worker.run_job(tickets.pk, Job.Kind.DATASET)

    version = client.get(f"{address}1/").json()
    assert (version["state"], version["statistics"]["documents"]) == ("ready", 6)
    assert version["methods"].startswith("The dataset has 6 documents")
    response: Any = client.get(f"{address}1/files/dataset/")
    assert hashlib.sha256(b"".join(response.streaming_content)).hexdigest() == version["sha256"]
    assert client.get(f"{address}1/files/excel/").status_code == 404
    assert client.get(f"{address}1/difference/1/").json()["changes"] == []
    assert [each["name"] for each in client.get(address).json()["dataset_versions"]] == ["Pilot"]

    assert client.delete(f"{address}1/").status_code == 204
    assert client.get(address).json()["dataset_versions"] == []
