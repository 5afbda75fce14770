"""Architecture rules: import layers, function sizes, and the habits that keep the code easy to change.

One test a rule; it lists every offender.
"""

import ast
import re
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


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


def constants(tree: ast.AST) -> set[str]:
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {name for name in assigned if name.isupper()}


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    return ((path, node) for path, tree in TREES.items() for node in ast.walk(tree))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_imports_run_downwards(capsys):
    assert lint_imports(config_filename=str(BASE_DIR / ".importlinter")) == EXIT_STATUS_SUCCESS, (
        capsys.readouterr().out
    )


def test_every_module_opens_with_what_it_is():
    assert [path for path, tree in TREES.items() if not ast.get_docstring(tree)] == []


def test_no_module_opens_with_a_question():
    """The noun comes first, so that a search finds it; a question may follow."""
    assert [
        path.relative_to(BASE_DIR).as_posix()
        for path, tree in TREES.items()
        if "?" in re.split("[:.]", (ast.get_docstring(tree) or "").partition("\n")[0])[0]
    ] == []


def test_no_function_is_too_long_to_read_at_once():
    assert [
        location(path, function)
        for path, tree in TREES.items()
        for function in functions(tree)
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
        for path, tree in TREES.items()
        for function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ] == []


def test_the_environment_is_read_in_the_settings_alone():
    """Passing os.environ on, or setting a default in it, is no reading."""
    assert [
        location(path, node)
        for path, node in nodes()
        if path not in MAY_READ_ENVIRONMENT
        and isinstance(node, ast.Call | ast.Subscript)
        and ast.unparse(node).startswith(("os.getenv(", "os.environ.get(", "os.environ["))
    ] == []


def test_no_task_is_sent_with_a_delay_that_redis_would_repeat():
    """A countdown longer than the visibility timeout is delivered twice; delays belong in a column."""
    assert [
        location(path, node)
        for path, node in nodes()
        if isinstance(node, ast.Call) and {"eta", "countdown"} & {keyword.arg for keyword in node.keywords}
    ] == []


def test_request_code_sends_no_message_before_its_transaction_commits():
    """It calls delay_on_commit."""
    assert [
        location(path, node)
        for path, node in nodes()
        if path.is_relative_to(BASE_DIR / "labeling")
        and path.name not in WORKER_CODE
        and isinstance(node, ast.Attribute)
        and node.attr in {"delay", "apply_async"}
    ] == []


def test_pages_and_api_open_no_connection():
    """They read models and call actions; SQL stands in the rooms below."""
    edges = {"page.py", "comparison_page.py", "api.py"}
    assert [
        location(path, node)
        for path, node in nodes()
        if isinstance(node, ast.ImportFrom) and node.module == "django.db"
        if {"web", "api"} & set(path.parts) or path.name in edges
        if "connection" in {alias.name for alias in node.names}
    ] == []


def test_limits_are_named_as_limits():
    """MAX_, MIN_ and _THRESHOLD are what one searches for."""
    assert [
        f"{path.relative_to(BASE_DIR)}: {name}"
        for path in [*SOURCES, *(BASE_DIR / "tests").rglob("*.py")]
        for name in sorted(constants(ast.parse(path.read_text())))
        if UNSPOKEN_LIMIT.fullmatch(name)
    ] == []


# reliability D2
def test_no_name_of_a_column_comes_from_a_request():
    """No SQL is made from words, and where requests are read, columns and look-ups are written out."""
    asking = {"filter", "exclude", "get", "annotate", "alias", "values", "values_list", "order_by"}
    rows = {
        path.relative_to(BASE_DIR).as_posix()
        for path, node in nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
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
        for path, node in nodes()
        if isinstance(node, ast.Import | ast.ImportFrom) and "benchmarks" not in path.parts
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
