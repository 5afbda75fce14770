"""Does a page ask again while something happens, more and more rarely, and no longer than that?"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.annotations import submit
from labeling.documents.imports import ImportJob
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label

UPDATE = {"HX-Request": "true"}


def asks(response: Any) -> str | None:
    """What the part of the page asks next."""
    match = re.search(r'hx-get="([^"]+)"', response.content.decode())
    return match[1].replace("&amp;", "&") if match else None


def waits(client: Client, address: str, most: int = 20) -> list[int]:
    """Seconds between the questions of a page on which nothing happens, at most so many of them."""
    seconds: list[int] = []
    question = asks(client.get(address))
    while question is not None and len(seconds) < most:
        seconds.append(int(re.search(r"after=(\d+)", question)[1]))  # type: ignore[index]
        where = question if question.startswith("/") else address + question
        question = asks(client.get(where, headers=UPDATE))
    return seconds


@pytest.fixture
def home(client: Client, ann: User, tickets: Project) -> str:
    client.force_login(ann)
    return reverse("labeling:project", args=[tickets.pk])


def test_a_quiet_page_asks_ever_more_rarely_and_then_stops(client: Client, home: str) -> None:
    assert waits(client, home) == [10, 20, 40, 80, 160]


def test_a_page_that_waits_for_workers_does_not_stop(client: Client, home: str, tickets: Project) -> None:
    ModelVersion.objects.create(project=tickets, number=1, state="training")
    assert waits(client, home, 7) == [3, 6, 12, 24, 30, 30, 30]


def test_what_changes_makes_the_page_ask_sooner_again(
    client: Client, home: str, tickets: Project, bob: User
) -> None:
    first = client.get(home)
    second = client.get(home + (asks(first) or ""), headers=UPDATE)
    held = claims.claim(tickets.pk, bob).documents[0]
    submit.submit(bob, submit.Submission(held.token, [label(tickets, "Refund")]))
    third = client.get(home + (asks(second) or ""), headers=UPDATE)
    assert [(asks(page) or "")[-2:] for page in (first, second, third)] == ["10", "20", "10"]


def test_an_update_is_a_part_of_the_page_and_no_more(client: Client, home: str) -> None:
    part = client.get(home, headers=UPDATE).content.decode().strip()
    assert "<html" not in part
    assert (part[:4], part[-6:]) == ("<div", "</div>")
    assert "<html" in client.get(home).content.decode()


@pytest.mark.parametrize("query", ["?seen=x&after=-1", "?seen=&after=9" + "9" * 99, "?after=10", "?seen[]=1"])
def test_nonsense_in_the_question_is_taken_for_a_first_visit(client: Client, home: str, query: str) -> None:
    assert (asks(client.get(home + query, headers=UPDATE)) or "").endswith("&after=10")


def test_when_a_file_is_read_its_page_comes_anew(client: Client, joan: User, tickets: Project) -> None:
    client.force_login(joan)
    job = ImportJob.objects.create(
        project=tickets, created_by=joan, file_name="a.csv", byte_count=9, file_format="csv", state="queued"
    )
    address = reverse("labeling:import_job", args=[tickets.pk, job.pk])
    assert waits(client, address, 3) == [3, 6, 12]
    for state in ("done", "failed"):
        ImportJob.objects.update(state=state)
        assert client.get(address, headers=UPDATE)["HX-Refresh"] == "true"


def test_the_report_tells_of_a_model_that_was_trained_since(
    client: Client, ann: User, tickets: Project, make_project: Callable[..., Project]
) -> None:
    client.force_login(ann)
    news = reverse("analytics:news", args=[tickets.pk])

    def told() -> str:
        return client.get(news, {"shown": "1"}, headers=UPDATE).content.decode()

    ModelVersion.objects.create(project=tickets, number=1, state="ready")
    other = ModelVersion.objects.create(project=tickets, number=2, state="training")
    assert "Model 2 is being trained." in told()
    ModelVersion.objects.filter(pk=other.pk).update(state="ready")
    assert "Model 2 is ready: view its report" in told()
    assert client.get(news, {"shown": "1"})["Location"] == reverse("analytics:classes", args=[tickets.pk])
    Project.objects.update(promoted_model=ModelVersion.objects.get(project=tickets, number=1))
    ModelVersion.objects.update(facts={"edition": tickets.feature_edition})
    assert "is trained" not in told()  # the report stays with the model that a manager chose


def test_a_stranger_is_told_no_news(client: Client, eve: User, tickets: Project) -> None:
    client.force_login(eve)
    address = reverse("analytics:news", args=[tickets.pk])
    assert client.get(address, {"shown": "1"}, headers=UPDATE).status_code == 404
