"""How do documents come in by the page: file, look, choice of columns, report?"""

import csv
import gzip
import io
import json
import re
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as present
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from labeling import formats, worker
from labeling.annotations import submit
from labeling.annotations.models import Resolution
from labeling.db.clock import Now
from labeling.documents.imports import ImportJob
from labeling.documents.models import Document
from labeling.exchange import importing, undo, uploads
from labeling.guidelines import new_projects
from labeling.jobs import outbox
from labeling.jobs.models import OwedWork
from labeling.learning.text.limits import READ_CHARACTERS
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.web import imports
from tests.fixtures.full_project import routes
from tests.fixtures.people import label

TABLE = b"nr,comment,topic\na1,Bad and slow,Delivery\na2,Give my money back,Refund\n"


@pytest.fixture(autouse=True)
def signed_in(client: Client, joan: User, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    client.force_login(joan)


@pytest.fixture
def empty(joan: User) -> Project:
    return new_projects.create(
        joan, name="Mail", kind="single", class_names=["Refund", "Billing", "Delivery"], test_share=0.0
    )


def send(client: Client, project: Project, content: bytes, name: str = "mails.csv") -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("labeling:import", args=[project.pk]), {"file": file}, follow=True)


def start(client: Client, project: Project, **choice: str) -> Any:
    job = ImportJob.objects.filter(project=project).latest("created_at")
    data = {"format": job.file_format, "encoding": "utf-8"}
    data |= ({"text": "text"} if "json" in job.file_format else {}) | choice
    return client.post(reverse("labeling:start_import", args=[project.pk, job.pk]), data, follow=True)


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("&#x27;", "'").split())


def kept_files() -> set[str]:
    folder = Path(present.DATA_DIR, "uploads")
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_a_table_shows_its_first_rows_and_a_choice_of_columns(client: Client, empty: Project) -> None:
    page = send(client, empty, TABLE)
    assert "Which column is what?" in text(page)
    assert "Give my money back" in text(page)
    chosen = re.findall(r'<option value="(\w+)" selected>', page.content.decode())
    assert "comment" in chosen
    assert "topic" in chosen  # its cells are classes of this project
    assert not Document.objects.exists()


def test_a_column_of_other_words_is_not_taken_for_answers(client: Client, empty: Project) -> None:
    page = send(client, empty, b"text,label\nHello,spam\n").content.decode()
    assert '<option value="label" selected>' not in page


def test_the_chosen_columns_become_documents_answers_and_metadata(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    page = start(client, empty, text="comment", id="nr", label="topic", answers="settle")
    assert "2 documents are new" in text(page)
    assert {d.external_id: d.text for d in empty.documents.all()} == {
        "a1": "Bad and slow",
        "a2": "Give my money back",
    }
    assert Resolution.objects.filter(project=empty).count() == 2
    assert kept_files() == set()


def test_the_same_file_again_stores_nothing_twice(client: Client, empty: Project) -> None:
    for said in ("2 documents are new", "0 documents are new"):
        send(client, empty, TABLE)
        assert said in text(start(client, empty, text="comment", id="nr"))
    assert empty.documents.count() == 2


def test_a_second_click_on_import_changes_nothing(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    for _ in range(2):
        assert "2 documents are new" in text(start(client, empty, text="comment"))


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("a.jsonl", b'{"text": "One", "id": 1}\n{"text": "Two"}\n', ["One", "Two"]),
        ("a.txt", "Eins\nZwölf\n".encode(), ["Eins", "Zwölf"]),
        ("a.jsonl.gz", gzip.compress(b'{"text": "Packed"}\n', mtime=0), ["Packed"]),
    ],
)
def test_other_formats_are_recognised(
    client: Client, empty: Project, name: str, content: bytes, texts: list[str]
) -> None:
    page = send(client, empty, content, name)
    assert all(item in text(page) for item in texts)
    start(client, empty)
    assert sorted(empty.documents.values_list("text", flat=True)) == texts


# reliability C5
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"PK\x03\x04xxxx", "Save it as CSV"),
        ("a.json", b'{\n"text": "One"}', "one object a line"),
        ("a.csv", b"", "The submitted file is empty."),
        ("a.bin", b"\0" * 200, "not a text file"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_with_what_to_do(
    client: Client, empty: Project, name: str, content: bytes, said: str
) -> None:
    response = send(client, empty, content, name)
    assert response.status_code == 422
    assert said in text(response)
    assert not ImportJob.objects.exists()
    assert kept_files() == set()


def test_bad_rows_are_reported_by_line_and_can_be_downloaded(client: Client, empty: Project) -> None:
    rows = b'{"text": "Good"}\n{"text": ""}\n=cmd|calc\n'
    send(client, empty, rows, "a.jsonl")
    page = text(start(client, empty))
    assert "1 document is new" in page
    assert "2 The text is empty." in page
    job = ImportJob.objects.get()
    response = client.get(reverse("labeling:bad_rows", args=[empty.pk, job.pk]))
    table = list(csv.reader(io.StringIO(response.content.decode())))
    assert [row[0] for row in table] == ["line", "2", "3"]
    assert table[2][2] == "'=cmd|calc"


def test_rows_stored_with_a_warning_are_told_apart_from_rows_left_out(client: Client, empty: Project) -> None:
    rows = b'{"text": "One", "label": "Nonsense"}\n{"text": ""}\n{"text": "Two", "label": "Refund"}\n'
    send(client, empty, rows, "a.jsonl")
    page = text(start(client, empty, label="label", answers="settle"))
    assert "2 documents are new" in page
    assert "1 rows not stored 1 stored with a remark" in page
    left_out, _, stored = page.partition("Rows stored with a remark")
    assert "2 The text is empty." in left_out
    assert "is no class of this project" in stored
    response = client.get(reverse("labeling:bad_rows", args=[empty.pk, ImportJob.objects.get().pk]))
    table = list(csv.reader(io.StringIO(response.content.decode())))
    assert [(row[0], row[3]) for row in table] == [("line", "stored"), ("2", "no"), ("1", "yes")]


def test_another_encoding_can_be_tried_before_anything_is_stored(client: Client, empty: Project) -> None:
    send(client, empty, "text\nZwölf\n".encode("cp1252"))
    job = ImportJob.objects.get()
    address = reverse("labeling:import_job", args=[empty.pk, job.pk])
    assert "Zwölf" not in text(client.get(address))
    page = client.get(address + "?format=csv&encoding=cp1252")
    assert "Zwölf" in text(page)
    start(client, empty, encoding="cp1252", text="text")
    assert empty.documents.get().text == "Zwölf"


def test_a_way_of_reading_that_fails_is_said_on_the_same_page(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    page = start(client, empty, encoding="utf-16", text="comment")
    assert page.status_code == 422
    assert "cannot be read this way" in text(page)
    assert ImportJob.objects.get().state == "uploaded"
    page = start(client, empty, text="no such column")
    assert page.status_code == 422
    page = start(client, empty, text="comment", id="comment")
    assert "chosen twice" in text(page)


def test_a_large_file_is_left_to_a_worker_and_its_page_tells_how_far(
    client: Client, empty: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_REQUEST_ROWS", 1)
    send(client, empty, TABLE)
    page = start(client, empty, text="comment")
    assert "The file waits for a worker" in text(page)
    assert "hx-get" in page.content.decode()
    assert OwedWork.objects.filter(project=empty, kind=OwedWork.Kind.IMPORT).count() == 1
    assert "A file is being read" in text(client.get(reverse("labeling:project", args=[empty.pk])))
    worker.work_off(empty.pk, OwedWork.Kind.IMPORT)
    job = ImportJob.objects.get()
    assert (job.state, job.imported, job.bytes_read) == ("done", 2, len(TABLE))
    assert not OwedWork.objects.filter(kind=OwedWork.Kind.IMPORT).exists()
    worker.work_off(empty.pk, OwedWork.Kind.IMPORT)  # a message that comes twice finds nothing to do


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
    assert "0 documents are new" in text(start(client, empty)), "the next one has its turn"
    worker.work_off(empty.pk, OwedWork.Kind.IMPORT)
    assert set(ImportJob.objects.values_list("state", flat=True)) == {"done"}


def test_a_spent_budget_is_a_page_with_the_time_to_wait(
    client: Client, empty: Project, settings: Settings, ann: User
) -> None:
    settings.PAGE_BUDGET_PER_MINUTE = 2 * imports.FILE_COST + imports.LOOK_COST
    refused = [send(client, empty, TABLE) for _ in range(4)][-1]
    assert refused.status_code == 429
    assert "wait a moment" in text(refused)
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert ImportJob.objects.count() < 4
    client.force_login(ann)
    assert client.get("/").status_code == 200, "somebody else's budget is their own"


# reliability I2
def test_every_page_has_a_budget(client: Client, empty: Project, settings: Settings) -> None:
    """From the resolver itself, so that no new page is forgotten; the API has its own."""
    settings.PAGE_BUDGET_PER_MINUTE = 0
    ours = [route for route in routes() if route.name.startswith(("labeling:", "analytics:"))]
    free = {"labeling:sign_in", "labeling:sign_out"}
    free |= {route.name for route in ours if "secret" in route.parameters}  # an invitation: no account yet
    numbers: dict[str, Any] = defaultdict(lambda: 1, job_id=uuid.uuid4(), kind="train")
    numbers |= dict.fromkeys(("class_id", "first_id", "second_id"), uuid.uuid4())
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
    assert "Nobody is reading the file any more" in text(client.get(address))
    client.post(reverse("labeling:resume_import", args=[empty.pk, job.pk]))
    worker.work_off(empty.pk, OwedWork.Kind.IMPORT)
    assert empty.documents.count() == 2


def test_a_run_that_is_alive_is_not_disturbed(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    job = ImportJob.objects.get()
    ImportJob.objects.filter(pk=job.pk).update(state="running", heartbeat_at=Now())
    client.post(reverse("labeling:resume_import", args=[empty.pk, job.pk]))
    client.post(reverse("labeling:discard_import", args=[empty.pk, job.pk]))
    assert ImportJob.objects.get().state == "running"
    assert not OwedWork.objects.exists()


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
    worker.work_off(empty.pk, OwedWork.Kind.IMPORT)
    job = ImportJob.objects.get()
    page = client.get(reverse("labeling:import_job", args=[empty.pk, job.pk]))
    assert "The import stopped after 4 rows" in text(page)
    assert "the shelf is empty" in text(page)
    assert not OwedWork.objects.filter(kind=OwedWork.Kind.IMPORT).exists()

    monkeypatch.setattr(formats, "read", right)
    client.post(reverse("labeling:resume_import", args=[empty.pk, job.pk]))
    worker.work_off(empty.pk, OwedWork.Kind.IMPORT)
    job.refresh_from_db()
    assert (job.state, job.rows_read, job.imported, job.already_there) == ("done", 7, 4, 2)
    assert [row["line"] for row in job.bad_rows] == [3]
    assert "4 documents are new" in text(client.get(reverse("labeling:import_job", args=[empty.pk, job.pk])))


def test_a_worker_reads_on_at_once_what_a_dead_one_was_reading(client: Client, empty: Project) -> None:
    send(client, empty, b"one\ntwo\nthree\n", "a.txt")
    dead = uuid.uuid4()
    ImportJob.objects.update(
        state="running", run=dead, heartbeat_at=Now(), rows_read=1, imported=1, file_format="lines"
    )
    outbox.owe(empty.pk, OwedWork.Kind.IMPORT)
    worker.work_off(empty.pk, OwedWork.Kind.IMPORT)
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
    assert "send it again" in text(client.get(reverse("labeling:import_job", args=[empty.pk, job.pk])))


# reliability A2
def test_hostile_names_and_cells_are_text(client: Client, empty: Project) -> None:
    name = "<script>alert(1)</script>.csv"
    page = send(client, empty, b"text,<script>x</script>\n<b>hi</b>,1\n", name).content.decode()
    assert "<script>alert" not in page
    assert "<script>x" not in page
    assert "<b>hi" not in page


# reliability H1
def test_a_path_in_the_file_s_name_leads_nowhere(client: Client, empty: Project) -> None:
    before = kept_files()
    send(client, empty, TABLE, "../../etc/passwd.csv")
    (new,) = kept_files() - before
    assert re.fullmatch(r"[0-9a-f]{32}", new)


@pytest.mark.parametrize(("kind", "field"), [("single", "label"), ("multi", "labels"), ("spans", "spans")])
def test_the_chooser_asks_for_the_answers_of_the_project_s_kind(
    client: Client, make_project: Callable[..., Project], kind: str, field: str
) -> None:
    page = send(client, make_project(kind=kind), TABLE).content.decode()
    asked = set(re.findall(r'<select name="(label|labels|spans)"', page))
    assert asked == {field}


def test_a_new_project_shows_the_keys_and_colours_that_its_classes_got(
    client: Client, joan: User, empty: Project, tickets: Project
) -> None:
    client.force_login(joan)
    page = text(client.get(reverse("labeling:import", args=[empty.pk])))
    assert "Keys and colours of the classes Refund 1 Billing 2" in page
    assert "Change keys and colours" in page
    assert "Keys and colours" not in text(client.get(reverse("labeling:import", args=[tickets.pk])))


def test_a_file_without_a_header_is_read_from_its_first_row_on(client: Client, empty: Project) -> None:
    raw = b'Refund\tGive my money back\nDelivery\tBad and slow\nRefund\t"Late" again\n'
    page = send(client, empty, raw, "mails.txt")
    assert "The first row is read as a document" in text(page)
    assert "Automatic: Is a document" in text(page)
    start(client, empty, text="column 2", label="column 1", answers="settle")
    result = empty.documents.order_by("position").values_list(
        "text", "resolution__annotation__labels__label_class__name"
    )
    assert list(result) == [
        ("Give my money back", "Refund"),
        ("Bad and slow", "Delivery"),
        ('"Late" again', "Refund"),
    ]


def test_what_is_guessed_of_a_table_can_be_chosen(client: Client, empty: Project) -> None:
    send(client, empty, b"one,1|two\nthree,2|four\n", "a.csv")
    job = ImportJob.objects.get()
    address = reverse("labeling:import_job", args=[empty.pk, job.pk])
    page = client.get(
        address, {"format": "csv", "encoding": "utf-8", "delimiter": "|", "has_header": "False"}
    )
    assert "column 2" in text(page)
    assert "The first row is read as a document" not in text(page)  # it was chosen, not guessed
    chosen = {"delimiter": "|", "has_header": "False", "is_quoted": ""}
    assert all(f'name="{name}" value="{value}"' in page.content.decode() for name, value in chosen.items())
    start(client, empty, text="column 2", **chosen)
    assert sorted(empty.documents.values_list("text", flat=True)) == ["four", "two"]


def test_utf_16_without_a_mark_can_be_sent(client: Client, empty: Project) -> None:
    page = send(client, empty, "id,text\n1,Größe\n".encode("utf-16-le"), "a.csv")
    assert "Größe" in text(page)
    assert '<option value="utf-16-le" selected>' in page.content.decode()
    start(client, empty, text="text", encoding="utf-16-le")
    assert empty.documents.get().text == "Größe"


def test_a_json_list_is_rows(client: Client, empty: Project) -> None:
    page = send(client, empty, b'[{"text": "One", "id": 7},\n {"text": "Two"}]', "a.json")
    assert "One" in text(page)
    start(client, empty, id="id")
    assert list(empty.documents.values_list("text", "external_id")) == [("One", "7"), ("Two", None)]


ROWS = (
    b'{"body": "Bad and slow", "nr": 1, "topic": "Delivery", "seller": "shop", "agent": "Kim"}\n'
    b'{"body": "Give my money back", "nr": 2, "topic": "Warranty", "seller": "app", "agent": "Lee"}\n'
    b'{"body": "Thanks", "nr": 3, "seller": "app", "agent": "Kim"}\n'
)


def test_fields_of_json_rows_are_mapped_and_kept_hidden_or_left_out(client: Client, empty: Project) -> None:
    page = send(client, empty, ROWS, "a.jsonl")
    assert "Which field is what?" in text(page)
    assert re.findall(r'<option value="(\w+)" selected>', page.content.decode()) == [
        "jsonl",
        "body",
        "topic",
        "shown",
        "shown",
        "shown",
    ]
    order = [name for name, _ in re.findall(r'<label for="id_(keep_\d)"[^>]*>(\w+)', page.content.decode())]
    assert order == ["keep_1", "keep_3", "keep_4"]
    start(client, empty, text="body", id="nr", label="", keep_3="hidden", keep_4="left_out", answers="settle")
    first = empty.documents.get(external_id="1")
    assert (first.text, first.metadata) == ("Bad and slow", {"topic": "Delivery", "seller": "shop"})
    empty.refresh_from_db()
    assert empty.hidden_metadata == ["seller", "topic"], "chosen, and the one that tells the answer"


def test_a_field_that_tells_the_answer_is_shown_only_where_it_was_chosen(
    client: Client, empty: Project
) -> None:
    send(client, empty, ROWS, "a.jsonl")
    start(client, empty, text="body", keep_2="shown", answers="settle")
    empty.refresh_from_db()
    assert (empty.hidden_metadata, empty.shown_metadata) == ([], ["topic"])


def test_an_import_says_what_it_would_settle_before_it_does(client: Client, empty: Project) -> None:
    send(client, empty, ROWS, "a.jsonl")
    page = text(start(client, empty, text="body", id="nr", label="topic"))
    assert "2 of 3 rows carry a label" in page
    assert "1 count as labeled 1 with a missing class" in page
    assert "Add the 1 missing class" in page
    assert "Nothing is stored yet." in page
    assert not empty.documents.exists()
    assert ImportJob.objects.get().state == "uploaded"


@pytest.mark.parametrize(
    ("chosen", "settled", "classes"),
    [
        ({"answers": "settle"}, {"1"}, 3),
        ({"answers": "texts"}, set(), 3),
        ({"answers": "settle", "adds_classes": "on"}, {"1", "2"}, 4),
    ],
)
def test_labels_settle_or_not_and_add_classes_or_not(
    client: Client, empty: Project, chosen: dict[str, str], settled: set[str], classes: int
) -> None:
    send(client, empty, ROWS, "a.jsonl")
    page = text(start(client, empty, text="body", id="nr", label="topic", **chosen))
    assert "3 documents are new" in page
    assert set(empty.documents.filter(state="resolved").values_list("external_id", flat=True)) == settled
    assert empty.classes.count() == classes
    assert ("New classes Warranty" in page) == (classes == 4)
    assert ("Texts only" in page) == (chosen["answers"] == "texts")


def test_the_way_back_from_the_summary_keeps_what_was_chosen(client: Client, empty: Project) -> None:
    send(client, empty, ROWS, "a.jsonl")
    page = start(client, empty, text="body", label="topic", keep_1="shown", keep_4="left_out", back="1")
    assert "Which field is what?" in text(page)
    selected = re.findall(r'<option value="(\w+)" selected>', page.content.decode())
    assert selected == ["jsonl", "body", "topic", "shown", "left_out"]


def test_a_file_without_labels_is_imported_without_a_question(client: Client, empty: Project) -> None:
    send(client, empty, b"text,stars\nHi,3\n")
    assert "1 document is new" in text(start(client, empty, text="text"))


def test_the_separator_of_several_labels_can_be_chosen(client: Client, joan: User) -> None:
    project = new_projects.create(joan, name="X", kind="multi", class_names=["late", "rude"], test_share=0.0)
    page = send(client, project, b"text;tags\nHi;late#rude\nHo;rude\n")
    assert '<option value="#" selected>' in page.content.decode(), "guessed by the names of classes"
    start(client, project, text="text", labels="tags", separator="#", answers="settle")
    labels = project.documents.order_by("position").values_list(
        "resolution__annotation__labels__label_class__name", flat=True
    )
    assert sorted(labels) == ["late", "rude", "rude"]
    send(client, project, b"text;tags\nHey;late#rude\n")
    page = start(client, project, text="text", labels="tags", separator="|", answers="settle")
    assert "“late#rude” is no class of this project." in text(page)


def test_the_report_counts_documents_that_are_learnt_from_in_part(client: Client, empty: Project) -> None:
    long = "x" * (READ_CHARACTERS + 1)
    send(client, empty, json.dumps({"text": long}).encode() + b'\n{"text": "short"}\n', "a.jsonl")
    page = text(start(client, empty))
    assert "1 new document is longer than models read" in page
    assert (
        "the first 20,000 characters of a text, sentence embeddings from the first 8,192 (128 tokens)" in page
    )
    assert ImportJob.objects.get().long_count == 1
    send(client, empty, json.dumps({"text": long}).encode(), "b.jsonl")
    assert "longer than models read" not in text(start(client, empty)), "it is not new"


def test_an_import_is_undone_after_a_question(client: Client, empty: Project) -> None:
    send(client, empty, TABLE)
    report = start(client, empty, text="comment", id="nr", label="topic", answers="settle")
    job = ImportJob.objects.get()
    address = reverse("labeling:undo_import", args=[empty.pk, job.pk])
    assert address in report.content.decode()
    page = text(client.get(address))
    assert "2 documents removed 2 imported labels removed" in page
    assert empty.documents.count() == 2, "nothing is changed yet"
    assert "This import is undone" in text(client.post(address, follow=True))
    assert not empty.documents.exists()
    assert "There is nothing to undo" in text(client.get(address))
    files = text(client.get(reverse("labeling:import", args=[empty.pk])))
    assert "Undone" in files
    assert "2 documents" not in files
    send(client, empty, TABLE)
    assert "2 documents are new" in text(start(client, empty, text="comment", id="nr"))


def test_an_import_that_was_answered_names_why_it_stays(client: Client, empty: Project, joan: User) -> None:
    send(client, empty, TABLE)
    start(client, empty, text="comment", id="nr")
    (held,) = claims.claim(empty.pk, joan, 1).documents
    submit.submit(joan, submit.Submission(held.token, [label(empty, "Refund")]))
    address = reverse("labeling:undo_import", args=[empty.pk, ImportJob.objects.get().pk])
    for response in (client.get(address), client.post(address)):
        assert "1 of its documents has been answered or asked about since." in text(response)
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
    assert "The import is being undone" in text(client.post(address, follow=True))
    worker.work_off(empty.pk, OwedWork.Kind.IMPORT)
    assert not empty.documents.exists()
