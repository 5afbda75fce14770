"""Canceling an import: what is stored stays, the rest waits until it is resumed."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling import worker
from labeling.documents.imports import ImportJob
from labeling.exceptions import StaleRun
from labeling.exchange import importing, uploads
from labeling.formats.records import Record
from labeling.jobs.models import Job
from labeling.projects.models import Project
from tests.labeling.web.imports.uploads import send, start, text

ROW_COUNT = uploads.MAX_REQUEST_ROWS + 1


def queued(client: Client, project: Project) -> ImportJob:
    send(client, project, b"".join(b"Text %d\n" % n for n in range(ROW_COUNT)), "mails.txt")
    assert "Cancel import" in text(start(client, project))
    return ImportJob.objects.get()


def post(client: Client, name: str, job: ImportJob) -> Any:
    return client.post(reverse(f"labeling:{name}", args=[job.project_id, job.pk]), follow=True)


def test_a_queued_import_is_canceled_and_resumed(client: Client, empty: Project) -> None:
    job = queued(client, empty)
    page = text(post(client, "cancel_import", job))
    assert "The import stopped after 0 rows" in page
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    assert not empty.documents.exists()
    post(client, "resume_import", job)
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    assert empty.documents.count() == ROW_COUNT


def test_a_running_import_stops_at_its_next_chunk(
    empty: Project, joan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROW_BATCH_SIZE", 2)

    def rows() -> Iterator[Record]:
        for line in range(1, 7):
            if line == 4:
                uploads.cancel(empty.pk, joan, ImportJob.objects.get().pk)
            yield Record(line, f"Text {line}")

    with pytest.raises(StaleRun):
        importing.import_documents(empty.pk, rows(), person=joan)
    job = ImportJob.objects.get()
    assert (job.state, job.rows_read, empty.documents.count()) == ("stopped", 2, 2)


def test_a_finished_import_cannot_be_canceled(client: Client, empty: Project) -> None:
    send(client, empty, b"One\nTwo\n", "mails.txt")
    start(client, empty)
    post(client, "cancel_import", ImportJob.objects.get())
    assert ImportJob.objects.get().state == "done"
