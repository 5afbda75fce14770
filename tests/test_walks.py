"""Walks through the code in docs/architecture.md: each file is read by one before it, and each is short."""

import ast
import re

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
