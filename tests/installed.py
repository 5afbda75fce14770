"""The wheel of this working tree, really built and installed into an environment of its own.

What it depends on is not downloaded again: the environment reads links to those packages of the tests' own
environment that one of our locks names, and no others. So the tests need no network and take seconds, and
still fail where the service imports a package that its dependencies do not bring. What the links cannot show,
whether an installer finds and fetches the dependencies, `./run lock` shows whenever they change.
"""

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from reviewqueue.settings import BASE_DIR

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
# Where the interpreter lies in a folder of root, nobody may read everything, and write no more than before.
MAY_READ = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


class Installed:
    """An environment that holds the wheel: its program, run by an ordinary user who cannot write to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wheel: Path
        self.venv = root / "venv"
        self.python = self.venv / "bin" / "python"
        self.home = root / "home"
        self.environment = {"PATH": f"{self.venv / 'bin'}:{os.environ['PATH']}", "HOME": str(self.home)}

    @property
    def site_packages(self) -> Path:
        return next(self.venv.glob("lib/python*/site-packages"))

    @property
    def program(self) -> list[str]:
        return [*ordinary_user(self.python), str(self.venv / "bin" / "reviewqueue")]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.program, *arguments],
            env=self.environment | variables,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def files(self) -> dict[str, float]:
        """Every file beside the installed code, with the time of its last change."""
        return {str(path): path.lstat().st_mtime for path in self.site_packages.rglob("*")}


def ordinary_user(python: Path) -> list[str]:
    """What to write before a command so that no superuser runs it."""
    if os.geteuid() != 0:
        return []
    question = "import sys; print(sys.version, end='')"  # a link may lead others to another Python
    for prefix in ([*AS_NOBODY, "--"], [*AS_NOBODY, *MAY_READ, "--"]):
        done = subprocess.run([*prefix, python, "-c", question], capture_output=True, text=True)
        if done.stdout == sys.version:
            return prefix
    raise AssertionError(f"{python} runs for root alone: install Python where everybody may read it")


@contextmanager
def installed(lock: str) -> Iterator[Installed]:
    """The wheel with the packages of a lock, `base` or `demo`, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="rq-installed-") as folder:
        environment = Installed(Path(folder))
        environment.root.chmod(0o755)  # pytest's own folders are closed to other users
        environment.wheel = build(environment.root / "wheel")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment.venv], check=True)
        command = [
            *PIP,
            "--python",
            environment.python,
            "install",
            "--no-index",
            "--no-deps",
            environment.wheel,
        ]
        subprocess.run(command, check=True)
        link_packages(environment, lock)
        for path in [environment.site_packages, *environment.site_packages.rglob("*")]:
            path.chmod(path.stat().st_mode & ~0o222)
        environment.home.mkdir()
        if os.geteuid() == 0:
            os.chown(environment.home, NOBODY, NOBODY)
        try:
            yield environment
        finally:
            for path in environment.site_packages.rglob("*/"):
                path.chmod(0o755)
            environment.site_packages.chmod(0o755)


def build(folder: Path) -> Path:
    """The wheel. Its builder is the tests' own, for no network is asked."""
    command = [
        *PIP,
        "wheel",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        folder,
        BASE_DIR,
    ]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def link_packages(environment: Installed, lock: str) -> None:
    """Let the environment import what a lock names, and nothing else of what is installed here."""
    links = environment.root / "packages"
    links.mkdir()
    ours = Path(sysconfig.get_path("purelib"))
    text = (BASE_DIR / "requirements" / f"{lock}.lock").read_text()
    for name in set(re.findall(r"^([a-z0-9.-]+)==", text, re.M)):
        try:
            files = metadata.distribution(name).files or []
        except metadata.PackageNotFoundError:  # of another platform
            continue
        for top in {file.parts[0] for file in files} - {"..", "__pycache__"}:
            if not (links / top).exists():
                (links / top).symlink_to(ours / top)
    (environment.site_packages / "packages.pth").write_text(f"{links}\n")
