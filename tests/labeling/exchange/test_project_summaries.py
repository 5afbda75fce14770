"""Is a file of another tool counted as its import will count it?"""

from __future__ import annotations

import json

from labeling.exchange.project_summaries import ProjectSummary, summarize_rows
from labeling.formats.outlines import OutlineClass, OutlineGuideline, OutlineRule, ProjectOutline
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


def test_a_summary_is_the_same_after_it_was_kept_as_json():
    rule = OutlineRule("greeting", "Says hello.", "Hi", "Bye")
    outline = ProjectOutline(
        "Review Queue",
        "mails",
        "single",
        classes=(OutlineClass("greeting", seed_words=("hi", "hello")),),
        guidelines=(OutlineGuideline("# Rules", author="ann", rules=(rule,)),),
        losses=("Relations are not imported.",),
        is_complete=True,
    )
    rows = [
        Record(1, "Hi", "7", split="test", annotations=(RecordAnnotation("ann", ("greeting",)),)),
        BadRow(2, "%(count)d cells", "a,b", {"count": 2}),
    ]
    summary = summarize_rows(outline, rows)
    assert ProjectSummary.from_json(json.loads(json.dumps(summary.as_json()))) == summary
