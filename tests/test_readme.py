"""Does the README say what the code does? Commands, settings, pictures, order and license."""

import ast
import re
import struct
import tomllib
from pathlib import Path

from reviewqueue.settings import BASE_DIR

README = (BASE_DIR / "README.md").read_text()
SETTINGS = BASE_DIR / "reviewqueue" / "settings.py"
ORDER = (
    "# Review Queue",
    "![",
    "## Two commands",
    "## What it does that others do not",
    "## Other tools' files",
    "## The loop",
    "## How it works",
    "## Settings",
    "## Numbers beside peers",
    "## Decisions",
    "## License",
)
MAX_BYTES = 200_000  # of a picture
READERS = {"env_flag", "env_int", "env_list", "os.environ.get"}


def package() -> dict[str, str]:
    return tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]


def run_commands() -> set[str]:
    """The commands that ./run's own usage names."""
    usage = re.search(r"<<'TEXT'\n(.*?)\nTEXT\n", (BASE_DIR / "run").read_text(), re.S)
    assert usage
    return set(re.findall(r"^  ([a-z]+) ", usage[1], re.M))


def variables() -> dict[str, str | None]:
    """What settings.py reads, with the default where it is written there as a value."""
    result: dict[str, str | None] = {}
    for node in ast.walk(ast.parse(SETTINGS.read_text())):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in READERS:
            continue
        name, *default = node.args
        if isinstance(name, ast.Constant):
            value = ast.literal_eval(default[0]) if default else None
            result.setdefault(str(name.value), None if value is None else str(value))
    return result


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    below = f"\n{text}".split(f"\n{heading}\n", 1)[1]
    rows = re.search(r"(?:^\|.*\n)+", below, re.M)
    assert rows, f"no table below {heading}"
    return [
        [cell.strip().strip("`").replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in rows[0].splitlines()[2:]
    ]


def check_settings(rows: list[list[str]]) -> None:
    settings = variables()
    shown = {cells[0]: cells[1] for cells in rows}
    assert shown.keys() == settings.keys()
    for name, default in settings.items():
        if default:
            assert shown[name] == default, name


def test_the_readme_has_its_parts_in_order():
    indices = [README.index(part) for part in ORDER]
    assert indices == sorted(indices)


def test_the_readme_opens_with_what_it_is_in_one_line():
    assert README.splitlines()[2] == package()["description"]


def test_every_command_of_the_readme_exists():
    named = set(re.findall(r"\./run ([a-z]+)", README))
    assert {"demo", "test"} <= named <= run_commands()


def test_the_settings_table_is_what_the_settings_read():
    check_settings(table(README, "## Settings"))


def test_the_pictures_are_there_and_small():
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert len(pictures) == 2
    for path in map(Path, pictures):
        content = (BASE_DIR / path).read_bytes()
        assert len(content) < MAX_BYTES
        assert struct.unpack(">II", content[16:24]) == (1280, 800)


def test_the_license_is_the_package_s():
    assert README.rstrip().endswith(f"## License\n\n[{package()['license']}](LICENSE)")
    assert (BASE_DIR / "LICENSE").read_text().lstrip().startswith("Apache License\n")
