"""Message catalogs: every message of code and templates, with its translations; one file per language.

Babel reads and writes them, so that nobody needs GNU gettext.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
LOCALE = ROOT / "labeling" / "locale"
PACKAGES = ("analytics", "labeling", "reviewqueue")
KEYWORDS = {
    "_": (1,),
    "gettext": (1,),
    "gettext_lazy": (1,),
    "gettext_noop": (1,),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
HEADER = "# Translations of Review Queue. `./run messages` updates this file."


class FixedHeader(Catalog):
    """A catalog whose header says nothing of when, where and with what it was written."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        language = [("Language", str(self.locale_identifier))] if self.locale_identifier else []
        return [
            *language,
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", f"nplurals={self.num_plurals}; plural={self.plural_expr};"),
        ]

    @mime_headers.setter
    def mime_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        """What a file says does not count: the language decides."""


class Found(NamedTuple):
    """A message where it stands: its singular, or both forms."""

    path: str
    id: str | tuple[str, str]
    context: str | None


def messages() -> Iterator[Found]:
    """Every message of templates and code, by file."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in (".html", ".py") and not {"migrations", "static"} & set(path.parts):
                yield from _of_file(path)


def template_catalog() -> Catalog:
    """Every message, without translations."""
    return _filled(FixedHeader(charset="utf-8", fuzzy=False), FixedHeader())


def read(language: str) -> Catalog:
    """The stored translations of a language; none yet where it has no file."""
    path = _folder(language) / "django.po"
    if not path.exists():
        return FixedHeader(language)
    with path.open("rb") as file:
        stored = read_po(file, locale=language)
    result = FixedHeader(language, charset="utf-8", fuzzy=False, header_comment=HEADER)
    for message in stored:
        if message.id:
            result[message.id] = message
    return result


def update(language: str) -> Catalog:
    """Bring the file of a language up to date and compile it. Removed messages are dropped."""
    catalog = _filled(FixedHeader(language, charset="utf-8", fuzzy=False), read(language))
    folder = _folder(language)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "django.po").write_bytes(written(catalog))
    (folder / "django.mo").write_bytes(compiled(catalog))
    return catalog


def written(catalog: Catalog) -> bytes:
    file = io.BytesIO()
    write_po(file, catalog, sort_output=True, include_lineno=False, width=100)
    return file.getvalue()


def is_translated(message: Message) -> bool:
    """In all its forms."""
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def compiled(catalog: Catalog) -> bytes:
    """What the service reads: Babel would fill missing plural forms in with the English ones."""
    file = io.BytesIO()
    done = FixedHeader(catalog.locale_identifier, charset="utf-8", fuzzy=False)
    for message in catalog:
        if message.id and is_translated(message):
            done.add(message.id, message.string, context=message.context)
    write_mo(file, done)
    return file.getvalue()


def languages() -> list[str]:
    """The languages that have a file."""
    return sorted(path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/django.po"))


def _folder(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES"


def _filled(empty: Catalog, stored: Catalog) -> Catalog:
    empty.header_comment = HEADER
    for message in messages():
        translation = stored.get(message.id, message.context)
        is_same = translation is not None and isinstance(translation.id, str) == isinstance(message.id, str)
        empty.add(
            message.id,
            translation.string if translation and is_same else None,
            locations=[(message.path, 0)],
            context=message.context,
        )
    return empty


def _of_file(path: Path) -> Iterator[Found]:
    source = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT).as_posix()
    if path.suffix == ".html":  # as Python, but for its indents
        source = "\n".join(line.strip() for line in templatize(source, origin=name).split("\n"))
    for _line, text, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
        yield Found(name, (text[0], text[1]) if isinstance(text, tuple) else text, context)
