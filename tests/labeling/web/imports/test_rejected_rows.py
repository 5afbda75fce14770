"""Rejected rows: a file to correct and upload again, in the format of the first one."""

import io
import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from labeling.documents.imports import ImportJob
from labeling.exchange import rejects
from labeling.projects.models import Project
from tests.fixtures.tally import Tally, tally_file
from tests.labeling.web.imports.uploads import send, start, text

TABLE = b'nr,text,topic\n1,Hello,\n2,,Refund\n3,"two\nlines",,,x\n4,Good bye,\n'
REJECTED = b'nr,text,topic\n2,,Refund\n3,"two\nlines",,,x\n'


def download(client: Client, job: ImportJob) -> bytes:
    response = client.get(reverse("labeling:rejected_rows", args=[job.project_id, job.pk]))
    assert "attachment" in response["Content-Disposition"]
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_rows_of_a_table_come_back_with_their_header_and_import_when_corrected(
    client: Client, empty: Project
) -> None:
    send(client, empty, TABLE)
    page = text(start(client, empty, text="text", id="nr"))
    assert "2 documents imported" in page
    assert "Download rows to correct" in page
    rows = download(client, ImportJob.objects.get())
    assert rows == REJECTED
    send(client, empty, rows.replace(b"2,,", b"2,Corrected,").replace(b",,,x", b","), "corrected.csv")
    start(client, empty, text="text", id="nr")
    texts = empty.documents.order_by("external_id").values_list("text", flat=True)
    assert list(texts) == ["Hello", "Corrected", "two\nlines", "Good bye"]


def test_json_lines_come_back_as_they_were(client: Client, empty: Project) -> None:
    bad = b'{"text": "cut off\n{"txt": 1, "id": "z"}\n'
    send(client, empty, b'{"text": "One"}\n' + bad + b'{"text": "Two"}\n', "a.jsonl")
    start(client, empty)
    assert download(client, ImportJob.objects.get()) == bad


def test_rows_of_another_tool_come_back_as_json_lines_with_their_reason(
    client: Client, empty: Project, tally: Tally
) -> None:
    send(client, empty, tally_file({"kind": "single"}, {"text": "Hi"}, {"id": "2"}), "export.json")
    start(client, empty)
    (row,) = download(client, ImportJob.objects.get()).splitlines()
    reason = 'The row has no text. Add the field "text".'
    assert json.loads(row) == {"line": 3, "reason": reason, "row": '{"id": "2"}\n'}


def test_an_import_without_bad_rows_has_no_such_file(client: Client, empty: Project) -> None:
    send(client, empty, b"One\nTwo\n", "a.txt")
    assert "Download rows to correct" not in text(start(client, empty))
    job = ImportJob.objects.get()
    assert client.get(reverse("labeling:rejected_rows", args=[empty.pk, job.pk])).status_code == 404


def test_the_file_is_bounded(
    client: Client, empty: Project, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(rejects, "MAX_REJECTS_BYTES", 30)
    send(client, empty, TABLE)
    start(client, empty, text="text", id="nr")
    assert download(client, ImportJob.objects.get()) == b"nr,text,topic\n2,,Refund\n"


def test_the_command_writes_them_to_a_file(empty: Project, joan: User, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TABLE)
    out = io.StringIO()
    target = tmp_path / "bad.csv"
    call_command(
        "import_documents", empty.pk, str(tmp_path / "a.csv"), bad_rows=target, stdout=out, stderr=out
    )
    assert target.read_bytes() == REJECTED


def test_a_project_s_import_writes_them_too(joan: User, tmp_path: Path, tally: Tally) -> None:
    path, target = tmp_path / "export.json", tmp_path / "bad.jsonl"
    path.write_bytes(tally_file({"kind": "single", "classes": ["A"]}, {"text": "Hi"}, {"id": "2"}))
    out = io.StringIO()
    call_command("import_project", str(path), manager="joan", bad_rows=target, stdout=out, stderr=out)
    assert json.loads(target.read_bytes())["line"] == 3
