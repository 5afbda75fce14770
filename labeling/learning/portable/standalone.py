"""Standalone source: one file of Python from the definitions that a module needs, wherever they are.

What a download computes is thereby what the service computes. Modules are read as text and never imported, so
a web process can gather code whose libraries it does not load.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path

PACKAGE = __name__.partition(".")[0]
ROOT = Path(__file__).parents[len(__name__.split(".")) - 1]
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_DOCTEST = re.compile(r"(?:\n *)?\n *>>> (?:.*\n)*?(?= *(?:\"\"\"|\n))")
_ONE_LINE_DOCSTRING = re.compile(r'("""[^"\n]*)\n *"""')


class NameTwice(ValueError):
    """Two modules define the same name. Rename one of them."""


@cache
def standalone_source(module: str, heading: str) -> str:
    """A module and all that it needs of ours, as one file that imports none of ours.

    module : its dotted name; it is kept whole, of the others what it needs
    heading : the docstring of the file

    Methods of other classes are kept where anything kept has an attribute of their name, and all methods of
    classes that one of the module extends. Doctests are left out. Raises NameTwice.
    """
    gatherer = _Gatherer()
    gatherer.take_all(module)
    sections = [gatherer.section(name) for name in _in_order(module, gatherer.modules)]
    imports = _import_lines(gatherer.external)
    head = f'"""{heading}"""\n\nfrom __future__ import annotations\n\n{imports}\n\n'
    text = re.sub(_DOCTEST, "\n", head + "\n\n\n".join(filter(None, sections)))
    return re.sub(_ONE_LINE_DOCSTRING, r'\1"""', text) + "\n"


@dataclass
class _Module:
    """A module as text.

    statements : its own names to the statements that define them
    imported : names of ours to (module, name there); external : other names to their imports
    guard : `if __name__ == "__main__"`
    """

    name: str
    lines: list[str]
    tree: ast.Module
    statements: dict[str, ast.stmt] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    external: dict[str, tuple[str, str]] = field(default_factory=dict)
    guard: ast.stmt | None = None

    @property
    def noun(self) -> str:
        """The first line of its docstring."""
        return (ast.get_docstring(self.tree) or "").partition("\n")[0]

    def text(self, node: ast.stmt, dropped: list[tuple[int, int]]) -> str:
        """A statement with the comments above it, without some of its lines (first, last)."""
        first, last = _extent(node)
        while self.lines[first - 2].startswith("#"):
            first -= 1
        is_dropped = {line for start, end in dropped for line in range(start, end + 1)}
        return "\n".join(self.lines[line - 1] for line in range(first, last + 1) if line not in is_dropped)


@cache
def _read(name: str) -> _Module:
    text = (ROOT / (name.replace(".", "/") + ".py")).read_text(encoding="utf-8")
    module = _Module(name, text.split("\n"), ast.parse(text))
    for node in module.tree.body:
        match node:
            case ast.If(test=ast.Compare()):
                module.guard = node
            case _:
                module.statements.update(dict.fromkeys(_defined(node), node))
    for found in ast.walk(module.tree):
        match found:
            case ast.ImportFrom(module=str(source)) if source.split(".")[0] == PACKAGE:
                module.imported |= {alias.asname or alias.name: (source, alias.name) for alias in found.names}
            case ast.ImportFrom(module=str(source)) if source != "__future__":
                module.external |= {alias.asname or alias.name: (source, _as(alias)) for alias in found.names}
            case ast.Import():
                module.external |= {
                    (alias.asname or alias.name).split(".")[0]: ("", _as(alias)) for alias in found.names
                }
    return module


def _as(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _defined(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            for target in targets:
                yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _extent(node: ast.stmt) -> tuple[int, int]:
    """First line, decorators included, and last line."""
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)]), node.end_lineno or node.lineno


class _Gatherer:
    """Follows names from definition to definition, and attributes to the methods that may be meant."""

    def __init__(self) -> None:
        self.modules: dict[str, _Module] = {}
        self.external: set[tuple[str, str]] = set()
        self._home: dict[str, str] = {}  # of each name that is kept, its module
        self._whole: set[str] = set()  # names of modules and classes that keep every method
        self._attributes: set[str] = set()
        self._methods: dict[str, list[tuple[_Module, _Function]]] = defaultdict(list)  # not needed so far

    def take_all(self, name: str) -> None:
        module = self._module(name)
        self._whole.add(name)
        for node in module.statements.values():
            if isinstance(node, ast.ClassDef):
                self._whole |= {base.id for base in node.bases if isinstance(base, ast.Name)}
        for defined in module.statements:
            self._take(module, defined)
        if module.guard is not None:
            self._follow(module, module.guard)

    def section(self, name: str) -> str:
        """What is kept of a module, under its noun."""
        module = self.modules[name]
        kept = [n for n in module.tree.body if any(self._home.get(d) == name for d in _defined(n))]
        unused = {id(method) for waiting in self._methods.values() for _, method in waiting}
        parts = [module.text(node, _unused_lines(node, unused)) for node in kept]
        if name in self._whole and module.guard is not None:
            parts.append(module.text(module.guard, []))
        if not parts:
            return ""
        spaced = parts[:1]
        for before, after in pairwise(parts):
            is_short = "\n" not in before + after and not after.startswith(("def ", "class ", "#"))
            spaced.append(("\n" if is_short else "\n\n\n") + after)
        space = "\n\n\n" if parts[0].startswith(("def ", "class ", "@")) else "\n\n"
        return f"# {'-' * 98}\n# {module.noun}{space}" + "".join(spaced)

    def _module(self, name: str) -> _Module:
        return self.modules.setdefault(name, _read(name))

    def _take(self, module: _Module, name: str) -> None:
        if name in self._home:
            if self._home[name] != module.name:
                raise NameTwice(f"{name} is defined in {self._home[name]} and in {module.name}")
            return
        node = module.statements[name]
        for defined in _defined(node):
            self._home[defined] = module.name
        if not isinstance(node, ast.ClassDef) or {module.name, name} & self._whole:
            self._follow(module, node)
            return
        for part in [*node.decorator_list, *node.bases, *node.keywords, *node.body]:
            if isinstance(part, _Function) and not part.name.startswith("__"):
                self._methods[part.name].append((module, part))
            else:
                self._follow(module, part)
        for attribute in self._attributes & self._methods.keys():
            self._follow_methods(attribute)

    def _follow(self, module: _Module, node: ast.AST) -> None:
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute) and part.attr not in self._attributes:
                self._attributes.add(part.attr)
                self._follow_methods(part.attr)
            elif isinstance(part, ast.Name):
                self._resolve(module, part.id)

    def _follow_methods(self, attribute: str) -> None:
        for module, method in self._methods.pop(attribute, []):
            self._follow(module, method)

    def _resolve(self, module: _Module, name: str) -> None:
        if name in module.statements:
            self._take(module, name)
        elif name in module.imported:
            source, there = module.imported[name]
            self._resolve(self._module(source), there)
        elif name in module.external:
            self.external.add(module.external[name])


def _unused_lines(node: ast.stmt, unused: set[int]) -> list[tuple[int, int]]:
    """Lines of the methods that are not kept, each with the blank line above it."""
    if not isinstance(node, ast.ClassDef):
        return []
    extents = [_extent(part) for part in node.body if id(part) in unused]
    return [(first - 1, last) for first, last in extents]


def _in_order(root: str, modules: dict[str, _Module]) -> list[str]:
    """The modules so that each comes after those that it imports."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order or name not in modules:
            return
        for source, _ in modules[name].imported.values():
            visit(source)
        order.append(name)

    visit(root)
    return order


def _import_lines(external: set[tuple[str, str]]) -> str:
    """Imports, those of the standard library first."""
    by_source = defaultdict(set)
    for source, name in external:
        by_source[source].add(name)
    lines = [(name, f"import {name}") for name in by_source.pop("", set())]
    lines += [
        (source, f"from {source} import {', '.join(sorted(names, key=_import_order))}")
        for source, names in by_source.items()
    ]
    groups: list[list[tuple[bool, str, str]]] = [[], []]
    for source, line in lines:
        is_standard = source.partition(".")[0].partition(" ")[0] in sys.stdlib_module_names
        groups[not is_standard].append((line.startswith("from"), source, line))
    return "\n\n".join("\n".join(line for *_, line in sorted(group)) for group in groups if group)


def _import_order(name: str) -> tuple[int, str]:
    """Constants, classes, functions: as the formatter sorts them."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)
