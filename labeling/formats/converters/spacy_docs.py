"""DocBin files of spaCy (.spacy) as JSON lines: texts with their categories, entities and groups of spans."""

from __future__ import annotations

import gc
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labeling.formats.bundles import Bundle
from labeling.formats.converters.binary_files import damage_is, head
from labeling.formats.converters.json_rows import json_pieces, json_value
from labeling.formats.records import Json, UnreadableFile, gettext_noop
from labeling.formats.spacy_package import load_spacy
from labeling.formats.streams import CHUNK_BYTES, GZIP_GRACE_BYTES, MAX_GZIP_RATIO

TOOL = "spaCy"
EXTRA = "spacy"

SPAN_GROUP = "sc"  # where spaCy's own span categorizer has its spans
MAX_BYTES = 2 * 1024 * 1024 * 1024  # unpacked: spaCy reads all of a file at once
DAMAGED = gettext_noop("The spaCy file is damaged. Write it again.")
TOO_LARGE = gettext_noop("The spaCy file is too large. Split it into several.")

_SUFFIX = ".spacy"
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_NO_GROUPS = (b"", b"\x90")  # as spaCy packs them
_SPLITS = {"train": "pool", "dev": "pool", "test": "test"}
_THRESHOLD = 0.5  # of a score, from which a category applies


def recognizes(bundle: Bundle) -> bool:
    """DocBin files only, by their names and first bytes.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> recognizes(FilesInMemory({"train.spacy": b"\\x78\\x9c..."}))
    True
    """
    return all(name.lower().endswith(_SUFFIX) for name in bundle.names) and all(
        head(bundle, name, 2) in _ZLIB for name in bundle.names[:10]
    )


def json_lines(bundle: Bundle) -> Iterator[bytes]:
    """The documents of all files, in pieces of about 64 KiB.

    A document without categories, or without annotated tokens and span groups, is unlabeled. User data are
    further fields, so that an ID in them can be chosen. Raises UnreadableFile.
    """
    for name in sorted(bundle.names):
        with damage_is(DAMAGED):
            docs = _Docs(bundle, name)
            yield from json_pieces(docs.rows(_split(name) if len(bundle.names) > 1 else None))


def losses(bundle: Bundle) -> list[str]:
    """The groups of spans and entities that are passed over, a sentence each. Raises UnreadableFile."""
    sentences: dict[str, None] = {}
    for name in sorted(bundle.names):
        with damage_is(DAMAGED):
            docs = _Docs(bundle, name)
            sentences |= dict.fromkeys(
                f'The group of spans "{group}" is not read: "{docs.layout.group}" is.'
                for group in sorted(docs.layout.groups - {docs.layout.group})
            )
            if docs.layout.group is not None and docs.layout.has_entities:
                sentences["Entities are not read: the documents have a group of spans too."] = None
    return list(sentences)


@dataclass(frozen=True)
class _Layout:
    """Where the documents of a file have their answers.

    group : of the spans that count; None where the entities do
    is_single : whether each document with categories has exactly one
    """

    groups: frozenset[str]
    group: str | None
    has_entities: bool
    is_single: bool


class _Docs:
    """The documents of one file. Reading them twice costs less than keeping them."""

    def __init__(self, bundle: Bundle, name: str) -> None:
        spacy = load_spacy()
        self._new_vocab = spacy.vocab.Vocab
        content = _content(bundle, name)
        try:
            self._bin = spacy.tokens.DocBin().from_bytes(content)
        finally:
            gc.enable()  # which the unpacker leaves switched off where it fails
        self.layout = self._layout()

    def rows(self, split: str | None) -> Iterator[dict[str, Json]]:
        for doc in self._docs():
            row = _user_fields(doc.user_data)
            row["text"] = doc.text
            if doc.cats:
                names = _categories(doc.cats)
                row |= {"label": names[0]} if self.layout.is_single else {"labels": list(names)}
            if (spans := self._spans(doc)) is not None:
                row["spans"] = [[span.start_char, span.end_char, span.label_] for span in spans]
            if split is not None:
                row.setdefault("split", split)
            yield row

    def _docs(self) -> Iterator[Any]:
        try:
            yield from self._bin.get_docs(self._new_vocab())
        finally:
            gc.enable()

    def _layout(self) -> _Layout:
        groups: set[str] = set()
        has_entities = False
        if any(packed not in _NO_GROUPS for packed in self._bin.span_groups):
            for doc in self._docs():
                groups.update(doc.spans)
                has_entities = has_entities or len(doc.ents) > 0
        group = SPAN_GROUP if SPAN_GROUP in groups else min(groups, default=None)
        counts = {len(_categories(cats)) for cats in self._bin.cats if cats}
        return _Layout(frozenset(groups), group, has_entities, counts == {1})

    def _spans(self, doc: Any) -> Iterable[Any] | None:
        if self.layout.group is not None:
            spans: Iterable[Any] | None = doc.spans.get(self.layout.group)
            return spans
        return doc.ents if doc.has_annotation("ENT_IOB") else None


def _content(bundle: Bundle, name: str) -> bytes:
    """The bytes of a file, once it is clear what they expand to."""
    unpacker = zlib.decompressobj()
    limit = min(MAX_BYTES, max(GZIP_GRACE_BYTES, MAX_GZIP_RATIO * bundle.size(name)))
    content = bytearray()
    with bundle.open(name) as file:
        while chunk := file.read(CHUNK_BYTES):
            content += chunk
            while chunk and limit >= 0:
                limit -= len(unpacker.decompress(chunk, CHUNK_BYTES))
                chunk = unpacker.unconsumed_tail
            if limit < 0:
                raise UnreadableFile(TOO_LARGE)
    return bytes(content)


def _categories(cats: Mapping[str, float]) -> tuple[str, ...]:
    """The categories that apply: those with a score of a half, or the best where the scores share out 1."""
    names = tuple(str(name) for name, score in cats.items() if score >= _THRESHOLD)
    if not names and abs(sum(cats.values()) - 1) < 0.01:
        return (str(max(cats, key=lambda name: cats[name])),)
    return names


def _user_fields(user_data: Mapping[object, object]) -> dict[str, Json]:
    """User data as fields; those of an extension attribute go by its name, those of tokens are left out."""
    fields: dict[str, Json] = {}
    for key, value in user_data.items():
        if isinstance(key, tuple) and len(key) == 4 and key[0] == "._." and key[2] is None:
            key = key[1]
        if isinstance(key, str) and key not in ("text", "label", "labels", "spans"):
            fields[key] = json_value(value)
    if not isinstance(fields.get("metadata", {}), dict):
        fields["metadata"] = {"metadata": fields["metadata"]}
    return fields


def _split(name: str) -> str | None:
    """What the name of a file or its folder says: train.spacy, test/0001.spacy."""
    parts = name.lower().removesuffix(_SUFFIX).split("/")
    return next((_SPLITS[part] for part in reversed(parts) if part in _SPLITS), None)
