"""Does ./run explain itself, and are the locks it installs complete?"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reviewqueue.settings import BASE_DIR

LOCKS = ("base", "exchange", "spacy", "demo", "dev", "uv")
NEEDED = ("sh", "dirname", "readlink", "cksum", "cat", "id", "mkdir", "flock", "rm")


PROJECT = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())


def wanted(name: str) -> Iterator[Requirement]:
    """What pyproject.toml asks for in a set, with the smaller sets in it."""
    project, extras = PROJECT["project"], PROJECT["project"]["optional-dependencies"]
    lists = {"base": project["dependencies"], "uv": PROJECT["dependency-groups"]["uv"], **extras}
    for requirement in map(Requirement, lists[name]):
        if requirement.name == project["name"]:
            for extra in requirement.extras:
                yield from wanted(extra)
        else:
            yield requirement
    if name in extras:
        yield from wanted("base")


def pins(name: str) -> dict[str, str]:
    """Package and version, one for each marker, of a lock."""
    text = (BASE_DIR / "requirements" / f"{name}.lock").read_text()
    return {line.split(" \\")[0]: line for line in re.findall(r"^[a-z0-9].*$", text, re.M)}


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A clone without an environment, and a PATH that holds no usable Python."""
    (tmp_path / "bin").mkdir()
    for name in NEEDED:
        which = shutil.which(name)
        assert which
        (tmp_path / "bin" / name).symlink_to(which)
    old = tmp_path / "bin" / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (tmp_path / "clone" / "requirements").mkdir(parents=True)
    shutil.copy(BASE_DIR / "run", tmp_path / "clone" / "run")
    for name in LOCKS:
        shutil.copy(BASE_DIR / "requirements" / f"{name}.lock", tmp_path / "clone" / "requirements")
    return tmp_path


def run(bare: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(bare / "clone" / "run"), *arguments],
        env={"PATH": str(bare / "bin")} | variables,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def test_run_is_plain_posix_shell():
    assert (BASE_DIR / "run").read_text().startswith("#!/bin/sh\n")
    assert subprocess.run(["/bin/sh", "-n", BASE_DIR / "run"], check=False).returncode == 0
    assert subprocess.run(["/bin/sh", "-n", BASE_DIR / ".ci" / "run"], check=False).returncode == 0


@pytest.mark.parametrize("arguments", [(), ("help",), ("--help",)])
def test_help_names_every_command_and_installs_nothing(bare, arguments):
    done = run(bare, *arguments)
    assert done.returncode == 0
    for command in ("demo", "up", "manage", "test", "check", "format", "bench", "lock"):
        assert re.search(rf"^  {command}\b", done.stdout, re.M)
    assert not (bare / "clone" / ".venv").exists()


def test_an_unknown_command_is_refused_by_name(bare):
    done = run(bare, "lunch")
    assert done.returncode == 1
    assert done.stderr.endswith("error: Unknown command: lunch.\n")


def test_a_machine_without_a_python_of_today_gets_one_clear_line(bare):
    done = run(bare, "up")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "error: Python 3.11 or newer is required but not on PATH. On Debian 12: sudo apt-get install python3"
    )


@pytest.fixture
def installing(bare: Path) -> Path:
    """The same clone with a Python of today, and a uv that only writes down what it was asked to install."""
    (bare / "bin" / "python3").unlink()
    (bare / "bin" / "python3").symlink_to(sys.executable)
    uv = bare / "bin" / "uv"
    uv.write_text(f'#!/bin/sh\necho "$@" >> {bare}/asked\n')
    uv.chmod(0o755)
    return bare


def asked(bare: Path) -> list[str]:
    """The locks that were installed, in order."""
    return [Path(line.split()[-1]).stem for line in (bare / "asked").read_text().splitlines()]


def test_the_second_start_installs_nothing_and_a_larger_set_serves_a_smaller_wish(installing):
    for command in ("demo", "demo", "manage", "test", "test", "demo"):
        run(installing, command)
    assert asked(installing) == ["demo", "dev"]


def test_a_changed_lock_is_installed_without_taking_the_developers_tools_away(installing):
    run(installing, "test")
    for name in ("demo", "dev"):
        with (installing / "clone" / "requirements" / f"{name}.lock").open("a") as lock:
            lock.write("# changed\n")
    run(installing, "demo")
    run(installing, "test")
    assert asked(installing) == ["dev", "dev"]


def test_given_servers_need_no_embedded_ones(installing):
    servers = {"DATABASE_URL": "postgresql://db/queue", "REDIS_URL": "redis://cache"}
    run(installing, "up", **servers)
    assert asked(installing) == ["exchange"]


def test_an_installation_that_asked_for_embeddings_hears_that_it_has_them(installing):
    servers = {"DATABASE_URL": "postgresql://db/queue", "REDIS_URL": "redis://cache"}
    notices = {
        value: "is no longer needed" in run(installing, "up", **servers, EMBEDDINGS=value).stderr
        for value in ("1", "yes", "on", "0", "no", "off", "")
    }
    assert [value for value, is_told in notices.items() if is_told] == ["1", "yes", "on"]
    assert asked(installing) == ["exchange"]


ODD_OUTPUTS = ("", "a b", "( x )", "!", "-n", "25270554624\\n25270554624")


@pytest.mark.slow
def test_whatever_a_program_prints_the_script_itself_never_stumbles(installing):
    """A word too many in an unquoted comparison is a complaint of the shell's: `[: unexpected operator`."""
    run(installing, "test")  # makes the environment whose stamps are compared from now on
    complaints = []
    for name in ("cksum", "cat", "id", "readlink"):
        program = installing / "bin" / name
        original = program.readlink()
        program.unlink()
        for output in ODD_OUTPUTS:
            program.write_text(f"#!/bin/sh\nprintf -- '{output}'\n")
            program.chmod(0o755)
            done = run(installing, "nothing" if name == "readlink" else "test")
            complaints += [(name, output, line) for line in done.stderr.splitlines() if "[: " in line]
        program.unlink()
        program.symlink_to(original)
    assert complaints == []


def test_bench_asks_which_one():
    done = subprocess.run([BASE_DIR / "run", "bench"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Name a benchmark: ./run bench NAME." in done.stderr


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_a_hash_for_every_package_and_no_address(name):
    text = (BASE_DIR / "requirements" / f"{name}.lock").read_text()
    assert "://" not in text
    assert "--index" not in text
    packages = re.split(r"\n(?=[a-z0-9])", "\n" + text)[1:]
    assert packages
    assert all("--hash=sha256:" in package for package in packages)


@pytest.mark.parametrize("name", sorted({*LOCKS} - {"uv"}))
def test_a_lock_is_complete_but_for_what_it_leaves_out_on_purpose(name):
    """So pip is told to add nothing: it would refuse a lock without what a package asks for."""
    excluded = set(PROJECT["tool"]["uv"]["exclude-dependencies"])
    locked = [Requirement(pin) for pin in pins(name)]
    names = {canonicalize_name(package.name) for package in locked}
    missing = set()
    for package in locked:
        if package.marker is not None and not package.marker.evaluate():
            continue  # of another platform or Python, and not installed here
        for line in distribution(package.name).requires or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                missing.add(canonicalize_name(needed.name))
    assert missing - names == ({"tokenizers"} & excluded)
    for place in ("run", "Dockerfile"):
        installs = re.findall(r"pip install .*requirements/\$.*", (BASE_DIR / place).read_text())
        assert len(installs) == 1
        assert "--no-deps --require-hashes" in installs[0]


def test_what_comes_from_npm_is_locked_with_hashes_and_no_address():
    text = (BASE_DIR / "requirements" / "deno.lock").read_text()
    packages = json.loads(text)["npm"]
    assert packages
    assert [
        name for name, package in packages.items() if not package["integrity"].startswith("sha512-")
    ] == []
    assert "://" not in text


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ("base", "exchange"),
        ("exchange", "spacy"),
        ("exchange", "demo"),
        ("demo", "dev"),
        ("spacy", "dev"),
    ],
)
def test_the_larger_lock_contains_the_smaller_one(small, large):
    """./run takes an installed larger set for a smaller one, which may want a package on more platforms."""
    releases = [{pin.partition(" ;")[0] for pin in pins(name)} for name in (small, large)]
    assert releases[0] <= releases[1]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_a_fitting_version_of_everything_that_pyproject_asks_for(name):
    versions = dict(pin.partition(" ;")[0].split("==") for pin in pins(name))
    assert [
        str(requirement)
        for requirement in wanted(name)
        if not requirement.specifier.contains(versions.get(requirement.name, "0"), prereleases=True)
    ] == []
