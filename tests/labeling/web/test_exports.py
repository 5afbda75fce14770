"""How does a manager get the labels out by a page?"""

import io
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from labeling import worker
from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.exchange import dataset_versions
from labeling.exchange import exporting as pages
from labeling.exchange.export_files import format_keys
from labeling.exchange.exporting import MAX_METADATA_COLUMNS
from labeling.exchange.models import ExportFile
from labeling.formats import Format, exports, read
from labeling.formats.projects import WRITERS
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label

GOOD = {"scope": "settled", "format": "jsonl"}


@pytest.fixture
def answered(tickets: Project, ann: User) -> Project:
    """One of six tickets is settled."""
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    return tickets


def page(client: Client, project: Project, **asked: str) -> Any:
    return client.get(reverse("labeling:export", args=[project.pk]), asked)


def body(response: Any) -> bytes:
    assert response.streaming
    return b"".join(cast(Iterable[bytes], response.streaming_content))


def test_the_page_says_how_much_is_settled_and_offers_every_choice(
    client: Client, answered: Project, joan: User
) -> None:
    client.force_login(joan)
    shown = page(client, answered).content.decode()
    assert "1 of 6 documents are labeled" in shown
    assert set(re.findall(r'type="radio" name="\w+" value="(\w+)"', shown)) == {
        "settled",
        "all",
        "jsonl",
        "csv",
        "raw_csv",
        *WRITERS,
    }


def test_what_each_format_leaves_out_is_listed_before_the_download(
    client: Client, answered: Project, joan: User
) -> None:
    client.force_login(joan)
    shown = page(client, answered).content.decode()
    losses = dict(re.findall(r'id="losses-(\w+)">(.*?)</div>', shown, re.DOTALL))
    assert set(losses) == set(format_keys())
    assert "Nothing is left out." in losses["dataset"]
    assert "selection probabilities are left out" in losses["azure"]


@pytest.mark.parametrize(
    ("asked", "content_type", "name", "start"),
    [
        ({"format": "jsonl"}, "application/x-ndjson", "labels.jsonl", b'{"id": "t0"'),
        ({"format": "raw_csv"}, "text/csv; charset=utf-8", "labels-raw-csv.csv", b"id,text,label"),
        ({"format": "csv"}, "text/csv; charset=utf-8", "labels.csv", b"\xef\xbb\xbf"),
        ({"scope": "all"}, "application/x-ndjson", "annotations.jsonl", b'{"id": "t0"'),
        ({"format": "dataset"}, "application/x-ndjson", "labels-dataset.jsonl", b'{"type": "header"'),
        ({"format": "azure"}, "application/zip", "labels-azure.zip", b"PK"),
    ],
)
def test_a_choice_is_a_download(
    client: Client,
    answered: Project,
    joan: User,
    asked: dict[str, str],
    content_type: str,
    name: str,
    start: bytes,
) -> None:
    Project.objects.filter(pk=answered.pk).update(name='"; evil\r\n=x.exe')
    client.force_login(joan)
    response = page(client, answered, **GOOD | asked)
    assert response.status_code == 200
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"] == f'attachment; filename="project-{answered.pk}-{name}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert body(response).startswith(start)


def test_only_what_is_settled_leaves_unless_all_is_asked(
    client: Client, answered: Project, joan: User, bob: User
) -> None:
    Project.objects.filter(pk=answered.pk).update(overlap=2)
    (held,) = claims.claim(answered.pk, bob).documents
    submit.submit(bob, Submission(held.token, [label(answered, "Billing")]))
    client.force_login(joan)
    settled = body(page(client, answered, **GOOD)).splitlines()
    every = body(page(client, answered, **GOOD | {"scope": "all"})).splitlines()
    assert [json.loads(row)["annotation"]["annotator"] for row in settled] == ["ann"]
    assert [json.loads(row)["annotation"]["annotator"] for row in every] == ["ann", "bob"]


@pytest.mark.parametrize(
    "asked",
    [
        {"scope": "settled"},
        GOOD | {"format": "xlsx"},
        GOOD | {"scope": "\x00"},
        {"format": "csv"},
        {"x": "1"},
    ],
)
def test_a_choice_that_there_is_not_is_said_on_the_page(
    client: Client, answered: Project, joan: User, asked: dict[str, str]
) -> None:
    client.force_login(joan)
    response = page(client, answered, **asked)
    assert response.status_code == 422
    assert "errorlist" in response.content.decode()


def test_metadata_without_end_is_refused_on_the_page(client: Client, answered: Project, joan: User) -> None:
    many = {f"key {n}": n for n in range(MAX_METADATA_COLUMNS + 1)}
    Document.objects.filter(project=answered, position=0).update(metadata=many)
    client.force_login(joan)
    response = page(client, answered, **GOOD | {"format": "csv"})
    assert response.status_code == 422
    assert "Choose JSONL" in response.content.decode()


@pytest.mark.parametrize("asked", [{}, GOOD], ids=["page", "file"])
def test_only_managers_get_it(
    client: Client, answered: Project, ann: User, carla: User, eve: User, asked: dict[str, str]
) -> None:
    assert page(client, answered, **asked).status_code == 302
    for person, status in ((ann, 403), (carla, 403), (eve, 404)):
        client.force_login(person)
        response = page(client, answered, **asked)
        assert response.status_code == status
        assert not response.streaming
        assert "charged twice" not in response.content.decode()


def test_managers_are_led_there_and_others_are_not(
    client: Client, answered: Project, joan: User, ann: User
) -> None:
    address = reverse("labeling:export", args=[answered.pk])
    client.force_login(joan)
    for name in ("documents", "project"):
        assert address in client.get(reverse(f"labeling:{name}", args=[answered.pk])).content.decode()
    client.force_login(ann)
    assert address not in client.get(reverse("labeling:project", args=[answered.pk])).content.decode()


def test_nothing_is_written_without_a_choice(client: Client, answered: Project, joan: User) -> None:
    client.force_login(joan)
    address = reverse("labeling:export", args=[answered.pk])
    for method in (client.head, client.delete):
        assert method(address).status_code == 405
    assert client.post(address).status_code == 422
    assert not ExportFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_that_breaks_off_says_so_in_a_line_that_is_no_row(
    client: Client, tickets: Project, joan: User, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(3):
        (held,) = claims.claim(tickets.pk, ann).documents
        submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    monkeypatch.setattr(pages, "ROW_BATCH_SIZE", 1)
    monkeypatch.setattr(exports, "FLUSH_CHARACTERS", 1)
    client.force_login(joan)
    pieces = cast(Iterable[bytes], page(client, tickets, **GOOD).streaming_content)
    got = [next(iter(pieces))]
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(OperationalError):
        got.extend(pieces)
    connection.close()
    rows = list(read(io.BytesIO(b"".join(got)), Format.JSONL))
    assert [type(row).__name__ for row in rows] == ["Record", "BadRow"]
    assert b"incomplete" in got[-1]


def test_a_worker_writes_what_no_web_process_does(
    client: Client, answered: Project, joan: User, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    client.force_login(joan)
    refused = page(client, answered, **GOOD | {"format": "excel"})
    assert refused.status_code == 422
    assert "Use the button “Create file”" in refused.content.decode()
    address = reverse("labeling:export", args=[answered.pk])
    assert 'id="files-heading"' not in client.get(address).content.decode()
    waiting = client.post(address, GOOD | {"format": "excel"}, follow=True).content.decode()
    assert "Waiting for a worker" in waiting
    assert 'hx-get="?seen=' in waiting
    worker.run_job(answered.pk, Job.Kind.EXPORT)
    part = client.get(address, {"seen": "", "after": "3"}, headers={"HX-Request": "true"}).content.decode()
    assert "<h1>" not in part
    assert "hx-get" not in part
    (file_address,) = re.findall(r'href="([^"]+/export/files/[^"]+)"', part)
    response = client.get(file_address)
    assert (
        response["Content-Disposition"] == f'attachment; filename="project-{answered.pk}-labels-excel.xlsx"'
    )
    assert body(response).startswith(b"PK")
    assert client.post(f"{file_address}delete/").status_code == 302
    assert client.get(file_address).status_code == 404


def test_a_version_is_written_by_a_worker_too(
    client: Client, answered: Project, joan: User, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    client.force_login(joan)
    dataset_versions.create(answered.pk, joan)
    worker.run_job(answered.pk, Job.Kind.DATASET)
    shown = client.get(reverse("labeling:dataset_version", args=[answered.pk, 1])).content.decode()
    (address,) = re.findall(r'action="([^"]+/files/spacy/)"', shown)
    assert "Dataset version 1" in client.post(address, follow=True).content.decode()
    rows = client.get(reverse("labeling:dataset_version_file", args=[answered.pk, 1, "jsonl"]))
    assert json.loads(body(rows))["label"] == "Refund"
