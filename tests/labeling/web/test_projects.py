"""What do the list, the home page and the making of a project show and do?"""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.db.clock import Now
from labeling.features.embedding_progress import embedding_folder
from labeling.guidelines import new_projects
from labeling.jobs import service_status
from labeling.jobs.models import Job
from labeling.learning.storage.embedding_store import EmbeddingStore
from labeling.learning.text.sentence_embeddings import VERSION, WIDTH
from labeling.predictions.models import ModelVersion
from labeling.projects import members
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import fill, label

HOSTILE = '<script>alert("x")</script>&\u202e{{ 7*7 }}'
NEW = {
    "name": "Mail",
    "kind": "single",
    "class_names": "Good\nBad",
    "overlap": "1",
    "test_percent": "10",
    "lease_minutes": "15",
}


def shown(client: Client, name: str, *args: Any) -> str:
    response = client.get(reverse(f"labeling:{name}", args=args))
    assert response.status_code == 200
    return response.content.decode()


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_list_asks_strangers_to_sign_in(client: Client, db: None) -> None:
    assert client.get("/").status_code == 302


def test_who_is_in_no_project_is_told_what_to_do(client: Client, eve: User, tickets: Project) -> None:
    client.force_login(eve)
    page = shown(client, "projects")
    assert "No projects yet" in page
    assert reverse("labeling:new_project") in page
    assert "Tickets" not in page


def test_the_list_shows_my_projects_with_progress_and_what_is_open_for_me(
    client: Client, ann: User, tickets: Project
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    claims.claim(tickets.pk, ann, 2)
    client.force_login(ann)
    page = words(shown(client, "projects"))
    assert "Tickets single" in page
    assert "Single-label classification · Annotator" in page
    assert "1 of 6" in page
    assert "2 documents assigned to you" in page


def test_the_list_takes_as_many_statements_for_ten_projects_as_for_one(
    client: Client, joan: User, make_project: Callable[..., Project]
) -> None:
    make_project()
    client.force_login(joan)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            shown(client, "projects")
        counts.append(len(captured))
        for _ in range(9):
            new_projects.create(joan, name="More", kind="single", class_names=["A"])
    assert counts[0] == counts[1]


def test_a_project_is_made_in_one_form_and_goes_on_to_the_documents(client: Client, eve: User) -> None:
    client.force_login(eve)
    page = shown(client, "new_project")
    key = re.search(r'name="creation_key" value="([^"]+)"', page)
    assert key
    response = client.post(reverse("labeling:new_project"), NEW | {"creation_key": key[1]})
    project = Project.objects.get()
    assert response["Location"] == reverse("labeling:import", args=[project.pk])
    assert (project.name, project.test_share, [c.name for c in project.classes.all()]) == (
        "Mail",
        0.1,
        ["Good", "Bad"],
    )
    assert members.manager_of(project.pk, eve)


def test_a_double_click_makes_one_project(client: Client, eve: User) -> None:
    client.force_login(eve)
    data = NEW | {"creation_key": str(uuid.uuid4())}
    first, second = (client.post(reverse("labeling:new_project"), data) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Project.objects.count() == 1


def test_a_form_that_went_back_and_was_changed_makes_a_second_project_when_asked_again(
    client: Client, eve: User
) -> None:
    client.force_login(eve)
    data = NEW | {"creation_key": str(uuid.uuid4())}
    client.post(reverse("labeling:new_project"), data)
    refused = client.post(reverse("labeling:new_project"), data | {"name": "Other mail"})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "already created a project" in page
    assert "Other mail" in page
    again = re.search(r'name="creation_key" value="([^"]+)"', page)
    assert again
    client.post(reverse("labeling:new_project"), data | {"name": "Other mail", "creation_key": again[1]})
    assert list(Project.objects.order_by("pk").values_list("name", flat=True)) == ["Mail", "Other mail"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "This field is required."),
        ("name", "x" * 101, "at most 100 characters"),
        ("name", "a\0b", "Null characters"),
        ("kind", "other", "Select a valid choice"),
        ("class_names", " \n ", "This field is required."),
        ("class_names", "Good\nGood", "“Good” is listed twice."),
        ("class_names", "x" * 101, "longer than 100 characters"),
        ("overlap", "0", "greater than or equal to 1"),
        ("test_percent", "91", "less than or equal to 90"),
        ("lease_minutes", "many", "Enter a whole number."),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_what_was_typed_stays(
    client: Client, eve: User, field: str, value: str, message: str
) -> None:
    client.force_login(eve)
    data = NEW | {"creation_key": str(uuid.uuid4()), "description": "Kept words", field: value}
    response = client.post(reverse("labeling:new_project"), data)
    page = response.content.decode()
    assert response.status_code == 422
    assert message in page.replace("&#x27;", "'")
    assert "Kept words" in page
    assert f'id="id_{field}_error"' in page or f'id="id_{field}"' in page
    assert not Project.objects.exists()


def test_names_are_text_and_never_markup(client: Client, eve: User) -> None:
    client.force_login(eve)
    data = NEW | {
        "creation_key": str(uuid.uuid4()),
        "name": HOSTILE,
        "class_names": HOSTILE.replace("\u202e", ""),
    }
    assert client.post(reverse("labeling:new_project"), data).status_code == 302
    project = Project.objects.get()
    fill(project, [HOSTILE])
    for address in ("projects", "project", "settings", "members", "tokens", "documents", "import"):
        page = shown(client, address, *([] if address == "projects" else [project.pk]))
        assert "<script>alert" not in page
        assert "{{ 7*7 }}" in page or address in ("projects",)


def test_the_home_of_an_empty_project_says_what_comes_next(client: Client, joan: User, ann: User) -> None:
    project = new_projects.create(joan, name="Mail", kind="single", class_names=["A", "B"])
    client.force_login(joan)
    page = shown(client, "project", project.pk)
    assert "No documents yet" in page
    assert reverse("labeling:import", args=[project.pk]) in page
    members.add_member(project.pk, joan, ann, "annotator")
    client.force_login(ann)
    page = shown(client, "project", project.pk)
    assert "A project manager has to import documents first." in page
    assert reverse("labeling:import", args=[project.pk]) not in page


def test_the_home_shows_progress_the_queue_with_reasons_and_the_people(
    client: Client, joan: User, ann: User, tickets: Project
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    client.force_login(joan)
    page = words(shown(client, "project", tickets.pk))
    assert "16% of the documents are labeled" in page
    assert "of 6 documents" in page
    assert "1 annotation in 14 days" in page
    assert "Which card is on file for my invoices?" in page
    assert "I was charged twice" not in page
    assert "The model is unsure about this document." in page
    assert "Label 9 more documents for the first model." in page
    assert "carla Adjudicator" in page


def test_an_annotator_sees_progress_and_his_own_part(
    client: Client, ann: User, bob: User, tickets: Project
) -> None:
    (held,) = claims.claim(tickets.pk, bob).documents
    submit.submit(bob, Submission(held.token, [label(tickets, "Refund")]))
    client.force_login(ann)
    page = words(shown(client, "project", tickets.pk))
    assert "0 annotations by you in 14 days" in page
    assert "of 6 documents" in page
    assert "Which card is on file" not in page
    assert "carla" not in page


def test_the_home_says_how_the_model_is_and_why_it_failed(
    client: Client, joan: User, tickets: Project
) -> None:
    ModelVersion.objects.create(project=tickets, number=1, state="ready", label_count=1234)
    ModelVersion.objects.create(project=tickets, number=2, state="failed", failure="out of memory")
    client.force_login(joan)
    page = words(shown(client, "project", tickets.pk))
    assert "Model 1, trained on 1,234 labeled documents" in page
    assert "Training of model 2 failed out of memory" in page


def test_failed_work_is_shown_with_its_reason_and_can_be_tried_again(
    client: Client, joan: User, tickets: Project
) -> None:
    Job.objects.create(project=tickets, kind="train", attempts=4, failure="no word")
    client.force_login(joan)
    assert "no word" in shown(client, "project", tickets.pk)
    address = reverse("labeling:retry_work", args=[tickets.pk, "train"])
    assert client.post(address).status_code == client.post(address).status_code == 302
    assert [job.state for job in Job.objects.filter(kind="train")] == ["queued"]


def test_managers_are_told_what_of_the_service_keeps_failing_and_what_it_means(
    client: Client, joan: User, ann: User, tickets: Project, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    now = datetime.now(UTC)
    (tmp_path / f"valkey{service_status.SET_ASIDE}{now:%Y%m%dT%H%M%S.%f}").mkdir()
    (tmp_path / f"valkey{service_status.SET_ASIDE}{now - timedelta(days=2):%Y%m%dT%H%M%S.%f}").mkdir()
    service_status.write(
        tmp_path,
        [
            service_status.Outage("trainer", 5, now.isoformat(), "was killed by SIGKILL"),
            service_status.Outage("beat", 1, now.isoformat(), "ended with code 1"),
        ],
    )
    client.force_login(joan)
    page = words(shown(client, "project", tickets.pk))
    assert "The trainer keeps failing Labeling continues." in page
    assert "The scheduler" not in page
    assert page.count("The message broker could not read its files") == 1
    client.force_login(ann)
    assert "keeps failing" not in shown(client, "project", tickets.pk)


def test_managers_are_told_that_the_disk_is_full(
    client: Client,
    joan: User,
    tickets: Project,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.DATA_DIR = tmp_path
    client.force_login(joan)
    assert "The disk is full" not in shown(client, "project", tickets.pk)
    monkeypatch.setattr(service_status, "MIN_FREE_BYTES", 2**62)
    assert "The disk is full" in shown(client, "project", tickets.pk)


def test_failing_work_says_how_often_why_and_when_it_is_tried_again(
    client: Client, joan: User, tickets: Project
) -> None:
    later = Now() + timedelta(minutes=9, seconds=30)
    Job.objects.create(project=tickets, kind="embed", attempts=3, failure="no word", next_attempt_at=later)
    Job.objects.create(project=tickets, kind="tune", interruptions=4, failure="killed")
    Job.objects.create(project=tickets, kind="rank", interruptions=1, failure="killed once")
    client.force_login(joan)
    page = words(shown(client, "project", tickets.pk))
    assert (
        "Compute sentence embeddings: failed 3 times in a row no word"
        " The workers retry automatically within 10 minutes." in page
    )
    assert "Tune hyperparameters: interrupted 4 times in a row killed The workers are retrying." in page
    assert "killed once" not in page


def test_work_of_an_unknown_kind_is_not_owed(client: Client, joan: User, tickets: Project) -> None:
    client.force_login(joan)
    client.post(reverse("labeling:retry_work", args=[tickets.pk, "mischief"]))
    assert not Job.objects.filter(kind="mischief").exists()


@pytest.mark.parametrize("who", ["joan", "ann"])
def test_the_home_takes_as_many_statements_at_a_thousand_documents_as_at_ten(
    client: Client, who: str, make_project: Callable[..., Project], request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    small = make_project(texts=[f"text {n}" for n in range(10)])
    large = make_project(kind="multi", texts=[f"text {n}" for n in range(1000)])
    counts = []
    for project in (small, large):
        with CaptureQueriesContext(connection) as captured:
            shown(client, "project", project.pk)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 17  # of them who skips most, and what a first model lacks


def test_the_home_page_says_how_far_the_embeddings_are(tickets, joan, ann, client, settings, tmp_path):
    settings.FEATURES_DIR = tmp_path
    client.force_login(joan)
    address = f"/projects/{tickets.pk}/"
    assert "Sentence embeddings" not in client.get(address).content.decode()
    store = EmbeddingStore.create(embedding_folder(tickets.pk), VERSION)
    store.write(np.arange(2), np.zeros((2, WIDTH), dtype=np.float32))
    assert "Sentence embeddings: 2 of 6 documents" in client.get(address).content.decode()
    client.force_login(ann)
    assert "Sentence embeddings" not in client.get(address).content.decode()
