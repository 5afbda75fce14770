"""Outage recovery: the web after its database. `./run bench outage --outages N --seconds S --json`.

A whole web server with two processes is asked four times at once all along, as eight people would; its
database is killed, is away for a while, and starts again.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from benchmarks._frame import machine, show
from reviewqueue import settings
from reviewqueue.embedded.postgres import Postgres
from reviewqueue.embedded.programs import HOST, free_port, web

ASKERS = 4
PAGE = "/readyz"  # asks the database, and nothing else
START_SECONDS = 120


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ask(address: str, is_over: Event) -> list[tuple[float, float, bool]]:
    """When each request was sent and answered, and whether it was served."""
    seen = []
    while not is_over.is_set():
        sent = time.monotonic()
        is_served = answers(address)
        seen.append((sent, time.monotonic(), is_served))
        time.sleep(0.05)
    return seen


def measure(postgres: Postgres, address: str, seconds: float) -> dict[str, float]:
    """One outage, and how it went on once the server took connections again."""
    is_over = Event()
    with ThreadPoolExecutor(ASKERS) as askers:
        asking = [askers.submit(ask, address, is_over) for _ in range(ASKERS)]
        time.sleep(1)
        postgres.process.kill()
        postgres.process.stop()
        down = time.monotonic()
        time.sleep(seconds)
        postgres.start()
        ready = time.monotonic()
        time.sleep(seconds + 10)
        is_over.set()
        seen = [answer for each in asking for answer in each.result()]
    served = [end for _sent, end, is_served in seen if is_served and end > ready]
    failed = [end for sent, end, is_served in seen if not is_served and end > ready]
    refused = [end - sent for sent, end, is_served in seen if not is_served and down < sent < ready]
    return {
        "away_s": round(ready - down, 1),
        "first_answer_s": round(min(served, default=ready) - ready, 2),
        "last_failure_s": round(max(failed, default=ready) - ready, 2),
        "failures_after": len(failed),
        "refusal_s": round(statistics.median(refused), 2) if refused else 0.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--outages", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15, help="that each lasts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rq-outage-") as name:
        folder = Path(name)
        postgres = Postgres(folder, folder / "logs")
        postgres.start()
        environment = {
            **os.environ,
            "DATABASE_URL": postgres.url,
            "DATA_DIR": name,
            "SECRET_KEY": "for a benchmark only " * 4,
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"],
            cwd=settings.BASE_DIR,
            env=environment,
            check=True,
        )
        port = free_port(None)
        server = web(port, environment, folder / "logs")
        server.start()
        try:
            address = f"http://{HOST}:{port}{PAGE}"
            deadline = time.monotonic() + START_SECONDS
            while not answers(address) and time.monotonic() < deadline:
                time.sleep(0.2)
            outages = [measure(postgres, address, options.seconds) for _ in range(options.outages)]
        finally:
            server.stop()
            postgres.process.stop()
    firsts = [outage["first_answer_s"] for outage in outages]
    lasts = [outage["last_failure_s"] for outage in outages]
    result = {
        "outages": outages,
        "first_answer_s": {"p50": statistics.median(firsts), "max": max(firsts)},
        "last_failure_s": {"p50": statistics.median(lasts), "max": max(lasts)},
    }
    show(result | {"machine": machine()}, is_json=options.json)


if __name__ == "__main__":
    main()
