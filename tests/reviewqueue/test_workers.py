"""Is a task lost, or run twice at once, when a worker is killed? Real workers, the service's own settings."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from celery import Celery

from reviewqueue.celery import app
from reviewqueue.settings import BASE_DIR
from tests.servers import VALKEY

stranger = Celery("stranger", broker=app.conf.broker_url, set_as_current=False)
pytestmark = [pytest.mark.workers, pytest.mark.slow]
PATIENT, HASTY = "patient", "hasty"
TIME_LIMIT_SECONDS = {PATIENT: 120, HASTY: 6}  # twice that is the visibility timeout


class Worker:
    """A Celery worker with a queue, a time limit and a log of its own."""

    def __init__(self, queue: str, log: Path) -> None:
        self.log = log
        command = ["celery", "--app", "tests.reviewqueue.worker_tasks", "--quiet", "worker"]
        options = [
            "--queues",
            queue,
            "--concurrency",
            "2",
            "--without-gossip",
            "--without-mingle",
            "--hostname",
            f"{queue}@%h",
        ]
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command, *options, "--loglevel", "INFO"],
                env={**os.environ, "TASK_TIME_LIMIT_SECONDS": str(TIME_LIMIT_SECONDS[queue])},
                cwd=BASE_DIR,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        wait_until(lambda: "ready." in self.log.read_text(), 120)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def wait_until(condition, seconds: float) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.05)
    return time.monotonic() - began


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture(scope="module")
def workers(servers, tmp_path_factory) -> Iterator[dict[str, Worker]]:
    """One that gives tasks time and one that does not; the tests below kill them in the end."""
    folder = tmp_path_factory.mktemp("workers")
    workers = {queue: Worker(queue, folder / f"{queue}.log") for queue in TIME_LIMIT_SECONDS}
    try:
        for worker in workers.values():
            worker.wait_until_ready()
        yield workers
    finally:
        for worker in workers.values():
            worker.kill()


def send(queue: str, name: str, *arguments: object) -> None:
    """Send from an application that does not know the task: one that does adds its own time limits."""
    stranger.send_task(name, args=arguments, queue=queue)


def test_a_task_whose_process_is_killed_runs_again(workers, tmp_path):
    send(PATIENT, "tests.die_once", str(tmp_path / "seen"))
    wait_until(lambda: "ended" in lines(tmp_path / "seen"), 60)
    assert lines(tmp_path / "seen") == ["began", "began", "ended"]


# reliability K1
def test_a_message_that_could_run_code_is_refused_and_the_worker_lives(workers, tmp_path):
    with app.connection_for_write() as connection:
        connection.SimpleQueue(PATIENT).put({"task": "tests.note"}, serializer="pickle")
    send(PATIENT, "tests.note", str(tmp_path / "seen"), "alive")
    wait_until(lambda: lines(tmp_path / "seen") == ["alive"], 60)
    assert "ContentDisallowed" in workers[PATIENT].log.read_text()


def test_no_log_of_a_worker_holds_a_secret(workers):
    """G4: the reason why a task failed stands in the log, without the secrets in it."""
    invitation, token = "wAcACeFhT2yX0n3oPq5rStUvWxYz0123456789_-abc", "rq_" + "Zz9" * 15
    send(PATIENT, "tests.fail", f"no answer from /join/{invitation}/ with {token}")
    wait_until(lambda: "with rq_***" in workers[PATIENT].log.read_text(), 60)
    log = workers[PATIENT].log.read_text()
    assert "ValueError: no answer from /join/***/" in log
    assert invitation not in log
    assert token not in log


def envelope(**changed: Any) -> dict[str, Any]:
    """A good task message as Celery writes it into Redis, with parts of it replaced."""
    body = changed.pop("raw", base64.b64encode(json.dumps([[], {}, {}]).encode()).decode())
    headers = {"id": uuid4().hex, "task": "tests.note", "lang": "py", "retries": 0, "timelimit": [None, None]}
    delivery = {"exchange": "", "routing_key": PATIENT}
    tag = uuid4().hex
    properties = {"delivery_tag": tag, "delivery_info": delivery, "body_encoding": "base64", "priority": 0}
    message = {
        "body": body,
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": headers | changed.pop("headers", {}),
        "properties": properties | changed.pop("properties", {}),
    }
    return message | {name.replace("_", "-"): value for name, value in changed.items()}


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


MALFORMED: list[Any] = [  # (K1) what stands in the queue; a text is put there as it is
    "", "{", "null", "[]", "7", '"a"', "\x00\xff", "[" * 100_000, json.dumps({}),
    json.dumps({"properties": {}}), envelope(content_type="", raw=""),
    envelope(content_type="", headers={"task": "tests.take"}, raw=""), envelope(content_type=None, raw=""),
    envelope(content_type="application/x-python-serialize", raw="gASVCgA="),
    envelope(content_type="application/x-yaml", raw=coded("!!python/object/apply:os.abort []")),
    envelope(content_encoding="no-such"), envelope(content_encoding=7), envelope(raw="not base64 \u20ac"),
    envelope(raw=coded("{broken")), envelope(raw=coded("7")), envelope(raw=coded("[]")), envelope(raw=7),
    envelope(raw=coded('[["a"], "b", {}]')), envelope(raw=coded("[[], {}, 7]")),
    envelope(raw=coded("[" * 100_000)), envelope(raw=coded(json.dumps([["x" * 1_000_000, "y"], {}, {}]))),
    envelope(headers={"task": None}), envelope(headers={"task": []}), envelope(headers={"task": {"a": 1}}),
    envelope(headers={"task": "no.such.task"}), envelope(headers={"task": "no.such.task", "id": None}),
    envelope(headers={"id": None}), envelope(headers={"id": ["a"]}), envelope(headers={"timelimit": "ab"}),
    envelope(headers={"timelimit": ["a", {}]}), envelope(headers={"timelimit": [1]}),
    envelope(headers={"eta": 7}), envelope(headers={"eta": "never"}),
    envelope(headers={"eta": "9999-12-31T23:59:59+00:00"}), envelope(headers={"expires": "never"}),
    envelope(headers={"expires": {}}), envelope(headers={"retries": "many"}),
    envelope(headers={"root_id": {}}), envelope(headers={"stamps": 7, "stamped_headers": 7}),
    envelope(headers={"argsrepr": {}}), envelope(headers={"shadow": []}), envelope(headers={"group": {}}),
    {"headers": None}, {**envelope(), "headers": None}, {**envelope(), "headers": "task"},
    {**envelope(), "headers": ["task"]}, {**envelope(), "headers": {}}, {**envelope(), "properties": None},
    envelope(properties={"delivery_tag": None}), envelope(properties={"delivery_tag": {}}),
    envelope(properties={"delivery_info": None}), envelope(properties={"delivery_info": {}}),
    envelope(properties={"body_encoding": "no-such"}), envelope(properties={"body_encoding": []}),
    envelope(properties={"priority": "high"}), envelope(properties={"correlation_id": {}, "reply_to": []}),
]  # fmt: skip


@pytest.mark.timeout(300)
def test_k1_a_malformed_message_costs_itself_and_never_the_worker(workers, tmp_path):
    with redis.Redis.from_url(app.conf.broker_url.replace("redis+socket", "unix")) as client:
        for junk in MALFORMED:
            client.lpush(PATIENT, junk if isinstance(junk, str) else json.dumps(junk))
        client.hset("unacked", "junk", "{broken")
        client.zadd("unacked_index", {"junk": 1.0})
        send(PATIENT, "tests.note", str(tmp_path / "seen"), "alive")
        send(PATIENT, "tests.note", str(tmp_path / "seen"), "alive")
        wait_until(lambda: lines(tmp_path / "seen") == ["alive", "alive"], 120)
        log = workers[PATIENT].log
        assert workers[PATIENT].process.poll() is None
        assert log.read_text().count("ready.") == 1, "it began once"
        assert "Unrecoverable" not in log.read_text()
        wait_until(lambda: not client.hlen("unacked") and not client.zcard("unacked_index"), 60)


@pytest.fixture
def refusing() -> Iterator[redis.Redis]:
    """The broker refuses to write, as it does while its disk is full; here it cannot save a snapshot."""
    if VALKEY is None:
        pytest.skip("REDIS_URL names a server that is not ours to disturb")
    in_the_way = VALKEY.folder / "dump.rdb"  # a folder, where it would write a file
    in_the_way.mkdir()
    with redis.Redis.from_url(VALKEY.url) as client:
        client.config_set("save", "3600 1")
        client.bgsave()
        wait_until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err", 30)
        try:
            yield client
        finally:
            client.config_set("save", "")
            in_the_way.rmdir()


def test_workers_wait_while_the_broker_refuses_to_write(workers, refusing, tmp_path):
    wait_until(lambda: "MISCONF" in workers[PATIENT].log.read_text(), 60)
    with pytest.raises(redis.ResponseError, match="MISCONF"):
        refusing.set("anything", "at all")
    refusing.config_set("save", "")
    send(PATIENT, "tests.note", str(tmp_path / "seen"), "alive")
    wait_until(lambda: lines(tmp_path / "seen") == ["alive"], 60)
    assert [worker.process.poll() for worker in workers.values()] == [None, None]


def test_a_worker_that_is_asked_to_end_finishes_what_it_runs(workers, tmp_path):
    send(PATIENT, "tests.take", str(tmp_path / "seen"), 1.5)
    wait_until(lambda: lines(tmp_path / "seen") == ["began"], 60)
    workers[PATIENT].process.send_signal(signal.SIGQUIT)
    workers[PATIENT].process.wait(60)
    assert lines(tmp_path / "seen") == ["began", "ended"]


def test_a_task_over_its_time_limit_is_ended(workers, tmp_path):
    send(HASTY, "tests.take", str(tmp_path / "seen"), 60.0)
    wait_until(lambda: "imeLimitExceeded" in workers[HASTY].log.read_text(), 60)
    assert lines(tmp_path / "seen") == ["began"]


def test_a_task_of_a_killed_worker_goes_to_another_soon_after_the_visibility_timeout(workers, tmp_path):
    send(HASTY, "tests.take", str(tmp_path / "seen"), 1.0)
    wait_until(lambda: lines(tmp_path / "seen") == ["began"], 60)
    workers[HASTY].kill()
    other = Worker(HASTY, tmp_path / "other.log")
    try:
        other.wait_until_ready()
        took = wait_until(lambda: "ended" in lines(tmp_path / "seen"), 60)
    finally:
        other.kill()
    assert lines(tmp_path / "seen") == ["began", "began", "ended"]
    assert took < 2 * TIME_LIMIT_SECONDS[HASTY] + 15
