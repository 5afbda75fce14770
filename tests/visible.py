"""Visible text of a page: what the service itself says in it, without what its users wrote."""

from __future__ import annotations

from html.parser import HTMLParser

USERS = {"text", "prose", "manual"}  # classes of elements whose text somebody wrote
SILENT = {"script", "style", "textarea", "svg", "code", "kbd"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SPOKEN = ("title", "alt", "aria-label", "placeholder")


def visible_texts(html: str) -> list[str]:
    """The texts and spoken attributes of a page, in its order.

    >>> visible_texts('<p title="Hint">Your <b dir="auto">Refund</b><br>label</p><script>no</script>')
    ['Hint', 'Your', 'label']
    """
    reader = _Reader()
    reader.feed(html)
    return reader.texts


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.open: list[bool] = []  # of each open element, whether its text is left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        is_of_users = values.get("dir") == "auto" or bool(USERS & set(values.get("class", "").split()))
        is_left_out = bool(self.open and self.open[-1]) or tag in SILENT or is_of_users
        if not is_left_out:
            self.texts += [values[name] for name in SPOKEN if values.get(name)]
        if tag not in VOID:
            self.open.append(is_left_out)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not (self.open and self.open[-1]):
            self.texts.append(" ".join(data.split()))
