"""A migrated PostgreSQL cluster, made once for each state of the migrations and copied by every process.

Making a cluster and running all migrations costs seconds of each start; copying the files costs a tenth.
Kept in .local/tests, where a new state of the migrations replaces an old one.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from reviewqueue.embedded.postgres import Postgres

ROOT = Path(__file__).parents[1]
CACHE_DIRECTORY = ROOT / ".local" / "tests"


def start_migrated(server: Postgres) -> None:
    """Start a server of tests on a database that all migrations made."""
    if server.cluster.exists():
        server.start()
        return
    CACHE_DIRECTORY.mkdir(parents=True, exist_ok=True)
    with (CACHE_DIRECTORY / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several first processes one makes it, the others wait
        kept = CACHE_DIRECTORY / f"cluster-{state(server)}"
        if not kept.exists():
            _make(server, kept)
        shutil.copytree(kept, server.cluster)
    server.start()


def state(server: Postgres) -> str:
    """A digest of everything that decides how the migrated cluster looks, and who may read its files."""
    packages = ROOT / "requirements" / "dev.lock"  # migrations of Django's own applications
    embedded = sorted((ROOT / "reviewqueue" / "embedded").glob("*.py"))
    migrations = sorted(
        path for app in ("labeling", "analytics") for path in (ROOT / app).rglob("migrations/*.py")
    )
    digest = hashlib.sha256(f"{server.major} {server.rights} {os.geteuid()}".encode())
    for path in (packages, Path(__file__), *embedded, *migrations):
        digest.update(f"\n{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _make(server: Postgres, kept: Path) -> None:
    """Migrate the server's own new cluster, put a copy aside, and begin again without it."""
    for old in CACHE_DIRECTORY.glob("cluster-*"):
        shutil.rmtree(old)
    server.start()
    try:
        # No checks: they refuse a server that may lose its rows, which this one may.
        command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0", "--skip-checks"]
        environment = os.environ | {"DATABASE_URL": server.url, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, env=environment, cwd=ROOT, check=True)
    finally:
        server.process.stop()
    unfinished = kept.with_name(f"unfinished-{kept.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.move(server.cluster, unfinished)
    unfinished.rename(kept)
