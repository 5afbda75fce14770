"""How do managers see to who works here, and how do people join?"""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.projects import invitations, members
from labeling.projects.models import Invitation, Membership, Project
from labeling.queue import claims
from tests.fixtures.people import label

PASSWORD = "four quiet green words"


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("&#x27;", "'").split())


def role_of(project: Project, user: User) -> str:
    return members.member_of(project.pk, user).role


@pytest.fixture
def link(tickets: Project, joan: User) -> str:
    _, secret = invitations.invite(tickets.pk, joan, Membership.Role.ADJUDICATOR)
    return reverse("labeling:join", args=[secret])


def test_the_list_names_everybody_with_their_role(client: Client, joan: User, tickets: Project) -> None:
    client.force_login(joan)
    page = text(client.get(reverse("labeling:members", args=[tickets.pk])))
    assert "4 members" in page
    assert all(name in page for name in ("ann", "bob", "carla", "joan"))
    assert "eve" not in page.split()


def test_the_list_shows_who_labels_and_when_they_last_did(
    client: Client, joan: User, ann: User, tickets: Project
) -> None:
    token = claims.claim(tickets.pk, ann).documents[0].token
    submit.submit(ann, Submission(token, [label(tickets, "Refund")]))
    client.force_login(joan)
    rows = re.findall(
        r"<tr>(.*?)</tr>", client.get(reverse("labeling:members", args=[tickets.pk])).content.decode(), re.S
    )
    (of_ann,) = [row for row in rows if "<bdi>ann</bdi>" in row]
    (of_bob,) = [row for row in rows if "<bdi>bob</bdi>" in row]
    assert re.search(r'data-label="Annotations in 7 days">1<', of_ann)
    assert re.search(r"\d seconds? ago", of_ann)
    assert re.search(r'data-label="Annotations in 7 days">0<', of_bob)
    assert "none yet" in of_bob


def test_a_role_is_changed_and_said(client: Client, joan: User, ann: User, tickets: Project) -> None:
    client.force_login(joan)
    address = reverse("labeling:change_role", args=[tickets.pk, ann.pk])
    for _ in range(2):
        assert "ann is now Adjudicator." in text(client.post(address, {"role": "adjudicator"}, follow=True))
    client.post(address, {"role": "emperor"})
    assert role_of(tickets, ann) == "adjudicator"


# reliability F4
def test_the_last_manager_stays_and_the_page_says_why(client: Client, joan: User, tickets: Project) -> None:
    client.force_login(joan)
    step_down = reverse("labeling:change_role", args=[tickets.pk, joan.pk])
    assert "at least one manager" in text(client.post(step_down, {"role": "annotator"}, follow=True))
    leave = reverse("labeling:remove_member", args=[tickets.pk, joan.pk])
    assert "at least one manager" in text(client.post(leave, follow=True))
    assert role_of(tickets, joan) == "manager"


def test_a_manager_who_steps_down_lands_where_they_may_be(
    client: Client, joan: User, ann: User, tickets: Project
) -> None:
    members.add_member(tickets.pk, joan, ann, "manager")
    client.force_login(joan)
    step_down = reverse("labeling:change_role", args=[tickets.pk, joan.pk])
    assert client.post(step_down, {"role": "annotator"}, follow=True).status_code == 200


def test_removing_asks_first(client: Client, joan: User, ann: User, tickets: Project) -> None:
    client.force_login(joan)
    address = reverse("labeling:remove_member", args=[tickets.pk, ann.pk])
    assert "Remove ann from the project?" in text(client.get(address))
    assert role_of(tickets, ann) == "annotator"
    assert "ann is no longer a member." in text(client.post(address, follow=True))
    assert client.post(address).status_code == 404


def test_a_manager_may_leave_when_another_stays(
    client: Client, joan: User, ann: User, tickets: Project
) -> None:
    members.add_member(tickets.pk, joan, ann, "manager")
    client.force_login(joan)
    response = client.post(reverse("labeling:remove_member", args=[tickets.pk, joan.pk]))
    assert response["Location"] == reverse("labeling:projects")


def test_the_link_is_shown_once(client: Client, joan: User, tickets: Project) -> None:
    client.force_login(joan)
    response = client.post(reverse("labeling:invite", args=[tickets.pk]), {"role": "annotator", "days": "7"})
    match = re.search(r'value="(http://testserver/join/[^"]+)"', response.content.decode())
    assert match
    assert "no-store" in response["Cache-Control"]
    assert match[1] not in client.get(reverse("labeling:members", args=[tickets.pk])).content.decode()
    client.logout()
    assert client.get(match[1]).status_code == 200


def test_a_wrong_invitation_is_said(client: Client, joan: User, tickets: Project) -> None:
    client.force_login(joan)
    response = client.post(reverse("labeling:invite", args=[tickets.pk]), {"role": "emperor", "days": "7"})
    assert response.status_code == 422
    assert not Invitation.objects.exists()


def test_a_withdrawn_link_says_so(client: Client, joan: User, tickets: Project, link: str) -> None:
    client.force_login(joan)
    invitation = Invitation.objects.get()
    address = reverse("labeling:revoke_invitation", args=[tickets.pk, invitation.pk])
    for _ in range(2):
        assert "Invitation link revoked" in text(client.post(address, follow=True))
    client.logout()
    response = client.get(link)
    assert response.status_code == 410
    assert "Ask a manager" in text(response)


def test_looking_at_the_link_does_not_use_it_up(client: Client, link: str, tickets: Project) -> None:
    for _ in range(2):
        page = text(client.get(link))
        assert "joan invites you as Adjudicator." in page
    client.head(link)
    assert Invitation.objects.usable().count() == 1


def test_somebody_new_makes_an_account_and_joins(client: Client, link: str, tickets: Project) -> None:
    response = client.post(link, {"username": "zoe", "password": PASSWORD})
    assert response["Location"] == reverse("labeling:project", args=[tickets.pk])
    assert client.get(response["Location"]).status_code == 200
    assert role_of(tickets, User.objects.get(username="zoe")) == "adjudicator"


@pytest.mark.parametrize(
    ("username", "password", "message"),
    [
        ("ANN", PASSWORD, "This username is taken"),
        ("zoe", "short", "too short"),
        ("zoe", "", "This field is required."),
        ("", PASSWORD, "This field is required."),
        ("a<b", PASSWORD, "Enter a valid username"),
    ],
)
def test_a_name_or_password_that_cannot_be_is_said_and_the_link_stays(
    client: Client, link: str, tickets: Project, username: str, password: str, message: str
) -> None:
    response = client.post(link, {"username": username, "password": password})
    assert response.status_code == 422
    assert message in text(response)
    assert PASSWORD not in response.content.decode()
    assert Invitation.objects.usable().count() == 1


def test_who_is_signed_in_joins_with_one_click(
    client: Client, link: str, tickets: Project, eve: User
) -> None:
    client.force_login(eve)
    assert "Join as eve" in text(client.get(link))
    for _ in range(2):
        assert client.post(link)["Location"] == reverse("labeling:project", args=[tickets.pk])
    assert role_of(tickets, eve) == "adjudicator"


def test_who_is_a_member_already_is_led_to_the_project(
    client: Client, link: str, tickets: Project, ann: User, eve: User
) -> None:
    client.force_login(ann)
    for method in (client.get, client.post):
        response = method(link, follow=True)
        assert response.redirect_chain == [(reverse("labeling:project", args=[tickets.pk]), 302)]
        assert "You are already a member of Tickets single." in text(response)
    assert role_of(tickets, ann) == "annotator"
    assert Invitation.objects.usable().count() == 1
    client.force_login(eve)
    client.post(link)
    assert "You are already a member of Tickets single." in text(client.get(link, follow=True))


def test_a_used_or_invented_link_lets_nobody_in(
    client: Client, link: str, tickets: Project, eve: User
) -> None:
    client.force_login(eve)
    client.post(link)
    client.force_login(User.objects.create_user("mallory"))
    for address in (link, reverse("labeling:join", args=["invented"])):
        assert client.get(address).status_code == 410
        assert client.post(address).status_code == 410
    assert not Membership.objects.filter(user__username="mallory").exists()


def test_signing_in_from_the_link_comes_back_to_it(client: Client, link: str, eve: User) -> None:
    page = client.get(link).content.decode()
    match = re.search(r'href="(/sign-in/\?next=[^"]+)"', page)
    assert match
    response = client.post(match[1], {"username": "eve", "password": "eve's password", "next": link})
    assert response["Location"] == link
