"""Visible texts of a page: what the service itself writes in it, without what its users wrote."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple

USERS = {"text", "prose", "manual"}  # classes of elements whose text a user wrote
# Code, keys, names and dates have no words of a language.
SILENT = {"script", "style", "textarea", "code", "kbd", "pre", "samp", "bdi", "time", "noscript"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SPOKEN = ("title", "alt", "aria-label", "placeholder", "aria-description")


class Text(NamedTuple):
    """A text between two tags, or an attribute that is shown or read aloud."""

    words: str
    element: str
    is_attribute: bool = False


def read_texts(html: str) -> list[Text]:
    """Texts and spoken attributes of a page, in its order; those with a direction or language are users'.

    >>> read_texts('<p title="Hint">Your <b dir="auto">Refund</b><br>label</p>')[:2]
    [Text(words='Hint', element='p', is_attribute=True), Text(words='Your', element='p', is_attribute=False)]
    """
    reader = _Reader()
    reader.feed(html)
    return reader.texts


def visible_texts(html: str) -> list[str]:
    """Words of the texts of a page.

    >>> visible_texts('<p title="Hint">Your <b dir="auto">Refund</b><br>label</p><script>no</script>')
    ['Hint', 'Your', 'label']
    """
    return [text.words for text in read_texts(html)]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[Text] = []
        self.open: list[tuple[str, bool]] = []  # of each open element: its name, whether its text is left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        is_of_users = tag != "html" and (
            "dir" in values or "lang" in values or bool(USERS & set(values.get("class", "").split()))
        )
        is_left_out = self._is_left_out() or tag in SILENT or is_of_users
        if not is_left_out:
            self.texts += [
                Text(" ".join(values[name].split()), tag, is_attribute=True)
                for name in SPOKEN
                if values.get(name, "").strip()
            ]
        if tag not in VOID:
            self.open.append((tag, is_left_out))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._is_left_out():
            self.texts.append(Text(" ".join(data.split()), self.open[-1][0] if self.open else ""))

    def _is_left_out(self) -> bool:
        return bool(self.open) and self.open[-1][1]
