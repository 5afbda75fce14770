"""Does every page ask the database a fixed, small number of times, however much there is of everything?"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.fixtures.full_project import FullProject, routes

# The session, the person and the membership are three of them. Raise a number only with a reason.
MAX_STATEMENTS = {
    "api:docs": 0,
    "analytics:classes": 30,
    "analytics:classes_csv": 18,
    "analytics:confusion": 10,
    "analytics:confusion_csv": 10,
    "analytics:distribution": 13,
    "analytics:distribution_csv": 12,
    "analytics:draft_rule": 14,
    "analytics:compare": 14,
    "analytics:compare_csv": 13,
    "analytics:curves": 12,
    "analytics:curves_csv": 7,
    "analytics:models": 14,
    "analytics:models_csv": 9,
    "analytics:news": 4,
    "analytics:next_steps": 23,
    "analytics:quality": 9,
    "analytics:quality_csv": 9,
    "analytics:savings": 10,
    "analytics:savings_csv": 6,
    "analytics:slices": 10,
    "analytics:slices_csv": 8,
    "analytics:test_set": 15,
    "analytics:test_set_csv": 11,
    "analytics:steering": 14,
    "analytics:steering_csv": 14,
    "labeling:bad_rows": 5,
    "labeling:change_password": 3,  # one of them: tokens that work
    "labeling:correct": 6,
    "labeling:dispute": 12,  # two of them: what the model said
    "labeling:disputes": 8,
    "labeling:document": 13,  # two of them: what the model said
    "labeling:documents": 4,
    "labeling:dataset_card": 5,
    "labeling:dataset_difference": 7,
    "labeling:dataset_version": 6,
    "labeling:dataset_versions": 4,
    "labeling:delete_dataset_version": 5,
    "labeling:export": 8,
    "labeling:guideline": 8,
    "labeling:guideline_diff": 8,
    "labeling:guideline_edit": 6,
    "labeling:guideline_version": 7,
    "labeling:guideline_versions": 4,
    "labeling:help": 2,
    "labeling:help_page": 2,
    "labeling:import": 4,
    "labeling:import_job": 6,
    "labeling:undo_import": 8,
    "labeling:label": 6,
    "labeling:mark_gold": 4,
    "labeling:members": 8,  # three of them: who skips most, and who labeled when
    "labeling:mine": 7,
    "labeling:mixing": 11,
    "labeling:my_keys": 4,
    "labeling:new_project": 2,
    "labeling:project": 16,
    "labeling:project_from_file": 3,
    "labeling:projects": 4,
    "labeling:relabel": 12,  # two of them: what the model said
    "labeling:remove_member": 4,
    "labeling:retire_class": 4,
    "labeling:rules": 4,
    "labeling:settings": 6,
    "labeling:tokens": 4,
}
PARTS = {"analytics:news": {"shown": "1"}, "labeling:project": {}, "analytics:savings": {}}  # asked for alone

OLDER = " of an older model"  # pages that are asked for once more


def ask(client: Client, address: str, **rest: Any) -> int | None:
    """Statements of a page or a table; None where the address has neither to show."""
    with CaptureQueriesContext(connection) as asked:
        response = client.get(address, **rest)
    is_page = response.status_code == 200 and response["Content-Type"].startswith("text/")
    return len(asked) if is_page else None


def statements(client: Client, full_project: FullProject) -> dict[str, int]:
    addresses = full_project.addresses()
    result = {route.name: ask(client, addresses[route.name]) for route in routes()}
    for name in addresses:
        if name.endswith(OLDER):
            client.get(addresses[name])  # an older model says nothing of newer documents: all is remembered
            result[name] = ask(client, addresses[name])
    for name, data in PARTS.items():
        result[f"{name} (part)"] = ask(client, addresses[name], data=data, headers={"HX-Request": "true"})
    return {name: count for name, count in result.items() if count is not None}


@pytest.mark.slow
def test_no_page_asks_more_often_when_there_is_more_of_everything(
    full_project: FullProject, client: Client, joan: User
) -> None:
    client.force_login(joan)
    full_project.grow(40, 6)  # so much that no report says it is too early
    few = statements(client, full_project)
    full_project.grow(200, 28)
    assert full_project.project.memberships.count() > 200
    assert statements(client, full_project) == few
    most = {name: MAX_STATEMENTS.get(name.removesuffix(" (part)").removesuffix(OLDER), 0) for name in few}
    assert {name: (count, most[name]) for name, count in few.items() if count > most[name]} == {}
    assert {name for name in MAX_STATEMENTS if name not in few} == {"analytics:news"}  # but as a part


def test_the_list_of_projects_asks_as_often_for_fifty(make_project: Any, client: Client, joan: User) -> None:
    make_project()
    client.force_login(joan)
    first = ask(client, "/")
    for _ in range(10):
        make_project()
    assert ask(client, "/") == first == MAX_STATEMENTS["labeling:projects"]
