"""Features of Hugging Face datasets: class numbers as names, tokens with their tags as a text with spans."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from labeling.formats.converters.json_rows import json_value
from labeling.formats.offsets import token_offsets
from labeling.formats.records import Json
from labeling.formats.tagging_schemes import entities, has_prefixes

Feature: TypeAlias = (
    Any  # JSON of another program: a mapping with "_type", a list of one, or a mapping of features
)
Translate: TypeAlias = Callable[[object], Json]

TAG_NAMES = ("ner_tags", "ner", "ner_tag", "tags", "labels", "entities")  # the likeliest first
TOKEN_NAMES = ("tokens", "words")


@dataclass(frozen=True)
class Features:
    """What a dataset says of its columns.

    columns : by name; empty where nothing is said
    """

    columns: Mapping[str, Feature] = field(default_factory=dict)

    @classmethod
    def from_json(cls, source: bytes | str) -> Features:
        """From dataset_info.json, or the `huggingface` metadata of a schema; none where that is no such JSON.

        >>> Features.from_json('{"info": {"features": {"label": {"_type": "ClassLabel"}}}}').columns
        {'label': {'_type': 'ClassLabel'}}
        """
        try:
            value = json.loads(source)
        except (ValueError, RecursionError):
            return cls()
        info = value.get("info", value) if isinstance(value, dict) else None
        columns = info.get("features") if isinstance(info, dict) else None
        return cls(columns if isinstance(columns, dict) else {})

    def translate(self, column: str) -> Translate:
        """What makes JSON of the values of a column."""
        return _translate(self.columns.get(column))

    def token_columns(self, names: Sequence[str], rows: Sequence[Mapping[str, Json]]) -> TokenColumns | None:
        """The columns of tokens and tags, where there is no text beside them.

        rows : the first ones, translated
        """
        tokens = next((name for name in TOKEN_NAMES if name in names), None)
        if tokens is None or "text" in names:
            return None
        for name in [*(n for n in TAG_NAMES if n in names), *(n for n in names if n not in TAG_NAMES)]:
            if name != tokens and _hold_tags([row.get(name) for row in rows]):
                tags = self._tag_names(name) or [tag for row in rows for tag in _texts(row.get(name))]
                return TokenColumns(tokens, name, prefixed=has_prefixes(tags))
        return TokenColumns(tokens, None)

    def _tag_names(self, column: str) -> list[str]:
        feature = self.columns.get(column)
        inner = feature[0] if isinstance(feature, list) and feature else None
        if isinstance(feature, dict):
            inner = feature.get("feature")
        return _texts(inner.get("names")) if isinstance(inner, dict) else []


@dataclass(frozen=True)
class TokenColumns:
    """Columns that hold the tokens of a text, and a tag for each."""

    tokens: str
    tags: str | None
    prefixed: bool = True

    def join(self, row: dict[str, Json]) -> dict[str, Json]:
        """The row with its text, the tokens joined by blanks, and the spans that its tags stand for.

        >>> row = {"id": 1, "tokens": ["EU", "rejects"], "tags": ["B-ORG", "O"]}
        >>> TokenColumns("tokens", "tags").join(row)
        {'id': 1, 'text': 'EU rejects', 'spans': [[0, 2, 'ORG']]}
        """
        tokens, tags = row.pop(self.tokens, None), row.pop(self.tags, None) if self.tags else None
        if not isinstance(tokens, list):
            return row | {"text": None}
        words = [str(token) for token in tokens]
        row["text"] = " ".join(words)
        if isinstance(tags, list):
            spans = entities([str(tag) for tag in tags], token_offsets(words), prefixed=self.prefixed)
            row["spans"] = [[span.start, span.end, span.label] for span in spans]
        return row


def _translate(feature: Feature) -> Translate:
    if isinstance(feature, list) and len(feature) == 1:
        return _each(_translate(feature[0]))
    if not isinstance(feature, dict):
        return json_value
    kind = feature.get("_type")
    if kind == "ClassLabel":
        return _class_name(_class_names(feature.get("names")))
    if kind in ("Sequence", "List", "LargeList"):
        return _each(_translate(feature.get("feature")))
    if kind is None or isinstance(kind, dict):  # a struct, of which a column may be called _type
        parts = {key: _translate(inner) for key, inner in feature.items()}
        return lambda value: _struct(parts, value)
    return json_value


def _class_name(names: Sequence[str | None]) -> Translate:
    """-1 stands for no label, and so does a class called null; a number beyond the names is kept as it is."""

    def translate(value: object) -> Json:
        if isinstance(value, int) and not isinstance(value, bool):
            return names[value] if 0 <= value < len(names) else (value if value >= 0 else None)
        return json_value(value)

    return translate


def _each(translate: Translate) -> Translate:
    """A list; one of structs may be stored as a struct of lists."""

    def translate_all(value: object) -> Json:
        if isinstance(value, dict):
            columns = [column if isinstance(column, list) else [] for column in value.values()]
            value = [dict(zip(value, cells, strict=False)) for cells in zip(*columns, strict=False)]
        return [translate(item) for item in value] if isinstance(value, list) else json_value(value)

    return translate_all


def _struct(parts: Mapping[str, Translate], value: object) -> Json:
    if not isinstance(value, dict):
        return json_value(value)
    return {str(key): parts.get(key, json_value)(item) for key, item in value.items()}


def _class_names(value: object) -> list[str | None]:
    """Argilla's export has a class called null for records without a suggestion."""
    return [None if name is None else str(name) for name in value] if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _hold_tags(values: Sequence[Json]) -> bool:
    """Whether all values are lists of texts, as tags are, and one of them at least says "outside"."""
    lists = [value for value in values if value is not None]
    are_texts = all(isinstance(v, list) and all(isinstance(tag, str) for tag in v) for v in lists)
    return are_texts and any("O" in v for v in lists if isinstance(v, list))
