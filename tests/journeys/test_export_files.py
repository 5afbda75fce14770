"""Does a manager get an Excel file from a worker?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from labeling import worker
from labeling.jobs.models import Job
from labeling.projects.models import Project
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_page_shows_the_download_as_soon_as_a_worker_has_written_it(
    open_as: Open, tickets: Project, joan: User, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    page = open_as(joan, f"/projects/{tickets.pk}/documents/export/")
    expect(page.get_by_role("button", name="Create file")).to_be_hidden()
    page.get_by_label("Excel").check()
    expect(page.get_by_role("button", name="Download")).to_be_hidden()
    page.get_by_role("button", name="Create file").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    assert "csrf" not in page.url
    assert worker.run_job(tickets.pk, Job.Kind.EXPORT)  # what a worker does within seconds
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == f"project-{tickets.pk}-labels-excel.xlsx"
    page.get_by_role("button", name="Delete file").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_hidden()
    expect(page.get_by_role("button", name="Delete file")).to_have_count(0)
