"""Walks through the code in docs/architecture.md: each file is read by one before it, and each is short."""

import ast
import re

import pytest

from reviewqueue.settings import BASE_DIR

PAGE = (BASE_DIR / "docs" / "architecture.md").read_text()
MAX_MODULES = {
    "From the form to a saved annotation": 9,
    "From a label to a new head of the queue": 35,
    "From the class report to the next document": 15,
}
# A message is a name, and the desk asks for its document by itself.
BEGINS_ANEW = {"labeling/tasks.py", "labeling/web/desk/page.py"}


def walk(title: str) -> list[str]:
    section = PAGE.split(f"### {title}\n")[1].split("\n#")[0]
    return re.findall(r"^\d+\. `(\S+\.py)`$", section, re.M)


def modules_read_by(path: str) -> set[str]:
    """Files that a module imports, also those it names for routes."""
    read = set()
    for node in ast.walk(ast.parse((BASE_DIR / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            read.add(node.module)
            read |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {f"{module.replace('.', '/')}.py" for module in read}


MAX_TRAINING_MODULES = 35
TRAINING_ROOMS = ("training", "ranking", "features", "predictions")


def reached_from(path: str, without: str) -> set[str]:
    """Files that a module imports, directly or through others, but not through one of them."""
    reached: set[str] = set()
    ahead = {path}
    while ahead:
        read = ahead.pop()
        reached.add(read)
        ahead |= {file for file in modules_read_by(read) if (BASE_DIR / file).is_file()} - reached - {without}
    return reached


@pytest.mark.parametrize(("kind", "other"), [("text_model", "span_model"), ("span_model", "text_model")])
def test_a_training_run_of_one_kind_of_model_passes_few_modules(kind: str, other: str) -> None:
    reached = reached_from("labeling/training/run.py", without=f"labeling/training/{other}.py")
    passed = {path for path in reached if path.split("/")[1] in TRAINING_ROOMS}
    assert f"labeling/training/{kind}.py" in passed
    assert len(passed) <= MAX_TRAINING_MODULES


def test_no_walk_is_longer_than_it_may_be() -> None:
    lengths = {title: len(walk(title)) for title in MAX_MODULES}
    assert {title: length for title, length in lengths.items() if not 0 < length <= MAX_MODULES[title]} == {}


def test_each_module_of_a_walk_is_read_by_one_before_it() -> None:
    lost = [
        (title, path)
        for title in MAX_MODULES
        for number, path in enumerate(walk(title))
        if number and path not in BEGINS_ANEW
        if not any(path in modules_read_by(earlier) for earlier in walk(title)[:number])
    ]
    assert lost == []
