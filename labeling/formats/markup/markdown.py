"""Markdown rendering: a guideline as a page, in HTML from a short list of harmless elements."""

from __future__ import annotations

import re
from functools import lru_cache

import nh3
import pyromark

MAX_CHARACTERS = 100_000  # what a guideline may hold; bounds the time as well
MAX_CELLS = 10_000  # short rows are filled up with empty cells; beyond this, tables are shown as typed
MAX_NESTING = 20  # quotes and lists begun in one line; sanitising takes the square of the depth
ELEMENTS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
OPENING = "\ufdd0"  # stands for "<" within the parser, so that it finds no HTML; no text has this character

_NO_LINK = re.compile(r"<(?!(?:https?://|mailto:|[\w.+-]+@)[^\s<>]*>)")
_NESTED = re.compile(
    rf"^((?:[ \t]*(?:>|[-+*](?=[ \t])|\d{{1,9}}[.)](?=[ \t]))){{{MAX_NESTING}}}[ \t]*)(?=[->+*\d])",
    re.MULTILINE,
)
_PICTURE = re.compile(r'<img src="[^"]*" alt="([^"]*)"(?: title="[^"]*")? />')
_HEADING = re.compile(r"(</?h)([1-6])(?=>)")


@lru_cache(maxsize=32)  # a version never changes, and everybody reads the newest
def render(text: str) -> str:
    """Safe HTML of Markdown. Raw HTML is shown as text; pictures become their description.

    Headings start one step lower, since the page has its own first heading.

    >>> render("# Refund\\n\\nThey want *money* back.")
    '<h2>Refund</h2>\\n<p>They want <em>money</em> back.</p>\\n'
    >>> render("[x](javascript:alert(1)) <b>bold</b>")
    '<p><a rel="noopener noreferrer nofollow">x</a> &lt;b&gt;bold&lt;/b&gt;</p>\\n'
    >>> render("[x](https://example.org)")
    '<p><a href="https://example.org" rel="noopener noreferrer nofollow">x</a></p>\\n'
    """
    text = text[:MAX_CHARACTERS].replace(OPENING, "\ufffd")
    text = _NESTED.sub(r"\1\\", _NO_LINK.sub(OPENING, text))
    options = pyromark.Options.ENABLE_STRIKETHROUGH
    if _cells(text) <= MAX_CELLS:
        options |= pyromark.Options.ENABLE_TABLES
    html = _PICTURE.sub(r"\1", pyromark.html(text, options=options)).replace(OPENING, "&lt;")
    return sanitise(_HEADING.sub(_one_step_lower, html))


def _cells(text: str) -> int:
    """At least as many as the tables of a text have. A blank line ends a table.

    >>> _cells("| a | b |\\n|---|---|\\n| c |\\n\\nNo table.")
    12
    """
    count = 0
    for block in re.split(r"\n[ \t]*\n", re.sub(r"\r\n?", "\n", text)):
        lines = block.split("\n")
        max_columns = max((line.count("|") for line in lines if "-" in line), default=0)
        count += (max_columns + 1) * len(lines) if max_columns else 0
    return count


def _one_step_lower(match: re.Match[str]) -> str:
    return f"{match[1]}{min(6, int(match[2]) + 1)}"


def sanitise(html: str) -> str:
    """Only ELEMENTS with their ATTRIBUTES stay, links to SCHEMES only. Doing it twice changes nothing."""
    return nh3.clean(
        html,
        tags=ELEMENTS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        clean_content_tags={"script", "style"},
    )
