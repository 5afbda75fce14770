"""Guidelines as pages: what Markdown becomes, and that no text of any form makes it long or deep."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._hostile_texts import PIECES, repeated, texts
from labeling.formats.markup import markdown
from tests.elements import dangers
from tests.thorough import part_of

LINK = '<a href="https://example.org" rel="noopener noreferrer nofollow">'
VOID = {"br", "hr"}


class Depth(HTMLParser):
    """How many elements are open at once, at most."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.now += tag not in VOID
        self.most = max(self.most, self.now)

    def handle_endtag(self, tag: str) -> None:
        self.now -= 1


def depth(html: str) -> int:
    parser = Depth()
    parser.feed(html)
    return parser.most


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<https://example.org>", f"<p>{LINK}https://example.org</a></p>\n"),
        ("[a](<https://example.org>)", f"<p>{LINK}a</a></p>\n"),
        ("[a]\n\n[a]: https://example.org", f"<p>{LINK}a</a></p>\n"),
        ("a < b, 1 <2 and <name>", "<p>a &lt; b, 1 &lt;2 and &lt;name&gt;</p>\n"),
        ("`<b>`", "<p><code>&lt;b&gt;</code></p>\n"),
        ("<p>\n\n    <i>", "<p>&lt;p&gt;</p>\n<pre><code>&lt;i&gt;</code></pre>\n"),
        ("![a *cat* <b>](https://example.org/c.png 'x')", "<p>a cat &lt;b&gt;</p>\n"),
        ("###### Six\n\nTwo\n---", "<h6>Six</h6>\n<h3>Two</h3>\n"),
        ("~~a~~ **b** &copy;", "<p><del>a</del> <strong>b</strong> ©</p>\n"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
        ("a\ufdd0b", "<p>a\ufffdb</p>\n"),
    ],
)
def test_markdown_becomes_these_elements(text: str, html: str):
    assert markdown.render(text) == html


def test_a_table_of_a_hundred_rows_is_a_table():
    html = markdown.render("| a | b |\n|---|---|\n" + "| 1 | `x` |\n" * 100)
    assert html.count("<tr>") == 101
    assert html.count("<td>") == 200


@pytest.mark.parametrize("columns", [100, 1000, 20_000])
def test_a_table_that_would_fill_up_more_cells_than_the_limit_is_shown_as_typed(columns: int):
    """Rows of one cell below 1,000 columns made 47 MB of page from 100 kB of text."""
    text = "|a" * columns + "|\n" + "|-" * columns + "|\n" + "x\n" * (markdown.MAX_CELLS // columns + 1)
    html = markdown.render(text[: markdown.MAX_CELLS * 10])
    assert "<table>" not in html
    assert "|a|a|" in html


def test_quotes_and_lists_begun_in_one_line_stop_at_the_limit():
    assert markdown.render("> " * 20 + "x").count("<blockquote>") == 20
    html = markdown.render("> " * 25 + "x")
    assert html.count("<blockquote>") == 20
    assert "&gt; &gt; &gt; &gt; &gt; x" in html
    assert markdown.render("- 1. " * 20 + "x").count("<li>") == 20


@pytest.mark.slow
def test_no_text_makes_a_long_page():
    """I1: what is slow is what grows faster than the text. Every hostile text ends, within these bounds."""
    for text in part_of(texts()):
        html = markdown.render(text)
        assert len(html) < 15 * len(text), text[:50]
        assert html.count("<td") + html.count("<th") <= markdown.MAX_CELLS, text[:50]


def test_nesting_is_bounded_whatever_opens_it():
    for piece in (">", "> ", ">> ", "- ", "1. ", "+ ", "* - ", "> - "):
        assert depth(markdown.render(repeated(piece))) <= 2 * markdown.MAX_NESTING + 2, piece


@given(
    st.lists(
        st.sampled_from([*PIECES, "a", " ", "\n", "\n\n", "  ", '"', "'", "javascript:", "&colon;"]),
        max_size=60,
    )
)
def test_no_mixture_breaks_out(parts: list[str]):
    """A3: only listed elements and links, and sanitising twice is sanitising once."""
    html = markdown.render("".join(parts))
    assert markdown.sanitise(html) == html
    assert dangers(html) == []
