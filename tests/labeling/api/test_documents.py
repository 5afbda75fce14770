"""How do documents come in through the API, and how are they listed?"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from labeling import worker
from labeling.annotations.submit import Submission, submit
from labeling.api import documents
from labeling.api.edge import parsers
from labeling.documents.models import Document
from labeling.exchange import uploads
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label, rank
from tests.labeling.api.conftest import Caller


def send(caller: Caller, project: Project, rows: list[dict[str, Any]]) -> Any:
    return caller.post(f"projects/{project.pk}/documents/", {"documents": rows})


def send_lines(caller: Caller, project: Project, body: bytes, content_type: str = "application/jsonl") -> Any:
    path = f"/api/v1/projects/{project.pk}/documents/"
    return caller.client.post(path, body, content_type=content_type, headers=caller.headers)


def test_a_thousand_documents_come_in_once(
    tickets: Project, joan: User, machine: Callable[..., Caller]
) -> None:
    caller = machine(tickets, joan, "manage")
    rows: list[dict[str, Any]] = [{"id": f"n{number}", "text": f"Text {number}"} for number in range(1000)]
    rows[0] |= {"label": "Refund", "metadata": {"channel": "mail"}, "split": "test"}
    first, again = send(caller, tickets, rows), send(caller, tickets, rows)
    counts = {
        "rows_read": 1000,
        "imported": 1000,
        "existing": 0,
        "labeled": 1,
        "bad_row_count": 0,
        "warning_count": 0,
    }
    summary = {"state": "done", "origin": "api", "failure": "", "bad_rows": [], "warnings": []}
    assert (first.status_code, first.json()) == (200, first.json() | counts | summary)
    assert caller.get(f"projects/{tickets.pk}/imports/{first.json()['id']}/").json() == first.json()
    assert (again.json()["imported"], again.json()["existing"]) == (0, 1000)
    stored = Document.objects.get(project=tickets, external_id="n0")
    assert (stored.state, stored.split, stored.metadata) == ("resolved", "test", {"channel": "mail"})


# reliability I2
def test_one_more_than_a_thousand_or_none_are_refused(tickets: Project, joan: User) -> None:
    for rows in ([], [{"text": "a"}] * 1001):
        assert send(Caller(joan), tickets, rows).status_code == 400
    assert Document.objects.count() == 6


MISTAKES: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "text"),
    ({"text": ""}, "text"),
    ({"text": 1}, "text"),
    ({"text": None}, "text"),
    ({"text": "a", "id": 5}, "id"),
    ({"text": "a", "id": "x" * 201}, "id"),
    ({"text": "a", "project": 1}, "project"),
    ({"text": "a", "state": "resolved"}, "state"),
    ({"text": "a", "split": "train"}, "split"),
    ({"text": "a", "labels": "Refund"}, "labels"),
    ({"text": "a", "spans": [[1, 2]]}, "spans[0]"),
    ({"text": "a", "metadata": []}, "metadata"),
)


def test_a_mistake_names_its_place_and_stores_nothing(tickets: Project, joan: User) -> None:
    for row, index in MISTAKES:
        response = send(Caller(joan), tickets, [{"text": "good"}, row])
        assert response.status_code == 400
        assert response.json()["errors"][0]["path"] == f"documents[1].{index}"
    assert Document.objects.count() == 6


def test_a_label_that_does_not_fit_is_reported_by_its_line(tickets: Project, joan: User) -> None:
    report = send(
        Caller(joan), tickets, [{"text": "one"}, {"text": "two", "label": "Nonsense"}, {"text": "  "}]
    ).json()
    assert (report["imported"], report["bad_row_count"], report["warning_count"]) == (2, 1, 1)
    assert [row["line"] for row in report["bad_rows"]] == [3]
    assert [row["line"] for row in report["warnings"]] == [2]
    assert "Nonsense" in report["warnings"][0]["reason"]


@pytest.mark.parametrize("content_type", ["application/jsonl", "application/x-ndjson; charset=utf-8"])
def test_lines_are_stored_one_by_one_and_bad_ones_reported(
    tickets: Project, joan: User, content_type: str
) -> None:
    good = [
        json.dumps({"id": f"l{number}", "text": f"Line {number}", "stars": number}) for number in range(900)
    ]
    body = "\n".join([*good, "{broken", '{"text": NaN}', json.dumps({"text": "last"})]).encode() + b"\n\xff\n"
    report = send_lines(Caller(joan), tickets, body, content_type).json()
    assert (report["rows_read"], report["imported"], report["bad_row_count"]) == (904, 901, 3)
    assert [row["line"] for row in report["bad_rows"]] == [901, 902, 904]
    assert Document.objects.get(external_id="l7").metadata == {"stars": 7}


def test_more_than_a_request_stores_goes_to_a_worker_and_can_be_followed(
    tickets: Project, joan: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(uploads, "MAX_REQUEST_ROWS", 3)
    caller = Caller(joan)
    lines = b"".join(b'{"text": "line %d"}\n' % n for n in range(4)) + b"{broken"
    rows = [{"text": f"row {n}", "label": "Refund"} for n in range(4)]
    for sent, bad, labeled in (
        (lambda: send_lines(caller, tickets, lines), 1, 0),
        (lambda: send(caller, tickets, rows), 0, 4),
    ):
        response = sent()
        assert response.status_code == 202
        assert (response.json()["state"], response.json()["imported"]) == ("queued", 0)
        worker.run_job(tickets.pk, Job.Kind.IMPORT)
        done = caller.get(f"projects/{tickets.pk}/imports/{response.json()['id']}/").json()
        results = (done["state"], done["imported"], done["bad_row_count"], done["labeled"])
        assert results == ("done", 4, bad, labeled)
    few = send_lines(caller, tickets, b'{"text": "a"}\n{"text": "b"}\n{"text": "c"}')
    assert (few.status_code, few.json()["imported"]) == (200, 3)
    listed = caller.get(f"projects/{tickets.pk}/imports/").json()["results"]
    assert [item["imported"] for item in listed] == [3, 4, 4]


def test_an_import_of_another_project_does_not_exist_here(
    tickets: Project, make_project: Callable[..., Project], joan: User
) -> None:
    sent = send(Caller(joan), make_project(kind="multi"), [{"text": "one"}]).json()
    assert Caller(joan).get(f"projects/{tickets.pk}/imports/{sent['id']}/").status_code == 404


def test_an_empty_or_too_large_stream_is_refused(
    tickets: Project, joan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send_lines(Caller(joan), tickets, b"").status_code == 400
    monkeypatch.setattr(parsers, "MAX_JSONL_BYTES", 1000)
    assert send_lines(Caller(joan), tickets, b'{"text": "a"}\n' * 100).status_code == 413
    assert Document.objects.count() == 6


def test_pages_follow_each_other_without_gap_or_double(tickets: Project, ann: User) -> None:
    seen, cursor = [], ""
    while True:
        body = Caller(ann).get(f"projects/{tickets.pk}/documents/?limit=4{cursor}").json()
        seen += [document["external_id"] for document in body["results"]]
        if body["next_cursor"] is None:
            break
        cursor = f"&cursor={body['next_cursor']}"
    assert seen == ["t0", "t1", "t2", "t3", "t4", "t5"]


def test_filters_find_by_state_split_and_external_id(tickets: Project, carla: User) -> None:
    Document.objects.filter(external_id="t2").update(state="resolved", split="test")
    for query in (
        "state=resolved",
        "split=test",
        "external_id=t2",
        "state=resolved&split=test&external_id=t2",
    ):
        body = Caller(carla).get(f"projects/{tickets.pk}/documents/?{query}").json()
        assert [document["external_id"] for document in body["results"]] == ["t2"]


def test_a_page_of_long_texts_ends_early(
    tickets: Project, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MAX_CHARACTERS", 60)
    first = Caller(ann).get(f"projects/{tickets.pk}/documents/").json()
    assert len(first["results"]) == 1
    rest = Caller(ann).get(f"projects/{tickets.pk}/documents/?cursor={first['next_cursor']}").json()
    assert rest["results"][0]["external_id"] == "t1"


def test_a_document_of_another_project_looks_like_one_that_does_not_exist(
    make_project: Callable[..., Project], joan: User
) -> None:
    here, there = make_project(), make_project(kind="multi")
    foreign = there.documents.first()
    assert foreign is not None
    for method, end in (("GET", ""), ("POST", "exclude/"), ("POST", "include/")):
        answers = [
            Caller(joan).send(method, f"projects/{here.pk}/documents/{pk}/{end}")
            for pk in (foreign.pk, 10**15)
        ]
        assert [response.status_code for response in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    decision = {"labels": [{"class": str(here.classes.first().pk)}]}  # type: ignore[union-attr]
    answer = Caller(joan).post(f"projects/{here.pk}/disputes/{foreign.pk}/decision/", decision)
    assert answer.status_code == 404


def test_a_manager_takes_a_document_out_and_brings_it_back(tickets: Project, joan: User) -> None:
    document = tickets.documents.first()
    assert document is not None
    path = f"projects/{tickets.pk}/documents/{document.pk}/"
    assert Caller(joan).post(f"{path}exclude/").json()["state"] == "excluded"
    assert Caller(joan).post(f"{path}include/").json()["state"] == "open"
    again = Caller(joan).post(f"{path}include/")
    assert again.status_code in (200, 409)


def test_gold_is_for_managers_to_give_and_not_for_annotators_to_see(
    tickets: Project, joan: User, ann: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    address = f"projects/{tickets.pk}/documents/{held.document_id}/"
    assert Caller(joan).get(address).json()["is_gold"] is False
    for _ in range(2):
        marked = Caller(joan).post(f"{address}gold/", {}).json()
        assert (marked["is_gold"], marked["resolution"]["method"]) == (True, "gold")
    seen = Caller(ann).get(address).json()
    assert (seen["is_gold"], seen["resolution"], seen["state"]) == (None, None, None)
    ended = Caller(joan).send("DELETE", f"{address}gold/").json()
    assert (ended["is_gold"], ended["resolution"]["method"]) == (False, "agreed")


LINES = (
    b'{"body": "Late again", "topic": "Delivery", "by": "Kim", "page": 3}\n'
    b'{"body": "Broken", "topic": "Warranty", "by": "Lee", "page": 4}\n'
)


def send_with(caller: Caller, project: Project, query: str, path: str = "documents/") -> Any:
    address = f"/api/v1/projects/{project.pk}/{path}?{query}"
    return caller.client.post(address, LINES, content_type="application/jsonl", headers=caller.headers)


def test_lines_may_call_their_fields_otherwise(tickets: Project, joan: User) -> None:
    query = "text_field=body&label_field=topic&hidden_fields=by&excluded_fields=page&add_classes=true"
    answer = send_with(Caller(joan), tickets, query).json()
    assert (answer["imported"], answer["labeled"], answer["warning_count"], answer["takes_labels"]) == (
        2,
        2,
        0,
        True,
    )
    added = tickets.classes.get(name="Warranty")
    assert answer["added_classes"] == [str(added.pk)]
    assert Document.objects.get(project=tickets, text="Broken").metadata == {"by": "Lee"}
    tickets.refresh_from_db()
    assert tickets.hidden_metadata == ["by"]


def test_texts_only_leaves_labels_out(tickets: Project, joan: User) -> None:
    answer = send_with(Caller(joan), tickets, "text_field=body&label_field=topic&takes_labels=false").json()
    assert (answer["imported"], answer["labeled"], answer["warning_count"], answer["takes_labels"]) == (
        2,
        0,
        0,
        False,
    )


def test_a_summary_tells_what_would_settle_and_stores_nothing(tickets: Project, joan: User) -> None:
    query = "text_field=body&label_field=topic"
    answer = send_with(Caller(joan), tickets, query, "imports/summary/")
    assert answer.json() == {
        "rows_read": 2,
        "is_complete": True,
        "bad_row_count": 0,
        "labeled_rows": 2,
        "settled_rows": 1,
        "missing_rows": 1,
        "missing_classes": [{"name": "Warranty", "rows": 1}],
        "long_row_count": 0,
    }
    assert Document.objects.filter(project=tickets).count() == 6
    rows = {"documents": [{"text": "a", "label": "Refund"}, {"text": "b"}]}
    answer = Caller(joan).post(f"projects/{tickets.pk}/imports/summary/", rows)
    assert (answer.json()["settled_rows"], answer.json()["labeled_rows"]) == (1, 1)


def test_options_that_are_none_are_refused(tickets: Project, joan: User, ann: User) -> None:
    for query in (
        "takes_labels=some",
        "answers=some",
        "separator=x",
        "text_field=",
        "fields=a",
        "answers=texts&answers=settle",
    ):
        assert send_with(Caller(joan), tickets, query).status_code == 400, query
    assert send_with(Caller(ann), tickets, "", "imports/summary/").status_code == 403
    assert Document.objects.filter(project=tickets).count() == 6


def test_options_reach_what_a_worker_stores(
    tickets: Project, joan: User, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(uploads, "MAX_REQUEST_ROWS", 1)
    query = "text_field=body&label_field=topic&excluded_fields=page,by&add_classes=true"
    answer = send_with(Caller(joan), tickets, query)
    assert answer.status_code == 202
    worker.run_job(tickets.pk, Job.Kind.IMPORT)
    document = Document.objects.get(project=tickets, text="Broken")
    assert (document.state, document.metadata) == ("resolved", {})


def test_an_import_is_undone_or_says_why_not(tickets: Project, joan: User, ann: User) -> None:
    caller = Caller(joan)
    job = send_with(caller, tickets, "text_field=body&label_field=topic").json()["id"]
    path = f"projects/{tickets.pk}/imports/{job}/undo/"
    effect = {"is_possible": True, "documents": 2, "labels": 1, "answered": 0, "leased": 0, "obstacle": ""}
    assert caller.get(path).json() == caller.get(path).json() | effect
    assert Caller(ann).post(path, {}).status_code == 403
    undone = caller.post(path, {})
    assert (undone.status_code, undone.json()["state"]) == (200, "undone")
    assert (caller.post(path, {}).status_code, tickets.documents.count()) == (200, 6)
    assert caller.get(f"projects/{tickets.pk}/").json()["document_count"] == 6

    job = send_with(caller, tickets, "text_field=body").json()["id"]
    rank(tickets, list(tickets.documents.filter(import_job=job)))
    (held,) = claims.claim(tickets.pk, ann, 1).documents
    submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    refused = caller.post(f"projects/{tickets.pk}/imports/{job}/undo/", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "import_is_in_use")
    assert "1 of its documents has been labeled" in refused.json()["detail"]
    assert tickets.documents.count() == 8
