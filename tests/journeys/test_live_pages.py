"""Do pages keep themselves up to date in a browser, under the content policy, without taking the focus?"""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from labeling.documents.imports import ImportJob
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects import members
from labeling.projects.models import Project
from labeling.web.components import polling
from tests.fixtures.stored_predictions import store_predictions
from tests.journeys.conftest import Open
from tests.patience import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask every second: the waiting itself is counted by tests/labeling/web/test_polling.py."""
    monkeypatch.setattr(polling, "BUSY_SECONDS", (1, 1))
    monkeypatch.setattr(polling, "QUIET_SECONDS", (1, 100))


def reading(project: Project, manager: User, **facts: Any) -> ImportJob:
    return ImportJob.objects.create(
        project=project, created_by=manager, file_name="a.csv", byte_count=100, file_format="csv", **facts
    )


def begin_first_training(project: Project) -> None:
    Job.objects.create(project=project, kind="train", state="running")
    ModelVersion.objects.create(project=project, number=1, state="training")


def test_an_import_tells_how_far_it_is_and_then_what_came_of_it(
    open_as: Open, tickets: Project, joan: User
) -> None:
    job = reading(tickets, joan, state="queued")
    page = open_as(joan, f"/projects/{tickets.pk}/documents/import/{job.pk}/")
    expect(page.get_by_role("heading", name="Waiting for a worker")).to_be_visible()
    expect(page.get_by_role("link", name="Refresh")).to_be_hidden()
    ImportJob.objects.update(state="running", bytes_read=40)
    expect(page.get_by_text("40% of the file")).to_be_visible()
    ImportJob.objects.update(state="done", imported=7)
    expect(page.get_by_role("heading", name="7 documents imported")).to_be_visible()


def test_the_home_of_a_project_follows_its_model_but_not_while_one_is_in_it(
    open_as: Open, tickets: Project, joan: User
) -> None:
    page = open_as(joan, f"/projects/{tickets.pk}/")
    page.get_by_role("link", name="Invite members and change roles").focus()
    begin_first_training(tickets)
    page.wait_for_timeout(1500)
    expect(page.get_by_role("link", name="Invite members and change roles")).to_be_focused()
    model = page.get_by_role("region", name="Model")
    assert not model.get_by_text("Training the first model").is_visible()
    page.evaluate("document.activeElement.blur()")
    expect(model.get_by_text("Training the first model")).to_be_visible()
    ModelVersion.objects.update(state="ready", label_count=12)
    expect(page.get_by_text("Model 1, trained on 12 labeled documents")).to_be_visible()


def test_the_home_loads_the_next_steps_once_and_again_when_they_may_be_others(
    open_as: Open, tickets: Project, joan: User
) -> None:
    page = open_as(joan)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url.rpartition("/projects/")[2]))
    page.goto(f"/projects/{tickets.pk}/")
    steps_shown = page.get_by_role("region", name="Next steps")
    expect(steps_shown.get_by_text("Label 10 more documents for the first model")).to_be_visible()
    wait_until(lambda: sum("seen=" in url for url in loaded) >= 2, lambda _: page.wait_for_timeout(100))
    steps = f"{tickets.pk}/quality/next-steps/"
    assert loaded.count(steps) == 1
    assert loaded.count(f"{tickets.pk}/") == 1
    expect(steps_shown.get_by_text("Label 10 more documents for the first model")).to_be_visible()
    store_predictions(tickets, [(["Refund"], ["Refund"])] * 3)
    expect(page.get_by_text("2 classes are missing from the test set")).to_be_visible()
    assert loaded.count(steps) == 2
    page.get_by_role("link", name=re.compile("all . next steps")).click()
    expect(page.get_by_role("heading", name="Next steps")).to_be_visible()


def test_the_report_tells_a_screen_reader_of_a_new_model(open_as: Open, tickets: Project, joan: User) -> None:
    page = open_as(joan, f"/projects/{tickets.pk}/quality/")
    ModelVersion.objects.create(project=tickets, number=1, state="ready")
    expect(page.get_by_role("status")).to_have_text("Model 1 is ready.")
    expect(page.get_by_role("link", name="Model 1 is ready: view its report")).to_be_visible()


def test_who_is_no_member_any_more_is_told_so(open_as: Open, tickets: Project, joan: User, ann: User) -> None:
    page = open_as(ann, f"/projects/{tickets.pk}/")
    expect(page.get_by_role("heading", name="Ready for the first label")).to_be_visible()
    members.remove_member(tickets.pk, joan, ann)
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()


def test_without_a_script_the_reader_looks_again(open_as: Open, tickets: Project, joan: User) -> None:
    page: Page = open_as(joan, f"/projects/{tickets.pk}/", java_script_enabled=False)
    begin_first_training(tickets)
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("Training the first model")).to_be_visible()
