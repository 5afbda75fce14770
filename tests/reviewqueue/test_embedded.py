"""Do the embedded servers keep what they were given, whatever kills them? Real processes, real files."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg.pq import Ping

from labeling.jobs import service_status
from labeling.jobs.runners import start_time
from reviewqueue.addresses import django_database
from reviewqueue.embedded import postgres as postgres_module
from reviewqueue.embedded.folder import DataFolder, FolderInUse
from reviewqueue.embedded.postgres import Postgres
from reviewqueue.embedded.process import Process, StartFailed, run_through
from reviewqueue.embedded.rights import Rights
from reviewqueue.embedded.sockets import socket_folder
from reviewqueue.embedded.valkey import Valkey


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[Path]:
    """A data folder whose PostgreSQL was made once for all tests here."""
    folder = tmp_path_factory.mktemp("rq")
    server = Postgres(folder, folder / "logs")
    server.start()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE label (id int)")
    server.process.stop()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(cluster: Path) -> Iterator[Postgres]:
    server = Postgres(cluster, cluster / "logs")
    yield server
    server.process.stop()


def count(server: Postgres) -> int:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT count(*) FROM label").fetchone()
    assert row is not None
    return int(row[0])


def killed(server: Postgres | Valkey) -> int:
    """Kill -9 the server and leave it a zombie, as a process 1 that reaps nothing would. Returns its pid."""
    assert server.process.child is not None
    pid = server.process.child.pid
    os.kill(pid, signal.SIGKILL)
    while start_time(pid) is not None:
        time.sleep(0.01)
    return pid


def test_committed_rows_survive_kill_9_of_postgres(cluster, postgres):
    postgres.start()
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("TRUNCATE label")
        for number in range(200):
            connection.execute("INSERT INTO label VALUES (%s)", [number])
    killed(postgres)
    again = Postgres(cluster, cluster / "logs")
    again.start()
    try:
        assert count(again) == 200
    finally:
        again.process.stop()


def test_a_lock_file_of_a_zombie_does_not_stop_the_next_start(cluster, postgres):
    postgres.start()
    pid = killed(postgres)
    lock = postgres.cluster / "postmaster.pid"
    assert lock.read_text().splitlines()[0] == str(pid)
    assert Path(f"/proc/{pid}").exists(), "still a zombie: nobody has waited for it"
    again = Postgres(cluster, cluster / "logs")
    again.start()
    again.process.stop()


def test_a_lock_file_with_a_strangers_pid_does_not_stop_the_next_start(cluster, postgres):
    (postgres.cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.cluster}\n")
    (postgres.sockets / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")
    postgres.start()
    assert postgres.is_ready()


def test_the_lock_file_of_a_living_server_stays(cluster, postgres):
    postgres.start()
    run_through(postgres.clearing_stale_lock())
    assert (postgres.cluster / "postmaster.pid").exists()


def test_a_server_left_by_a_killed_parent_is_ended_before_the_next_start(cluster, postgres):
    postgres.start()
    left = postgres.process.child
    assert left is not None
    again = Postgres(cluster, cluster / "logs")
    again.start()
    assert left.wait(10) == 0
    again.process.stop()


def test_a_half_made_cluster_is_made_again(tmp_path):
    unfinished = Postgres(tmp_path, tmp_path / "logs").cluster.with_suffix(".new")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("half")
    server = Postgres(tmp_path, tmp_path / "logs")
    server.start()
    assert server.is_ready()
    assert server.is_new
    server.process.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
@pytest.mark.parametrize("rights", [Rights.NAMESPACE, Rights.NOBODY])
def test_root_runs_postgres_with_fewer_rights_in_a_folder_of_its_own(cluster, rights):
    if not rights.is_possible():
        pytest.skip(f"this machine does not allow it: {rights.value}")
    os.chmod(cluster, 0o700)
    server = Postgres(cluster, cluster / "logs", rights=rights)
    server.start()
    try:
        assert server.is_ready()
        assert count(server) >= 0
    finally:
        server.process.stop()


def test_postgres_is_durable_and_listens_on_no_network(cluster, postgres):
    postgres.start()
    with psycopg.connect(postgres.url) as connection:
        rows = connection.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
            [["fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "data_checksums"]],
        ).fetchall()
    assert dict(rows) == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "data_checksums": "on",
    }


def test_only_the_owner_can_reach_the_sockets(postgres):
    assert postgres.sockets.stat().st_mode & 0o077 == 0
    assert django_database(postgres.url, pool_size=0)["HOST"] == str(postgres.sockets)


def test_a_long_data_folder_has_its_sockets_in_a_short_one(tmp_path):
    folder = socket_folder(tmp_path / ("long" * 30))
    try:
        assert len(str(folder)) < 80
        assert folder == socket_folder(tmp_path / ("long" * 30)), "the same at the next start"
    finally:
        folder.rmdir()


def test_messages_survive_kill_9_of_valkey(tmp_path):
    server = Valkey(tmp_path, tmp_path / "logs")
    server.start()
    with redis.Redis.from_url(server.url) as client:
        client.rpush("train", *range(100))
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    killed(server)
    again = Valkey(tmp_path, tmp_path / "logs")
    again.start()
    with redis.Redis.from_url(again.url) as client:
        assert client.llen("train") == 100
    again.process.stop()
    server.process.stop()


def test_a_data_folder_serves_one_service_at_a_time(tmp_path):
    with (
        DataFolder(tmp_path).lock(),
        pytest.raises(FolderInUse, match="choose another folder"),
        DataFolder(tmp_path).lock(),
    ):
        pass
    with DataFolder(tmp_path).lock():  # given back
        assert tmp_path.is_dir()


def test_the_secret_key_is_made_once_and_readable_by_its_owner_alone(tmp_path):
    folder = DataFolder(tmp_path)
    folder.make_secret_key()
    first = (tmp_path / "secret_key").read_text()
    folder.make_secret_key()
    assert (tmp_path / "secret_key").read_text() == first
    assert len(first) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_stopping_a_child_ends_its_whole_group(tmp_path):
    child = Process(
        "shell", ["sh", "-c", "sleep 300 & echo $!; wait"], tmp_path / "shell.log", stop_seconds=1
    )
    child.start()
    while not (tmp_path / "shell.log").read_text().strip():
        time.sleep(0.01)
    grandchild = int((tmp_path / "shell.log").read_text())
    assert start_time(grandchild) is not None
    child.stop()
    deadline = time.monotonic() + 5
    while start_time(grandchild) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert start_time(grandchild) is None


def test_a_broker_that_cannot_read_its_files_begins_anew_and_keeps_them(tmp_path, capsys):
    server = Valkey(tmp_path, tmp_path / "logs")
    server.start()
    with redis.Redis.from_url(server.url) as client:
        client.rpush("train", *range(1_000))
    server.process.stop()
    (file,) = server.folder.glob("appendonlydir/*.incr.aof")
    content = file.read_bytes()
    file.write_bytes(content[:1_000] + bytes(4_000) + content[5_000:])
    again = Valkey(tmp_path, tmp_path / "logs")
    again.start()
    try:
        with redis.Redis.from_url(again.url) as client:
            assert client.llen("train") == 0
    finally:
        again.process.stop()
    (aside,) = service_status.set_aside(tmp_path)
    assert aside.joinpath(file.relative_to(server.folder)).stat().st_size == len(content)
    assert f"The files are kept in {aside}." in capsys.readouterr().err


def test_a_broker_that_does_not_start_for_another_reason_keeps_its_files_in_place(tmp_path):
    server = Valkey(tmp_path, tmp_path / "logs")
    server.start()
    server.process.stop()
    before = sorted(path.name for path in server.folder.rglob("*"))
    server.process.command += ["--no-such-option", "1"]
    with pytest.raises(StartFailed):
        server.start()
    assert sorted(path.name for path in server.folder.rglob("*")) == before
    assert service_status.set_aside(tmp_path) == []


@pytest.mark.slow
def test_a_database_that_recovers_is_waited_for_as_long_as_it_says_so(cluster, monkeypatch, capsys):
    """Each file that it asks its archive for takes longer than it may be silent."""
    monkeypatch.setattr(postgres_module, "TOLD_EVERY_SECONDS", 0.5)
    server = Postgres(cluster, cluster / "logs")
    server.start()
    killed(server)
    server.process.kill()
    (server.cluster / "recovery.signal").touch()
    server.process.command += ["-c", "restore_command=sleep 1.5; exit 1", "-c", "hot_standby=off"]
    answers = [server.ping() for _ in server.starting(silent_seconds=1.0)]
    server.process.stop()
    assert Ping.REJECT in answers
    assert "PostgreSQL is recovering from a crash" in capsys.readouterr().err
