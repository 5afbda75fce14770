"""Slice fields: what tells documents apart without labels. Length, metadata, file and language."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, isfinite, log10
from typing import Any

import numpy as np
from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from analytics.data.content_cache import cached_by_content
from analytics.metrics.slices import MIN_SUPPORT
from labeling.documents.metadata import (
    TOLD_LANGUAGE,
    described,
    field_name,
    metadata_number,
    metadata_text,
    value_name,
)
from labeling.documents.slices import Condition, Slice
from labeling.formatting import plain

MAX_FIELDS = 12  # of the metadata, those that most documents have
MAX_VALUES = 12  # of a field; numbers with more are put into buckets, of other fields the most frequent stay
QUANTILES = (0.25, 0.5, 0.75)
LENGTH = ""  # the name of the field that every document has: the length of its text

# One array of ids: thousands of parameters take twice as long.
_DOCUMENT_FIELDS = "SELECT id, length(text), metadata, source FROM labeling_document WHERE id = ANY(%s)"
_LANGUAGES = "SELECT document_id, language FROM labeling_documentlanguage WHERE document_id = ANY(%s)"

Codes = NDArray[np.int64]
DocumentFields = tuple[
    tuple[int, Mapping[str, Any]], ...
]  # of each document: characters, and what `described` tells


@dataclass(frozen=True)
class Bucket:
    """Documents with one value of a field, or a range of it.

    where : the same as a slice of documents, where it can be said as one
    """

    name: str
    where: Slice | None


@dataclass(frozen=True)
class Field:
    """What documents are sliced by.

    codes : (n_documents,) the place of each document's bucket; -1 where it has none
    """

    key: str
    name: str
    codes: Codes
    buckets: tuple[Bucket, ...]


def fields_of(document_ids: NDArray[np.int64]) -> list[Field]:
    """The length of the text, then fields of the metadata, the file and the language.

    A document's content never changes, but its language is told some time after it arrived.
    """
    languages = _languages(document_ids)
    reader = get_language() or ""  # names of lengths and languages are in words
    return cached_by_content(
        lambda: _fields(_document_fields(document_ids, languages)), "fields", reader, document_ids, languages
    )


def _languages(document_ids: NDArray[np.int64]) -> NDArray[np.str_]:
    with connection.cursor() as cursor:
        cursor.execute(_LANGUAGES, [document_ids.tolist()])
        languages = dict(cursor.fetchall())
    return np.array([languages.get(pk, "") for pk in document_ids.tolist()], dtype=np.str_)


def _document_fields(document_ids: NDArray[np.int64], languages: NDArray[np.str_]) -> DocumentFields:
    with connection.cursor() as cursor:
        cursor.execute(_DOCUMENT_FIELDS, [document_ids.tolist()])
        metadata_by_document = {pk: fields for pk, *fields in cursor.fetchall()}
    return tuple(
        (
            metadata_by_document[pk][0],
            described(json.loads(metadata_by_document[pk][1]), metadata_by_document[pk][2], language),
        )
        for pk, language in zip(document_ids.tolist(), languages.tolist(), strict=True)
    )


def _fields(document_fields: DocumentFields) -> list[Field]:
    lengths = np.array([characters for characters, _known in document_fields], dtype=np.float64)
    edges = sorted({ceil(edge) for edge in _edges(lengths)})
    by_length = Field(
        LENGTH,
        _("Text length"),
        np.searchsorted(edges, lengths, side="right").astype(np.int64),
        tuple(
            Bucket(str(where), where)
            for where in (
                Slice(least=lower, below=below)
                for lower, below in zip([0, *edges], [*edges, None], strict=True)
            )
        )
        if edges
        else (Bucket(_("any length"), None),),
    )
    present = Counter(key for _n, metadata in document_fields for key in metadata if key)  # "" is the length
    by_metadata = (
        _field(key, [metadata.get(key) for _n, metadata in document_fields])
        for key in sorted(present, key=lambda key: (-present[key], key))[:MAX_FIELDS]
    )
    return [by_length, *(field for field in by_metadata if field is not None)]


def _field(key: str, values: list[Any]) -> Field | None:
    """Each value a bucket; ranges of numbers with many; None where all documents are alike, or all differ."""
    plain = [
        None if isinstance(value, (list, dict)) or value is None else metadata_text(value) for value in values
    ]
    counts = Counter(text for text in plain if text is not None)
    numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    if len(counts) > MAX_VALUES and len(numbers) == sum(counts.values()):
        return _by_number(key, values)
    is_told = key == TOLD_LANGUAGE  # not by people: a few documents of a language may be errors
    minimum = MIN_SUPPORT if is_told or len(counts) > MAX_VALUES else 1
    kept = [text for text, n in counts.most_common(MAX_VALUES) if n >= minimum]
    if len(counts) < 2 or len(kept) < (2 if is_told else 1):
        return None
    code_of = {text: code for code, text in enumerate(kept)}
    codes = np.array([-1 if text is None else code_of.get(text, -1) for text in plain], dtype=np.int64)
    buckets = tuple(Bucket(value_name(key, text), Slice(key, text)) for text in kept)
    return Field(key, field_name(key), codes, buckets)


def _by_number(key: str, values: list[Any]) -> Field:
    numbers_of = np.array([metadata_number(value) for value in values], dtype=np.float64)  # None becomes NaN
    edges = _edges(numbers_of[~np.isnan(numbers_of)])
    codes = np.where(np.isnan(numbers_of), -1, np.searchsorted(edges, numbers_of, side="right"))
    if not edges:
        return Field(key, key, codes.astype(np.int64), (Bucket(_("any"), None),))
    ranges = zip([None, *edges], [*edges, None], strict=True)
    parts = [Slice(also=(Condition(key, None, low, high),)) for low, high in ranges]
    buckets = tuple(Bucket(name, where) for name, where in zip(_ranges(edges), parts, strict=True))
    return Field(key, key, codes.astype(np.int64), buckets)


def _edges(numbers: NDArray[np.float64]) -> list[float]:
    """Where a quarter of the numbers ends, in round numbers.

    >>> _edges(np.arange(1000.0))
    [250.0, 500.0, 750.0]
    """
    if not len(numbers):
        return []
    lowest, highest = float(numbers.min()), float(numbers.max())
    if not isfinite(highest - lowest):  # too far apart for round numbers between them
        return []
    step = 10.0 ** (floor(log10(highest - lowest or 1.0)) - 1)
    if not step:  # too close
        return []
    ends = {round(round(end / step) * step, 9) for end in np.quantile(numbers, QUANTILES).tolist()}
    return sorted(end for end in ends if lowest < end <= highest)


def _ranges(edges: list[float]) -> list[str]:
    shown = [plain(edge) for edge in edges]
    middle = [_("{low} to under {high}").format(low=low, high=high) for low, high in pairwise(shown)]
    return [_("under {high}").format(high=shown[0]), *middle, _("{low} or more").format(low=shown[-1])]
