"""brat writer: standoff annotations, a text file and an .ann file for each document, in a zip."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.readers.brat import CONFIGURATION, NAMES
from labeling.formats.records import BadRow, Record, gettext_noop
from labeling.formats.writers.final_labels import final_annotation
from labeling.formats.writers.losses import losses_beside
from labeling.formats.writers.zip_stream import Content, MemberNames, zip_pieces

TOOL = "brat"
SUFFIX = ".zip"
CLASSES = gettext_noop("brat has no classes of documents. Choose another format.")
BARS = gettext_noop("Vertical bars in class names become slashes.")
FILE_NAMES = gettext_noop("IDs become file names.")


def losses(features: DatasetFeatures) -> list[str]:
    if features.kind != "spans":
        return [CLASSES]
    bars = [BARS] if any("|" in name for name in features.class_names) else []
    return [*losses_beside(("overlaps", "no_class"), features), FILE_NAMES, *bars]


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """Types may have neither blanks nor dots in brat: visual.conf shows the names of the classes."""
    yield from zip_pieces(_members(outline, records, on_loss))


def _members(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[tuple[str, Content]]:
    names, types = MemberNames(), _Types()
    for label_class in outline.classes:
        types.of(label_class.name)
    for record in records:
        name = names.add(record.external_id or f"document {record.line}")
        content = record.text.encode()
        # A reader takes the first mark for that of the file.
        yield f"{name}.txt", b"\xef\xbb\xbf" + content if record.text.startswith("\ufeff") else content
        annotation = final_annotation(record, on_loss)
        if annotation is not None and annotation.spans is not None:
            standoff = "".join(
                f"T{number}\t{types.of(span.label)} {span.start} {span.end}\t"
                f"{' '.join(record.text[span.start : span.end].splitlines())}\n"
                for number, span in enumerate(annotation.spans, 1)
            )
            yield f"{name}.ann", standoff.encode()
    entities = "\n".join(types.names.values())
    yield CONFIGURATION, f"[entities]\n{entities}\n\n[relations]\n\n[events]\n\n[attributes]\n".encode()
    labels = "\n".join(f"{word} | {name.replace('|', '/')}" for name, word in types.names.items())
    yield NAMES, f"[labels]\n{labels}\n\n[drawing]\n".encode()


class _Types:
    """Types of brat for names of classes, each its own."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        if name not in self.names:
            stem = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-") or "class"
            number, word = 1, stem
            while word.casefold() in self._taken:
                number += 1
                word = f"{stem}_{number}"
            self._taken.add(word.casefold())
            self.names[name] = word
        return self.names[name]
