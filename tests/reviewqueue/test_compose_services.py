"""Compose services without a container engine: each command of ours starts, on a read-only file system.

The commands, variables and paths that may be written are those of the parsed file.
"""

import os
import re
import subprocess
import sys
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.conf import settings

from reviewqueue.addresses import celery_broker
from reviewqueue.embedded.binaries import valkey_program
from reviewqueue.embedded.postgres import Postgres
from reviewqueue.embedded.programs import free_port
from reviewqueue.embedded.valkey import Valkey
from tests.reviewqueue.test_compose import DOCKERFILE, IMAGE_COMMAND, OURS, SERVICES

PATIENCE_SECONDS = 150
Services = dict[str, subprocess.Popen[bytes]]
# As a container sees it: nothing can be written but the tmpfs of the service and what lies in a volume.
# The test's folder takes the place of the volume. It and the code may themselves lie below /tmp.
AS_A_CONTAINER = """
set -e
hostname {name}
mount --rbind / /mnt
mount -o remount,bind,ro /
for path in {tmpfs}; do mount -t tmpfs tmpfs "$path"; done
for path in {code} {folder}; do mkdir -p "$path"; mount --bind "/mnt$path" "$path"; done
mount -o remount,bind,ro {code}
umount --lazy /mnt
cd {code}
exec "$@"
"""


def variables(name: str, environment: dict[str, str]) -> dict[str, str]:
    """The service's environment as compose makes it from the file and `.env`, above that of the image."""
    image = dict(re.findall(r"(\w+)=(\S+)", " ".join(re.findall(r"^ENV ((?:.*\\\n)*.*)$", DOCKERFILE, re.M))))

    def value(match: re.Match[str]) -> str:
        variable, default = match["name"], match["default"] or ""
        assert variable in environment or match["sign"] != ":?", f"{variable} is not in .env"
        return environment.get(variable) or default

    written = OURS[name]["environment"].items()
    pattern = re.compile(r"\$\{(?P<name>\w+)(?:(?P<sign>:[-?])(?P<default>[^}]*))?\}")
    return image | {key: pattern.sub(value, str(text)) for key, text in written}


@contextmanager
def running(
    folder: Path, name: str, environment: dict[str, str], port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """The service's command in a name space of its own; its output is in `{name}.log`."""
    command = [word.replace("8000", str(port)) for word in OURS[name].get("command", IMAGE_COMMAND)]
    if command[0] == "python":
        command[0] = sys.executable
    assert OURS[name]["read_only"]
    tmpfs = " ".join(OURS[name]["tmpfs"])
    script = AS_A_CONTAINER.format(name=name, folder=folder, code=settings.BASE_DIR, tmpfs=tmpfs)
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            ["/usr/bin/unshare", "--mount", "--uts", *rights, "sh", "-c", script, "sh", *command],
            env=environment | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def wait_until(folder: Path, is_well: Callable[[], bool], processes: Services) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_well():
        for name, process in processes.items():
            assert process.poll() is None, (folder / f"{name}.log").read_text()[-3000:]
        assert time.monotonic() < deadline, {n: (folder / f"{n}.log").read_text()[-800:] for n in processes}
        time.sleep(0.2)


def answering(redis_url: str) -> set[str]:
    """The workers that answer on this broker."""
    with Celery(broker=celery_broker(redis_url)) as app:
        return set(app.control.inspect(timeout=1).ping() or {})


@pytest.mark.workers
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_service_starts_where_only_its_volume_and_tmpfs_can_be_written(tmp_path, request, monkeypatch):
    postgres, valkey = Postgres(tmp_path, tmp_path), Valkey(tmp_path, tmp_path)
    env_file = {"SECRET_KEY": "0123456789" * 6, "REDIS_PASSWORD": "r"}
    env_file |= {"POSTGRES_PASSWORD": "p", "POSTGRES_SERVICE_PASSWORD": "s"}
    volume = tmp_path / "volume"
    volume.mkdir()
    addresses = {"DATABASE_URL": postgres.service_url, "REDIS_URL": valkey.url, "DATA_DIR": str(volume)}
    for server in (postgres, valkey):
        server.start()
        request.addfinalizer(server.process.stop)
    port = free_port(None)
    environment = {name: variables(name, env_file) | addresses for name in OURS}
    environment["migrate"]["MIGRATIONS_DATABASE_URL"] = postgres.url
    with running(tmp_path, "migrate", environment["migrate"], port) as migrate:
        assert migrate.wait(PATIENCE_SECONDS) == 0, (tmp_path / "migrate.log").read_text()[-3000:]

    *_, health = OURS["web"]["healthcheck"]["test"]
    monkeypatch.setenv("ALLOWED_HOSTS", environment["web"]["ALLOWED_HOSTS"])

    def is_web_well() -> bool:
        try:
            exec(compile(health.replace("8000", str(port)), "healthcheck", "exec"), {})
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    workers = {f"celery@{name}" for name in ("worker", "trainer", "background")}
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(running(tmp_path, name, environment[name], port))
            for name in OURS
            if name != "migrate"
        }
        wait_until(tmp_path, is_web_well, processes)
        wait_until(tmp_path, lambda: workers <= answering(valkey.url), processes)
        assert all(process.poll() is None for process in processes.values())
    assert "Read-only" not in "".join((tmp_path / f"{name}.log").read_text() for name in OURS)


@pytest.mark.workers
def test_the_broker_asks_for_its_password(tmp_path, request):
    """Valkey in place of Redis, on a socket in place of the network; the rest of the line is as it is."""
    shell, flag, line = SERVICES["redis"]["command"]
    here = f"--port 0 --unixsocket {tmp_path}/broker.sock --dir {tmp_path}"
    line = (
        line.replace("$$", "$").replace("redis-server", str(valkey_program()), 1).replace("--dir /data", here)
    )
    environment = {"REDIS_PASSWORD": "apassword", "PATH": os.environ["PATH"]}
    broker = subprocess.Popen([f"/bin/{shell}", flag, line], env=environment, cwd=tmp_path)
    request.addfinalizer(broker.wait)
    request.addfinalizer(broker.terminate)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (tmp_path / "broker.sock").exists():
        assert broker.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(unix_socket_path=f"{tmp_path}/broker.sock").ping()
    assert redis.Redis(unix_socket_path=f"{tmp_path}/broker.sock", password="apassword").ping()
