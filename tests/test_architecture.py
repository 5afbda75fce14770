"""Is the code still laid out as we said? Layers, sizes, and the habits that keep it easy to change."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from reviewqueue.settings import BASE_DIR

PACKAGES = ("reviewqueue", "labeling", "analytics", "benchmarks")
SOURCES = sorted(
    path
    for package in PACKAGES
    for path in (BASE_DIR / package).rglob("*.py")
    if "migrations" not in path.parts and path.name != "__init__.py"
)
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LONGEST_FILE = 250  # lines
LONGEST_FUNCTION = 45
MAY_READ_ENVIRONMENT = {BASE_DIR / "reviewqueue" / "settings.py"}
REQUEST_CODE = ("views", "api", "actions")


def name_of(path: Path) -> str:
    return str(path.relative_to(BASE_DIR))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_imports_run_downwards(capsys):
    assert lint_imports(config_filename=str(BASE_DIR / "pyproject.toml")) == EXIT_STATUS_SUCCESS, (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_opens_with_what_it_answers_and_stays_readable(path):
    assert ast.get_docstring(TREES[path]), "the module says nothing of itself"
    lines = len(path.read_text().splitlines())
    assert lines <= LONGEST_FILE, f"{lines} lines: which two questions does it answer?"
    for function in functions(TREES[path]):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= LONGEST_FUNCTION, f"{function.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_import_hides_in_a_function(path):
    hidden = [
        node.lineno
        for function in functions(TREES[path])
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not hidden, f"lines {hidden}"


@pytest.mark.parametrize("path", sorted(set(SOURCES) - MAY_READ_ENVIRONMENT), ids=name_of)
def test_the_environment_is_read_in_the_settings_alone(path):
    """Passing os.environ on, or setting a default in it, is no reading."""
    for node in ast.walk(TREES[path]):
        source = ast.unparse(node) if isinstance(node, ast.Call | ast.Subscript) else ""
        is_read = source.startswith(("os.getenv(", "os.environ.get(", "os.environ["))
        assert not is_read, f"line {getattr(node, 'lineno', 0)}: {source}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_task_is_sent_with_a_delay_that_redis_would_repeat(path):
    """A countdown longer than the visibility timeout is delivered twice; delays belong in a column."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Call):
            assert not {"eta", "countdown"} & {keyword.arg for keyword in node.keywords}, (
                f"line {node.lineno}"
            )


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if set(REQUEST_CODE) & set(path.parts)], ids=name_of
)
def test_request_code_sends_no_message_before_its_transaction_commits(path):
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"delay", "apply_async"}, f"line {node.lineno}: use delay_on_commit"
