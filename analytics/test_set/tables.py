"""Test-set table: all documents that fit, for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.edge.tables import ReportTable, Table
from analytics.test_set.filters import ReviewFilters
from analytics.test_set.report import Review, external_ids, review
from labeling.projects.models import Membership


def read_table(member: Membership, query: Mapping[str, str]) -> Table:
    """All documents that fit the filters of the page, in its order."""
    listing = review(member.project, ReviewFilters.read(query))
    header = [
        "document_id",
        "external_id",
        "true_classes",
        "predicted_classes",
        "is_wrong",
        "confidence",
        "loss",
        "annotator",
    ]
    number = listing.version.number if listing.version else 0
    return Table(f"test-set-model-{number}", header, _csv_rows(listing))


def _csv_rows(review: Review) -> Iterable[list[object]]:
    held_out, numbers = review.held_out, review.numbers
    if held_out is None or numbers is None:
        return
    names = external_ids(held_out.document_ids[review.rows])
    classes = [review.classes[pk].name for pk in held_out.classes]
    sides = (
        []
        if held_out.truth_spans
        else [_named(flags, classes) for flags in (held_out.truth, held_out.predicted)]
    )
    for row in review.rows.tolist():
        pk = int(held_out.document_ids[row])
        if held_out.truth_spans:
            labels = [
                " ".join(f"{classes[index]}:{start}-{end}" for start, end, index in spans[row])
                for spans in (held_out.truth_spans, held_out.predicted_spans)
            ]
        else:
            labels = ["|".join(side[row]) for side in sides]
        who, _guideline = review.label_sources.get(int(held_out.annotation_ids[row]), (None, None))
        sure = "" if np.isnan(numbers.confidence[row]) else round(float(numbers.confidence[row]), 4)
        wrong = int(numbers.is_wrong[row])
        loss = round(float(numbers.loss[row]), 4)
        yield [pk, names.get(pk) or "", *labels, wrong, sure, loss, review.people.get(who or 0, "")]


def _named(flags: NDArray[np.bool_], classes: Sequence[str]) -> list[list[str]]:
    """The names of the classes of each row."""
    named: list[list[str]] = [[] for _ in flags]
    for row, index in zip(*(side.tolist() for side in np.nonzero(flags)), strict=True):
        named[row].append(classes[index])
    return named


TABLE = ReportTable(read_table, is_for_managers=True)
