"""Do the health addresses say what the orchestrator and the operator need, and no more?"""

from dataclasses import asdict
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from labeling.jobs import service_status
from reviewqueue import health


@pytest.fixture(autouse=True)
def forgotten():
    """No test profits from what another one found out."""
    health.require_migrations.cache_clear()


def test_livez_answers_without_a_database(client):
    answer = client.get("/livez")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_readyz_is_ok_when_the_database_takes_writes_and_has_its_tables(client):
    assert client.get("/readyz").json() == {"status": "ok", "reasons": []}


@pytest.mark.django_db
def test_readyz_says_that_migrations_wait(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["Migrations to apply: 1. Run `./run manage migrate`."]


@pytest.mark.django_db
def test_readyz_says_that_the_database_takes_no_writes(client):
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["The database is read-only."]


# reliability K3
@pytest.mark.django_db
def test_strangers_sign_in_and_annotators_do_not_see_the_inside(client):
    assert client.get("/healthz/deep").status_code == 302
    client.force_login(User.objects.create_user("ann"))
    assert client.get("/healthz/deep").status_code == 403


@pytest.mark.slow
@pytest.mark.django_db
def test_an_operator_is_made_by_command(client):
    call_command("create_account", "olga", "--operator", stdout=StringIO())
    client.force_login(User.objects.get(username="olga"))
    assert client.get("/healthz/deep").status_code in (200, 503)


@pytest.mark.slow
@pytest.mark.django_db
def test_staff_sees_the_queues_and_that_no_worker_answers(client):
    client.force_login(User.objects.create_user("olga", is_staff=True))
    answer = client.get("/healthz/deep")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["No worker is responding."]
    assert set(answer.json()["queues"]) == {"default", "train", "embed", "idle"}


@pytest.mark.django_db
def test_staff_sees_that_the_broker_is_away(client, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    client.force_login(User.objects.create_user("olga", is_staff=True))
    assert client.get("/healthz/deep").json()["reasons"] == ["The broker is not responding: ConnectionError."]


@pytest.mark.slow
@pytest.mark.django_db
def test_staff_sees_what_keeps_failing_and_what_was_set_aside(client, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    (tmp_path / "valkey.unreadable-20261130T100500.000000").mkdir()
    failing = service_status.Outage("trainer", 5, "2026-11-30T10:00:00+00:00", "was killed by SIGKILL")
    mended = service_status.Outage("beat", 1, "2026-11-30T10:00:00+00:00", "ended with code 1")
    service_status.write(tmp_path, [failing, mended])
    client.force_login(User.objects.create_user("olga", is_staff=True))
    body = client.get("/healthz/deep").json()
    assert body["outages"] == [asdict(failing)]
    assert body["set_aside"] == ["valkey.unreadable-20261130T100500.000000"]
    assert "trainer keeps failing: it was killed by SIGKILL." in body["reasons"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_health_changes_nothing(client, method):
    assert getattr(client, method)("/livez").status_code == 405


# reliability A6
def test_every_answer_carries_the_strict_content_policy(client):
    policy = client.get("/livez")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "unsafe" not in policy
