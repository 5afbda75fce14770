"""Does a manager freeze the data, compare two versions, and delete one?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from labeling import worker
from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_data_are_frozen_twice_compared_and_deleted(
    open_as: Open, tickets: Project, joan: User, ann: User, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    page = open_as(joan, f"/projects/{tickets.pk}/documents/")
    page.get_by_role("link", name="Dataset versions").click()
    for number, name in ((1, "Pilot"), (2, "After the first label")):
        page.get_by_label("Name").fill(name)
        page.get_by_role("button", name="Create version").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Dataset version {number}")
        assert worker.run_job(tickets.pk, Job.Kind.DATASET)  # what a worker does within seconds
        if number == 1:
            (held,) = claims.claim(tickets.pk, ann).documents
            submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
            page.get_by_role("link", name="All dataset versions").click()
    page.reload()
    expect(page.get_by_text("SHA-256 of the lines:")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Data card (Markdown)").click()
    assert download.value.suggested_filename == f"project-{tickets.pk}-version-2.md"
    page.get_by_role("link", name="Changes since version 1").click()
    expect(page.get_by_role("row", name="t0 newly labeled Refund")).to_be_visible()
    page.get_by_role("link", name="Back to the version").click()
    page.get_by_role("link", name="Delete version").click()
    page.get_by_role("button", name="Delete version").click()
    expect(page.get_by_role("link", name="1", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="2", exact=True)).to_have_count(0)
