"""How does somebody join who is not here yet?"""

import threading

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection

from labeling.exceptions import InvalidInput, InvitationUnusable, NotAllowed, NotFound
from labeling.projects import invitations, members
from labeling.projects.models import Invitation, Membership, Project
from tests.fixtures.people import Clock

ROLE = Membership.Role
PASSWORD = "four quiet green words"


def test_whoever_opens_the_link_joins_with_its_role_and_uses_it_up(
    tickets: Project, joan: User, eve: User
) -> None:
    invitation, secret = invitations.invite(tickets.pk, joan, ROLE.ADJUDICATOR)
    assert invitations.redeem(secret, eve).role == ROLE.ADJUDICATOR
    invitation.refresh_from_db()
    assert invitation.redeemed_by == eve
    with pytest.raises(InvitationUnusable):
        invitations.invitation_of(secret)
    with pytest.raises(InvitationUnusable):
        invitations.redeem(secret, User.objects.create_user("mallory"))


def test_the_secret_is_stored_nowhere(tickets: Project, joan: User) -> None:
    _, secret = invitations.invite(tickets.pk, joan, ROLE.ANNOTATOR)
    assert all(secret not in str(value) for value in Invitation.objects.values().get().values())


def test_the_same_person_may_click_twice(tickets: Project, joan: User, eve: User) -> None:
    _, secret = invitations.invite(tickets.pk, joan, ROLE.ANNOTATOR)
    assert invitations.redeem(secret, eve) == invitations.redeem(secret, eve)


def test_a_member_keeps_their_role_and_the_link_stays_for_somebody_else(
    tickets: Project, joan: User, eve: User
) -> None:
    _, secret = invitations.invite(tickets.pk, joan, ROLE.ANNOTATOR)
    assert invitations.redeem(secret, joan).role == ROLE.MANAGER
    assert invitations.redeem(secret, eve).role == ROLE.ANNOTATOR


def test_a_used_link_does_not_let_a_removed_member_back_in(tickets: Project, joan: User, eve: User) -> None:
    _, secret = invitations.invite(tickets.pk, joan, ROLE.ANNOTATOR)
    invitations.redeem(secret, eve)
    members.remove_member(tickets.pk, joan, eve)
    with pytest.raises(InvitationUnusable):
        invitations.redeem(secret, eve)


def test_a_link_ends_with_its_time(tickets: Project, joan: User, eve: User, clock: Clock) -> None:
    _, secret = invitations.invite(tickets.pk, joan, ROLE.ANNOTATOR, days=1)
    clock.advance(hours=25)
    with pytest.raises(InvitationUnusable):
        invitations.redeem(secret, eve)


def test_a_withdrawn_link_lets_nobody_in(tickets: Project, joan: User, eve: User) -> None:
    invitation, secret = invitations.invite(tickets.pk, joan, ROLE.ANNOTATOR)
    invitations.revoke(tickets.pk, joan, invitation.pk)
    invitations.revoke(tickets.pk, joan, invitation.pk)
    with pytest.raises(InvitationUnusable):
        invitations.redeem(secret, eve)


def test_the_links_of_somebody_who_manages_no_more_are_dead(
    tickets: Project, joan: User, ann: User, eve: User
) -> None:
    members.add_member(tickets.pk, joan, ann, ROLE.MANAGER)
    _, secret = invitations.invite(tickets.pk, ann, ROLE.MANAGER)
    members.remove_member(tickets.pk, joan, ann)
    for person in (ann, eve):
        with pytest.raises(InvitationUnusable):
            invitations.redeem(secret, person)


def test_only_managers_invite_and_withdraw(tickets: Project, joan: User, ann: User, carla: User) -> None:
    invitation, _ = invitations.invite(tickets.pk, joan, ROLE.ANNOTATOR)
    for person in (ann, carla):
        with pytest.raises(NotAllowed):
            invitations.invite(tickets.pk, person, ROLE.ANNOTATOR)
        with pytest.raises(NotAllowed):
            invitations.revoke(tickets.pk, person, invitation.pk)
    with pytest.raises(NotFound):
        invitations.revoke(tickets.pk, joan, invitation.pk + 1)


@pytest.mark.parametrize(("role", "days"), [("owner", 7), ("annotator", 0), ("annotator", 10_000)])
def test_roles_and_times_that_do_not_exist_are_refused(
    tickets: Project, joan: User, role: str, days: int
) -> None:
    with pytest.raises(InvalidInput):
        invitations.invite(tickets.pk, joan, role, days)


def test_a_link_makes_an_account_and_lets_it_in(tickets: Project, joan: User) -> None:
    _, secret = invitations.invite(tickets.pk, joan, ROLE.ANNOTATOR)
    member = invitations.sign_up(secret, "zoe", PASSWORD)
    assert member.user.check_password(PASSWORD)
    assert members.member_of(tickets.pk, member.user) == member


def test_without_a_usable_link_there_is_no_account(tickets: Project, joan: User, eve: User) -> None:
    _, secret = invitations.invite(tickets.pk, joan, ROLE.ANNOTATOR)
    invitations.redeem(secret, eve)
    for token in (secret, "made up"):
        with pytest.raises(InvitationUnusable):
            invitations.sign_up(token, "zoe", PASSWORD)
    assert not User.objects.filter(username="zoe").exists()


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("joan", PASSWORD, "username"),
        ("JOAN", PASSWORD, "username"),
        ("", PASSWORD, "username"),
        ("<b>", PASSWORD, "username"),
        ("j\u043ean", PASSWORD, "username"),  # a Cyrillic letter
        ("joan.", PASSWORD, "username"),
        ("\u0430dmin", PASSWORD, "username"),
        ("System", PASSWORD, "username"),
        ("zoe", "short", "password"),
        ("zoe", "password1234", "password"),
    ],
)
def test_a_bad_name_or_password_leaves_the_link_usable(
    tickets: Project, joan: User, username: str, password: str, field: str
) -> None:
    _, secret = invitations.invite(tickets.pk, joan, ROLE.ANNOTATOR)
    with pytest.raises(ValidationError) as refused:
        invitations.sign_up(secret, username, password)
    assert field in refused.value.message_dict
    assert invitations.invitation_of(secret).project == tickets


# reliability K4
@pytest.mark.django_db(transaction=True)
def test_of_many_who_open_one_link_at_once_exactly_one_joins(tickets: Project, joan: User) -> None:
    people = [User.objects.create_user(f"p{n}") for n in range(6)]
    _, secret = invitations.invite(tickets.pk, joan, ROLE.ANNOTATOR)
    start, refused = threading.Barrier(len(people)), []

    def open_link(person: User) -> None:
        try:
            start.wait(10)
            invitations.redeem(secret, person)
        except InvitationUnusable:
            refused.append(person)
        finally:
            connection.close()

    threads = [threading.Thread(target=open_link, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(refused) == 5
    assert Membership.objects.filter(project=tickets, user__in=people).count() == 1
