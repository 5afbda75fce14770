"""Is everything that differs between two datasets listed, and nothing else?"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.dataset_differences import MAX_CHANGES, DatasetDifference, difference
from labeling.formats.outlines import OutlineClass, OutlineGuideline, ProjectOutline
from labeling.formats.records import Record, RecordAnnotation, Span

OUTLINE = ProjectOutline("Review Queue", classes=(OutlineClass("late"), OutlineClass("rude")))
IDS = st.lists(st.integers(0, 30), unique=True).map(sorted)


def compare(old: Sequence[Record], new: Sequence[Record]) -> DatasetDifference:
    return difference((OUTLINE, old), (OUTLINE, new))


def document(number: int, *labels: str, text: str = "", split: str = "pool") -> Record:
    return Record(1, text or f"Text {number}", f"d{number}", labels=labels or None, split=split)


def changes(result: DatasetDifference) -> list[tuple[str, str, str, str]]:
    return [(each.change.value, each.document, each.before, each.after) for each in result.changes]


def test_every_kind_of_change_is_listed_with_what_was_and_is() -> None:
    old = [document(1, "late"), document(2), document(3, "late"), document(4), document(5, "rude")]
    new = [
        document(1, "rude"),
        document(2, "late"),
        document(3),
        document(4, text="Other", split="test"),
        document(6),
    ]
    assert sorted(changes(compare(old, new))) == [
        ("added", "d6", "", ""),
        ("label", "d1", "late", "rude"),
        ("labeled", "d2", "", "late"),
        ("removed", "d5", "", ""),
        ("split", "d4", "pool", "test"),
        ("text", "d4", "", ""),
        ("unlabeled", "d3", "late", ""),
    ]


def test_a_renamed_class_is_no_change_of_labels() -> None:
    after = ProjectOutline("Review Queue", classes=(OutlineClass("delayed"), OutlineClass("rude")))
    result = difference((OUTLINE, [document(1, "late")]), (after, [document(1, "delayed")]))
    assert (result.renamed, result.changes) == ({"late": "delayed"}, [])
    assert not result.is_empty


def test_classes_and_guideline_versions_that_came_are_named() -> None:
    after = ProjectOutline(
        "Review Queue", classes=(*OUTLINE.classes, OutlineClass("new")), guidelines=(OutlineGuideline("a"),)
    )
    result = difference((OUTLINE, []), (after, []))
    assert (result.added_classes, result.removed_classes, result.guidelines) == (("new",), (), (1,))


def test_documents_without_an_id_are_met_by_their_text() -> None:
    old, new = Record(1, "Hi", labels=("late",)), Record(9, "Hi", labels=("rude",))
    assert changes(compare([old], [new])) == [("label", "Hi", "late", "rude")]


def test_only_final_labels_are_compared() -> None:
    votes = [RecordAnnotation(name, labels=(label,)) for name, label in (("x", "late"), ("y", "rude"))]
    disputed = Record(1, "Hi", "d1", split="pool", annotations=tuple(votes))
    assert changes(compare([document(1, text="Hi")], [disputed])) == []


def test_the_order_of_spans_is_no_difference() -> None:
    spans = (Span(0, 2, "late"), Span(3, 5, "rude"))
    one, other = (Record(1, "Hi you", "d1", spans=each) for each in (spans, spans[::-1]))
    assert compare([one], [other]).is_empty


@given(IDS, IDS)
def test_what_is_added_and_removed_is_the_difference_of_the_sets(old: list[int], new: list[int]) -> None:
    result = compare([document(n) for n in old], [document(n) for n in new])
    listed = {(each.change.value, each.document) for each in result.changes}
    assert listed == {("removed", f"d{n}") for n in {*old} - {*new}} | {
        ("added", f"d{n}") for n in {*new} - {*old}
    }


def test_all_changes_are_counted_and_some_are_listed() -> None:
    result = compare([], [document(n) for n in range(MAX_CHANGES + 7)])
    assert (result.counts["added"], len(result.changes)) == (MAX_CHANGES + 7, MAX_CHANGES)
