"""What becomes of Argilla's datasets: folders of to_disk, and records nested or flat?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory, open_bundle
from labeling.formats.outlines import OutlineClass, OutlineGuideline
from labeling.formats.projects import recognize
from labeling.formats.readers import argilla
from labeling.formats.records import (
    BadRow,
    Record,
    RecordAnnotation,
    RecordPrediction,
    Span,
    UnreadableFile,
)
from tests.labeling.formats.strategies import JSON_VALUES

ANN, BOB = "6b1f0c0e-0000-4000-8000-000000000001", "6b1f0c0e-0000-4000-8000-000000000002"


def question(name: str, kind: str, *options: str, **settings: Any) -> dict[str, Any]:
    values = [{"value": option, "text": option.upper()} for option in options]
    return {
        "name": name,
        "settings": {"type": kind, "options": values} | settings,
        "description": "What is it?",
    }


def nested(*responses: tuple[str, Any], text: str = "Zoë likes EU", **values: Any) -> dict[str, Any]:
    """A record with the responses of users to the question topic."""
    return {
        "id": "d1",
        "fields": {"text": text},
        "metadata": {"source": "mail"},
        "suggestions": {},
        "responses": {"topic": [{"value": value, "user_id": user} for user, value in responses]},
        "vectors": {},
        "status": "pending",
        "_server_id": None,
    } | values


def flat(**values: Any) -> dict[str, Any]:
    named = {key.replace("__", "."): value for key, value in values.items()}
    return {"id": "d1", "status": "pending", "_server_id": "1", "text": "Zoë likes EU"} | named


def records_of(*rows: dict[str, Any]) -> FilesInMemory:
    return FilesInMemory({"tickets.json": json.dumps(rows).encode()})


def dataset(settings: dict[str, Any], *rows: dict[str, Any]) -> FilesInMemory:
    """What Dataset.to_disk writes."""
    return FilesInMemory(
        {
            ".argilla/settings.json": json.dumps(settings).encode(),
            ".argilla/dataset.json": b'{"name": "Tickets of May", "guidelines": null}',
            "records.json": json.dumps(rows).encode(),
        },
        "export.zip",
    )


def read(files: FilesInMemory) -> list[Record]:
    assert recognize(files) == "argilla"
    rows = list(argilla.read(files))
    assert all(isinstance(row, Record) for row in rows)
    return [row for row in rows if isinstance(row, Record)]


def test_responses_are_the_annotations_of_users():
    (record,) = read(records_of(nested((ANN, "Bug"), (BOB, "Praise"))))
    assert (record.text, record.external_id, record.metadata) == ("Zoë likes EU", "d1", {"source": "mail"})
    assert record.annotations == (RecordAnnotation(ANN, ("Bug",)), RecordAnnotation(BOB, ("Praise",)))


def test_lists_are_several_classes_and_an_empty_one_is_none_of_them():
    (record,) = read(records_of(nested((ANN, ["Bug", "Late"]), (BOB, []))))
    assert [a.labels for a in record.annotations] == [("Bug", "Late"), ()]
    assert argilla.outline(records_of(nested((ANN, ["Bug"])))).kind == "multi"


def test_objects_are_spans():
    (record,) = read(records_of(nested((ANN, [{"start": 10, "end": 12, "label": "ORG"}]), (BOB, []))))
    assert [a.spans for a in record.annotations] == [(Span(10, 12, "ORG"),), ()]


def test_flat_records_keep_the_status_of_responses():
    row = flat(
        topic__responses=["Bug", "Bug", "Praise"],
        topic__responses__users=[ANN, BOB, "cem"],
        topic__responses__status=["submitted", "discarded", "draft"],
        topic__suggestion=None,
        source="mail",
        stars=None,
    )
    (record,) = read(records_of(row))
    submitted, discarded, draft = record.annotations
    assert submitted == RecordAnnotation(ANN, ("Bug",))
    assert discarded == RecordAnnotation(BOB, provenance={"is_skipped": True})
    assert draft.provenance == {"response_status": "draft", "is_counted": False}
    assert record.metadata == {"source": "mail"}


def test_flat_records_may_be_lines():
    row = flat(topic__responses=["Bug"], topic__responses__users=[ANN])
    files = FilesInMemory({"a.jsonl": f"{json.dumps(row)}\n{json.dumps(row | {'id': 'd2'})}\n".encode()})
    assert [record.external_id for record in read(files)] == ["d1", "d2"]


def test_suggestions_are_predictions_with_their_agent_and_score():
    suggestion = {"topic": {"value": "Bug", "score": 0.73, "agent": "m1"}}
    (record,) = read(records_of(nested((ANN, "Bug"), suggestions=suggestion)))
    assert record.predictions == (RecordPrediction("m1", probabilities={"Bug": 0.73}),)


def test_several_suggested_classes_have_a_score_each_or_none():
    suggestion = {"topic": {"value": ["Bug", "Late"], "score": [0.9, 0.6], "agent": "m1"}}
    (record,) = read(records_of(nested((ANN, ["Bug"]), suggestions=suggestion)))
    assert record.predictions[0].probabilities == {"Bug": 0.9, "Late": 0.6}
    flat_row = flat(topic__responses=[["Bug"]], topic__suggestion=["Bug"], topic__suggestion__agent=None)
    (record,) = read(records_of(flat_row))
    assert record.predictions == (RecordPrediction("Argilla", probabilities={"Bug": 0.9}),)


def test_suggested_spans_are_predicted_spans():
    spans = [{"start": 10, "end": 12, "label": "ORG", "score": 0.4}]
    row = nested((ANN, []), suggestions={"topic": {"value": spans, "score": None, "agent": "ner"}})
    assert read(records_of(row))[0].predictions == (RecordPrediction("ner", spans=(Span(10, 12, "ORG"),)),)


def test_a_score_beyond_1_costs_the_prediction_alone():
    suggestion = {"topic": {"value": "Bug", "score": 73, "agent": "m1"}}
    (record,) = read(records_of(nested((ANN, "Bug"), suggestions=suggestion)))
    assert (record.predictions, len(record.annotations)) == ((), 1)
    assert "from 0 to 1" in str(record.problems[0])


def test_the_settings_name_the_project_with_its_classes_and_guidelines():
    settings = {
        "guidelines": "# Rules\n\nBe kind.",
        "questions": [question("topic", "label_selection", "bug", "praise")],
        "vectors": [{"name": "v"}],
    }
    files = dataset(settings, nested((ANN, "bug")))
    assert recognize(files) == "argilla"
    outline = argilla.outline(files)
    assert (outline.name, outline.kind, outline.description) == ("Tickets of May", "single", "What is it?")
    assert outline.classes == (OutlineClass("bug", "BUG"), OutlineClass("praise", "PRAISE"))
    assert outline.guidelines == (OutlineGuideline("# Rules\n\nBe kind."),)
    assert outline.losses == ("Vectors are left out.",)


def test_one_question_is_the_project_and_the_others_are_losses():
    settings = {
        "questions": [
            question("why", "text"),
            question("topic", "span", field="text"),
            question("stars", "rating"),
        ]
    }
    row = nested((ANN, []), responses={"topic": [], "why": [{"value": "x", "user_id": ANN}]})
    outline = argilla.outline(dataset(settings, row))
    assert outline.kind == "spans"
    assert outline.losses == (
        "The question “why” is left out, because a project has one question.",
        "The question “stars” is left out, because a project has one question.",
    )


def test_the_field_that_spans_are_of_is_the_text_and_other_fields_are_metadata():
    settings = {"questions": [question("topic", "span", "ORG", field="body", allow_overlapping=True)]}
    row = nested((ANN, []), fields={"title": "News", "body": "EU"}, metadata={})
    files = dataset(settings, row)
    (record,) = argilla.read(files)
    assert isinstance(record, Record)
    assert (record.text, record.metadata) == ("EU", {"title": "News"})
    assert argilla.outline(files).allows_overlapping_spans


def test_hidden_settings_are_read_from_a_folder(tmp_path):
    (tmp_path / "set" / ".argilla").mkdir(parents=True)
    settings = {"questions": [question("topic", "label_selection", "bug")]}
    (tmp_path / "set" / ".argilla" / "settings.json").write_text(json.dumps(settings))
    (tmp_path / "set" / "records.json").write_text(json.dumps([nested((ANN, "bug"))]))
    with open_bundle(tmp_path) as bundle:
        assert recognize(bundle) == "argilla"
        assert argilla.outline(bundle).classes == (OutlineClass("bug", "BUG"),)


def test_a_span_outside_of_the_text_costs_one_annotation():
    bad = [{"start": 10, "end": 99, "label": "ORG"}]
    (record,) = read(records_of(nested((ANN, bad), (BOB, [{"start": 0, "end": 3, "label": "PER"}]))))
    assert [a.annotator for a in record.annotations] == [BOB]
    assert "outside the text" in str(record.problems[0])


def test_a_record_without_a_text_is_a_bad_row_with_its_place():
    rows = list(argilla.read(records_of(nested((ANN, "Bug")), nested((ANN, "Bug"), fields={"image": None}))))
    assert isinstance(rows[1], BadRow)
    assert rows[1].line == 2


@pytest.mark.parametrize("row", [{"text": "Hi"}, {"fields": {"text": "Hi"}}, {"responses": []}])
def test_rows_of_other_tools_are_not_taken(row):
    assert not argilla.recognizes(records_of(row))


KEYS = (
    "id",
    "fields",
    "metadata",
    "responses",
    "suggestions",
    "vectors",
    "topic.responses",
    "topic.suggestion",
)


@given(
    st.dictionaries(st.sampled_from(KEYS), JSON_VALUES),
    st.dictionaries(st.sampled_from(("questions", "guidelines", "vectors")), JSON_VALUES),
)
def test_no_record_and_no_settings_raise_anything_whatever_is_in_them(row, settings):
    files = dataset(settings, nested((ANN, "Bug")), nested((ANN, ["x"])) | row)
    try:
        assert len(list(argilla.read(files))) == 2
        argilla.outline(files)
    except UnreadableFile:
        return
