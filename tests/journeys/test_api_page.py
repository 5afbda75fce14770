"""Does the API's own page work in a browser, under the content policy, with the session one has?"""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from labeling.projects.models import Project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_manager_makes_a_project_from_the_api_s_page(open_as: Callable[..., Page], joan: User) -> None:
    page = open_as(joan, "/api/v1/docs/")
    page.on("request", lambda request: seen.append(request.url))
    seen: list[str] = []
    operation = page.locator("#operations-projects-projects_create")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    operation.locator(".live-responses-table .response-col_status", has_text="201").wait_for()
    assert Project.objects.get().name == "Tickets"
    assert all(url.startswith((page.url.partition("/api/")[0], "data:")) for url in seen)
