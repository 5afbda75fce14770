"""Undoing an import by its page: after a question, and not once somebody answered."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling import worker
from labeling.annotations import submit
from labeling.documents.imports import ImportJob
from labeling.exchange import undo
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label
from tests.labeling.web.imports.uploads import TABLE, send, start, text


def test_an_import_is_undone_after_a_question(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    report = start(client, empty, text="comment", id="nr", label="topic", answers="settle")
    job = ImportJob.objects.get()
    address = reverse("labeling:undo_import", args=[empty.pk, job.pk])
    assert address in report.content.decode()
    page = text(client.get(address))
    assert "2 documents removed 2 imported labels removed" in page
    assert empty.documents.count() == 2, "nothing is changed yet"
    assert "Import undone" in text(client.post(address, follow=True))
    assert not empty.documents.exists()
    assert "There is nothing to undo" in text(client.get(address))
    files = text(client.get(reverse("labeling:import", args=[empty.pk])))
    assert "Undone" in files
    assert "2 documents" not in files
    send(client, empty, TABLE)
    assert "2 documents imported" in text(start(client, empty, text="comment", id="nr"))


def test_an_import_that_was_answered_names_why_it_stays(client: Client, empty: Project, joan: User) -> None:
    send(client, empty, TABLE)
    start(client, empty, text="comment", id="nr")
    (held,) = claims.claim(empty.pk, joan, 1).documents
    submit.submit(joan, submit.Submission(held.token, [label(empty, "Refund")]))
    address = reverse("labeling:undo_import", args=[empty.pk, ImportJob.objects.get().pk])
    for response in (client.get(address), client.post(address)):
        assert "1 of its documents has been labeled or asked about since." in text(response)
        assert '<button class="danger">' not in response.content.decode()
    assert response.status_code == 409
    assert empty.documents.count() == 2


def test_a_large_import_tells_that_it_is_being_undone(
    client: Client, empty: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "BATCH_SIZE", 1)
    send(client, empty, TABLE)
    start(client, empty, text="comment")
    address = reverse("labeling:undo_import", args=[empty.pk, ImportJob.objects.get().pk])
    assert "Undoing the import" in text(client.post(address, follow=True))
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    assert not empty.documents.exists()
