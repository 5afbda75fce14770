"""One person cannot skip a whole project unnoticed, and who has reasons to skip is not hindered."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.annotations import skipping
from labeling.annotations.skipping import MAX_CONSECUTIVE_SKIPS, who_skips_most
from labeling.annotations.submit import Submission, submit
from labeling.documents.models import Document
from labeling.exceptions import TooManySkips
from labeling.projects import members
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from tests.fixtures.people import Clock, label

SKIPPED = "skipped 12 of 20 documents in the last 7 days"


@pytest.fixture
def large(make_project: Callable[..., Project]) -> Project:
    return make_project(texts=[f"text {number}" for number in range(80)])


def skip(project: Project, who: User, count: int = 1) -> None:
    for _ in range(count):
        (held,) = claims.claim(project.pk, who).documents
        skipping.skip(held.token, who, "I do not know")


def answer(project: Project, who: User, count: int) -> None:
    for _ in range(count):
        (held,) = claims.claim(project.pk, who).documents
        submit(who, Submission(held.token, [label(project, "Refund")]))


def test_i3_nobody_skips_a_whole_project(large: Project, ann: User, bob: User, clock: Clock):
    skip(large, ann, MAX_CONSECUTIVE_SKIPS)
    (held,) = claims.claim(large.pk, ann).documents
    with pytest.raises(TooManySkips, match="You can skip again in an hour"):
        skipping.skip(held.token, ann, "I do not know")
    assert Lease.objects.get(pk=held.lease_id).state == Lease.State.LIVE, "the document stays in hand"
    skip(large, bob)
    claims.defer(held.token, ann)
    clock.advance(minutes=61)
    skip(large, ann)


def test_who_answers_as_much_may_skip(large: Project, ann: User):
    answer(large, ann, MAX_CONSECUTIVE_SKIPS)
    skip(large, ann, MAX_CONSECUTIVE_SKIPS)
    with pytest.raises(TooManySkips):
        skip(large, ann)
    answer(large, ann, 1)


def test_the_same_skip_again_is_no_other_one(large: Project, ann: User):
    skip(large, ann, MAX_CONSECUTIVE_SKIPS - 1)
    (held,) = claims.claim(large.pk, ann).documents
    for _ in range(3):
        skipping.skip(held.token, ann, "No.")


def test_skips_of_another_project_do_not_count(
    large: Project, make_project: Callable[..., Project], ann: User
):
    skip(large, ann, MAX_CONSECUTIVE_SKIPS)
    skip(make_project(texts=["one", "two"]), ann)


def test_managers_are_told_who_skips_most_of_what_they_see(
    large: Project, ann: User, bob: User, joan: User, client: Client, clock: Clock
):
    skip(large, ann, 12)
    answer(large, ann, 8)
    skip(large, bob, 10)
    answer(large, bob, 10)
    client.force_login(joan)
    for page in ("", "team/"):
        shown = client.get(f"/projects/{large.pk}/{page}").content.decode()
        assert f"ann {SKIPPED}" in shown
        assert "bob skipped" not in shown, "half is not more than half"
    client.force_login(ann)
    assert "skipped" not in client.get(f"/projects/{large.pk}/").content.decode()
    clock.advance(days=8)
    assert not who_skips_most(large.pk)


def test_nine_skips_and_former_members_are_no_finding(large: Project, ann: User, bob: User, joan: User):
    skip(large, ann, 9)
    skip(large, bob, 10)
    members.remove_member(large.pk, joan, bob)
    assert not who_skips_most(large.pk)


def test_at_the_desk_and_in_the_api_the_refusal_says_what_to_do(large: Project, ann: User, client: Client):
    skip(large, ann, MAX_CONSECUTIVE_SKIPS)
    (held,) = claims.claim(large.pk, ann).documents
    client.force_login(ann)
    page = client.post(f"/projects/{large.pk}/label/skip/", {"token": held.token}, follow=True)
    assert "You skipped more documents than you labeled in the last hour" in page.content.decode()
    refused = client.post(
        f"/api/v1/projects/{large.pk}/leases/skip/", {"token": held.token}, content_type="application/json"
    )
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_skips")
    assert Document.objects.filter(project=large, state=Document.State.DISPUTED).count() == 0
