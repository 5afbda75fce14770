"""What becomes of Prodigy's answers: choices, binary questions and spans, of one annotator or of many?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import OutlineClass
from labeling.formats.projects import recognize
from labeling.formats.readers import prodigy
from labeling.formats.records import (
    BadRow,
    Record,
    RecordAnnotation,
    RecordPrediction,
    Span,
    UnreadableFile,
)
from tests.labeling.formats.strategies import JSON_VALUES

OPTIONS = [{"id": "BUG", "text": "A bug"}, {"id": "BILLING", "text": "Billing"}]
EU = {"start": 3, "end": 5, "token_start": 1, "token_end": 1, "label": "ORG"}


def task(text: str = "The app is slow", **values: Any) -> dict[str, Any]:
    return {"text": text, "_input_hash": len(text), "_task_hash": 1, "answer": "accept"} | values


def choice(*accepted: str, **values: Any) -> dict[str, Any]:
    return task(options=OPTIONS, accept=list(accepted), _view_id="choice", **values)


def question(label: str, answer: str, **values: Any) -> dict[str, Any]:
    """A binary question; each has a task of its own."""
    return task(label=label, answer=answer, _task_hash=label, _view_id="classification", spans=[], **values)


def files(*rows: dict[str, Any]) -> FilesInMemory:
    return FilesInMemory({"tickets.jsonl": "\n".join(map(json.dumps, rows)).encode()})


def records(*rows: dict[str, Any]) -> list[Record]:
    bundle = files(*rows)
    assert recognize(bundle) == "prodigy"
    read = list(prodigy.read(bundle))
    assert all(isinstance(row, Record) for row in read)
    return [row for row in read if isinstance(row, Record)]


def answer(*rows: dict[str, Any]) -> RecordAnnotation:
    ((annotation,),) = (record.annotations for record in records(*rows))
    return annotation


def test_accepted_choices_are_the_classes():
    assert answer(choice("BUG", "BILLING")) == RecordAnnotation(None, labels=("BUG", "BILLING"))


def test_no_accepted_choice_is_no_class():
    assert answer(choice()).labels == ()


def test_choices_are_classes_with_their_titles_and_the_style_is_the_kind():
    rows = [choice("BUG", config={"choice_style": "multiple"})]
    outline = prodigy.outline(files(*rows))
    assert (outline.kind, outline.tool, outline.name) == ("multi", "Prodigy", "tickets")
    assert outline.classes == (OutlineClass("BUG", "A bug"), OutlineClass("BILLING"))
    single = prodigy.outline(files(choice("BUG", config={"choice_style": "single"})))
    assert single.kind == "single"


def test_an_ignored_task_is_a_skipped_document():
    assert answer(choice(answer="ignore")).provenance == {"is_skipped": True}


def test_a_rejected_task_with_choices_is_skipped_and_says_so():
    assert answer(choice("BUG", answer="reject")) == RecordAnnotation(
        None, provenance={"is_skipped": True, "answer": "reject"}
    )


def test_with_one_class_in_the_file_a_rejection_is_a_document_without_it():
    accepted, rejected = records(
        question("INSULT", "accept"), question("INSULT", "reject", text="Thanks", _input_hash=9)
    )
    assert accepted.annotations[0].labels == ("INSULT",)
    assert rejected.annotations[0].labels == ()
    assert (accepted.problems, rejected.problems) == ((), ())
    assert prodigy.outline(files(question("INSULT", "accept"))).kind == "multi"


def test_with_several_classes_all_decided_the_accepted_ones_are_the_answer():
    (record,) = records(question("BUG", "accept"), question("RUDE", "reject"), question("LATE", "accept"))
    assert record.annotations[0].labels == ("BUG", "LATE")
    assert "rejected" not in record.metadata


def test_with_some_classes_open_accepted_ones_are_labels_and_rejected_ones_metadata():
    some, other = records(
        question("BUG", "accept"),
        question("RUDE", "reject"),
        question("LATE", "accept", text="Where is it?", _input_hash=2),
    )
    assert some.annotations[0].labels == ("BUG",)
    assert some.metadata == {"rejected": ["RUDE"]}
    assert "Not every class was decided" in str(some.problems[0])
    assert other.annotations[0].labels == ("LATE",)


def test_rejections_alone_with_other_classes_open_are_no_answer_but_are_not_dropped():
    record, _ = records(
        question("BUG", "reject", _annotator_id="ann"),
        question("RUDE", "accept", text="Oh no", _input_hash=2),
    )
    assert record.annotations == ()
    assert record.metadata == {"rejected": {"ann": ["BUG"]}}
    assert len(record.problems) == 1


def test_spans_are_taken_by_characters_though_tokens_end_inclusively():
    annotation = answer(task("To EU now", spans=[EU], tokens=[], _view_id="ner_manual"))
    assert annotation.spans == (Span(3, 5, "ORG"),)


def test_a_text_without_spans_that_was_accepted_has_none():
    assert answer(task(tokens=[], _view_id="ner_manual")).spans == ()


def test_relations_are_a_loss():
    row = task("To EU now", spans=[EU], relations=[{"head": 0, "child": 1, "label": "in"}])
    assert prodigy.outline(files(row)).losses == ("Relations between spans are left out.",)
    assert answer(row).spans == (Span(3, 5, "ORG"),)


def test_each_annotator_has_an_annotation_wherever_its_line_is():
    first, second = records(
        choice("BUG", _annotator_id="ann"),
        choice("BILLING", text="Twice", _input_hash=2, _annotator_id="ann"),
        choice("BILLING", _annotator_id="bob", _session_id="x-bob"),
        choice("BUG", text="Twice", _input_hash=2, _session_id="x-cem"),
    )
    assert [(a.annotator, a.labels) for a in first.annotations] == [("ann", ("BUG",)), ("bob", ("BILLING",))]
    assert [(a.annotator, a.labels) for a in second.annotations] == [
        ("ann", ("BILLING",)),
        ("x-cem", ("BUG",)),
    ]


def test_the_newest_line_of_a_task_and_annotator_wins():
    (record,) = records(
        choice("BUG", _annotator_id="ann"),
        choice("BUG", _annotator_id="bob"),
        choice("BILLING", _annotator_id="ann"),
    )
    assert {a.annotator: a.labels for a in record.annotations} == {"ann": ("BILLING",), "bob": ("BUG",)}
    assert record.problems == ()


def test_of_several_tasks_of_one_annotator_the_newest_is_taken_with_a_warning():
    (record,) = records(choice("BUG", _task_hash=1), choice("BILLING", _task_hash=2))
    assert record.annotations[0].labels == ("BILLING",)
    assert "several tasks" in str(record.problems[0])


def test_flags_and_times_are_the_circumstances_of_the_annotation():
    assert answer(choice("BUG", flagged=True, _timestamp=1_700_000_000)).provenance == {
        "created_at": "2023-11-14T22:13:20+00:00",
        "flagged": True,
    }


def test_a_score_beside_choices_is_a_prediction():
    (record,) = records(choice("BUG", label="BILLING", score=0.73))
    assert record.predictions == (RecordPrediction("Prodigy", probabilities={"BILLING": 0.73}),)


def test_the_score_of_a_binary_question_selected_it_and_predicts_nothing():
    (record,) = records(question("BUG", "accept", score=0.51))
    assert record.predictions == ()
    assert record.annotations[0].provenance == {"score": 0.51}


def test_meta_and_keys_of_its_own_are_metadata():
    (record,) = records(choice("BUG", meta={"source": "mail"}, id="m-7", channel="chat", priority=0.5))
    assert (record.external_id, record.metadata) == ("m-7", {"source": "mail", "channel": "chat"})


def test_files_of_an_archive_are_the_data_sets_of_annotators():
    archive = FilesInMemory(
        {f"{name}.jsonl": json.dumps(choice("BUG")).encode() for name in ("ann", "bob")}, "all.zip"
    )
    (record,) = prodigy.read(archive)
    assert isinstance(record, Record)
    assert [a.annotator for a in record.annotations] == ["ann", "bob"]


def test_patterns_are_recognized_and_say_what_to_do():
    patterns = FilesInMemory({"p.jsonl": b'{"label": "DRUG", "pattern": [{"lower": "opiates"}]}\n'})
    assert recognize(patterns) == "prodigy"
    with pytest.raises(UnreadableFile, match="seed words"):
        list(prodigy.read(patterns))
    with pytest.raises(UnreadableFile, match="seed words"):
        prodigy.outline(patterns)


def test_a_row_without_an_answer_keeps_its_text():
    (record,) = records({"text": "Hi", "_task_hash": 1, "spans": []})
    assert record.answers == ()
    assert "no answer" in str(record.problems[0])


def test_a_span_outside_of_the_text_costs_the_labels_and_not_the_text():
    (record,) = records(task("EU", spans=[EU]))
    assert (record.text, record.answers) == ("EU", ())
    assert "outside the text" in str(record.problems[0])


def test_a_bad_row_costs_no_other_and_a_file_that_breaks_off_keeps_what_was_before():
    content = json.dumps(choice("BUG")) + "\n{broken\n" + json.dumps(task(text=" "))
    rows = list(prodigy.read(FilesInMemory({"a.jsonl": content.encode()})))
    assert [row.line for row in rows if isinstance(row, BadRow)] == [2, 3]
    assert sum(isinstance(row, Record) for row in rows) == 1
    reader = prodigy.read(FilesInMemory({"a.json": f"[{json.dumps(choice('BUG'))},{{".encode()}))
    assert isinstance(next(reader), Record)
    with pytest.raises(UnreadableFile):
        next(reader)


KEYS = (
    "text",
    "options",
    "accept",
    "answer",
    "label",
    "spans",
    "meta",
    "config",
    "score",
    "_timestamp",
    "id",
)


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), JSON_VALUES, min_size=1), max_size=3))
def test_no_row_raises_anything_whatever_is_in_it(rows):
    bundle = files(*(choice("BUG") | row for row in rows), question("BUG", "accept"))
    assert len(list(prodigy.read(bundle))) >= 1
    prodigy.outline(bundle)
