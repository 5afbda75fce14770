"""The database and the folders of the tests themselves."""

import os
import shutil
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from reviewqueue.embedded.postgres import Postgres
from tests import migrated, servers


@pytest.mark.django_db
def test_the_copied_database_has_every_migration_and_none_besides():
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    assert set(executor.loader.applied_migrations) == set(executor.loader.disk_migrations)


def test_another_migration_or_package_makes_another_cluster(tmp_path, monkeypatch):
    for name in ("labeling/migrations/0001_first.py", "requirements/dev.lock", "reviewqueue/embedded/a.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("once")
    shutil.copy(migrated.__file__, tmp_path)
    monkeypatch.setattr(migrated, "ROOT", tmp_path)
    monkeypatch.setattr(migrated, "__file__", str(tmp_path / "migrated.py"))
    server = Postgres(tmp_path / "data", tmp_path / "logs")
    states = [migrated.state(server), migrated.state(server)]
    assert len(set(states)) == 1
    for path in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        path.write_text("twice")
        states.append(migrated.state(server))
    (tmp_path / "analytics" / "migrations").mkdir(parents=True)
    (tmp_path / "analytics" / "migrations" / "0002_more.py").touch()
    states.append(migrated.state(server))
    assert len(set(states)) == 6


def test_a_killed_run_leaves_its_folder_only_until_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "MEMORY", tmp_path)
    monkeypatch.setattr(servers, "MIN_MEMORY_BYTES", 0)
    gone, running = tmp_path / "rq-test-4194305-a", tmp_path / f"rq-test-{os.getpid()}-b"  # no pid is as high
    gone.mkdir()
    running.mkdir()
    made = servers.make_folder()
    assert made.parent == tmp_path
    assert sorted(tmp_path.iterdir()) == sorted([made, running])


def test_a_memory_disk_without_room_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "MEMORY", tmp_path)
    monkeypatch.setattr(servers, "MIN_MEMORY_BYTES", 10**18)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "disk"))
    Path(tmp_path / "disk").mkdir()
    assert servers.make_folder().parent == tmp_path / "disk"
