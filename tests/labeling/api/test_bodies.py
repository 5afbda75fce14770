"""What happens to bodies, filters and addresses that nobody should send? A problem+json, and no change."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import User

from labeling.documents.models import Document
from labeling.projects.models import Membership, Project
from tests.labeling.api.conftest import Caller

NOT_JSON = (
    b"",
    b" ",
    b"{",
    b"[",
    b"nope",
    b'{"name": NaN}',
    b'{"name": Infinity}',
    b'{"name": 1e999999}',
    b'{"name": "a", "name": "b"}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"name": ' + b"9" * 5000 + b"}",
    b'{"name": "\\u0000"}',
    b'{"name": "\\ud800"}',
    b'{"name": "\x00"}',
    b"\xff\xfe",
    b'\xef\xbb\xbf{"name": "a"}',
    b'{"name": "' + b"a" * 5_000_000,
    b"[" + b"1," * 60_000 + b"1]",
)
WRONG_TYPE = (
    "null",
    "1",
    '"a"',
    "[]",
    "[1]",
    "true",
    "{}",
    '{"name": null}',
    '{"name": ["a"]}',
    '{"name": 1}',
)
WRONG_MEDIA = (
    "text/plain",
    "application/xml",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "",
    "application/jsonl",
    "x" * 3000,
)
NOBODY_S_FIELDS: tuple[dict[str, Any], ...] = (
    {"id": 7},
    {"document_count": 5},
    {"generation": 9},
    {"archived_at": None},
    {"kind": "multi"},
    {"test_share": 0.5},
    {"role": "manager"},
    {"project": 1},
    {"_connector": "OR"},
    {"_negated": True},
    {'a") OR 1=1 --': 1},
    {"a;b": 1},
    {"name__startswith": "a"},
    {"\x1f": 1},
)
HOSTILE_ROWS = (
    "1e3",
    "-1",
    "0",
    "01",
    str(2**63),
    str(10**18),
    "9" * 400,
    "%EF%BC%91",
    "null",
    "a",
    "1.0",
    "1%00",
    "[1]",
    "12345678-1234-1234-1234-123456789012",
    "1;drop",
    "%2e%2e",
    "1'--",
    "%D9%A3",
)
UNKNOWN_FILTERS = (
    "annotator__password__startswith=pbkdf2", "ordering=annotator__password", "fields=password", "search=a",
    "page_size=1000000000", "offset=1000000000", "limit=0", "limit=-1", "limit=100000", "limit=1e3", "limit=",
    "limit=%EF%BC%91", "limit=1&limit=2", "cursor=-1", "cursor=abc", "cursor=99999999999999999999",
    "cursor=null", "state=gone", "state=open&state=open", "split=TEST", "external_id=%00", "format=html",
    "external_id=" + "a" * 300, "_connector=OR", "state__in=open",
)  # fmt: skip


def post(user: User, path: str, body: bytes | str, content_type: str = "application/json") -> Any:
    return Caller(user).client.post(f"/api/v1/{path}", body, content_type=content_type)


def assert_problem(response: Any, *statuses: int) -> None:
    assert response.status_code in statuses, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert {"type", "title", "status", "detail", "code"} <= set(problem)
    assert problem["status"] == response.status_code
    assert "Traceback" not in response.content.decode()


# reliability C2
def test_what_is_not_plain_json_is_refused_at_once(tickets: Project, joan: User) -> None:
    Caller(joan).get("projects/")  # the first request of a process loads what all need
    for body in NOT_JSON:
        started = time.thread_time()
        assert_problem(post(joan, f"projects/{tickets.pk}/classes/", body), 400)
        assert time.thread_time() - started < 1, body[:16]
    assert tickets.classes.count() == 3


def test_json_of_another_shape_is_refused(tickets: Project, joan: User) -> None:
    for body in WRONG_TYPE:
        response = post(joan, f"projects/{tickets.pk}/classes/", body)
        assert_problem(response, 400)
        assert response.json()["errors"]


# reliability C2
def test_a_body_beyond_ten_megabytes_is_413(tickets: Project, joan: User) -> None:
    body = '{"name": "' + "a" * (11 * 1024 * 1024) + '"}'
    assert_problem(post(joan, f"projects/{tickets.pk}/classes/", body), 413)


def test_bodies_of_another_type_are_415(tickets: Project, joan: User) -> None:
    for content_type in WRONG_MEDIA:
        response = post(joan, f"projects/{tickets.pk}/classes/", '{"name": "a"}', content_type)
        assert_problem(response, 415)


# reliability C4
def test_ten_thousand_fields_are_refused(tickets: Project, joan: User) -> None:
    fields = {f"f{number}": "1" for number in range(10_000)}
    caller = Caller(joan, enforce_csrf_checks=True)
    response = caller.client.post(f"/api/v1/projects/{tickets.pk}/classes/", fields)
    assert_problem(response, 400, 403)


# reliability D2 F3
def test_fields_that_nobody_may_set_are_refused(tickets: Project, joan: User) -> None:
    before = Project.objects.filter(pk=tickets.pk).values().get()
    for extra in NOBODY_S_FIELDS:
        response = Caller(joan).send("PATCH", f"projects/{tickets.pk}/", {"name": "New"} | extra)
        assert_problem(response, 400)
        assert [error["path"] for error in response.json()["errors"]] == list(extra)
    assert Project.objects.filter(pk=tickets.pk).values().get() == before


def test_an_answer_says_nothing_but_the_answer(tickets: Project, ann: User) -> None:
    held = Caller(ann).post(f"projects/{tickets.pk}/batches/", {}).json()["documents"][0]
    for extra in ("annotator", "counted", "epoch", "project", "source", "is_surplus", "created_at"):
        body = {"token": held["token"], "labels": [], extra: 1}
        assert_problem(Caller(ann).post(f"projects/{tickets.pk}/annotations/", body), 400)
    assert tickets.annotations.count() == 0


# reliability D3
def test_hostile_identifiers_are_not_found(tickets: Project, joan: User) -> None:
    caller, project = Caller(joan), f"projects/{tickets.pk}"
    for row in (*HOSTILE_ROWS, str(10**18 - 1)):
        for path in ("projects/", *(f"{project}/{noun}/" for noun in ("documents", "guidelines", "models"))):
            assert_problem(caller.get(f"{path}{row}/"), 404)
    for row in HOSTILE_ROWS:
        for end in ("undo/", "correction/"):
            assert_problem(caller.post(f"{project}/annotations/{row}/{end}"), 404)


# reliability D1
def test_filters_that_are_not_on_the_list_are_refused(tickets: Project, joan: User) -> None:
    caller = Caller(joan)
    for query in UNKNOWN_FILTERS:
        response = caller.get(f"projects/{tickets.pk}/documents/?{query}")
        assert_problem(response, 400)
        assert response.json()["errors"][0]["path"] == query.partition("=")[0]
    assert_problem(caller.post(f"projects/{tickets.pk}/classes/?force=1", {"name": "X"}), 400)


def test_strange_values_of_known_filters_find_nothing(tickets: Project, joan: User) -> None:
    for query in ("cursor=999999999999999999", "external_id=' OR 1=1 --", "external_id=%F0%9F%98%80"):
        response = Caller(joan).get(f"projects/{tickets.pk}/documents/?{query}")
        assert response.json() == {"results": [], "next_cursor": None}


# reliability D1
def test_a_guess_at_a_password_s_start_gets_one_answer_right_or_wrong(tickets: Project, joan: User) -> None:
    path = f"projects/{tickets.pk}/annotations/?annotator__password__startswith="
    right, wrong = (Caller(joan).get(path + start) for start in (joan.password[:4], "zzzz"))
    assert right.status_code == 400
    assert right.content == wrong.content


def test_addresses_that_do_not_exist_are_problems_too(joan: User) -> None:
    for path in ("", "nothing", "projects", "projects/1/../../admin/", "projects/1/documents"):
        assert_problem(Caller(joan).get(path), 404)
        assert_problem(Caller(joan).post(path, {}), 404)


def test_an_error_that_nobody_expected_is_a_problem_without_its_cause(
    tickets: Project, joan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("the secret cause")

    monkeypatch.setattr(Membership, "may_adjudicate", property(fail))
    document = Document.objects.filter(project=tickets).first()
    assert document is not None
    response = Caller(joan).get(f"projects/{tickets.pk}/documents/{document.pk}/")
    assert_problem(response, 500)
    assert b"secret" not in response.content
