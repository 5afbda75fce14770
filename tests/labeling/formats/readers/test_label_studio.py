"""Are exports of Label Studio read with everybody's annotations, whatever their configuration was?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import OutlineClass
from labeling.formats.projects import recognize
from labeling.formats.readers import label_studio
from labeling.formats.records import (
    BadRow,
    Record,
    RecordAnnotation,
    RecordPrediction,
    Span,
    UnreadableFile,
)  # fmt: skip
from tests.labeling.formats.strategies import JSON_VALUES


def bundle(value: Any, **others: str) -> FilesInMemory:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    extra = {name.replace("_", "."): content.encode() for name, content in others.items()}
    return FilesInMemory({"export.json": raw, **extra}, "support.json")


def rows(*tasks: Any, **others: str) -> list[Any]:
    files = bundle(list(tasks), **others)
    assert recognize(files) == "label_studio"
    return list(label_studio.read(files))


def task(*annotations: dict[str, Any], text: str = "Ann Lee of Acme", **more: Any) -> dict[str, Any]:
    return {"id": 5, "annotations": list(annotations), "data": {"text": text}} | more


def annotation(*results: dict[str, Any], by: Any = 1, **more: Any) -> dict[str, Any]:
    return {"completed_by": by, "result": list(results), "was_cancelled": False, "ground_truth": False} | more


def choices(*names: str, control: str = "topic", **value: Any) -> dict[str, Any]:
    content = {"choices": list(names)} | value
    return {"from_name": control, "to_name": "text", "type": "choices", "value": content}


def region(start: float, end: int, *labels: str, **value: Any) -> dict[str, Any]:
    content = {"start": start, "end": end, "labels": list(labels)} | value
    return {"from_name": "ner", "to_name": "text", "type": "labels", "value": content}


def outline_of(*tasks: Any, **others: str) -> Any:
    return label_studio.outline(bundle(list(tasks), **others))


def test_each_annotator_is_kept_apart_with_time_and_seconds():
    made = {"created_at": "2026-05-01T10:00:00Z", "lead_time": 3.25}
    (row,) = rows(task(annotation(choices("Bug"), by=1, **made), annotation(choices("Praise"), by=2)))
    provenance = {"created_at": "2026-05-01T10:00:00Z", "seconds": 3.25}
    first = RecordAnnotation("1", ("Bug",), provenance=provenance)
    second = RecordAnnotation("2", ("Praise",))
    assert row == Record(1, "Ann Lee of Acme", "5", annotations=(first, second))


@pytest.mark.parametrize(
    ("by", "name"),
    [
        (7, "7"),
        ("ann", "ann"),
        ({"id": 7, "email": "a@b.c"}, "a@b.c"),
        ({"id": 7}, "7"),
        (None, None),
        ([], None),
    ],
)
def test_annotators_are_numbers_addresses_or_objects(by: Any, name: str | None):
    (row,) = rows(task(annotation(choices("Bug"), by=by)))
    assert row.annotations[0].annotator == name


def test_a_cancelled_annotation_is_a_skipped_document_and_no_empty_label():
    (row,) = rows(task(annotation(was_cancelled=True), annotation(by=2), annotation(choices("Bug"), by=3)))
    skipped, none, bug = row.annotations
    assert skipped == RecordAnnotation("1", provenance={"is_skipped": True})
    assert (none.labels, bug.labels) == ((), ("Bug",))


def test_ground_truth_is_gold():
    (row,) = rows(task(annotation(choices("Bug"), ground_truth=True)))
    assert row.annotations[0].provenance == {"resolution": "gold"}


def test_several_choices_anywhere_make_it_multi_label():
    assert outline_of(task(annotation(choices("Bug")))).kind == "single"
    outline = outline_of(task(annotation(choices("Bug"))), task(annotation(choices("Bug", "UX"))))
    assert (outline.kind, [c.name for c in outline.classes]) == ("multi", ["Bug", "UX"])


def test_a_region_gives_a_span_for_each_of_its_labels():
    (row,) = rows(task(annotation(region(0, 7, "PER", "VIP"), region(11, 15, "ORG"))))
    assert row.annotations[0].spans == (Span(0, 7, "PER"), Span(0, 7, "VIP"), Span(11, 15, "ORG"))
    assert outline_of(task(annotation(region(0, 7, "PER", "VIP")))).allows_overlapping_spans
    assert not outline_of(
        task(annotation(region(0, 7, "PER"), region(11, 15, "ORG")))
    ).allows_overlapping_spans


def test_offsets_are_code_points_unless_only_utf16_gives_the_words():
    modern, older, unclear = rows(
        task(annotation(region(2, 5, "PER", text="Ann")), text="😀 Ann"),
        task(annotation(region(3, 6, "PER", text="Ann")), text="😀 Ann"),
        task(annotation(region(2, 5, "PER")), text="😀 Ann"),
    )
    assert [row.annotations[0].spans for row in (modern, older, unclear)] == [(Span(2, 5, "PER"),)] * 3


def test_regions_of_html_have_their_offsets_beside_the_paths():
    value = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "hypertextlabels": ["PER"],
             "globalOffsets": {"start": 0, "end": 7}}  # fmt: skip
    result = {"from_name": "ner", "to_name": "text", "type": "hypertextlabels", "value": value}
    (row,) = rows(task(annotation(result)))
    assert row.annotations[0].spans == (Span(0, 7, "PER"),)


@pytest.mark.parametrize(
    "bad",
    [
        region(0, 99, "PER"),
        region(-1, 3, "PER"),
        region(3, 3, "PER"),
        region(1.5, 3, "PER"),
        region(0, 3, ""),
    ],
)
def test_a_bad_region_costs_its_annotation_and_keeps_text_and_others(bad: dict[str, Any]):
    (row,) = rows(task(annotation(bad), annotation(region(0, 7, "PER"), by=2)))
    assert [a.annotator for a in row.annotations] == ["2"]
    assert "without its label" in str(row.problems[0])


def test_the_control_with_the_most_annotations_gives_the_labels_and_others_are_kept_beside_it():
    comment = {"from_name": "why", "to_name": "text", "type": "textarea", "value": {"text": ["unclear"]}}
    first = task(annotation(choices("Bug"), region(0, 7, "PER"), comment))
    second = task(annotation(choices("UX")), text="It is slow.")
    row = rows(first, second)[0]
    assert row.annotations[0].labels == ("Bug",)
    kept = {"ner": [{"start": 0, "end": 7, "labels": ["PER"]}], "why": [{"text": ["unclear"]}]}
    assert row.annotations[0].provenance == {"controls": kept}
    assert outline_of(first, second).losses == (
        "Only “topic” becomes labels. Other controls are kept as remarks on each annotation: “ner”, “why”.",
    )


def test_choices_of_a_region_are_no_choices_of_the_document():
    (row,) = rows(task(annotation(region(0, 7, "PER"), choices("Customer", control="role", start=0, end=7))))
    assert row.annotations[0].spans == (Span(0, 7, "PER"),)
    assert row.annotations[0].provenance == {"controls": {"role": ["Customer"]}}


def test_relations_and_drafts_are_losses():
    relation = {
        "type": "relation",
        "from_id": "a",
        "to_id": "b",
        "direction": "right",
        "labels": ["works_for"],
    }
    outline = outline_of(task(annotation(choices("Bug"), relation), drafts=[{"result": []}]))
    assert outline.losses == (
        "Relations between spans are left out.",
        "Drafts are left out: they were never submitted.",
    )


def test_predictions_have_their_model_and_score():
    listed = [
        {"model_version": "m1", "score": 0.73, "result": [choices("Bug")]},
        {"model_version": "m2", "result": [choices("Bug") | {"score": 0.6}, choices("UX") | {"score": 0.4}]},
        {"result": [choices("Bug")]},
        {"model_version": "m3", "score": 12, "result": [choices("Bug")]},
    ]
    (row,) = rows(task(predictions=listed))
    assert row.predictions == (
        RecordPrediction("m1", probabilities={"Bug": 0.73}),
        RecordPrediction("m2", probabilities={"Bug": 0.6, "UX": 0.4}),
        RecordPrediction("Label Studio", probabilities={"Bug": 0.9}),
    )
    assert "must be a number from 0 to 1" in str(row.problems[0])


def test_a_prediction_listed_by_number_is_taken_from_the_annotation_that_saw_it():
    shown = {"id": 8, "model_version": "m1", "score": 0.5, "result": [choices("Bug")]}
    seen = task(annotation(choices("Bug"), prediction=shown), predictions=[8])
    assert rows(seen)[0].predictions == (RecordPrediction("m1", probabilities={"Bug": 0.5}),)
    assert outline_of(seen).losses == ()
    unseen = task(annotation(choices("Bug"), prediction={}), predictions=[9])
    assert rows(unseen)[0].predictions == ()
    assert "only the number" in outline_of(unseen).losses[0]


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"title": "A long title of a mail", "text": "Hi"}, "text"),
        ({"body": "Hi", "stars": 4}, "body"),
        ({"title": "Hi", "body": "A longer body of it"}, "body"),
    ],
)
def test_the_text_is_called_text_or_is_the_only_or_the_longest_string(data: dict[str, Any], key: str):
    (row,) = rows({"data": data})
    assert row.text == data[key]
    assert row.metadata == {other: value for other, value in data.items() if other != key}


@pytest.mark.parametrize("key", ["ext_id", "external_id", "id"])
def test_the_id_of_the_data_comes_before_the_number_of_the_task(key: str):
    (row,) = rows({"id": 9, "data": {"text": "Hi", key: "x-1", "split": "test"}, "meta": {"source": "web"}})
    assert row == Record(1, "Hi", "x-1", {"meta": {"source": "web"}}, split="test")


def test_the_configuration_beside_the_tasks_describes_text_kind_and_classes():
    config = """<View><Text name="t" value="$body"/><Choices name="topic" toName="t" choice="multiple">
        <Choice value="Unused" hotkey="u"/><Choice value="Bug" background="#FF0000"/></Choices></View>"""
    data = {"text": "short", "body": "It crashes."}
    tasks = [{"data": data, "annotations": [annotation(choices("Bug"))]}]
    assert rows(*tasks, config_xml=config)[0].text == "It crashes."
    outline = outline_of(*tasks, config_xml=config)
    assert outline.kind == "multi"
    assert outline.classes == (OutlineClass("Unused", shortcut="u"), OutlineClass("Bug", color="#ff0000"))


@pytest.mark.parametrize(
    "config", ["", "<View>", "not xml", '<!DOCTYPE a [<!ENTITY b "c">]><View>&b;</View>']
)
def test_a_configuration_that_is_none_changes_nothing(config: str):
    assert outline_of(task(annotation(choices("Bug"))), config_xml=config).kind == "single"


def test_exports_before_2021_call_annotations_completions():
    (row,) = rows({"id": 1, "completions": [annotation(choices("Bug"))], "data": {"text": "Hi"}})
    assert row.annotations[0].labels == ("Bug",)


def test_a_bad_task_costs_one_row():
    read = rows(task(), 7, {"data": "x"}, {"data": {"text": " "}}, task())
    assert [(type(row), row.line) for row in read] == [
        (Record, 1), (BadRow, 2), (BadRow, 3), (BadRow, 4), (Record, 5),
    ]  # fmt: skip


def test_a_list_that_breaks_off_is_unreadable():
    with pytest.raises(UnreadableFile, match="Export it again"):
        list(label_studio.read(bundle(json.dumps([task(), task()]).encode()[:-20])))


def min_row(number: int, by: int | None, **controls: Any) -> dict[str, Any]:
    return {"text": f"Text {number}", "source": "web", "id": number, **controls, "annotator": by,
            "annotation_id": by and by * 10, "created_at": "2026-05-01T10:00:00Z", "updated_at": None,
            "lead_time": 2}  # fmt: skip


def test_json_min_has_a_row_for_each_annotation_and_gives_one_document_for_each_task():
    read = rows(
        min_row(1, 1, topic="Bug"),
        min_row(1, 2, topic={"choices": ["Bug", "UX"]}),
        min_row(2, None),
        min_row(3, 2),
    )
    assert [(row.line, row.external_id, row.metadata) for row in read] == [
        (1, "1", {"source": "web"}), (3, "2", {"source": "web"}), (4, "3", {"source": "web"}),
    ]  # fmt: skip
    assert [[(a.annotator, a.labels) for a in row.annotations] for row in read] == [
        [("1", ("Bug",)), ("2", ("Bug", "UX"))], [], [("2", ())],
    ]  # fmt: skip


def test_json_min_with_regions_and_other_controls():
    ner = [{"start": 0, "end": 4, "text": "Text", "labels": ["NOUN"]}]
    first, second = rows(min_row(1, 1, ner=ner, stars=4), min_row(2, 1, ner=[]))
    assert first.annotations[0].spans == (Span(0, 4, "NOUN"),)
    assert first.annotations[0].provenance["controls"] == {"stars": [4]}
    assert second.annotations[0].spans == ()


def test_json_min_says_what_it_lacks():
    assert "JSON_MIN lacks skipped annotations" in outline_of(min_row(1, 1, topic="Bug")).losses[0]


DATA: st.SearchStrategy[Any] = st.just({"text": "Ann 😀 Lee"}) | JSON_VALUES
RESULTS: st.SearchStrategy[Any] = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "from_name": st.sampled_from(["a", "b"]) | JSON_VALUES,
            "type": st.sampled_from(["choices", "labels", "relation"]) | JSON_VALUES,
            "value": JSON_VALUES
            | st.dictionaries(st.sampled_from(["start", "end", "labels", "choices", "text"]), JSON_VALUES),
        },
    ),
    max_size=3,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"data": DATA},
            optional={
                "id": JSON_VALUES,
                "predictions": JSON_VALUES | st.lists(st.fixed_dictionaries({"result": RESULTS})),
                "annotations": st.lists(
                    st.fixed_dictionaries({"result": RESULTS, "completed_by": JSON_VALUES})
                ),
                "meta": JSON_VALUES,
            },
        )
    )
)
def test_whatever_the_tasks_are_each_is_one_row(tasks):
    files = bundle([task(), *tasks])
    assert [row.line for row in label_studio.read(files)] == list(range(1, len(tasks) + 2))
    label_studio.outline(files)
