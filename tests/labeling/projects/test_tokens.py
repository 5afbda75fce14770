"""How does a machine get in?"""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from labeling.exceptions import InvalidInput, NotAllowed, NotAMember, NotFound
from labeling.guidelines import new_projects
from labeling.projects import members, tokens
from labeling.projects.models import ApiToken, Project
from tests.fixtures.people import Clock


# reliability G5
def test_a_token_opens_for_its_owner_and_its_text_is_stored_nowhere(tickets: Project, ann: User) -> None:
    token, text = tokens.create(tickets.pk, ann, " nightly ", "annotate")
    api_token = tokens.owner_of(text)
    assert api_token is not None
    assert (api_token.user, api_token.project, api_token.name) == (ann, tickets, "nightly")
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert all(text not in str(value) for value in row.values())
    assert row["last_used_at"] is not None


def test_its_use_is_written_once_a_while_and_not_asked_about_in_between(
    tickets: Project, ann: User, clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    _token, text = tokens.create(tickets.pk, ann, "nightly", "annotate")
    with django_assert_num_queries(2):
        tokens.owner_of(text)
    marked = ApiToken.objects.get().last_used_at
    with django_assert_num_queries(1):
        tokens.owner_of(text)
    clock.advance(minutes=2)
    with django_assert_num_queries(2):
        tokens.owner_of(text)
    assert ApiToken.objects.get().last_used_at > marked


@pytest.mark.parametrize("text", ["", "rq_", "rq_" + "a" * 43, "\0"])
def test_any_other_text_opens_nothing(tickets: Project, ann: User, text: str) -> None:
    tokens.create(tickets.pk, ann, "nightly", "annotate")
    assert tokens.owner_of(text) is None


def test_a_token_ends_with_its_time_its_owner_and_its_membership(
    tickets: Project, joan: User, ann: User, bob: User, clock: Clock
) -> None:
    _, short = tokens.create(tickets.pk, ann, "a", "read", expires_at=timezone.now() + timedelta(days=1))
    _, left = tokens.create(tickets.pk, ann, "b", "read")
    _, gone = tokens.create(tickets.pk, bob, "c", "read")
    clock.advance(days=2)
    assert tokens.owner_of(short) is None
    assert tokens.owner_of(left) is not None
    members.remove_member(tickets.pk, joan, ann)
    assert tokens.owner_of(left) is None
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert tokens.owner_of(gone) is None


def test_nobody_gives_away_more_than_they_have(tickets: Project, ann: User, eve: User) -> None:
    with pytest.raises(NotAllowed):
        tokens.create(tickets.pk, ann, "t", "manage")
    with pytest.raises(NotAMember):
        tokens.create(tickets.pk, eve, "t", "read")


@pytest.mark.parametrize(
    ("name", "scope"), [("", "read"), ("x" * 101, "read"), ("t", "root"), ("\0", "read")]
)
def test_a_token_needs_a_name_and_a_scope(tickets: Project, ann: User, name: str, scope: str) -> None:
    with pytest.raises(InvalidInput):
        tokens.create(tickets.pk, ann, name, scope)


# reliability G5
def test_people_revoke_their_own_tokens_and_managers_anybody_s(
    tickets: Project, joan: User, ann: User, bob: User
) -> None:
    token, text = tokens.create(tickets.pk, ann, "t", "read")
    with pytest.raises(NotFound):
        tokens.revoke(tickets.pk, bob, token.pk)
    assert tokens.owner_of(text) is not None
    tokens.revoke(tickets.pk, joan, token.pk)
    assert tokens.owner_of(text) is None


def test_revoking_twice_keeps_the_first_time(tickets: Project, ann: User, clock: Clock) -> None:
    token, _ = tokens.create(tickets.pk, ann, "t", "read")
    tokens.revoke(tickets.pk, ann, token.pk)
    first = ApiToken.objects.get().revoked_at
    clock.advance(hours=1)
    tokens.revoke(tickets.pk, ann, token.pk)
    assert ApiToken.objects.get().revoked_at == first


def test_another_project_s_tokens_cannot_be_revoked_from_here(
    tickets: Project, joan: User, ann: User
) -> None:
    token, _ = tokens.create(tickets.pk, ann, "t", "read")
    other = new_projects.create(joan, name="Other", kind="single", class_names=["A"])
    with pytest.raises(NotFound):
        tokens.revoke(other.pk, joan, token.pk)
