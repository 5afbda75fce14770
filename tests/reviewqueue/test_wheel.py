"""The wheel: what is in it, and what its program does in an environment with the base dependencies alone.

The demo from a wheel is in test_demo.py.
"""

import json
import subprocess
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from reviewqueue.settings import BASE_DIR
from tests.installed import Installed, installed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PACKAGES = ("analytics", "labeling", "reviewqueue")
KEY = "k" * 30 + "0123456789" * 3
SERVERS = {"DATABASE_URL": "postgresql://db.invalid/queue", "REDIS_URL": "redis://cache.invalid/0"}


@pytest.fixture(scope="module")
def environment() -> Iterator[Installed]:
    with installed("base") as environment:
        yield environment


def metadata_of(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (path for path in archive.namelist() if path.endswith(f".dist-info/{name}"))
        return archive.read(path).decode()


def test_the_wheel_holds_every_file_of_the_packages_and_the_documentation_and_nothing_else(environment):
    """Templates, static files and migrations too; `git ls-files` also knows what is new and not yet added."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    done = subprocess.run(
        [*command, *PACKAGES, "docs"], cwd=BASE_DIR, capture_output=True, text=True, check=True
    )
    files = {name for name in done.stdout.split("\0") if name and (BASE_DIR / name).is_file()}
    ours = {f"reviewqueue/{name}" if name.startswith("docs/") else name for name in files}
    with zipfile.ZipFile(environment.wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert (sorted(ours - packed), sorted(packed - ours)) == ([], [])
    for kind in (
        "templates/",
        "static/",
        "migrations/",
        "management/commands/",
        "locale/de/LC_MESSAGES/django.mo",
    ):
        assert any(kind in name for name in packed), kind


def test_the_wheel_says_what_it_needs_and_brings_its_license(environment):
    about = Parser().parsestr(metadata_of(environment.wheel, "METADATA"))
    assert about["License-Expression"] == "Apache-2.0"
    assert set(about.get_all("Provides-Extra", [])) == {"exchange", "spacy", "demo", "dev"}
    assert metadata_of(environment.wheel, "licenses/LICENSE") == (BASE_DIR / "LICENSE").read_text()
    assert environment.run("--version").stdout == f"reviewqueue {about['Version']}\n"


def test_without_the_extra_the_demo_names_it_and_leaves_nothing_behind(environment):
    done = environment.run("demo")
    assert done.returncode == 1
    assert done.stderr == ("error: reviewqueue demo needs the demo extra: pip install 'reviewqueue[demo]'\n")
    assert list(environment.home.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "variables", "folder"),
    [
        ([], {}, ".local/share/reviewqueue"),
        ([], {"XDG_DATA_HOME": "elsewhere"}, ".local/share/reviewqueue"),  # the standard: relative is ignored
        ([], {"XDG_DATA_HOME": "{home}/xdg"}, "xdg/reviewqueue"),
        ([], {"XDG_DATA_HOME": "{home}/xdg", "DATA_DIR": "{home}/given"}, "given"),
        (["--data", "chosen"], {"DATA_DIR": "{home}/given"}, "chosen"),
    ],
)
def test_the_data_are_the_users_and_never_beside_the_code(environment, options, variables, folder):
    environ = {name: value.format(home=environment.home) for name, value in variables.items()}
    done = environment.run("status", "--json", *options, **environ)
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["folder"] == str(environment.home / folder)
    assert list(environment.home.iterdir()) == [], "asking makes nothing"


def test_settings_that_are_refused_are_told_in_one_line(environment):
    done = environment.run("up", HTTPS="maybe")
    assert (done.returncode, done.stderr) == (1, "error: HTTPS must be yes or no, not 'maybe'.\n")


def test_every_command_of_ours_is_there_and_django_finds_nothing_to_mend(environment):
    listed = environment.run("manage", "help", "--commands", **SERVERS)
    assert {"create_account", "demo", "import_documents", "migrate", "simulate"} <= set(listed.stdout.split())
    checked = environment.run("manage", "check", **SERVERS)
    assert checked.returncode == 0, checked.stderr


def test_static_files_are_gathered_in_the_data_folder(environment):
    before = environment.files()
    secure = {"HTTPS": "1", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "queue.example.org"}
    done = environment.run("manage", "--data", "gathered", "collectstatic", "--no-input", **secure, **SERVERS)
    assert done.returncode == 0, done.stderr
    gathered = environment.home / "gathered" / "staticfiles"
    assert json.loads((gathered / "staticfiles.json").read_text())["paths"]
    assert environment.files() == before
