"""How does a manager freeze the data by a page, and what comes of it?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling import worker
from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.exchange import dataset_versions
from labeling.exchange.models import DatasetVersion
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label


@pytest.fixture(autouse=True)
def data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def page(client: Client, project: Project, name: str, *arguments: object) -> Any:
    return client.get(reverse(f"labeling:{name}", args=[project.pk, *arguments]))


def freeze(client: Client, project: Project, name: str = "Pilot") -> Any:
    address = reverse("labeling:dataset_versions", args=[project.pk])
    return client.post(address, {"name": name, "note": "", "content": "annotators"}, follow=True)


def test_data_are_frozen_labeled_on_frozen_again_and_compared(
    client: Client, tickets: Project, joan: User, ann: User
) -> None:
    client.force_login(joan)
    assert "Create the first one below" in page(client, tickets, "dataset_versions").content.decode()
    assert "A worker writes this version" in freeze(client, tickets).content.decode()
    worker.run_job(tickets.pk, Job.Kind.DATASET)
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    freeze(client, tickets, "After the first label")
    worker.run_job(tickets.pk, Job.Kind.DATASET)

    shown = page(client, tickets, "dataset_version", 2).content.decode()
    sha = re.search(r"SHA-256 of the lines: <code>(\w+)</code>", shown)
    response = page(client, tickets, "dataset_version_file", 2, "dataset")
    file = b"".join(cast(Iterable[bytes], response.streaming_content))
    assert sha is not None
    assert sha[1] == hashlib.sha256(file).hexdigest()
    name = f"project-{tickets.pk}-version-2-dataset.jsonl"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "1 annotator made 1 annotation." in shown
    assert "Changes since version 1" in shown

    changes = page(client, tickets, "dataset_difference", 1, 2).content.decode()
    assert re.search(r"t0</td>\s*<td>\s*newly labeled\s*</td>\s*<td[^>]*></td>\s*<td[^>]*>Refund", changes)
    same = page(client, tickets, "dataset_difference", 2, 2).content.decode()
    assert "are the same" in same


def test_the_data_card_is_a_markdown_file(client: Client, tickets: Project, joan: User) -> None:
    client.force_login(joan)
    freeze(client, tickets)
    assert page(client, tickets, "dataset_card", 1).status_code == 404
    worker.run_job(tickets.pk, Job.Kind.DATASET)
    response = page(client, tickets, "dataset_card", 1)
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert response.content.decode().startswith(f"# {tickets.name}, version 1\n")


def test_a_version_is_deleted_after_a_question(client: Client, tickets: Project, joan: User) -> None:
    client.force_login(joan)
    freeze(client, tickets)
    worker.run_job(tickets.pk, Job.Kind.DATASET)
    assert "nothing can restore it" in page(client, tickets, "delete_dataset_version", 1).content.decode()
    assert DatasetVersion.objects.get(project=tickets).state == "ready"
    client.post(reverse("labeling:delete_dataset_version", args=[tickets.pk, 1]))
    assert DatasetVersion.objects.get(project=tickets).state == "deleted"
    assert page(client, tickets, "dataset_version", 1).status_code == 404


def test_versions_too_large_for_the_page_name_the_command(
    client: Client, tickets: Project, joan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(joan)
    freeze(client, tickets)
    worker.run_job(tickets.pk, Job.Kind.DATASET)
    monkeypatch.setattr(dataset_versions, "MAX_COMPARED_DOCUMENTS", 1)
    shown = page(client, tickets, "dataset_difference", 1, 1).content.decode()
    assert f"compare_dataset_versions {tickets.pk} 1 1" in shown


def test_a_name_that_is_too_long_is_an_error_of_the_form(
    client: Client, tickets: Project, joan: User
) -> None:
    client.force_login(joan)
    response = freeze(client, tickets, "x" * 101)
    assert response.status_code == 422
    assert not DatasetVersion.objects.exists()


@pytest.mark.parametrize("key", ["excel", "nothing"])
def test_what_no_web_process_writes_is_not_found(
    client: Client, tickets: Project, joan: User, key: str
) -> None:
    client.force_login(joan)
    freeze(client, tickets)
    worker.run_job(tickets.pk, Job.Kind.DATASET)
    assert page(client, tickets, "dataset_version_file", 1, key).status_code == 404
