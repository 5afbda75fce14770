"""Dataset lines: the types of line in a Review Queue dataset, and the fields of each.

A dataset is JSONL with one typed object per line: header, project, guideline versions, classes, then each
document followed by its annotations and predictions, and an end with the counts.
"""

from __future__ import annotations

from enum import StrEnum

FORMAT = "reviewqueue-dataset"
FORMAT_VERSION = 1
OFFSET_UNIT = "code points"
TOOL = "Review Queue"

PROVENANCE_KEYS = (
    "created_at",
    "source",
    "guideline_version",
    "seconds",
    "is_counted",
    "is_surplus",
    "is_withdrawn",
    "resolution",
    "selected_by",
    "selection_probability",
    "note",
    "suggestion",
)  # in the order in which they are written, before all others


class LineType(StrEnum):
    HEADER = "header"
    PROJECT = "project"
    GUIDELINE = "guideline"
    CLASS = "class"
    DOCUMENT = "document"
    ANNOTATION = "annotation"  # of the document before it
    PREDICTION = "prediction"  # of the document before it
    END = "end"


COUNTED = {
    LineType.DOCUMENT: "documents",
    LineType.ANNOTATION: "annotations",
    LineType.PREDICTION: "predictions",
}  # the field of the end that counts the lines of a type
