"""Who asks? Tokens and sessions, and what neither may do."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.projects import tokens
from labeling.projects.models import ApiToken, Project
from tests.fixtures.people import Clock
from tests.labeling.api.conftest import Caller


def test_a_token_acts_for_its_owner_and_its_text_is_stored_nowhere(tickets: Project, ann: User) -> None:
    token, text = tokens.create(tickets.pk, ann, "machine", "annotate")
    assert Caller(token=text).get(f"projects/{tickets.pk}/").status_code == 200
    stored = ApiToken.objects.filter(pk=token.pk).values().get()
    assert text not in repr(stored)
    assert stored["last_used_at"] is not None


@pytest.mark.parametrize(
    "header",
    [
        "Bearer rq_" + "x" * 43,
        "Bearer",
        "Bearer ",
        "Basic YW5uOmFubg==",
        "rq_abc",
        "Token abc",
        "",
        "Bearer rq_abc def",
        "Bearer " + "x" * 5000,
        "Bearer rq_\uff11\uff12",
        "bearer null",
    ],
)
def test_anything_but_a_usable_token_is_401_and_says_how(tickets: Project, header: str) -> None:
    response = Caller().get(f"projects/{tickets.pk}/", Authorization=header)
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["Content-Type"] == "application/problem+json"


def test_a_token_past_its_date_is_refused(tickets: Project, ann: User, clock: Clock) -> None:
    token, text = tokens.create(tickets.pk, ann, "short", "read")
    ApiToken.objects.filter(pk=token.pk).update(expires_at=token.created_at)
    clock.advance(minutes=1)
    assert Caller(token=text).get("projects/").status_code == 401


# reliability G4
@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "cursor"])
def test_a_token_in_the_address_is_refused_even_beside_a_good_session(
    tickets: Project, ann: User, name: str
) -> None:
    _token, text = tokens.create(tickets.pk, ann, "leaky", "read")
    assert Caller(ann).get(f"projects/?{name}={text}").status_code == 401


# reliability G2
def test_with_a_token_the_cookie_counts_for_nothing(
    tickets: Project, joan: User, ann: User, machine: Callable[..., Caller]
) -> None:
    """Joan's session manages; Ann's token in the same request does not, and a bad one opens nothing."""
    caller = machine(tickets, ann)
    caller.client.force_login(joan)
    path = f"projects/{tickets.pk}/"
    assert caller.send("PATCH", path, {"is_paused": True}).status_code == 403
    caller.headers = {"Authorization": "Bearer rq_" + "x" * 43}
    assert caller.get(path).status_code == 401


# reliability G2
def test_a_session_writes_only_with_its_csrf_token(tickets: Project, joan: User) -> None:
    browser = Caller(joan, enforce_csrf_checks=True)
    path = f"projects/{tickets.pk}/"
    refused = browser.send("PATCH", path, {"is_paused": True})
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    script = browser.client.get("/api/v1/docs/?script=").content.decode()
    token = script.partition('request.headers["X-CSRFTOKEN"] = "')[2].partition('"')[0]
    assert browser.send("PATCH", path, {"is_paused": True}, **{"X-CSRFToken": token}).status_code == 200
    tickets.refresh_from_db()
    assert tickets.is_paused


# reliability K5
def test_a_foreign_origin_is_refused_and_told_nothing(tickets: Project, joan: User) -> None:
    browser = Caller(joan, enforce_csrf_checks=True)
    response = browser.post(f"projects/{tickets.pk}/classes/", {"name": "X"}, Origin="https://evil.example")
    assert response.status_code == 403
    for origin in ("null", "https://evil.example"):
        assert "Access-Control-Allow-Origin" not in browser.get("projects/", Origin=origin)


# reliability G2
def test_a_form_of_another_site_cannot_send_json_as_text(tickets: Project, joan: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(joan)
    path = f"/api/v1/projects/{tickets.pk}/classes/"
    assert browser.post(path, '{"name": "X"}', content_type="text/plain").status_code == 403


def test_a_token_needs_no_csrf_token(tickets: Project, joan: User) -> None:
    caller = Caller(token=tokens.create(tickets.pk, joan, "m", "manage")[1], enforce_csrf_checks=True)
    assert caller.post(f"projects/{tickets.pk}/classes/", {"name": "New"}).status_code == 201


def test_a_token_lists_its_own_project_only_and_creates_none(
    make_project: Callable[..., Project], joan: User, machine: Callable[..., Caller]
) -> None:
    first, second = make_project(), make_project(kind="multi")
    caller = machine(first, joan, "manage")
    assert [project["id"] for project in caller.get("projects/").json()["results"]] == [first.pk]
    assert len(Caller(joan).get("projects/").json()["results"]) == 2
    assert caller.get(f"projects/{second.pk}/").status_code == 404
    made = caller.post("projects/", {"name": "New", "kind": "single", "class_names": ["A"]})
    assert made.json()["code"] == "not_in_scope"


# reliability A5
def test_the_answers_are_never_cached_and_never_html(tickets: Project, joan: User) -> None:
    response = Caller(joan).get(f"projects/{tickets.pk}/documents/", Accept="text/html")
    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store"


# reliability I2
def test_a_spent_budget_is_429_with_the_time_to_wait(
    tickets: Project, ann: User, joan: User, settings: object
) -> None:
    settings.API_BUDGET_PER_MINUTE = 2  # type: ignore[attr-defined]
    caller = Caller(ann)
    answers = [caller.get("projects/") for _ in range(4)]
    assert 429 in [response.status_code for response in answers]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 61
    assert Caller(joan).get("projects/").status_code == 200
