"""What can a statement do that somebody smuggled into the service? Read and change rows, no more."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from psycopg import errors, sql

from labeling.annotations.models import Annotation
from labeling.projects.models import Project
from reviewqueue.embedded.postgres import SERVICE, Postgres
from reviewqueue.roles import let_serve
from reviewqueue.settings import BASE_DIR
from tests.migrated import start_migrated

APPEND_ONLY = ("annotation", "label", "guideline", "classrule")
DENIED = (errors.InsufficientPrivilege, errors.UndefinedFunction)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A folder of the version before: tables of one role, no other one. Then the new version starts on it."""
    folder: Path = tmp_path_factory.mktemp("roles")
    server = Postgres(folder, folder / "logs", is_durable=False)
    start_migrated(server)
    try:
        with psycopg.connect(server.url, autocommit=True) as owner:
            owner.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(SERVICE)))
        server.process.stop()
        server.start()
        yield server
    finally:
        server.process.stop()


@pytest.fixture
def service(upgraded: Postgres) -> Iterator[psycopg.Connection]:
    with psycopg.connect(upgraded.service_url, autocommit=True) as connection:
        yield connection


def test_a_folder_of_the_version_before_has_the_role_after_a_start(service: psycopg.Connection):
    row = service.execute(
        "SELECT current_user, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    assert row == (SERVICE, False, False, False)
    assert service.execute("SELECT count(*) FROM labeling_annotation").fetchone() == (0,)


def test_the_service_reads_and_changes_rows_and_sees_tables_that_come_later(
    upgraded: Postgres, service: psycopg.Connection
):
    with psycopg.connect(upgraded.url, autocommit=True) as owner:
        owner.execute("CREATE TABLE later (id serial PRIMARY KEY, word text)")
    service.execute("INSERT INTO later (word) VALUES ('a'); UPDATE later SET word = 'b'")
    service.execute("SELECT * FROM later FOR UPDATE; DELETE FROM later")
    service.execute("CREATE TEMPORARY TABLE mine (id int)")
    service.execute("INSERT INTO auth_group (name) VALUES ('x'); DELETE FROM auth_group")


@pytest.mark.parametrize(
    "statement",
    [
        *(f"TRUNCATE labeling_{name} CASCADE" for name in APPEND_ONLY),
        "TRUNCATE auth_group CASCADE",
        "SET session_replication_role = replica",
        "ALTER TABLE labeling_annotation DISABLE TRIGGER USER",
        "DROP TABLE labeling_annotation CASCADE",
        "DROP TRIGGER annotation_is_append_only ON labeling_annotation",
        "CREATE OR REPLACE FUNCTION labeling_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE TABLE mine (id int)",
        "CREATE ROLE friend SUPERUSER",
        "SET ROLE reviewqueue",
        "CREATE DATABASE mine",
        "CREATE EXTENSION file_fdw",
        "COPY labeling_document TO PROGRAM 'cat'",
        "COPY labeling_document FROM '/etc/passwd'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "ALTER SYSTEM SET fsync = off",
    ],
)
def test_the_service_s_role_may_not(service: psycopg.Connection, statement: str):
    with pytest.raises(DENIED):
        service.execute(statement)


def test_a_command_is_the_owner_for_as_long_as_it_changes_tables(upgraded: Postgres):
    script = (
        "from django.db import connection\nfrom labeling.management.owner import as_owner\n"
        "def who():\n    with connection.cursor() as cursor:\n"
        "        return cursor.execute('SELECT current_user').fetchone()[0]\n"
        "before = who()\nwith as_owner():\n    within = who()\nprint(before, within, who())"
    )
    addresses = {"DATABASE_URL": upgraded.service_url, "MIGRATIONS_DATABASE_URL": upgraded.url}
    command = [sys.executable, str(BASE_DIR / "manage.py"), "shell", "-v", "0", "-c", script]
    environment = os.environ | addresses | {"PYTHONPATH": str(BASE_DIR)}
    done = subprocess.run(command, env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [SERVICE, "reviewqueue", SERVICE]


def test_a_role_with_a_password_is_made_and_kept_in_step(upgraded: Postgres):
    with psycopg.connect(upgraded.url, autocommit=True) as owner, owner.cursor() as cursor:
        stored = []
        for password in ("one'; --", "another"):
            let_serve(cursor, 'odd "name"', password)
            cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", ['odd "name"'])
            stored.append(cursor.fetchone())
        assert None not in stored
        assert stored[0] != stored[1]
        owner.execute('DROP OWNED BY "odd ""name"""; DROP ROLE "odd ""name"""')


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_not_even_the_owner_empties_an_append_only_table(db: None, table: str):
    """One statement would have taken every answer; the triggers of rows do not fire for it."""
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE labeling_{table} CASCADE")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("run", [1, 2])
def test_real_transactions_begin_with_empty_tables_and_live_triggers(run: int, tickets: Project, ann: User):
    """What the tests do to empty tables leaves the triggers on."""
    assert Project.objects.count() == 1
    annotation = Annotation(project=tickets, document=tickets.documents.first(), annotator=ann)
    assert annotation.pk is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgenabled = 'D'")
        assert cursor.fetchone() == (0,)
