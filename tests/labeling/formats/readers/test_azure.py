"""Are projects of Azure Language read with all that their files say?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.projects import recognize
from labeling.formats.readers import azure
from labeling.formats.records import BadRow, Record, Span, UnreadableFile
from tests.labeling.formats.strategies import JSON_VALUES

TEXTS = {"1.txt": b"The invoice is wrong.", "2.txt": b"It crashes.", "3.txt": b"Hello."}


def project(kind: str, documents: list[Any], **changes: Any) -> dict[str, Any]:
    categories = [{"category": "Billing"}, {"category": "Bug"}, {"category": "Praise"}]
    key = "entities" if "entity" in kind.lower() else "classes"
    return {
        "projectFileVersion": "2022-05-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {
            "projectKind": kind,
            "storageInputContainerName": "mails",
            "projectName": "Support",
            "multilingual": False,
            "description": "Mails of customers",
            "language": "en-us",
            "settings": {},
        },
        "assets": {"projectKind": kind, key: categories, "documents": documents},
    } | changes


def bundle(value: Any, texts: dict[str, bytes] | None = None, name: str = "labels.json") -> FilesInMemory:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return FilesInMemory({**(TEXTS if texts is None else texts), name: raw}, "support.zip")


def rows(value: Any, texts: dict[str, bytes] | None = None, name: str = "labels.json") -> list[Any]:
    files = bundle(value, texts, name)
    assert recognize(files) == "azure"
    return list(azure.read(files))


def entities(text: str, *regions: dict[str, Any]) -> Any:
    value = project("CustomEntityRecognition", [{"location": "1.txt", "entities": list(regions)}])
    (row,) = rows(value, {"1.txt": text.encode()})
    return row


def label(offset: int, length: int, category: str = "Bug") -> dict[str, Any]:
    return {"category": category, "offset": offset, "length": length}


def test_a_single_label_project_has_one_class_a_document_or_none():
    documents = [
        {"location": "1.txt", "language": "en-us", "dataset": "Train", "class": {"category": "Billing"}},
        {"location": "2.txt", "dataset": "Test", "class": {"category": "Bug"}},
        {"location": "3.txt"},
    ]
    assert rows(project("CustomSingleLabelClassification", documents)) == [
        Record(1, "The invoice is wrong.", "1.txt", {"language": "en-us"}, ("Billing",), split="pool"),
        Record(2, "It crashes.", "2.txt", labels=("Bug",), split="test"),
        Record(3, "Hello.", "3.txt"),
    ]


def test_a_multi_label_project_says_that_no_class_applies_by_an_empty_list():
    documents = [
        {"location": "1.txt", "classes": [{"category": "Bug"}, {"category": "Billing"}]},
        {"location": "2.txt", "classes": []},
        {"location": "3.txt"},
    ]
    read = rows(project("customMultiLabelClassification", documents))
    assert [row.labels for row in read] == [("Bug", "Billing"), (), None]


@pytest.mark.parametrize("kind", ["customSingleLabelClassification", "CUSTOMSINGLELABELCLASSIFICATION"])
def test_the_kind_is_compared_without_case(kind: str):
    assert azure.outline(bundle(project(kind, []))).kind == "single"


def test_the_outline_has_the_classes_in_their_order_and_what_is_left_out():
    value = project("CustomEntityRecognition", [], extra=1)
    value["metadata"]["settings"] = {"confidenceThreshold": 0.5}
    value["assets"]["entities"][1]["prebuilts"] = [{"category": "Quantity"}]
    outline = azure.outline(bundle(value))
    assert (outline.name, outline.description, outline.kind) == ("Support", "Mails of customers", "spans")
    assert [label_class.name for label_class in outline.classes] == ["Billing", "Bug", "Praise"]
    assert outline.losses == (
        "The setting “prebuilts” of “Bug” is left out.",
        "The setting “extra” is left out.",
        "The setting “confidenceThreshold” is left out.",
    )


def test_offsets_are_utf16_code_units():
    row = entities("😀 Ann", {"regionOffset": 0, "regionLength": 6, "labels": [label(3, 3)]})
    assert row.spans == (Span(2, 5, "Bug"),)
    assert row.problems == ()


def test_offsets_in_code_points_are_taken_as_such():
    documents = [{"location": "1.txt", "entities": [{"regionOffset": 0, "labels": [label(2, 3)]}]}]
    value = project("CustomEntityRecognition", documents, stringIndexType="UnicodeCodePoint")
    (row,) = rows(value, {"1.txt": "😀 Ann".encode()})
    assert row.spans == (Span(2, 5, "Bug"),)
    value["stringIndexType"] = "TextElements_v8"
    with pytest.raises(UnreadableFile, match="Utf16CodeUnit"):
        azure.outline(bundle(value))


def test_line_ends_count_as_they_are_in_the_file():
    row = entities("one\r\ntwo\rAnn", {"regionOffset": 0, "regionLength": 12, "labels": [label(9, 3)]})
    assert row.text[slice(row.spans[0].start, row.spans[0].end)] == "Ann"


def test_an_offset_inside_of_a_character_costs_the_labels_and_keeps_the_text():
    row = entities("😀 Ann", {"regionOffset": 0, "regionLength": 6, "labels": [label(1, 3)]})
    assert (row.text, row.spans) == ("😀 Ann", None)
    assert "inside a character" in str(row.problems[0])


def test_offsets_count_from_the_start_of_the_text_and_a_partial_region_is_remarked():
    row = entities("Hello. It is Ann.", {"regionOffset": 7, "regionLength": 9, "labels": [label(13, 3)]})
    assert row.spans == (Span(13, 16, "Bug"),)
    assert "Only parts of the text were labeled." in str(row.problems[0])


def test_offsets_that_only_fit_from_the_start_of_the_region_are_counted_from_there():
    row = entities("Hello. It is Ann.", {"regionOffset": 7, "regionLength": 10, "labels": [label(6, 3)]})
    assert row.spans == (Span(13, 16, "Bug"),)


def test_a_region_without_entities_is_labeled_and_no_region_is_not():
    region = {"regionOffset": 0, "regionLength": 5, "labels": []}
    assert entities("Hello", region).spans == ()
    assert entities("Hello").spans is None


def test_overlapping_entities_are_announced():
    regions = [{"regionOffset": 0, "regionLength": 21, "labels": [label(0, 9), label(4, 7, "Praise")]}]
    value = project("CustomEntityRecognition", [{"location": "1.txt", "entities": regions}])
    assert azure.outline(bundle(value)).allows_overlapping_spans
    regions[0]["labels"] = [label(0, 4), label(4, 7, "Praise")]
    assert not azure.outline(bundle(value)).allows_overlapping_spans


def test_the_preview_names_of_2021_are_read():
    value = project("", [])
    value["metadata"] = {"name": "Loans", "modelType": "Extraction", "settings": {}}
    region = {"regionOffset": 0, "regionLength": 21, "labels": [
        {"extractorName": "Amount", "offset": 4, "length": 7}]}  # fmt: skip
    value["assets"] = {"extractors": [{"name": "Amount"}],
                       "documents": [{"location": "1.txt", "extractors": [region]}]}  # fmt: skip
    assert rows(value)[0].spans == (Span(4, 11, "Amount"),)
    assert azure.outline(bundle(value)).classes[0].name == "Amount"


def test_labels_without_texts_ask_for_the_zip():
    alone = bundle(project("CustomSingleLabelClassification", []), {})
    for read in (azure.outline, lambda files: list(azure.read(files))):
        with pytest.raises(UnreadableFile, match="Upload a zip with this file and the text files"):
            read(alone)


@pytest.mark.parametrize("folder", ["", "export/", "a/b/"])
def test_texts_are_looked_up_beside_the_labels(folder: str):
    texts = {folder + "mails/Überblick.txt": b"Hello."}
    documents = [{"location": "mails/Überblick.txt", "class": {"category": "Bug"}}]
    (row,) = rows(project("CustomSingleLabelClassification", documents), texts, folder + "labels.json")
    assert (row.text, row.external_id) == ("Hello.", "mails/Überblick.txt")


def test_a_text_in_another_folder_is_taken_if_its_name_is_unique():
    documents = [{"location": "1.txt"}, {"location": "2.txt"}]
    texts = {"x/1.txt": b"one", "x/2.txt": b"two", "y/2.txt": b"another two"}
    one, two = rows(project("CustomSingleLabelClassification", documents), texts, "z/labels.json")
    assert one.text == "one"
    assert two.reason == "The archive does not have the file “2.txt”. Add it."


def test_a_location_outside_of_the_archive_is_only_a_missing_file():
    (row,) = rows(project("CustomSingleLabelClassification", [{"location": "../../etc/passwd"}]))
    assert isinstance(row, BadRow)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (7, "must be an object"),
        ({}, "no \"location\""),
        ({"location": "empty.txt"}, "The text is empty"),
        ({"location": "nul.txt"}, "NUL"),
        ({"location": "latin.txt"}, "Byte 4 is not UTF-8"),
    ],
)  # fmt: skip
def test_a_bad_document_costs_one_row(document: Any, words: str):
    texts = TEXTS | {"empty.txt": b"", "nul.txt": b"a\0b", "latin.txt": b"caf\xe9"}
    bad, good = rows(project("CustomSingleLabelClassification", [document, {"location": "1.txt"}]), texts)
    assert words in bad.reason
    assert (good.line, good.text) == (2, "The invoice is wrong.")


def test_a_wrong_label_or_split_is_left_out_with_a_remark():
    documents = [{"location": "1.txt", "class": {"category": ["x"]}, "dataset": "Holdout"}]
    (row,) = rows(project("CustomSingleLabelClassification", documents))
    assert (row.labels, row.split) == (None, None)
    assert [str(problem).partition(":")[0] for problem in row.problems] == [
        "The document was imported without its label",
        "The document was imported without its split",
    ]


def test_kinds_without_labels_are_refused():
    with pytest.raises(UnreadableFile, match="“CustomConversation” cannot be imported"):
        azure.outline(bundle(project("CustomConversation", [])))


def test_a_file_with_two_kinds_is_refused():
    raw = json.dumps(project("CustomSingleLabelClassification", [])).encode()
    with pytest.raises(UnreadableFile, match="listed twice"):
        azure.outline(bundle(raw.replace(b'"assets": {', b'"assets": {"projectKind": "x", ')))


@pytest.mark.parametrize("damage", ["[" * 100_000, '{"assets": {"projectKind": "CustomX"', '{"a": NaN}'])
def test_damage_is_said_in_words(damage: str):
    head = '{"metadata": {"projectKind": "CustomEntityRecognition"}, "assets": {"documents": [], "x": '
    with pytest.raises(UnreadableFile):
        azure.outline(bundle((head + damage + "}}").encode()))


@given(st.lists(st.dictionaries(
    st.sampled_from(["location", "class", "classes", "entities", "dataset", "language"]),
    JSON_VALUES | st.just("1.txt") | st.lists(st.dictionaries(
        st.sampled_from(["category", "regionOffset", "regionLength", "labels"]), JSON_VALUES)),
)), st.sampled_from(["CustomSingleLabelClassification", "CustomEntityRecognition"]))  # fmt: skip
def test_whatever_the_documents_are_each_is_one_row(documents, kind):
    read = rows(project(kind, documents))
    assert [row.line for row in read] == list(range(1, len(documents) + 1))
    azure.outline(bundle(project(kind, documents)))
