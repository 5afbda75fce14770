"""Can every text be translated? In templates, in code and in errors, without rendering a page."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module

from django.template.base import TextNode

from labeling.exceptions import LabelingError
from tests.messages import GETTEXT, PACKAGES, ROOT, files, nodes_of

# What is the same in every language: the service's name, formats, and CSS classes in blocks of base.html.
SAME = re.compile(r"Review Queue|\b(CSV|JSON|narrow|door|at-desk|labeling|bare)\b")
ATTRIBUTE = re.compile(r'\b(?:title|alt|aria-label|placeholder)="([^"\0]*[A-Za-z]{2}[^"\0]*)')
MARKUP = re.compile(r"<(script|style|code|kbd)\b.*?</\1>|<[^<>]*>", re.S)
COUNTED = re.compile(r"(?:%\((?:n|count)\)s|\{(?:n|count)\}) (?:\w+ )?\w+s\b")


def texts_of_templates() -> Iterator[str]:
    for path in files("*.html"):
        html = "".join(node.s + "\0" for node in nodes_of(path) if isinstance(node, TextNode))
        name = path.relative_to(ROOT).as_posix()
        for text in ATTRIBUTE.findall(html):
            yield f"{name}: {text}"
        for text in re.split(r"[\0\n]", MARKUP.sub("\0", html)):
            # Between two tags of a template language a text may be the middle of an element.
            if re.search(r"[A-Za-z]{2}", SAME.sub("", text)) and not re.search(r'[="]|hx-|data-', text):
                yield f"{name}: {text.strip()}"


def calls() -> Iterator[tuple[str, str, list[ast.expr]]]:
    """Each call of gettext: where, of which name, with which texts."""
    for path in files("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if called in GETTEXT:
                    texts = node.args[:2] if called.startswith("ngettext") else node.args[:1]
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", called, texts


def constants() -> Iterator[tuple[str, str, str]]:
    for line, called, texts in calls():
        for text in texts:
            if isinstance(text, ast.Constant):
                yield line, called, str(text.value)


def test_no_template_has_a_text_outside_of_translate() -> None:
    assert list(texts_of_templates()) == []


def test_gettext_takes_whole_texts_not_built_ones() -> None:
    """A built text is in no catalog. A name or a field holds a text that was marked where it was written."""
    built = [
        f"{line}: {ast.unparse(text)}"
        for line, _called, texts in calls()
        for text in texts
        if isinstance(text, ast.JoinedStr | ast.BinOp | ast.Call | ast.IfExp)
    ]
    assert built == []


def test_placeholders_have_names() -> None:
    assert [c for c in constants() if re.search(r"%[sd]|\{\}|\{\d", c[2])] == []


def test_no_message_is_a_fragment_that_others_are_joined_with() -> None:
    """Word order is another one elsewhere: lists are `formatting.every` and `formatting.either`."""
    assert [c for c in constants() if c[2] != c[2].strip() or c[2] in ("and", "or")] == []


def test_a_count_has_a_plural_form() -> None:
    singular = [
        (line, text)
        for line, called, text in constants()
        if not called.startswith("ngettext") and COUNTED.search(text)
    ]
    assert singular == []


def test_the_message_of_an_error_is_its_docstring() -> None:
    for package in ("labeling.guidelines.versions", "labeling.web.desk.operations"):
        import_module(package)
    errors = [LabelingError]
    for error in errors:
        errors += error.__subclasses__()
    ours = [error for error in errors if error.__module__.startswith(PACKAGES)]
    assert len(ours) > 25
    for error in ours:
        assert "summary" in vars(error), error
        assert " ".join((error.__doc__ or "").split()) == error.summary
