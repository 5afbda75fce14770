"""Signing in, out and changing the password."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.cast import Clock

SIGN_IN = "/sign-in/"


def sign_in(client: Client, name: str, password: str, **extra: str):
    return client.post(SIGN_IN, {"username": name, "password": password, **extra})


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client: Client, ann: User):
    known = sign_in(client, "ann", "wrong").context["form"].non_field_errors()
    unknown = sign_in(client, "nobody", "wrong").context["form"].non_field_errors()
    assert known == unknown
    assert "do not fit together" in known[0]


def test_who_signs_in_goes_on_to_where_they_wanted(client: Client, ann: User):
    answer = sign_in(client, "ann", "ann's password", next="/projects/1/label/")
    assert (answer.status_code, answer["Location"]) == (302, "/projects/1/label/")


def test_signing_in_never_leads_to_another_host(client: Client, ann: User):
    answer = sign_in(client, "ann", "ann's password", next="https://evil.example/")
    assert answer["Location"] == "/"


def test_signing_out_takes_a_post(client: Client, ann: User):
    client.force_login(ann)
    assert client.get(reverse("labeling:sign_out")).status_code == 405
    client.post(reverse("labeling:sign_out"))
    assert "_auth_user_id" not in client.session


def test_a_new_password_keeps_this_browser_and_signs_out_the_others(client: Client, ann: User):
    other = Client()
    for browser in (client, other):
        browser.force_login(ann)
    passwords = {
        "old_password": "ann's password",
        "new_password1": "a long brown fox",
        "new_password2": "a long brown fox",
    }
    answer = client.post(reverse("labeling:change_password"), passwords, follow=True)
    assert "Your password is changed" in answer.content.decode()
    assert other.get("/")["Location"].startswith(SIGN_IN)


def test_a_password_that_is_too_short_is_refused_with_the_reason(client: Client, ann: User):
    client.force_login(ann)
    answer = client.post(
        reverse("labeling:change_password"),
        {"old_password": "ann's password", "new_password1": "short", "new_password2": "short"},
    )
    assert "at least 10 characters" in answer.content.decode()


@pytest.mark.django_db
def test_a_page_of_a_project_asks_who_it_is_and_comes_back(client: Client):
    answer = client.get("/projects/1/label/")
    assert answer["Location"] == f"{SIGN_IN}?next=/projects/1/label/"


@pytest.mark.django_db
def test_the_content_policy_stands_on_every_answer_also_on_errors(client: Client):
    """A6: no script or style of a page's own, no other host, no frame."""
    for path in (SIGN_IN, "/nothing-here/", "/projects/1/label/"):
        policy = client.get(path)["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "object-src 'none'" in policy
        assert "unsafe" not in policy


def test_ten_wrong_passwords_make_the_next_ones_wait(client: Client, ann: User, clock: Clock):
    for _ in range(10):
        sign_in(client, "ann", "wrong")
    refused = sign_in(client, "ANN", "ann's password").context["form"].non_field_errors()
    assert "Too many wrong passwords" in refused[0]
    clock.advance(minutes=16)
    assert sign_in(client, "ann", "ann's password").status_code == 302


def test_a_header_that_anybody_can_send_does_not_hide_where_guesses_come_from(client: Client, ann: User):
    for number in range(11):
        answer = client.post(
            SIGN_IN,
            {"username": "ann", "password": "wrong"},
            headers={"X-Forwarded-For": f"192.0.2.{number}"},
        )
    assert "Too many wrong passwords" in answer.context["form"].non_field_errors()[0]


def test_one_machine_cannot_try_many_names(client: Client, ann: User):
    for number in range(101):
        answer = sign_in(client, f"somebody{number}", "wrong")
    assert "Too many wrong passwords" in answer.context["form"].non_field_errors()[0]


def test_the_right_password_forgives_earlier_slips(client: Client, ann: User):
    for _ in range(9):
        sign_in(client, "ann", "wrong")
    assert sign_in(client, "ann", "ann's password").status_code == 302
    client.post("/sign-out/")
    assert "do not fit" in sign_in(client, "ann", "wrong").context["form"].non_field_errors()[0]
