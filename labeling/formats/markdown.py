"""What does a guideline's Markdown look like as a page? HTML from a short list of harmless elements."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

MOST_CHARACTERS = 100_000  # what a guideline may hold; bounds the time as well
MOST_INLINE = (
    10_000  # of a paragraph; a longer one is shown as it was typed, since brackets cost their square
)
ELEMENTS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}


def _inline(state: StateCore) -> None:
    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = []
        if len(token.content) <= MOST_INLINE:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
        else:
            token.children.append(Token("text", "", 0, content=token.content))


# maxNesting: lists in lists in lists cost time that grows faster than their text
_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])
_parser.core.ruler.at("inline", _inline)


@lru_cache(maxsize=32)  # a version never changes, and everybody reads the newest
def render(text: str) -> str:
    """Safe HTML of Markdown. Raw HTML is shown as text; pictures become their description.

    Headings start one step lower, since the page has its own first heading.

    >>> render("# Refund\\n\\nThey want *money* back.")
    '<h2>Refund</h2>\\n<p>They want <em>money</em> back.</p>\\n'
    >>> render("[x](javascript:alert(1)) <b>bold</b>")
    '<p>[x](javascript:alert(1)) &lt;b&gt;bold&lt;/b&gt;</p>\\n'
    >>> render("[x](https://example.org)")
    '<p><a href="https://example.org" rel="noopener noreferrer nofollow">x</a></p>\\n'
    """
    tokens = _parser.parse(text[:MOST_CHARACTERS])
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
        for child in token.children or []:
            if child.type == "image":
                child.type, child.tag, child.children = "text", "", None
    return sanitise(_parser.renderer.render(tokens, _parser.options, {}))


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
