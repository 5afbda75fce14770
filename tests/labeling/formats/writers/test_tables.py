"""Excel, Parquet and Hugging Face exports: the columns they share, and how each keeps what is in them."""

import io
import zipfile
from dataclasses import replace
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats import extras
from labeling.formats.outlines import DatasetFeatures, Kind, OutlineClass, OutlineGuideline, ProjectOutline
from labeling.formats.projects import WRITERS
from labeling.formats.records import Record, RecordAnnotation, Span, UnreadableFile
from labeling.formats.writers import excel
from tests.labeling.formats.strategies import LONG_TEXT, datasets
from tests.labeling.formats.writers.returning import read_again, unzipped, without_order, written

TABLES = ("excel", "parquet", "huggingface")
CLASSES = (OutlineClass("Bug"), OutlineClass('A, "q" 🌍'))
OUTLINES: dict[Kind, ProjectOutline] = {
    kind: ProjectOutline("Review Queue", "Mails", kind, classes=CLASSES)
    for kind in ("single", "multi", "spans")
}
RECORDS: dict[Kind, list[Record]] = {
    "single": [
        Record(1, "=1+1", "7", {"stars": 4, "tags": ["a"]}, ("Bug",), split="test"),
        Record(2, "one\r\ntwo", "8", split="pool"),
    ],
    "multi": [
        Record(1, "both", "7", labels=("Bug", 'A, "q" 🌍'), split="test"),
        Record(2, "none", "8", labels=(), split="pool"),
        Record(3, "unlabeled", "9", split="pool"),
    ],
    "spans": [
        Record(1, "🙂 Ann Lee", "7", spans=(Span(2, 9, "Bug"), Span(2, 5, 'A, "q" 🌍')), split="test"),
        Record(2, "none", "8", spans=(), split="pool"),
        Record(3, "unlabeled", "9", split="pool"),
    ],
}


@pytest.mark.parametrize("key", TABLES)
@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_our_import_restores_what_was_exported(key, kind):
    content, reported = written(key, OUTLINES[kind], *RECORDS[kind])
    assert reported == []
    rows = read_again(content, "export" + WRITERS[key].SUFFIX)
    assert without_order(rows) == without_order(RECORDS[kind])


@pytest.mark.parametrize("key", TABLES)
def test_a_dispute_and_a_document_without_a_class_are_reported(key):
    labels = [RecordAnnotation(name, (label,)) for name, label in [("ann", "Bug"), ("bob", "Late")]]
    records = [Record(1, "a", "1", annotations=tuple(labels)), Record(2, "b", "2", labels=())]
    content, reported = written(key, OUTLINES["single"], *records)
    assert [row.line for row in reported] == [1, 2]
    assert [row.labels for row in read_again(content, "export" + WRITERS[key].SUFFIX)] == [None, None]


@pytest.mark.parametrize("key", TABLES)
def test_no_document_is_a_file_too(key):
    content, _ = written(key, OUTLINES["single"])
    assert content


@pytest.mark.parametrize("key", ["excel", "parquet", "spacy"])
def test_without_its_package_an_export_is_refused_with_the_command_that_installs_it(key, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda package: None)
    with pytest.raises(UnreadableFile, match=r"pip install 'reviewqueue\[(exchange|spacy)\]'"):
        written(key, OUTLINES["single"])


def test_what_is_lost_is_listed():
    full = DatasetFeatures(
        "single", annotators=2, has_metadata=True, has_splits=True, has_no_class=True, has_predictions=True,
        has_provenance=True, has_guideline=True, has_overlapping_spans=True,
    )  # fmt: skip
    assert {key: len(WRITERS[key].losses(full)) for key in TABLES} == {
        "parquet": 5, "huggingface": 4, "excel": 6,
    }  # fmt: skip
    assert len(WRITERS["parquet"].losses(replace(full, kind="multi"))) == 4


def test_no_cell_of_a_workbook_is_a_formula_and_what_xml_cannot_hold_is_escaped():
    content, _ = written(
        "excel", OUTLINES["single"], Record(1, "=1+1", "+7"), Record(2, "a\r\x01_x000D_", "@8")
    )
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    rows = [[(cell.value, cell.data_type) for cell in row[:2]] for row in sheet.iter_rows(min_row=2)]
    assert rows == [
        [("+7", "s"), ("=1+1", "s")],
        [("@8", "s"), ("a_x000D__x0001__x005F_x000D_", "s")],
    ]


def test_a_text_that_is_too_long_for_a_cell_is_cut_and_reported():
    content, reported = written("excel", OUTLINES["single"], Record(3, LONG_TEXT, "7"))
    (row,) = read_again(content, "export.xlsx")
    assert LONG_TEXT.startswith(row.text)
    assert len(row.text.replace("\r", "_x000D_").encode("utf-16-le")) > 2 * (32_767 - 7)
    assert [(loss.line, "32767" in loss.reason) for loss in reported] == [(3, True)]


def test_more_rows_than_a_sheet_holds_go_to_another_one(monkeypatch):
    monkeypatch.setattr(excel, "MAX_ROWS", 3)
    records = [Record(number, f"text {number}", str(number)) for number in range(1, 6)]
    content, _ = written("excel", OUTLINES["single"], *records)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert [[row[0].value for row in sheet.iter_rows(min_row=2)] for sheet in book] == [
        ["1", "2"],
        ["3", "4"],
        ["5"],
    ]


def test_parquet_has_a_row_group_for_some_thousand_documents():
    records = (Record(number, "text", str(number)) for number in range(25_000))
    content, _ = written("parquet", OUTLINES["single"], *records)
    file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
    assert (file.metadata.num_rows, file.metadata.num_row_groups) == (25_000, 3)
    assert file.schema_arrow.names == ["id", "text", "label", "split", "metadata"]


def card(content: bytes) -> tuple[dict[str, Any], str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        _, front, text = archive.read("README.md").decode().split("---\n")
    return yaml.safe_load(front), text


def test_the_card_numbers_the_classes_and_names_the_files_of_the_splits():
    guideline = OutlineGuideline("A bug is …")
    outline = replace(OUTLINES["single"], description="Mails of May.", guidelines=(guideline,))
    content, _ = written("huggingface", outline, *RECORDS["single"])
    front, text = card(content)
    label = {"class_label": {"names": {"0": "Bug", "1": 'A, "q" 🌍'}}}
    assert front == {
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "test", "path": "test.jsonl"},
                    {"split": "train", "path": "train.jsonl"},
                ],
            }
        ],
        "dataset_info": {
            "features": [
                {"name": "id", "dtype": "string"},
                {"name": "text", "dtype": "string"},
                {"name": "label", "dtype": label},
                {"name": "metadata", "dtype": "string"},
            ]
        },
    }
    assert "# Mails\n\nMails of May." in text
    assert "A bug is …" in text


def test_spans_come_with_tokens_and_tags_for_those_who_train_taggers():
    content, _ = written("huggingface", OUTLINES["spans"], *RECORDS["spans"])
    row = unzipped(content).open("test.jsonl").read().decode()
    assert '"tokens": ["🙂", "Ann", "Lee"], "ner_tags": ["O", "B-Bug", "I-Bug"]' in row
    names = card(content)[0]["dataset_info"]["features"][4]["sequence"]["class_label"]["names"]
    assert list(names.values()) == ["O", "B-Bug", "I-Bug", 'B-A, "q" 🌍', 'I-A, "q" 🌍']


@given(st.sampled_from(["single", "multi", "spans"]).flatmap(lambda kind: datasets(kind, with_metadata=True)))
@pytest.mark.parametrize("key", TABLES)
def test_documents_come_back_as_they_were(key, dataset):
    outline, records = dataset
    content, _ = written(key, outline, *records)
    if records:
        rows = read_again(content, "export" + WRITERS[key].SUFFIX)
        assert without_order(rows) == without_order(records)
