"""What becomes of doccano's exports: JSONL, JSON and CSV, of one annotator or of many?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import OutlineClass
from labeling.formats.projects import recognize
from labeling.formats.readers import doccano
from labeling.formats.records import BadRow, Record, RecordAnnotation, Span, UnreadableFile
from tests.labeling.formats.strategies import JSON_VALUES

CONFIGURATION = (
    '[{"id": 1, "text": "Praise", "prefix_key": null, "suffix_key": "p", "background_color": "#FF0000",'
    ' "text_color": "#ffffff"}, {"id": 2, "text": "Blame", "prefix_key": "ctrl", "suffix_key": "b",'
    ' "background_color": "red"}, {"text": "", "suffix_key": null, "background_color": "#000000"}]'
)


def rows(**values: Any) -> str:
    """One row of the usual keys, others over them."""
    return json.dumps({"id": 7, "text": "Great price.", "label": [], "Comments": []} | values) + "\n"


def bundle(**files: str) -> FilesInMemory:
    """An archive of .jsonl files by their stems."""
    return FilesInMemory({f"{stem}.jsonl": text.encode() for stem, text in files.items()}, "export.zip")


def records(files: FilesInMemory) -> list[Record]:
    assert recognize(files) == "doccano"
    read = list(doccano.read(files))
    assert all(isinstance(row, Record) for row in read)
    return [row for row in read if isinstance(row, Record)]


def test_a_list_of_names_is_the_classes_of_a_document():
    (record,) = records(bundle(all=rows(label=["positive", "short", "positive"])))
    assert record == Record(1, "Great price.", "7", labels=("positive", "short"))


def test_a_list_of_triples_is_its_spans_in_code_points():
    (record,) = records(bundle(all=rows(text="😀 EU", label=[[2, 4, "ORG"]])))
    assert record.spans == (Span(2, 4, "ORG"),)


def test_the_name_of_a_file_is_its_annotator():
    first, second = records(bundle(ann=rows(label=["good"]), bob=rows(label=["bad"])))
    assert first.annotations == (RecordAnnotation("ann", labels=("good",)),)
    assert second.annotations == (RecordAnnotation("bob", labels=("bad",)),)
    assert (first.external_id, first.text) == (second.external_id, second.text)


@pytest.mark.parametrize("stem", ["all", "unknown"])
def test_a_shared_file_has_no_annotator(stem):
    (record,) = records(bundle(**{stem: rows(label=["good"])}))
    assert (record.labels, record.annotations) == (("good",), ())


def test_a_file_outside_of_an_archive_has_no_annotator():
    files = FilesInMemory({"mails.jsonl": rows(label=["good"]).encode()})
    assert records(files)[0].labels == ("good",)


def test_an_empty_list_is_an_unlabeled_document_since_doccano_writes_it_for_those_too():
    unlabeled, _ = records(bundle(ann=rows() + rows(id=8, text="Bad.", label=["bad"])))
    assert unlabeled.answers == ()


def test_comments_are_the_note_of_the_annotation():
    (record,) = records(bundle(ann=rows(label=["good"], Comments=["Is it?", "Yes."])))
    assert record.annotations[0].provenance == {"note": "Is it?\nYes."}


def test_comments_of_projects_with_relations_are_objects():
    row = rows(entities=[{"id": 1, "label": "X", "start_offset": 0, "end_offset": 5}], relations=[])
    row = row.replace('"Comments": []', '"Comments": [{"id": 6, "comment": "Why?"}]')
    (record,) = records(bundle(ann=row))
    assert record.annotations[0].provenance == {"note": "Why?"}


def test_comments_on_an_unlabeled_document_are_kept_as_metadata():
    (record,) = records(bundle(ann=rows(Comments=["Later."])))
    assert (record.metadata, record.answers) == ({"comments": "Later."}, ())


def test_other_keys_are_metadata_and_nulls_are_not():
    (record,) = records(bundle(all=rows(label=["a"], source="mail", stars=4.0, nested=None)))
    assert record.metadata == {"source": "mail", "stars": 4.0}


def test_entities_are_spans_and_their_relations_a_loss():
    entities = [
        {"id": 4, "label": "ORG", "start_offset": 0, "end_offset": 5},
        {"id": 9, "label": "PER", "start_offset": 6, "end_offset": 11},
    ]
    relations = [{"id": 0, "from_id": 4, "to_id": 9, "type": "founded"}]
    files = bundle(all=rows(entities=entities, relations=relations))
    assert records(files)[0].spans == (Span(0, 5, "ORG"), Span(6, 11, "PER"))
    assert doccano.outline(files).losses == ("Relations between entities are left out.",)


def test_intents_beside_slots_become_metadata():
    files = bundle(all='{"text": "Fly to Rome", "entities": [[7, 11, "City"]], "cats": ["flight"]}')
    (record,) = records(files)
    assert (record.spans, record.metadata) == ((Span(7, 11, "City"),), {"cats": ["flight"]})
    assert doccano.outline(files).losses == (
        "Intents become metadata, because a project has either classes or spans.",
    )


def test_a_span_outside_of_the_text_costs_the_labels_and_not_the_text():
    (record,) = records(bundle(all=rows(label=[[0, 99, "ORG"]])))
    assert (record.text, record.answers) == ("Great price.", ())
    assert "outside the text" in str(record.problems[0])


def test_rows_of_old_versions_have_labels_and_meta():
    row = '{"text": "EU says", "meta": {"page": 3}, "annotation_approver": "eve", "labels": [[0, 2, "ORG"]]}'
    (record,) = records(bundle(all=row))
    assert record.spans == (Span(0, 2, "ORG"),)
    assert record.metadata == {"page": 3, "annotation_approver": "eve"}


def test_numbers_of_classes_are_no_labels_and_the_row_says_what_to_export():
    row = '{"id": 1, "text": "EU", "annotations": [{"label": 2, "user": 1}], "annotation_approver": null}'
    (record,) = records(bundle(all=row))
    assert record.answers == ()
    assert "JSONL" in str(record.problems[0])


def test_a_json_list_is_read_like_its_lines():
    files = FilesInMemory({"ann.json": f"[{rows(label=['a'])},{rows(id=8, label=['b'])}]".encode()}, "x.zip")
    assert [record.annotations[0].labels for record in records(files)] == [("a",), ("b",)]


def test_a_table_joins_labels_with_a_number_sign_which_is_ambiguous():
    table = 'id,text,source,label,Comments\n7,"Great\nprice.",mail,good#short,"Hm, ""ok"""\n8,Bad.,,,\n'
    files = FilesInMemory({"ann.csv": table.encode()}, "export.zip")
    great, bad = records(files)
    assert great.text == "Great\nprice."
    assert great.metadata == {"source": "mail"}
    assert great.annotations == (
        RecordAnnotation("ann", labels=("good", "short"), provenance={"note": 'Hm, "ok"'}),
    )
    assert bad.answers == ()


def test_a_table_of_an_old_version_calls_the_text_data():
    files = FilesInMemory({"all.csv": b"id,data,label\n7,Great price.,good\n"})
    assert records(files)[0].labels == ("good",)


def test_a_table_of_somebody_else_is_not_taken():
    assert not doccano.recognizes(FilesInMemory({"mails.csv": b"id,text,label\n7,Hi,good\n"}))


@pytest.mark.parametrize(
    "row",
    [
        '{"text": "Hi", "label": "good"}',
        '{"text": "Hi", "labels": ["good"]}',
        '{"text": "Hi", "label": [0, 1]}',
        '{"text": "Hi", "label": ["a"], "_task_hash": 1}',
        '["Hi"]',
        "no JSON",
    ],
)
def test_rows_of_other_tools_are_not_taken(row):
    assert not doccano.recognizes(FilesInMemory({"a.jsonl": row.encode()}))


def test_a_label_configuration_has_the_colors_and_keys_of_the_classes():
    files = FilesInMemory({"label_config.json": CONFIGURATION.encode()})
    assert recognize(files) == "doccano"
    assert list(doccano.read(files)) == []
    assert doccano.outline(files).classes == (
        OutlineClass("Praise", color="#ff0000", shortcut="p"),
        OutlineClass("Blame"),  # keys with Ctrl and names of colors have no equal here
    )


def test_a_configuration_beside_the_labels_describes_their_classes():
    files = FilesInMemory(
        {"ann.jsonl": rows(label=["Praise", "new"]).encode(), "label_config.json": CONFIGURATION.encode()},
        "mails.zip",
    )
    outline = doccano.outline(files)
    assert (outline.name, outline.kind, outline.tool) == ("mails", "multi", "doccano")
    assert [item.name for item in outline.classes] == ["Praise", "Blame", "new"]


def test_a_bad_row_is_reported_with_its_line_and_costs_no_other():
    files = bundle(ann=rows(label=["a"]) + "{broken\n" + rows(text=" ") + rows(label=["b"]))
    good, broken, empty, last = doccano.read(files)
    assert (good.line, last.line) == (1, 4)
    assert isinstance(broken, BadRow)
    assert isinstance(empty, BadRow)
    assert (broken.line, empty.line) == (2, 3)


@given(st.dictionaries(st.sampled_from(sorted(doccano.RESERVED_KEYS)), JSON_VALUES))
def test_no_row_raises_anything_whatever_is_in_it(row):
    files = bundle(ann=rows(label=["a"]) + json.dumps({"text": "Hi", "Comments": []} | row) + "\n")
    try:
        read = list(doccano.read(files))
    except UnreadableFile:
        return
    assert len(read) == 2
    doccano.outline(files)
