"""Architecture rules: import layers, function sizes, and the habits that keep the code easy to change.

One test a rule; it lists every offender.
"""

import ast
import functools
import itertools
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
TEMPLATES = sorted(path for package in PACKAGES for path in (BASE_DIR / package).rglob("templates/**/*.html"))
SCRIPTS = sorted(path for package in PACKAGES for path in (BASE_DIR / package).rglob("static/**/*.js"))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
MAX_FUNCTION_LINES = 45
MAX_TEMPLATE_COLUMNS = 120
MAY_READ_ENVIRONMENT = {BASE_DIR / "reviewqueue" / "settings.py"}
UNSPOKEN_LIMIT = re.compile(r"_?(MOST|LEAST|FEW|MANY|ENOUGH|KEPT)(_\w+)?|(\w+_)?AT_(ONCE|MOST|LEAST)(_\w+)?")
WORKER_CODE = {"tasks.py", "worker.py"}


def location(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(BASE_DIR)}:{getattr(node, 'lineno', 0)}"


def constants(tree: ast.AST) -> set[str]:
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {name for name in assigned if name.isupper()}


@functools.cache
def trees() -> dict[Path, ast.Module]:
    """Every module of ours, read once, and only where a rule asks."""
    return {path: ast.parse(path.read_text()) for path in SOURCES}


@functools.cache
def nodes_by_type() -> dict[type[ast.AST], list[tuple[Path, ast.AST]]]:
    """Every node of every module, walked once for all rules."""
    rows: dict[type[ast.AST], list[tuple[Path, ast.AST]]] = {}
    for path, tree in trees().items():
        for node in ast.walk(tree):
            rows.setdefault(type(node), []).append((path, node))
    return rows


def nodes(*types: type[ast.AST]) -> Iterator[tuple[Path, Any]]:
    return itertools.chain.from_iterable(nodes_by_type().get(kind, []) for kind in types)


@pytest.fixture
def loggers_stay_on() -> Iterator[None]:
    """import-linter switches off every logger that it does not know, and later tests read lines of some."""
    yield
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False


@pytest.mark.usefixtures("loggers_stay_on")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_imports_run_downwards(capsys):
    assert lint_imports(config_filename=str(BASE_DIR / ".importlinter")) == EXIT_STATUS_SUCCESS, (
        capsys.readouterr().out
    )


def test_every_module_opens_with_what_it_is():
    assert [path for path, tree in trees().items() if not ast.get_docstring(tree)] == []


def test_no_module_opens_with_a_question():
    """The noun comes first, so that a search finds it; a question may follow."""
    assert [
        path.relative_to(BASE_DIR).as_posix()
        for path, tree in trees().items()
        if "?" in re.split("[:.]", (ast.get_docstring(tree) or "").partition("\n")[0])[0]
    ] == []


def test_no_function_is_too_long_to_read_at_once():
    assert [
        location(path, function)
        for path, function in nodes(*FUNCTIONS)
        if (function.end_lineno or 0) - function.lineno + 1 > MAX_FUNCTION_LINES
    ] == []


def test_no_rule_is_switched_off_at_the_line():
    """An exception stands in pyproject.toml, with its reason; only tables are kept from the formatter."""
    texts = {path: path.read_text() for path in SOURCES}
    assert [path for path, text in texts.items() if re.search(r"#\s*noqa", text)] == []
    assert sum(text.count("# fmt: skip") for text in texts.values()) <= 9


def test_no_import_hides_in_a_function():
    assert [
        location(path, node)
        for path, function in nodes(*FUNCTIONS)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ] == []


def test_the_environment_is_read_in_the_settings_alone():
    """Passing os.environ on, or setting a default in it, is no reading."""
    assert [
        location(path, node)
        for path, node in nodes(ast.Call, ast.Subscript)
        if path not in MAY_READ_ENVIRONMENT
        if isinstance(target := node.func if isinstance(node, ast.Call) else node.value, ast.Attribute)
        if ast.unparse(target) in {"os.getenv", "os.environ.get"}
        or (isinstance(node, ast.Subscript) and ast.unparse(target) == "os.environ")
    ] == []


def test_no_task_is_sent_with_a_delay_that_redis_would_repeat():
    """A countdown longer than the visibility timeout is delivered twice; delays belong in a column."""
    assert [
        location(path, node)
        for path, node in nodes(ast.Call)
        if {"eta", "countdown"} & {keyword.arg for keyword in node.keywords}
    ] == []


def test_request_code_sends_no_message_before_its_transaction_commits():
    """It calls delay_on_commit."""
    assert [
        location(path, node)
        for path, node in nodes(ast.Attribute)
        if node.attr in {"delay", "apply_async"}
        and path.is_relative_to(BASE_DIR / "labeling")
        and path.name not in WORKER_CODE
    ] == []


def test_pages_and_api_open_no_connection():
    """They read models and call actions; SQL stands in the rooms below."""
    edges = {"page.py", "comparison_page.py", "api.py"}
    assert [
        location(path, node)
        for path, node in nodes(ast.ImportFrom)
        if node.module == "django.db"
        if {"web", "api"} & set(path.parts) or path.name in edges
        if "connection" in {alias.name for alias in node.names}
    ] == []


def test_limits_are_named_as_limits():
    """MAX_, MIN_ and _THRESHOLD are what one searches for."""
    assert [
        f"{path.relative_to(BASE_DIR)}: {name}"
        for path in [*SOURCES, *(BASE_DIR / "tests").rglob("*.py")]
        if UNSPOKEN_LIMIT.search(text := path.read_text())  # the few that may hold one are parsed
        for name in sorted(constants(ast.parse(text)))
        if UNSPOKEN_LIMIT.fullmatch(name)
    ] == []


# reliability D2
def test_no_name_of_a_column_comes_from_a_request():
    """No SQL is made from words, and where requests are read, columns and look-ups are written out."""
    asking = {"filter", "exclude", "get", "annotate", "alias", "values", "values_list", "order_by"}
    rows = {
        path.relative_to(BASE_DIR).as_posix()
        for path, node in nodes(ast.Call)
        if isinstance(node.func, ast.Attribute)
        if node.func.attr in {"raw", "extra"}
        or (
            node.func.attr in asking
            and ({"web", "api"} & set(path.parts) or path.name in {"page.py", "api.py"})
            and any(keyword.arg is None for keyword in node.keywords)
        )
    }
    named_beside = {"labeling/api/documents.py", "labeling/api/annotation_list.py"}  # from a tuple of names
    assert rows == named_beside


# reliability E1 E2 E3 E4 E5
def test_no_code_asks_another_machine():
    """Nothing is fetched from an address and nothing delivered to one, so no address can lead inside."""
    asking = {"urllib.request", "http.client", "requests", "httpx", "aiohttp", "smtplib", "ftplib", "socket"}
    rows = {
        path.relative_to(BASE_DIR).as_posix()
        for path, node in nodes(ast.Import, ast.ImportFrom)
        if "benchmarks" not in path.parts
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names])
        if name in asking
    }
    assert rows == {"reviewqueue/embedded/programs.py"}, "it asks our own /readyz, on this machine"


def test_no_line_of_a_template_is_too_wide_to_read():
    wide = [
        f"{path.relative_to(BASE_DIR)}:{number}"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > MAX_TEMPLATE_COLUMNS
    ]
    assert len(TEMPLATES) > 100
    assert wide == []


def test_every_script_has_its_types_checked():
    assert len(SCRIPTS) > 25
    assert [path.name for path in SCRIPTS if not path.read_text().startswith("// @ts-check\n")] == []
