"""Message extraction: every sentence that the service can say, with the file and the line where it stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.template import Engine, Origin, engines
from django.template.base import Node, Template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("labeling", "analytics", "reviewqueue")
GETTEXT = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext"}
SPOKEN = {"help", "help_text", "description", "epilog", "label", "verbose_name"}  # arguments that people read
WRITES = {"write", "print", "CommandError"}  # what commands say


class Message(NamedTuple):
    """A text of the service and where it stands."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@cache
def template_messages() -> tuple[Message, ...]:
    """The texts that templates hand to gettext, in the order of files and lines."""
    return tuple(message for path in files("*.html") for message in _of_template(path))


@cache
def python_messages() -> tuple[Message, ...]:
    """What code says: gettext's arguments, help texts, what commands write, and the docstrings of errors."""
    return tuple(message for path in files("*.py") for message in _of_module(path))


def all_messages() -> tuple[Message, ...]:
    return template_messages() + python_messages()


def nodes_of(path: Path) -> Iterator[Node]:
    """All nodes of a template, those inside blocks and branches among them."""
    name = path.relative_to(ROOT).as_posix()
    yield from _walk(Template(path.read_text(encoding="utf-8"), Origin(name), name, _engine()).nodelist)


def files(pattern: str) -> list[Path]:
    return sorted(
        path
        for package in PACKAGES
        for path in (ROOT / package).rglob(pattern)
        if "migrations" not in path.parts and "locale" not in path.parts
    )


@cache
def _engine() -> Engine:
    return engines["django"].engine  # type: ignore[attr-defined]


def _walk(nodes: Any) -> Iterator[Node]:
    for node in nodes:
        yield node
        for name in getattr(node, "child_nodelists", ()):
            yield from _walk(getattr(node, name, None) or ())
        for _condition, branch in getattr(node, "conditions_nodelists", ()):
            yield from _walk(branch)


def _of_template(path: Path) -> Iterator[Message]:
    name = path.relative_to(ROOT).as_posix()
    for node in nodes_of(path):
        line = getattr(getattr(node, "token", None), "lineno", None) or 0
        if isinstance(node, TranslateNode):
            yield Message(name, line, str(node.filter_expression.var))
        elif isinstance(node, BlockTranslateNode):
            for tokens in filter(None, (node.singular, node.plural)):
                yield Message(name, line, " ".join(node.render_token_list(tokens)[0].split()))


def _of_module(path: Path) -> Iterator[Message]:
    name = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            arguments = list(node.args) if called in GETTEXT | WRITES else []
            arguments += [k.value for k in node.keywords if k.arg in SPOKEN]
            for argument in arguments:
                for text in _texts(argument):
                    yield Message(name, node.lineno, text)
        elif isinstance(node, ast.ClassDef) and any("Error" in ast.unparse(b) for b in node.bases):
            yield Message(name, node.lineno, ast.get_docstring(node) or "")


def _texts(node: ast.expr) -> Iterator[str]:
    for part in ast.walk(node):
        if (
            isinstance(part, ast.Constant)
            and isinstance(part.value, str)
            and re.search(r"[A-Za-z]{2}", part.value)
        ):
            yield part.value
