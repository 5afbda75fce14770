"""Is a file of another tool counted as its import will count it?"""

from __future__ import annotations

from labeling.exchange.project_summaries import summarize_rows
from labeling.formats.outlines import ProjectOutline
from labeling.formats.records import BadRow, Record, RecordAnnotation

OUTLINE = ProjectOutline("doccano", kind="single")


def test_rows_of_several_annotators_are_one_document():
    rows = [
        Record(1, "Hi", "7", split="test", annotations=(RecordAnnotation("ann", ("greeting",)),)),
        Record(2, "Hi", "7", split="test", annotations=(RecordAnnotation("bob"),)),
        Record(3, "Bye", None, annotations=(RecordAnnotation("bob"),)),
        Record(4, "Bye", None),
        BadRow(5, "The text is empty. Add text or remove the row.", ""),
    ]
    summary = summarize_rows(OUTLINE, rows)
    assert (summary.documents, summary.labeled, summary.unlabeled, summary.bad) == (2, 1, 1, 1)
    assert dict(summary.annotators) == {"ann": 1, "bob": 2}
    assert dict(summary.splits) == {"test": 1, "": 1}
    assert summary.class_counts == (("greeting", 1),)
