"""Are annotations of Potato read with their annotators, whichever schemes a task had?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.projects import recognize
from labeling.formats.readers import potato
from labeling.formats.records import Record, RecordAnnotation, Span
from tests.labeling.formats.strategies import JSON_VALUES


def bundle(**files: list[Any]) -> FilesInMemory:
    """Files of annotators by name; `all` is the file of the whole task."""
    return FilesInMemory(
        {
            f"annotation_output/{'' if name == 'all' else name + '/'}annotated_instances.jsonl": "\n".join(
                map(json.dumps, lines)
            ).encode()
            for name, lines in files.items()
        },
        "task.zip",
    )


def rows(**files: list[Any]) -> list[Any]:
    opened = bundle(**files)
    assert recognize(opened) == "potato"
    return list(potato.read(opened))


def instance(text: str = "Ann sings", **changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = {"id": "m1", "displayed_text": text, "label_annotations": {}}
    return value | {"span_annotations": [], "behavioral_data": {}} | changes


def labels(**schemes: dict[str, Any]) -> dict[str, Any]:
    return instance(label_annotations=schemes)


def span(start: int, end: int, words: str, label: str = "PER") -> dict[str, Any]:
    return {"start": start, "end": end, "span": words, "annotation": label}


def test_the_folder_is_the_annotator():
    read = rows(ann=[labels(mood={"good": "true"})], bob=[labels(mood={"bad": "2"})])
    assert read == [
        Record(1, "Ann sings", "m1", annotations=(RecordAnnotation("ann", ("good",)),)),
        Record(1, "Ann sings", "m1", annotations=(RecordAnnotation("bob", ("bad",)),)),
    ]


def test_the_file_of_all_names_no_annotator_unless_its_rows_do():
    first, second = rows(all=[labels(mood={"good": "1"}), labels(mood={"good": "1"}) | {"user": "ann"}])
    assert [row.annotations[0].annotator for row in (first, second)] == [None, "ann"]


def test_several_selected_labels_make_it_multi_label():
    assert potato.outline(bundle(ann=[labels(mood={"good": "1"})])).kind == "single"
    outline = potato.outline(bundle(ann=[labels(mood={"good": "1"}), labels(mood={"bad": "1", "sad": "2"})]))
    assert (outline.kind, [c.name for c in outline.classes]) == ("multi", ["good", "bad", "sad"])


def test_the_scheme_with_the_most_labels_counts_and_others_are_kept_beside_it():
    both = labels(mood={"good": "1"}, why={"text_box": "she sings"}, topic={"art": "1"})
    first, second = rows(ann=[both, labels(mood={"bad": "1"})])
    assert first.annotations[0].labels == ("good",)
    kept = {"why": {"text_box": "she sings"}, "topic": {"art": "1"}}
    assert first.annotations[0].provenance == {"controls": kept}
    assert second.annotations[0].labels == ("bad",)
    assert (
        "Other schemes are kept as remarks on each annotation: “topic”, “why”."
        in potato.outline(bundle(ann=[both, labels(mood={"bad": "1"})])).losses[0]
    )


def test_spans_count_code_points_unless_only_utf16_gives_their_words():
    texts = [[span(0, 3, "Ann")], [span(2, 5, "Ann")], [span(3, 6, "Ann")], []]
    lines = [instance("Ann sings" if n == 0 else "😀 Ann", span_annotations=s) for n, s in enumerate(texts)]
    read = rows(ann=lines)
    assert [row.annotations[0].spans for row in read] == [
        (Span(0, 3, "PER"),), (Span(2, 5, "PER"),), (Span(2, 5, "PER"),), (),
    ]  # fmt: skip


def test_spans_that_do_not_cover_their_words_are_left_out_with_a_remark():
    (row,) = rows(ann=[instance("<b>Ann</b> sings", span_annotations=[span(0, 3, "Ann")])])
    assert row.annotations == ()
    assert "do not match its words" in str(row.problems[0])


def test_the_time_spent_is_kept():
    spent = {"time_string": "Time spent: 0d 0h 1m 5s "}
    (row,) = rows(ann=[labels(mood={"good": "1"}) | {"behavioral_data": spent}])
    assert row.annotations[0].provenance == {"seconds": 65}


def test_other_files_of_a_task_are_passed_over():
    files = {"data.jsonl": b'{"id": 1, "text": "x"}', "ann/annotated_instances.jsonl": json.dumps(
        labels(mood={"good": "1"})).encode()}  # fmt: skip
    (row,) = potato.read(FilesInMemory(files, "task.zip"))
    assert row.annotations[0].annotator == "ann"


@pytest.mark.parametrize("bad", [7, {"id": 1, "displayed_text": " "}])
def test_a_bad_row_costs_one_row(bad: Any):
    first, second = rows(all=[bad, labels(mood={"good": "1"})])
    assert (first.line, second.line) == (1, 2)
    assert first.reason
    assert second.text == "Ann sings"


ODD: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"displayed_text": st.just("Ann 😀")},
    optional={
        "id": JSON_VALUES,
        "label_annotations": JSON_VALUES | st.dictionaries(st.sampled_from("ab"), JSON_VALUES),
        "span_annotations": JSON_VALUES
        | st.lists(st.dictionaries(st.sampled_from(["start", "end", "span", "annotation"]), JSON_VALUES)),
        "behavioral_data": JSON_VALUES,
        "user": JSON_VALUES,
    },
)


@given(st.lists(ODD))
def test_whatever_the_rows_are_each_is_one_row(lines):
    read = rows(all=[labels(mood={"good": "1"}), *lines])
    assert [row.line for row in read] == list(range(1, len(lines) + 2))
    potato.outline(bundle(all=lines))
