"""Signing in, out and changing the password."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.projects import tokens
from labeling.projects.known_browsers import COOKIE_NAME
from labeling.projects.models import Project, SignInFailure
from tests.fixtures.people import Clock

SIGN_IN = "/sign-in/"
CHANGE = "/password/"


def sign_in(client: Client, name: str, password: str, **extra: str):
    return client.post(SIGN_IN, {"username": name, "password": password, **extra})


def is_refused_unjudged(answer) -> bool:
    return "Too many wrong passwords" in answer.content.decode()


def lock_ann() -> None:
    """Strangers everywhere tried her name until nobody may try it any more."""
    tried = (SignInFailure(name="ann", address=f"192.0.2.{number}") for number in range(50))
    SignInFailure.objects.bulk_create(tried)


def know(client: Client, name: str = "ann") -> None:
    """Sign in once and out again, so that the browser is known."""
    assert sign_in(client, name, f"{name}'s password").status_code == 302
    client.post("/sign-out/")


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client: Client, ann: User):
    wrong_password = sign_in(client, "ann", "wrong").context["form"].non_field_errors()
    unknown = sign_in(client, "nobody", "wrong").context["form"].non_field_errors()
    assert wrong_password == unknown
    assert "Wrong username or password" in wrong_password[0]


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


# reliability G1
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
    assert "Password changed" in answer.content.decode()
    assert other.get("/")["Location"].startswith(SIGN_IN)


NEW = {
    "old_password": "ann's password",
    "new_password1": "a long brown fox",
    "new_password2": "a long brown fox",
}


@pytest.mark.parametrize(
    ("sent", "notice", "is_alive"),
    [
        ({}, "Your API tokens still work.", True),
        ({"ends_tokens": "on"}, "Your API tokens were revoked.", False),
    ],
)
def test_a_new_password_ends_the_tokens_of_its_owner_where_they_ask_for_it(
    client: Client, tickets: Project, ann: User, bob: User, sent: dict[str, str], notice: str, is_alive: bool
):
    """G5: whoever changes the password because of a thief can end the thief's tokens in the same step."""
    texts = [tokens.create(tickets.pk, ann, name, "annotate")[1] for name in ("one", "two")]
    of_bob = tokens.create(tickets.pk, bob, "his", "annotate")[1]
    client.force_login(ann)
    assert "You have 2. They keep working" in client.get(CHANGE).content.decode()
    page = client.post(CHANGE, NEW | sent, follow=True).content.decode()
    assert notice in page
    assert [tokens.owner_of(text) is not None for text in texts] == [is_alive] * 2
    assert tokens.owner_of(of_bob) is not None


def test_who_has_no_token_is_asked_nothing_about_them(client: Client, tickets: Project, ann: User):
    tokens.revoke(tickets.pk, ann, tokens.create(tickets.pk, ann, "old", "read")[0].pk)
    client.force_login(ann)
    assert "API token" not in client.get(CHANGE).content.decode()
    assert "API token" not in client.post(CHANGE, NEW, follow=True).content.decode()


def test_a_wrong_old_password_ends_no_token(client: Client, tickets: Project, ann: User):
    text = tokens.create(tickets.pk, ann, "one", "read")[1]
    client.force_login(ann)
    client.post(CHANGE, NEW | {"old_password": "a guess", "ends_tokens": "on"})
    assert tokens.owner_of(text) is not None


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


# reliability G3
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


# reliability G3
@pytest.mark.slow
def test_one_machine_cannot_try_many_names(client: Client, ann: User):
    for number in range(101):
        answer = sign_in(client, f"somebody{number}", "wrong")
    assert "Too many wrong passwords" in answer.context["form"].non_field_errors()[0]


def test_the_right_password_forgives_earlier_slips(client: Client, ann: User):
    for _ in range(9):
        sign_in(client, "ann", "wrong")
    assert sign_in(client, "ann", "ann's password").status_code == 302
    client.post("/sign-out/")
    assert "Wrong username" in sign_in(client, "ann", "wrong").context["form"].non_field_errors()[0]


@pytest.mark.parametrize("judges_nothing", [{"password": ""}, {}, {"username": "", "password": "x"}])
def test_only_a_right_password_forgives(client: Client, ann: User, judges_nothing: dict[str, str]):
    """G3: a form that holds no name or no password is judged by nobody, and forgives nothing."""
    for _ in range(9):
        sign_in(client, "ann", "wrong")
        client.post(SIGN_IN, {"username": "ann"} | judges_nothing)
    sign_in(client, "ann", "wrong")
    assert is_refused_unjudged(sign_in(client, "ann", "ann's password"))


def test_the_password_of_an_account_that_is_switched_off_forgives_nothing(client: Client, ann: User):
    User.objects.filter(pk=ann.pk).update(is_active=False)
    for _ in range(10):
        sign_in(client, "ann", "ann's password")
    assert is_refused_unjudged(sign_in(client, "ann", "ann's password"))


def test_a_locked_name_opens_by_its_password_in_a_browser_that_it_signed_in_with(client: Client, ann: User):
    know(client)
    lock_ann()
    assert is_refused_unjudged(sign_in(Client(), "ann", "ann's password"))
    assert sign_in(client, "ann", "wrong").status_code == 200
    assert sign_in(client, "ANN", "ann's password").status_code == 200  # names keep their capitals
    assert sign_in(client, "ann", "ann's password").status_code == 302


def test_a_known_browser_has_ten_tries_of_its_own(client: Client, ann: User, clock: Clock):
    know(client)
    for _ in range(10):
        sign_in(client, "ann", "wrong")
    assert is_refused_unjudged(sign_in(client, "ann", "ann's password"))
    assert sign_in(Client(), "ann", "ann's password").status_code == 302
    clock.advance(minutes=16)
    assert sign_in(client, "ann", "ann's password").status_code == 302


def test_a_browser_is_known_for_those_alone_who_signed_in_with_it(client: Client, ann: User, bob: User):
    know(client, "bob")
    lock_ann()
    assert is_refused_unjudged(sign_in(client, "ann", "ann's password"))
    shared = Client()
    shared.cookies = client.cookies
    assert sign_in(shared, "bob", "bob's password").status_code == 302


def test_a_cookie_that_the_service_did_not_sign_makes_no_browser_known(client: Client, ann: User):
    know(client)
    genuine = client.cookies[COOKIE_NAME].value
    lock_ann()
    for forged in ("", "ann", genuine[:-1], f"{genuine}x", genuine.replace(":", ".")):
        stranger = Client()
        stranger.cookies[COOKIE_NAME] = forged
        assert is_refused_unjudged(sign_in(stranger, "ann", "ann's password")), forged


def test_the_cookie_of_a_known_browser_tells_no_name_and_no_script(client: Client, ann: User):
    know(client)
    cookie = client.cookies[COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "ann" not in cookie.value


def test_whatever_a_proxy_writes_of_the_client_people_can_sign_in(ann: User, settings):
    """Every address is read as one; a word leaves it unknown, and no wrong password is a fault of ours."""
    settings.TRUSTED_PROXY = True
    written = (
        "198.51.100.7:5678", "[2001:db8::1]:443", "[2001:db8::1]", "2001:db8::1", "fe80::1%eth0", "unknown",
        "_hidden", '"[2001:db8::1]:80"', "", " ", ",", "192.0.2.1, unknown", "999.1.1.1", "1.2.3", "[]:1",
        "[::1", "::ffff:192.0.2.9", "x" * 5000, "192.0.2.1:99999:1", "\x00", "١٩٢.0.2.1",
    )  # fmt: skip
    statuses = {
        header: [
            Client()
            .post(SIGN_IN, {"username": "ann", "password": password}, HTTP_X_FORWARDED_FOR=header)
            .status_code
            for password in ("wrong", "ann's password")
        ]
        for header in written
    }
    assert {header: got for header, got in statuses.items() if got != [200, 302]} == {}


def test_one_machine_is_one_whatever_port_or_address_of_its_line_it_uses(client: Client, ann: User, settings):
    settings.TRUSTED_PROXY = True
    machines = {
        "a port a try": [f"198.51.100.7:{port}" for port in range(5000, 5011)],
        "an address a try": [f"[2001:db8:0:1::{number:x}]:443" for number in range(11)],
    }
    for name, headers in machines.items():
        for header in headers:
            answer = client.post(
                SIGN_IN, {"username": name, "password": "wrong"}, HTTP_X_FORWARDED_FOR=header
            )
        assert is_refused_unjudged(answer), name


def test_clients_whose_address_nobody_knows_are_not_one_machine(client: Client, ann: User, settings):
    settings.TRUSTED_PROXY = True
    client.post(SIGN_IN, {"username": "bob", "password": "wrong"}, HTTP_X_FORWARDED_FOR="unknown")
    failure = SignInFailure.objects.get()
    SignInFailure.objects.bulk_create(
        SignInFailure(name=f"name{number}", address=failure.address) for number in range(100)
    )
    sent = {"username": "ann", "password": "ann's password"}
    assert client.post(SIGN_IN, sent, HTTP_X_FORWARDED_FOR="unknown").status_code == 302


def test_the_old_password_cannot_be_guessed_on_the_page_that_changes_it(client: Client, ann: User):
    client.force_login(ann)
    new = {"new_password1": "a long brown fox", "new_password2": "a long brown fox"}
    for _ in range(10):
        client.post(reverse("labeling:change_password"), new | {"old_password": "wrong"})
    answer = client.post(reverse("labeling:change_password"), new | {"old_password": "ann's password"})
    assert is_refused_unjudged(answer)


# reliability G1
def test_a_session_that_somebody_planted_is_not_the_one_that_is_signed_in(client: Client, ann: User):
    client.cookies["sessionid"] = "planted0000000000000000000000000"
    sign_in(client, "ann", "ann's password")
    first = client.cookies["sessionid"].value
    assert first != "planted0000000000000000000000000"
    client.post(CHANGE, NEW)
    assert client.cookies["sessionid"].value not in ("", first)


# reliability G6
@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "///evil.example",
        "http://testserver@evil.example/",
        " //evil.example",
        "/\t/evil.example",
    ],
)
def test_signing_in_leads_to_pages_of_this_service_alone(client: Client, ann: User, wanted: str):
    assert sign_in(client, "ann", "ann's password", next=wanted)["Location"] == "/"


# reliability G6
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"HTTP_HOST": "evil.example"}, 400),
        ({"HTTP_X_FORWARDED_HOST": "evil.example"}, 200),
        ({"HTTP_X_FORWARDED_PROTO": "https", "HTTP_FORWARDED": "host=evil.example"}, 200),
    ],
)
def test_no_header_says_where_the_service_is(client: Client, joan: User, tickets: Project, headers, status):
    client.force_login(joan)
    answer = client.post(
        f"/projects/{tickets.pk}/team/invite/", {"role": "annotator", "days": "7"}, **headers
    )
    assert answer.status_code == status
    assert "evil.example" not in answer.content.decode()
