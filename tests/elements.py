"""What would a browser make of a page? Its elements with their attributes, as a parser sees them."""

import re
from html.parser import HTMLParser

# Between these elements and their text a blank shows.
INLINE = re.compile(r"</?(a|abbr|b|bdi|code|del|em|i|ins|kbd|mark|q|small|span|strong|time|u)\b")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))


def elements(html: str) -> list[tuple[str, dict[str, str]]]:
    """(name, attributes) of every element, in order.

    >>> elements('<p>a &lt;b&gt; <i class="x">c</i></p>')
    [('p', {}), ('i', {'class': 'x'})]
    """
    reader = _Reader()
    reader.feed(html)
    return reader.elements


def dangers(html: str) -> list[str]:
    """What could run or load something: scripts of a page's own, handlers, styles, foreign addresses.

    >>> dangers('<a href="javascript:x">y</a><p onclick="z">')
    ['a href=javascript:x', 'p onclick=z']
    """
    rows = []
    for tag, attributes in elements(html):
        is_ours = attributes.get("src", "").startswith("/static/")
        if (
            tag in ("iframe", "img", "math", "object", "style", "svg")
            or (tag == "script" and not is_ours)
            or (tag == "link" and not attributes["href"].startswith("/static/"))
        ):
            rows.append(tag)
        for name, value in attributes.items():
            is_elsewhere = name in ("href", "src", "action") and not value.startswith(
                ("/", "?", "#", "http://", "https://", "mailto:")
            )
            if (
                name.startswith("on")
                or name in ("style", "srcdoc", "target")
                or is_elsewhere
                or value[:2] == "//"
            ):
                rows.append(f"{tag} {name}={value}")
    return rows


def compact(html: str) -> str:
    """The page without the layout of its template: of white space, only single blanks that show stay.

    >>> compact('<h1\\n>\\n  The  <b\\n  class="x"\\n> queue </b>\\n</h1>\\n now')
    '<h1>The <b class="x">queue</b></h1>now'
    """
    tidy = re.sub(r"\s+(?=>)", "", re.sub(r"\s+", " ", html))
    parts = [""]
    last = 0  # the part with the last text of the line, 0 at its start
    for token in re.findall(r"<[^<>]*>|[^<]+", tidy):
        if not token.startswith("<"):
            shown = token if last and not parts[last].endswith(" ") else token.lstrip()
            if shown:
                last = len(parts)
                parts.append(shown)
        else:
            if not INLINE.match(token):
                parts[last] = parts[last].rstrip()
                last = 0
            parts.append(token)
    return "".join(parts)
