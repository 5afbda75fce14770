"""Sending a file: read now or later, its report, what stops it, and what goes on."""

import csv
import gzip
import io
import json
import re
import uuid
from collections import defaultdict
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as present
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from labeling import formats, worker
from labeling.db.clock import Now
from labeling.documents.imports import ImportJob
from labeling.exchange import importing, uploads
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.text.limits import READ_CHARACTERS
from labeling.projects.models import Project
from labeling.web import imports
from tests.fixtures.full_project import routes
from tests.labeling.web.imports.uploads import TABLE, kept_files, send, start, text


def test_the_same_file_again_stores_nothing_twice(client: Client, empty: Project) -> None:
    for message in ("2 documents imported", "0 documents imported"):
        send(client, empty, TABLE)
        assert message in text(start(client, empty, text="comment", id="nr"))
    assert empty.documents.count() == 2


def test_a_second_click_on_import_changes_nothing(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    for _ in range(2):
        assert "2 documents imported" in text(start(client, empty, text="comment"))


def test_bad_rows_are_reported_by_line_and_can_be_downloaded(client: Client, empty: Project) -> None:
    rows = b'{"text": "Good"}\n{"text": ""}\n=cmd|calc\n'
    send(client, empty, rows, "a.jsonl")
    page = text(start(client, empty))
    assert "1 document imported" in page
    assert "2 The text is empty. Add text or remove the row." in page
    job = ImportJob.objects.get()
    response = client.get(reverse("labeling:bad_rows", args=[empty.pk, job.pk]))
    table = list(csv.reader(io.StringIO(response.content.decode())))
    assert [row[0] for row in table] == ["line", "2", "3"]
    assert table[2][2] == "'=cmd|calc"


def test_rows_stored_with_a_warning_are_told_apart_from_rows_left_out(client: Client, empty: Project) -> None:
    rows = b'{"text": "One", "label": "Nonsense"}\n{"text": ""}\n{"text": "Two", "label": "Refund"}\n'
    send(client, empty, rows, "a.jsonl")
    page = text(start(client, empty, label="label", answers="settle"))
    assert "2 documents imported" in page
    assert "1 rows not imported 1 imported with a warning" in page
    left_out, _, stored = page.partition("Rows imported with a warning")
    assert "2 The text is empty. Add text or remove the row." in left_out
    assert "is not a class of this project" in stored
    response = client.get(reverse("labeling:bad_rows", args=[empty.pk, ImportJob.objects.get().pk]))
    table = list(csv.reader(io.StringIO(response.content.decode())))
    assert [(row[0], row[3]) for row in table] == [("line", "stored"), ("2", "no"), ("1", "yes")]


def test_a_large_file_is_left_to_a_worker_and_its_page_tells_how_far(
    client: Client, empty: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_REQUEST_ROWS", 1)
    send(client, empty, TABLE)
    page = start(client, empty, text="comment")
    assert "Waiting for a worker" in text(page)
    assert "hx-get" in page.content.decode()
    assert Job.objects.filter(project=empty, kind=Job.Kind.IMPORT).count() == 1
    assert "Import in progress" in text(client.get(reverse("labeling:project", args=[empty.pk])))
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    job = ImportJob.objects.get()
    assert (job.state, job.imported, job.bytes_read) == ("done", 2, len(TABLE))
    assert not Job.objects.filter(kind=Job.Kind.IMPORT).exists()
    worker.run_job(empty.pk, Job.Kind.IMPORT)  # a message that comes twice finds nothing to do


def test_what_is_small_is_measured_unpacked(client: Client, empty: Project) -> None:
    """Few rows of few bytes are read at once, packed or not; all else is left to a worker."""
    many = b"a text\n" * (uploads.MAX_REQUEST_ROWS + 1)
    long = b"\n".join(b"%d " % n + b"x" * 900_000 for n in range(5))
    listed = json.dumps([f"text {n}" for n in range(uploads.MAX_REQUEST_ROWS + 1)]).encode()
    few = many[: -len(b"a text\n")]
    wrong = []
    for name, content, state in (
        ("many.txt", many, "queued"),
        ("few.txt", few, "done"),
        ("long.txt", long, "queued"),
        ("list.json", listed, "queued"),
    ):
        for packed in (content, gzip.compress(content, mtime=0)):
            send(client, empty, packed, name + (".gz" if packed != content else ""))
            start(client, empty)
            result = ImportJob.objects.latest("created_at").state
            if result != state:
                wrong.append((name, len(packed), result))
    assert wrong == []


# reliability C1
def test_several_packed_files_at_once_hold_up_nobody(
    client: Client, empty: Project, joan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a request reads one file, others are handed to the worker and answered; then it is free again."""
    packed = gzip.compress(b"".join(b"text %d\n" % n for n in range(40)), mtime=0)
    jobs = []
    for _ in range(4):
        send(client, empty, packed, "a.txt.gz")
        jobs.append(ImportJob.objects.latest("created_at").pk)
    right, states = uploads.read_rows, []

    def reads_while_others_come(*args: Any) -> Any:
        for job in jobs[1:]:
            states.append(uploads.start(empty.pk, joan, job, formats.Format.LINES, "utf-8", None).state)
        return right(*args)

    monkeypatch.setattr(uploads, "read_rows", reads_while_others_come)
    first = uploads.start(empty.pk, joan, jobs[0], formats.Format.LINES, "utf-8", None)
    assert (first.state, states) == ("done", ["queued"] * 3)
    monkeypatch.setattr(uploads, "read_rows", right)
    send(client, empty, packed, "b.txt.gz")
    assert "0 documents imported" in text(start(client, empty)), "the next one has its turn"
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    assert set(ImportJob.objects.values_list("state", flat=True)) == {"done"}


def test_a_spent_budget_is_a_page_with_the_time_to_wait(
    client: Client, empty: Project, settings: Settings, ann: User
) -> None:
    settings.PAGE_BUDGET_PER_MINUTE = 2 * imports.FILE_COST + imports.LOOK_COST
    refused = [send(client, empty, TABLE) for _ in range(4)][-1]
    assert refused.status_code == 429
    assert "Wait a minute" in text(refused)
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert ImportJob.objects.count() < 4
    client.force_login(ann)
    assert client.get("/").status_code == 200, "somebody else's budget is their own"


# reliability I2
def test_every_page_has_a_budget(client: Client, empty: Project, settings: Settings) -> None:
    """From the resolver itself, so that no new page is forgotten; the API has its own."""
    settings.PAGE_BUDGET_PER_MINUTE = 0
    ours = [route for route in routes() if route.name.startswith(("labeling:", "analytics:"))]
    free = {"labeling:sign_in", "labeling:sign_out", "labeling:language"}  # a cookie, for whoever reads
    free |= {route.name for route in ours if "secret" in route.parameters}  # an invitation: no account yet
    numbers: dict[str, Any] = defaultdict(lambda: 1, job_id=uuid.uuid4(), kind="train")
    numbers |= dict.fromkeys(("class_id", "first_id", "second_id", "file_id"), uuid.uuid4())
    spared = []
    for route in ours:
        if route.name not in free and not route.pattern.startswith("api/"):
            answers = {client.get(route.address(numbers)).status_code}
            answers.add(client.post(route.address(numbers)).status_code)
            if not answers <= {405, 429}:
                spared.append((route.name, answers))
    assert spared == []


def test_a_run_that_fell_silent_can_be_sent_for_again(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    job = ImportJob.objects.get()
    ImportJob.objects.filter(pk=job.pk).update(state="running", heartbeat_at=Now() - timedelta(minutes=5))
    address = reverse("labeling:import_job", args=[empty.pk, job.pk])
    assert "The import has stalled" in text(client.get(address))
    client.post(reverse("labeling:resume_import", args=[empty.pk, job.pk]))
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    assert empty.documents.count() == 2


def test_a_run_that_is_alive_is_not_disturbed(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    job = ImportJob.objects.get()
    ImportJob.objects.filter(pk=job.pk).update(state="running", heartbeat_at=Now())
    client.post(reverse("labeling:resume_import", args=[empty.pk, job.pk]))
    client.post(reverse("labeling:discard_import", args=[empty.pk, job.pk]))
    assert ImportJob.objects.get().state == "running"
    assert not Job.objects.exists()


def test_an_import_that_stops_says_so_and_goes_on_where_it_was(
    client: Client, empty: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in our own code, in the middle of a file: nothing hangs, and no row is counted twice."""
    monkeypatch.setattr(importing, "ROW_BATCH_SIZE", 2)
    monkeypatch.setattr(uploads, "MAX_REQUEST_ROWS", 1)

    def breaks(*args: Any, **kwargs: Any) -> Any:
        yield from islice(right(*args, **kwargs), 4)
        raise LookupError("the shelf is empty")

    right = formats.read
    send(client, empty, b"one\ntwo\n\xff\ntwo\nthree\nfour\none\n", "a.txt")
    monkeypatch.setattr(formats, "read", breaks)
    start(client, empty)
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    job = ImportJob.objects.get()
    page = client.get(reverse("labeling:import_job", args=[empty.pk, job.pk]))
    assert "The import stopped after 4 rows" in text(page)
    assert "the shelf is empty" in text(page)
    assert not Job.objects.filter(kind=Job.Kind.IMPORT).exists()

    monkeypatch.setattr(formats, "read", right)
    client.post(reverse("labeling:resume_import", args=[empty.pk, job.pk]))
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    job.refresh_from_db()
    assert (job.state, job.rows_read, job.imported, job.already_there) == ("done", 7, 4, 2)
    assert [row["line"] for row in job.bad_rows] == [3]
    assert "4 documents imported" in text(client.get(reverse("labeling:import_job", args=[empty.pk, job.pk])))


def test_a_worker_reads_on_at_once_what_a_dead_one_was_reading(client: Client, empty: Project) -> None:
    send(client, empty, b"one\ntwo\nthree\n", "a.txt")
    dead = uuid.uuid4()
    ImportJob.objects.update(
        state="running", run=dead, heartbeat_at=Now(), rows_read=1, imported=1, file_format="lines"
    )
    outbox.enqueue(empty.pk, Job.Kind.IMPORT)
    worker.run_job(empty.pk, Job.Kind.IMPORT)
    job = ImportJob.objects.get()
    assert (job.state, job.rows_read, job.imported) == ("done", 3, 3)
    assert set(empty.documents.values_list("text", flat=True)) == {"two", "three"}  # "one" was that run's


def test_a_run_that_was_replaced_stores_nothing_more(
    client: Client, empty: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROW_BATCH_SIZE", 1)
    right = formats.read

    def overtaken(*args: Any, **kwargs: Any) -> Any:
        for number, row in enumerate(right(*args, **kwargs)):
            if number == 1:
                ImportJob.objects.update(run=uuid.uuid4())
            yield row

    monkeypatch.setattr(formats, "read", overtaken)
    send(client, empty, b"one\ntwo\nthree\n", "a.txt")
    start(client, empty)
    assert [d.text for d in empty.documents.all()] == ["one"]
    assert ImportJob.objects.get().rows_read == 1


def test_a_file_can_be_forgotten(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    job = ImportJob.objects.get()
    client.post(reverse("labeling:discard_import", args=[empty.pk, job.pk]))
    assert not ImportJob.objects.exists()
    assert kept_files() == set()


def test_a_file_that_is_gone_says_what_to_do(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    job = ImportJob.objects.get()
    Path(present.DATA_DIR, "uploads", job.pk.hex).unlink()
    assert "Upload it again" in text(client.get(reverse("labeling:import_job", args=[empty.pk, job.pk])))


# reliability H1
def test_a_path_in_the_file_s_name_leads_nowhere(client: Client, empty: Project) -> None:
    before = kept_files()
    send(client, empty, TABLE, "../../etc/passwd.csv")
    (new,) = kept_files() - before
    assert re.fullmatch(r"[0-9a-f]{32}", new)


def test_the_report_counts_documents_that_are_learned_from_in_part(client: Client, empty: Project) -> None:
    long = "x" * (READ_CHARACTERS + 1)
    send(client, empty, json.dumps({"text": long}).encode() + b'\n{"text": "short"}\n', "a.jsonl")
    page = text(start(client, empty))
    assert "1 new document is too long for models to use in full" in page
    assert (
        "the first 20,000 characters of a text; sentence embeddings use the first 8,192 (128 tokens)" in page
    )
    assert ImportJob.objects.get().long_count == 1
    send(client, empty, json.dumps({"text": long}).encode(), "b.jsonl")
    assert "too long for models to use in full" not in text(start(client, empty)), "it is not new"


def test_an_import_that_was_no_upload_has_no_size(client: Client, empty: Project, joan: User) -> None:
    client.force_login(joan)
    job = ImportJob.objects.create(
        project=empty, created_by=joan, file_name="news.jsonl", file_format="jsonl", state="done"
    )
    for path in ("", f"{job.pk}/"):
        page = client.get(f"/projects/{empty.pk}/documents/import/{path}").content.decode()
        assert "news.jsonl" in page
        assert "bytes" not in page
