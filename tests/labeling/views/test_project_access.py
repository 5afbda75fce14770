"""Who may open which page of a project? Members; most changes are the managers'."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.actions import invitations, tokens
from labeling.models import ImportJob, LabelClass, Membership, Project, Question


@dataclass(frozen=True)
class Page:
    """A page, and the least role that opens it; `changes` says that only POST does."""

    name: str
    role: str = "manager"
    changes: bool = False
    needs: tuple[str, ...] = ()


PAGES = (
    Page("project", "annotator"),
    Page("retry_work", changes=True, needs=("kind",)),
    Page("ahead", "annotator", changes=True),
    Page("holding", "annotator", changes=True),
    Page("save", "annotator", changes=True),
    Page("rules", "annotator"),
    Page("guideline_read", "annotator", changes=True),
    Page("reply", "adjudicator", changes=True, needs=("question_id",)),
    Page("my_keys", "annotator"),
    Page("reset_keys", "annotator", changes=True),
    Page("settings"),
    Page("change_policy", changes=True),
    Page("pause", changes=True),
    Page("change_classes", changes=True),
    Page("add_class", changes=True),
    Page("retire_class", needs=("class_id",)),
    Page("restore_class", changes=True, needs=("class_id",)),
    Page("mixing"),
    Page("change_mix", changes=True),
    Page("reset_mix", changes=True),
    Page("change_seed_words", changes=True),
    Page("members"),
    Page("invite", changes=True),
    Page("revoke_invitation", changes=True, needs=("invitation_id",)),
    Page("change_role", changes=True, needs=("user_id",)),
    Page("remove_member", needs=("user_id",)),
    Page("tokens", "annotator"),
    Page("create_token", "annotator", changes=True),
    Page("revoke_token", "annotator", changes=True, needs=("token_id",)),
    Page("documents"),
    Page("document", needs=("document_id",)),
    Page("exclude_document", changes=True, needs=("document_id",)),
    Page("include_document", changes=True, needs=("document_id",)),
    Page("export"),
    Page("import"),
    Page("import_job", needs=("job_id",)),
    Page("start_import", changes=True, needs=("job_id",)),
    Page("resume_import", changes=True, needs=("job_id",)),
    Page("discard_import", changes=True, needs=("job_id",)),
    Page("bad_rows", needs=("job_id",)),
)
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.fixture
def addresses(tickets: Project, joan: User, ann: User) -> dict[str, str]:
    """The address of each page, pointing at things that exist."""
    document, label_class = tickets.documents.first(), tickets.classes.first()
    assert document is not None
    assert label_class is not None
    job = ImportJob.objects.create(
        project=tickets, created_by=joan, file_name="a.csv", byte_count=1, file_format="csv", state="done"
    )
    token, _ = tokens.create(tickets.pk, ann, "t", "read")
    known: dict[str, Any] = {
        "kind": "train",
        "class_id": label_class.pk,
        "invitation_id": invitations.invite(tickets.pk, joan, "annotator")[0].pk,
        "user_id": ann.pk,
        "token_id": token.pk,
        "document_id": document.pk,
        "job_id": job.pk,
        "question_id": Question.objects.create(project=tickets, document=document, asker=ann, text="Why?").pk,
    }
    return {
        page.name: reverse(
            f"labeling:{page.name}", kwargs={"project_id": tickets.pk} | {n: known[n] for n in page.needs}
        )
        for page in PAGES
    }


def ask(page: Page, address: str, client: Client) -> int:
    return (client.post if page.changes else client.get)(address).status_code


@every_page
def test_who_is_not_signed_in_is_asked_to_sign_in(
    page: Page, addresses: dict[str, str], client: Client
) -> None:
    response = (client.post if page.changes else client.get)(addresses[page.name])
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("labeling:sign_in"))


@every_page
def test_a_stranger_finds_nothing(page: Page, addresses: dict[str, str], client: Client, eve: User) -> None:
    client.force_login(eve)
    response = (client.post if page.changes else client.get)(addresses[page.name])
    assert response.status_code == 404
    assert "Tickets" not in response.content.decode()


@every_page
def test_a_removed_member_finds_nothing(
    page: Page, addresses: dict[str, str], client: Client, tickets: Project, carla: User
) -> None:
    Membership.objects.filter(project=tickets, user=carla).update(removed_at="2026-01-01T00:00Z")
    client.force_login(carla)
    assert ask(page, addresses[page.name], client) == 404


@every_page
def test_annotators_and_adjudicators_open_their_own_pages_and_no_others(
    page: Page, addresses: dict[str, str], client: Client, ann: User, carla: User
) -> None:
    for person in (ann, carla):
        client.force_login(person)
        status = ask(page, addresses[page.name], client)
        if page.role == "manager" or (page.role == "adjudicator" and person == ann):
            assert status == 403
        elif page.name == "revoke_token" and person == carla:
            assert status == 404  # another person's token
        else:
            assert status in (200, 302, 422)


@every_page
def test_a_manager_opens_all_of_them(
    page: Page, addresses: dict[str, str], client: Client, joan: User
) -> None:
    client.force_login(joan)
    assert ask(page, addresses[page.name], client) in (200, 302, 422)


@every_page
def test_looking_changes_nothing(
    page: Page, addresses: dict[str, str], client: Client, joan: User, tickets: Project
) -> None:
    client.force_login(joan)
    before = standing(tickets)
    response = client.get(addresses[page.name])
    assert response.status_code == (405 if page.changes else 200)
    assert standing(tickets) == before


@every_page
def test_a_form_from_another_site_changes_nothing(
    page: Page, addresses: dict[str, str], joan: User, tickets: Project
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(joan)
    before = standing(tickets)
    status = client.post(addresses[page.name]).status_code
    assert status in (403, 405)
    assert standing(tickets) == before


def standing(project: Project) -> list[Any]:
    return [
        Project.objects.filter(pk=project.pk).values().get(),
        list(LabelClass.objects.filter(project=project).values()),
        list(Membership.objects.filter(project=project).order_by("pk").values()),
        list(project.documents.order_by("pk").values("pk", "state")),
        list(project.api_tokens.values("pk", "revoked_at")),
        list(project.invitations.values("pk", "revoked_at")),
        list(project.import_jobs.values("pk", "state")),
    ]


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
