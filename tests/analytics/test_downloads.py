"""Can every report be had as a table and as JSON, at the same place of its page?"""

import re

from django.contrib.auth.models import User
from django.test import Client

from analytics.report_tables import REPORT_TABLES
from labeling.projects import tokens
from labeling.projects.models import ApiToken
from reviewqueue.settings import BASE_DIR
from tests.fixtures.full_project import FullProject

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


def test_every_report_links_its_table_and_its_json(
    full_project: FullProject, client: Client, joan: User
) -> None:
    client.force_login(joan)
    addresses = full_project.addresses()
    for name in PAGES:
        page = client.get(addresses[f"analytics:{name}"]).content.decode()
        links = re.findall(r'href="([^"]+)"', "".join(PLACE.findall(page)))
        answers = [client.get(link.replace("&amp;", "&"))["Content-Type"].partition(";")[0] for link in links]
        assert answers == ["text/csv"] * (1 + MORE.get(name, 0)) + ["application/json"], name
        assert page.count(".csv") == len(answers) - 1, name


def test_a_program_gets_the_file_of_each_page_by_the_api(
    full_project: FullProject, joan: User, client: Client
) -> None:
    """The same bytes, with a token; the modes of a table too."""
    project = full_project.project
    _, secret = tokens.create(project.pk, joan, "pipeline", ApiToken.Scope.READ)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    client.force_login(joan)
    modes: dict[str, list[dict[str, str]]] = {
        "confusion": [{"table": table} for table in ("matrix", "pairs", "together")],
        "quality": [{"table": table} for table in ("classes", "averages", "calibration", "curve")],
        "steering": [{"table": "head"}],
        "slices": [{"table": "worst"}],
        "distribution": [{"by": by} for by in ("class", "time", "guideline", "person")],
    }
    for name in REPORT_TABLES:
        for query in [{}, *modes.get(name, [])]:
            by_api = program.get(f"/api/v1/projects/{project.pk}/reports/{name}/csv/", query)
            of_page = client.get(f"/projects/{project.pk}/quality/{name}.csv", query)
            assert (by_api.status_code, by_api.content) == (200, of_page.content), (name, query)
            assert by_api["Content-Disposition"] == of_page["Content-Disposition"]


def test_tables_that_only_managers_see_are_refused_to_others_tokens(
    full_project: FullProject, joan: User, ann: User
) -> None:
    _, secret = tokens.create(full_project.project.pk, ann, "pipeline", ApiToken.Scope.READ)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    address = f"/api/v1/projects/{full_project.project.pk}/reports"
    refused = {name for name in REPORT_TABLES if program.get(f"{address}/{name}/csv/").status_code == 403}
    assert refused == {"models", "compare", "savings", "test-set"}
    for foreign in ("classes/csv/?color=red", "classes/csv/?table=head", "steering/csv/?table=worst"):
        assert program.get(f"{address}/{foreign}").status_code == 400, "what a table does not have is refused"


def test_columns_have_their_new_names_only(full_project: FullProject, joan: User) -> None:
    """What renamed.md says of each table, in all of its modes."""
    page = (BASE_DIR / "docs" / "reference" / "renamed.md").read_text()
    section = page.partition("### Columns of report tables\n")[2].partition("\n#")[0]
    renamed = re.findall(r"^\| `([a-z-]+)` \| `(\w+)` \| `(\w+)` \|$", section, re.MULTILINE)
    assert {name for name, _old, _new in renamed} <= set(REPORT_TABLES)
    assert len(renamed) > 40
    _, secret = tokens.create(full_project.project.pk, joan, "pipeline", ApiToken.Scope.READ)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    modes = [{"table": mode} for mode in ("averages", "calibration", "worst", "head", "pairs", "together")]
    modes = [{}, {"group_by": "time"}, {"group_by": "person"}, *modes]
    for name in {name for name, _old, _new in renamed}:
        address = f"/api/v1/projects/{full_project.project.pk}/reports/{name}/csv/"
        columns = set()
        for answer in (program.get(address, query) for query in modes):
            if answer.status_code == 200:  # other tables do not have this mode
                columns |= set(answer.content.decode().splitlines()[0].split(","))
        for table, old, new in renamed:
            if table == name:
                assert new in columns, (name, new)
                assert old not in columns, (name, old)
