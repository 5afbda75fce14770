"""What do the settings refuse, and do they close the known traps of Celery over Redis?"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection
from kombu.exceptions import OperationalError

from labeling.jobs.outbox import RUN_JOB
from reviewqueue import checks
from reviewqueue.celery import app
from reviewqueue.settings import BASE_DIR, env_flag

KEY = "k" * 30 + "0123456789" * 3


def loaded(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Import the settings in a process that knows nothing but these variables."""
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "PYTHONPATH": str(BASE_DIR)}
    command = [sys.executable, "-c", "from reviewqueue import settings; print(settings.SECRET_KEY)"]
    return subprocess.run(command, env=environment | variables, capture_output=True, text=True, check=False)


# reliability K2
@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        (
            {"DATABASE_URL": "sqlite:///db.sqlite3"},
            "DATABASE_URL must start with postgresql://, not sqlite://",
        ),
        ({"DATABASE_URL": "mysql://root@localhost/x"}, "leave DATABASE_URL unset for the embedded server"),
        ({"TASK_TIME_LIMIT_SECONDS": "soon"}, "TASK_TIME_LIMIT_SECONDS must be a whole number, not 'soon'"),
        ({"HTTPS": "1", "ALLOWED_HOSTS": "queue.example.org"}, "Set SECRET_KEY to at least 50 random"),
        ({"HTTPS": "1", "SECRET_KEY": "short"}, "Set SECRET_KEY to at least 50 random"),
        ({"HTTPS": "1", "SECRET_KEY": "k" * 60}, "Set SECRET_KEY to at least 50 random"),
        ({"SECRET_KEY": "short"}, "Set SECRET_KEY to at least 50 random"),
        ({"LISTEN_ADDRESS": "203.0.113.5", "SECRET_KEY": "k" * 60}, "Set SECRET_KEY to at least 50 random"),
        ({"LISTEN_ADDRESS": "192.0.2.7", "DEBUG": "yes"}, "DEBUG shows settings to visitors"),
        ({"LISTEN_ADDRESS": "::", "ALLOWED_HOSTS": "*"}, "without a wildcard"),
        ({"HTTPS": "enabled"}, "HTTPS must be yes or no, not 'enabled'"),
        ({"TRUSTED_PROXY": "y"}, "TRUSTED_PROXY must be yes or no, not 'y'"),
        ({"DEBUG": "2"}, "DEBUG must be yes or no, not '2'"),
        ({"HTTPS": "1", "SECRET_KEY": KEY, "DEBUG": "1"}, "DEBUG shows settings to visitors"),
        ({"HTTPS": "1", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "*"}, "without a wildcard"),
        ({"HTTPS": "1", "SECRET_KEY": KEY, "ALLOWED_HOSTS": ","}, "Set ALLOWED_HOSTS"),
    ],
)
def test_unsafe_or_unreadable_settings_stop_the_process_with_the_reason(tmp_path, variables, reason):
    done = loaded(tmp_path, **variables)
    assert done.returncode != 0
    assert reason in done.stderr


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost"])
def test_on_the_loopback_a_developer_may_be_careless(tmp_path, address):
    careless = {"DEBUG": "Yes", "SECRET_KEY": "mine", "ALLOWED_HOSTS": "*", "HTTPS": "off"}
    assert loaded(tmp_path, LISTEN_ADDRESS=address, **careless).stdout.strip() == "mine"


def test_the_key_of_the_data_folder_is_used_where_the_environment_has_none(tmp_path):
    (tmp_path / "secret_key").write_text(KEY)
    assert loaded(tmp_path).stdout.strip() == KEY
    assert loaded(tmp_path, SECRET_KEY=KEY[::-1]).stdout.strip() == KEY[::-1]


def test_no_key_is_the_same_in_two_processes_that_were_given_none(tmp_path):
    assert loaded(tmp_path).stdout != loaded(tmp_path).stdout


@pytest.mark.django_db
def test_the_database_is_postgresql():
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        assert int(cursor.fetchone()[0].split(".")[0]) >= 15


@pytest.mark.django_db
def test_a_server_that_may_lose_commits_is_refused_at_start():
    """The tests' own server runs without fsync, so it must be called out."""
    warnings = [message.msg for message in checks.commits_are_durable(databases=["default"])]
    assert len(warnings) == 3
    assert any("fsync=off" in line for line in warnings)


@pytest.mark.parametrize(
    ("value", "is_on"), [(None, True), ("", True), ("1", True), ("on", True), ("0", False), ("no", False)]
)
def test_embeddings_are_on_unless_they_are_turned_off(monkeypatch, value, is_on):
    if value is None:
        monkeypatch.delenv("EMBEDDINGS", raising=False)
    else:
        monkeypatch.setenv("EMBEDDINGS", value)
    assert env_flag("EMBEDDINGS", default=True) == is_on


def test_a_visibility_timeout_below_twice_the_time_limit_is_an_error(settings):
    assert checks.a_long_task_runs_once() == []
    settings.CELERY_TASK_TIME_LIMIT = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert [message.id for message in checks.a_long_task_runs_once()] == ["reviewqueue.E001"]


def test_a_worker_that_accepts_pickle_is_an_error(settings):
    assert checks.messages_are_only_data() == []
    settings.CELERY_ACCEPT_CONTENT = ["json", "pickle"]
    assert [message.id for message in checks.messages_are_only_data()] == ["reviewqueue.E002"]


def test_every_task_ends_before_its_message_is_handed_out_again():
    app.loader.import_default_modules()
    visible = app.conf.broker_transport_options["visibility_timeout"]
    for task in app.tasks.values():
        assert 2 * (task.time_limit or app.conf.task_time_limit) <= visible, task.name
        assert (task.soft_time_limit or app.conf.task_soft_time_limit) < (
            task.time_limit or app.conf.task_time_limit
        ), task.name


def test_no_task_is_lost_with_its_process_and_none_hoarded():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.broker_transport_options["unacked_restore_throttle"] == 1


def test_the_clock_and_the_outbox_name_tasks_that_exist():
    app.loader.import_default_modules()
    named = {entry["task"] for entry in app.conf.beat_schedule.values()} | {RUN_JOB}
    assert named <= set(app.tasks)


def test_a_message_is_given_up_soon_when_the_broker_is_away(tmp_path):
    began = time.monotonic()
    with (
        app.connection_for_write(f"redis+socket://{tmp_path}/nobody.sock") as away,
        pytest.raises(OperationalError),
    ):
        app.send_task("labeling.tasks.reconcile", connection=away)
    assert time.monotonic() - began < 1
