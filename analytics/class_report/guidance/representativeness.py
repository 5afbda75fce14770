"""Representativeness: does the labeled test set look like the pool? Lengths and metadata, by a test."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from numpy.typing import NDArray

from analytics.metrics.intervals import proportion
from analytics.metrics.measures import Measure
from analytics.metrics.mismatch import mismatch
from labeling.documents.models import Document
from labeling.projects.models import Project

SAMPLE = 1_000  # documents of each side that are looked at
MAX_REDRAW_FACTOR = 20  # times as many places, where most documents of a project were removed
MIN_SAMPLE_SIZE = 30  # of each side, from which a difference is spoken of
MAX_FIELDS = 8
MAX_VALUES = 20  # of a field of the metadata: more are no kinds but names or numbers
LENGTH_PARTS = 4  # the lengths of both sides together in equal parts
SURE = 0.01  # p-value, shared by all fields that are looked at
DRAWS = 2_000  # of the permutation test: the smallest p-value is then far below SURE for all fields together
MIN_EFFECT = 0.1  # Cramér's V: less would not move a number

# One array each: a thousand parameters take longer than what they ask for.
_OF_TEST = """
    SELECT length(text), metadata FROM labeling_document
    WHERE project_id = %(project)s AND id = ANY(%(chosen)s)
"""
_OF_POOL = """
    SELECT length(text), metadata FROM labeling_document
    WHERE project_id = %(project)s AND position = ANY(%(chosen)s) AND split = 'pool'
"""
Row = tuple[int, dict[str, Any]]  # characters, metadata


@dataclass(frozen=True)
class AttributeDifference:
    """One way in which the test set differs, and where most.

    field : of the metadata; empty for the length of texts
    value : of the field, or the lengths, that stand out most, in words
    test, pool : the share of each side that has it
    p_value : of the field as a whole, corrected for the number of fields
    """

    field: str
    value: str
    test: Measure
    pool: Measure
    p_value: float


def differences(project: Project, test_documents: NDArray[np.int64]) -> list[AttributeDifference]:
    """The clearest first; empty where nothing differs beyond chance, or too little is labeled to say.

    test_documents : (n,) ids of those that judge the model
    """
    if len(test_documents) < MIN_SAMPLE_SIZE:
        return []
    random = np.random.default_rng(project.pk)  # the same draw on each reading: findings do not flicker
    chosen = random.choice(test_documents, min(SAMPLE, len(test_documents)), replace=False)
    # Where documents were removed, more places are drawn, and those that belong to nobody are left out.
    draws = min(-(-project.document_count // max(project.present_count, 1)), MAX_REDRAW_FACTOR)
    positions = np.unique(random.integers(0, max(project.document_count, 1), 2 * SAMPLE * draws))
    here = np.setdiff1d(positions, Document.objects.removed_positions(project, project.document_count))
    sampled = random.permutation(here)[:SAMPLE]
    test, pool = _rows(_OF_TEST, project, chosen), _rows(_OF_POOL, project, sampled)
    return compared(test, pool) if len(pool) >= MIN_SAMPLE_SIZE else []


def _rows(statement: str, project: Project, chosen: NDArray[np.int64]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"project": project.pk, "chosen": chosen.tolist()})
        return [(characters, json.loads(metadata)) for characters, metadata in cursor.fetchall()]


def compared(test: Sequence[Row], pool: Sequence[Row]) -> list[AttributeDifference]:
    """The same from rows of (characters, metadata).

    >>> compared([(10, {})] * 40, [(10, {})] * 40)
    []
    >>> mixed = [(5, {"from": n % 2 and "web" or "app"}) for n in range(40)]
    >>> (difference,) = compared([(5, {"from": "web"})] * 40, mixed)
    >>> difference.field, difference.value, difference.test.value, difference.pool.value
    ('from', 'app', 0.0, 0.5)
    """
    columns = {"": _length_parts([n for n, _ in test], [n for n, _ in pool])}
    columns |= {field: _values(field, test, pool) for field in _kinds(pool)}
    differing = [
        difference
        for field, (column, other) in columns.items()
        if (difference := _difference(field, column, other, len(columns)))
    ]
    return sorted(differing, key=lambda difference: difference.p_value)


def _difference(field: str, test: list[str], pool: list[str], n_fields: int) -> AttributeDifference | None:
    values = sorted({*test, *pool})
    counts = [np.array([side[value] for value in values]) for side in (Counter(test), Counter(pool))]
    enough = SURE / n_fields
    tested = mismatch(*counts, seed=1, draws=DRAWS, enough=enough)
    p_value = min(1.0, tested.p_value * n_fields)
    if p_value >= SURE or tested.cramers_v < MIN_EFFECT:
        return None
    index = int(np.abs(tested.residuals).argmax())
    shares = [proportion(int(side[index]), int(side.sum()), "") for side in counts]
    return AttributeDifference(field, values[index], shares[0], shares[1], p_value)


def _length_parts(test: list[int], pool: list[int]) -> tuple[list[str], list[str]]:
    edges = np.unique(np.quantile([*test, *pool], np.linspace(0, 1, LENGTH_PARTS + 1)[1:-1]).astype(np.int64))
    names = [_up_to(int(edges[0]))] if len(edges) else []
    names += [
        _("{low} to {high} characters").format(low=low + 1, high=high)
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ]
    names.append(_over(int(edges[-1]) if len(edges) else 0))
    return tuple([names[part] for part in np.searchsorted(edges, side)] for side in (test, pool))  # type: ignore[return-value]


def _up_to(n: int) -> str:
    return ngettext("up to {n} character", "up to {n} characters", n).format(n=n)


def _over(n: int) -> str:
    return ngettext("over {n} character", "over {n} characters", n).format(n=n)


def _kinds(pool: Sequence[Row]) -> list[str]:
    """Fields that sort most documents into a few kinds."""
    fields = Counter(field for _, metadata in pool for field in metadata)
    common = [field for field, n in fields.most_common(3 * MAX_FIELDS) if 2 * n >= len(pool)]
    few = [f for f in common if 1 < len({str(metadata.get(f)) for _, metadata in pool}) <= MAX_VALUES]
    return few[:MAX_FIELDS]


def _values(field: str, test: Sequence[Row], pool: Sequence[Row]) -> tuple[list[str], list[str]]:
    first, other = ([str(metadata.get(field, "—")) for _, metadata in side] for side in (test, pool))
    return first, other
