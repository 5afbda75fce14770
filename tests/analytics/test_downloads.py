"""Can every report be had as a table and as JSON, at the same place of its page?"""

import re

from django.contrib.auth.models import User
from django.test import Client

from analytics.report_tables import REPORT_TABLES
from labeling.projects import tokens
from labeling.projects.models import ApiToken
from tests.fixtures.full_project import Gallery

PLACE = re.compile(r'class="[^"]*\bdownloads\b.*?</p>', re.DOTALL)
PAGES = (
    "classes",
    "quality",
    "test_set",
    "confusion",
    "distribution",
    "slices",
    "curves",
    "steering",
    "compare",
)

MORE = {"confusion": 1, "quality": 3, "slices": 1, "steering": 1}  # further tables


def test_every_report_links_its_table_and_its_json(gallery: Gallery, client: Client, joan: User) -> None:
    client.force_login(joan)
    addresses = gallery.addresses()
    for name in PAGES:
        page = client.get(addresses[f"analytics:{name}"]).content.decode()
        links = re.findall(r'href="([^"]+)"', "".join(PLACE.findall(page)))
        answers = [client.get(link.replace("&amp;", "&"))["Content-Type"].partition(";")[0] for link in links]
        assert answers == ["text/csv"] * (1 + MORE.get(name, 0)) + ["application/json"], name
        assert page.count(".csv") == len(answers) - 1, name


def test_a_program_gets_the_file_of_each_page_by_the_api(
    gallery: Gallery, joan: User, client: Client
) -> None:
    """The same bytes, with a token; the modes of a table too."""
    project = gallery.project
    _, secret = tokens.create(project.pk, joan, "pipeline", ApiToken.Scope.READ)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    client.force_login(joan)
    for name in REPORT_TABLES:
        for query in ({}, {"table": "averages"}, {"table": "worst"}, {"table": "head"}, {"by": "guideline"}):
            by_api = program.get(f"/api/v1/projects/{project.pk}/reports/{name}/csv/", query)
            of_page = client.get(f"/projects/{project.pk}/report/{name}.csv", query)
            assert (by_api.status_code, by_api.content) == (200, of_page.content), (name, query)
            assert by_api["Content-Disposition"] == of_page["Content-Disposition"]


def test_tables_that_only_managers_see_are_refused_to_others_tokens(
    gallery: Gallery, joan: User, ann: User
) -> None:
    _, secret = tokens.create(gallery.project.pk, ann, "pipeline", ApiToken.Scope.READ)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    address = f"/api/v1/projects/{gallery.project.pk}/reports"
    refused = {name for name in REPORT_TABLES if program.get(f"{address}/{name}/csv/").status_code == 403}
    assert refused == {"models", "compare", "test-set"}
    assert program.get(f"{address}/classes/csv/?colour=red").status_code == 400
