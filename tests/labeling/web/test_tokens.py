"""How do people make and end tokens on the page?"""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.projects import tokens
from labeling.projects.models import ApiToken, Project


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_a_token_is_shown_once_and_works(client: Client, ann: User, tickets: Project) -> None:
    client.force_login(ann)
    data = {"name": "nightly", "scope": "annotate", "days": "30"}
    response = client.post(reverse("labeling:create_token", args=[tickets.pk]), data)
    match = re.search(r'value="(rq_[^"]+)"', response.content.decode())
    assert match
    assert "no-store" in response["Cache-Control"]
    token = tokens.owner_of(match[1])
    assert token is not None
    assert (token.user, token.expires_at is not None) == (ann, True)
    page = client.get(reverse("labeling:tokens", args=[tickets.pk]))
    assert "nightly" in text(page)
    assert match[1] not in page.content.decode()


def test_a_token_may_last_until_it_is_revoked(client: Client, ann: User, tickets: Project) -> None:
    client.force_login(ann)
    data = {"name": "nightly", "scope": "read", "days": "0"}
    client.post(reverse("labeling:create_token", args=[tickets.pk]), data)
    assert ApiToken.objects.get().expires_at is None


@pytest.mark.parametrize(
    "data", [{"name": "", "scope": "read", "days": "30"}, {"name": "t", "scope": "manage", "days": "30"}, {}]
)
def test_a_wrong_token_is_said_and_not_made(
    client: Client, ann: User, tickets: Project, data: dict[str, str]
) -> None:
    client.force_login(ann)
    assert client.post(reverse("labeling:create_token", args=[tickets.pk]), data).status_code == 422
    assert not ApiToken.objects.exists()


def test_people_see_their_own_tokens_and_managers_all(
    client: Client, joan: User, ann: User, bob: User, tickets: Project
) -> None:
    tokens.create(tickets.pk, ann, "of-ann", "read")
    tokens.create(tickets.pk, bob, "of-bob", "read")
    client.force_login(ann)
    page = text(client.get(reverse("labeling:tokens", args=[tickets.pk])))
    assert "of-ann" in page
    assert "of-bob" not in page
    client.force_login(joan)
    page = text(client.get(reverse("labeling:tokens", args=[tickets.pk])))
    assert "of-ann" in page
    assert "of-bob" in page


def test_a_revoked_token_is_gone_however_often_one_clicks(
    client: Client, ann: User, tickets: Project
) -> None:
    token, secret = tokens.create(tickets.pk, ann, "t", "read")
    client.force_login(ann)
    address = reverse("labeling:revoke_token", args=[tickets.pk, token.pk])
    for _ in range(2):
        assert "Token revoked" in text(client.post(address, follow=True))
    assert tokens.owner_of(secret) is None
    assert "No tokens yet" in text(client.get(reverse("labeling:tokens", args=[tickets.pk])))
