"""Page permissions: every page of a project, found through the resolver, and the least role that opens it.

A page that stands in none of the lists fails, so a new one cannot be forgotten. Row F1 of the attack list.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from labeling.annotations import submit
from labeling.annotations.models import Question
from labeling.annotations.submit import Submission
from labeling.documents.imports import ImportJob
from labeling.exchange.models import DatasetVersion, ExportFile
from labeling.projects import invitations, tokens
from labeling.projects.models import Membership, Project
from labeling.queue import claims
from tests.fixtures.people import label

PAGES = ("labeling", "analytics")  # name spaces of pages


def routes(patterns: list[Any], space: str = "", prefix: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, pattern.namespace or space, path)
        elif (
            isinstance(pattern, URLPattern)
            and space in PAGES
            and "<int:project_id>" in path
            and pattern.name != "moved"
        ):
            yield f"{space}:{pattern.name}", path


ROUTES = dict(routes(get_resolver().url_patterns))


def pages(space: str, names: str) -> list[str]:
    return [f"{space}:{name}" for name in names.split()]


# The least role that opens each page; what is above it opens the page too.
MIN_ROLE = {
    name: role
    for role, names in {
        "annotator": [
            *pages(
                "analytics",
                """
                classes news next_steps classes_csv confusion confusion_csv curves curves_csv distribution
                distribution_csv quality quality_csv steering steering_csv slices slices_csv
            """,
            ),
            *pages(
                "labeling",
                """
                project label skip defer rules guideline_read ask undo ahead holding save my_keys reset_keys
                mine correct take_back guideline guideline_versions guideline_version guideline_diff tokens
                create_token revoke_token
            """,
            ),
        ],
        "adjudicator": [
            *pages(
                "labeling",
                """
                disputes dispute relabel reply
            """,
            ),
        ],
        "manager": [
            *pages(
                "analytics",
                """
                savings savings_csv replay fallback use_defaults draft_rule models models_csv
                follow_newest promote note download_model compare
                compare_csv queue_test train_again test_set test_set_csv pick_test_set end_pick
                change_steering change_need queue_slice end_slice_pick focus end_focus
            """,
            ),
            *pages(
                "labeling",
                """
                guideline_edit retry_work settings change_policy pause mixing change_mix reset_mix
                change_seed_words change_classes add_class retire_class restore_class members invite
                change_role remove_member revoke_invitation documents document exclude_document
                include_document mark_gold unmark_gold export export_file delete_export_file
                dataset_versions dataset_version
                dataset_card dataset_version_file dataset_difference delete_dataset_version
                import import_job start_import resume_import
                cancel_import rejected_rows discard_import undo_import bad_rows
            """,
            ),
        ],
    }.items()
    for name in names
}
ABOVE = {"annotator": ("ann", "carla", "joan"), "adjudicator": ("carla", "joan"), "manager": ("joan",)}
OF_OTHERS = {("labeling:correct", "carla"), ("labeling:correct", "joan"), ("labeling:revoke_token", "carla")}


@pytest.fixture
def addresses(tickets: Project, joan: User, ann: User) -> dict[str, str]:
    """The address of each page, pointing at things that exist."""
    held = claims.claim(tickets.pk, ann, 2).documents
    done = submit.submit(ann, Submission(held[0].token, [label(tickets, "Refund")]))
    document = held[0].document_id
    job = ImportJob.objects.create(
        project=tickets, created_by=joan, file_name="a.csv", byte_count=1, file_format="csv", state="done"
    )
    question = Question.objects.create(project=tickets, document_id=document, asker=ann, text="Why?")
    export_file = ExportFile.objects.create(
        project=tickets, created_by=joan, file_format="excel", content="final", state="failed"
    )
    for number in (1, 2):
        DatasetVersion.objects.create(project=tickets, number=number, state="failed")
    arguments: dict[str, Any] = {
        "version_number": 1,
        "other_number": 2,
        "file_format_key": "dataset",
        "project_id": tickets.pk,
        "kind": "train",
        "class_id": tickets.classes.get(name="Refund").pk,
        "invitation_id": invitations.invite(tickets.pk, joan, "annotator")[0].pk,
        "user_id": ann.pk,
        "token_id": tokens.create(tickets.pk, ann, "t", "read")[0].pk,
        "document_id": document,
        "job_id": job.pk,
        "file_id": export_file.pk,
        "question_id": question.pk,
        "annotation_id": done.annotation_id,
        "number": 1,
        "old": 1,
        "new": 1,
        "pick_id": 1,
        "first_id": tickets.classes.get(name="Refund").pk,
        "second_id": tickets.classes.get(name="Billing").pk,
    }
    return {
        name: reverse(name, kwargs={n: arguments[n] for n in re.findall(r"<\w+:(\w+)>", path)})
        for name, path in ROUTES.items()
    }


def statuses(client: Client, address: str) -> list[int]:
    """What GET and POST answer, without what POST changes; a method that the page has not is left out."""
    answered = []
    for send in (client.get, client.post):
        with transaction.atomic():
            answered.append(send(address).status_code)
            transaction.set_rollback(True)
    assert answered != [405, 405]
    return [status for status in answered if status != 405]


# reliability F1
def test_every_page_of_a_project_names_the_role_that_opens_it():
    assert set(MIN_ROLE) == set(ROUTES)


@pytest.mark.slow
def test_strangers_removed_members_and_visitors_find_nothing(addresses, client, tickets, eve, bob):
    Membership.objects.filter(project=tickets, user=bob).update(removed_at="2026-01-01T00:00Z")
    offenders = []
    for name, address in addresses.items():
        client.logout()
        if set(statuses(client, address)) != {302} or "sign-in" not in sign_in_address(client, address):
            offenders.append((name, "visitor"))
        for person in (eve, bob):
            client.force_login(person)
            if set(statuses(client, address)) != {404}:
                offenders.append((name, person.username))
    assert offenders == []


def sign_in_address(client: Client, address: str) -> str:
    response = client.get(address)
    return (response if response.status_code != 405 else client.post(address)).headers["Location"]


@pytest.mark.slow
def test_each_role_opens_its_own_pages_and_no_others(addresses, client, ann, carla, joan):
    """404 is for what belongs to somebody else, and for pages about what is not there."""
    offenders = []
    for person in (ann, carla, joan):
        client.force_login(person)
        for name, address in addresses.items():
            got = set(statuses(client, address))
            opens = person.username in ABOVE[MIN_ROLE[name]]
            right = {200, 302, 404, 422} if opens else {403}
            if not got <= right or ((name, person.username) in OF_OTHERS and got != {404}):
                offenders.append((name, person.username, got))
    assert offenders == []


# reliability G2
def test_looking_changes_nothing_and_a_form_from_another_site_is_refused(addresses, joan, tickets):
    client = Client(enforce_csrf_checks=True)
    client.force_login(joan)
    before = standing(tickets)
    offenders = []
    for name, address in addresses.items():
        if client.get(address).status_code not in {200, 302, 404, 405}:
            offenders.append((name, "GET"))
        if client.post(address).status_code not in {403, 405}:
            offenders.append((name, "POST"))
    assert offenders == []
    assert standing(tickets) == before


def standing(project: Project) -> list[Any]:
    """All but leases, which the desk takes, and how far somebody read the guideline."""
    return [
        list(Project.objects.filter(pk=project.pk).values()),
        list(project.memberships.order_by("pk").values("user", "role", "keys", "removed_at")),
        *(
            list(rows.order_by("pk").values())
            for rows in (
                project.classes,
                project.documents,
                project.annotations,
                project.api_tokens,
                project.invitations,
                project.import_jobs,
            )
        ),
    ]


# reliability F2
@pytest.mark.parametrize("name", ["document", "retire_class", "remove_member", "import_job"])
def test_what_belongs_to_another_project_does_not_exist_here(
    name: str, client: Client, joan: User, tickets: Project, eve: User, make_project: Any
) -> None:
    other = make_project(kind="multi")
    client.force_login(joan)
    ids = {
        "document": {"document_id": other.documents.first().pk},
        "retire_class": {"class_id": other.classes.first().pk},
        "remove_member": {"user_id": eve.pk},
        "import_job": {"job_id": uuid.uuid4()},
    }
    address = reverse(f"labeling:{name}", kwargs={"project_id": tickets.pk} | ids[name])
    assert client.get(address).status_code == 404


# reliability K3
@pytest.mark.parametrize(
    "path",
    [
        "metrics",
        "admin/",
        "flower/",
        ".git/config",
        ".env",
        "media/",
        "static/../manage.py",
        "debug/",
        "static/%2e%2e/.env",
        "static/..%2fmanage.py",
        "api/v1/admin/",
        "server-status",
    ],
)
def test_what_is_no_page_of_ours_is_not_there(client: Client, joan: User, path: str):
    for _ in range(2):  # for a visitor, then for somebody who is signed in
        assert client.get(f"/{path}").status_code == 404
        client.force_login(joan)
