"""Are brat's standoff annotations read and written exactly?"""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

from hypothesis import given

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.projects import recognize
from labeling.formats.readers import brat as reader
from labeling.formats.records import BadRow, Record, Span
from labeling.formats.writers import brat as writer
from tests.labeling.formats.strategies import LONG_TEXT, class_names, datasets


def written(outline: ProjectOutline, records: list[Record]) -> FilesInMemory:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(writer.write(outline, records, print))))
    return FilesInMemory({name: archive.read(name) for name in archive.namelist()}, "corpus.zip")


def test_spans_are_code_points_of_the_text_as_it_is():
    files = FilesInMemory(
        {
            "d/a.txt": "😀\r\nAnn sings.".encode(),
            "d/a.ann": b"T1\tPER 3 6\tAnn\nR1\tx Arg1:T1 Arg2:T1\n",
        }
    )
    (record,) = reader.read(files)
    assert isinstance(record, Record)
    assert (record.external_id, record.spans) == ("d/a", (Span(3, 6, "PER"),))
    assert record.text[3:6] == "Ann"


def test_a_type_that_no_database_stores_costs_its_labels_and_not_the_text():
    files = FilesInMemory({"a.txt": b"Ann sings.", "a.ann": b"T1\tPE\0R 0 3\tAnn\n"})
    (record,) = reader.read(files)
    assert isinstance(record, Record)
    assert (record.text, record.spans) == ("Ann sings.", None)
    assert "NUL" in str(record.problems[0])


def test_a_text_without_annotations_is_unlabeled_and_with_an_empty_file_labeled_as_none():
    files = FilesInMemory({"a.txt": b"One", "b.txt": b"Two", "b.ann": b""})
    assert [record.spans for record in reader.read(files) if isinstance(record, Record)] == [None, ()]


def test_spans_of_several_parts_and_outside_the_text_are_reported_and_cost_no_text():
    files = FilesInMemory({"a.txt": b"Ann or Bob", "a.ann": b"T1\tPER 0 3;7 10\tAnn Bob\nT2\tPER 0 3\tAnn\n"})
    (record,) = reader.read(files)
    assert isinstance(record, Record)
    assert record.spans == (Span(0, 3, "PER"),)
    assert "several parts" in str(record.problems[0])
    files = FilesInMemory({"a.txt": b"Ann", "a.ann": b"T2\tPER 0 99\tAnn\n"})
    (record,) = reader.read(files)
    assert isinstance(record, Record)
    assert (record.text, record.spans) == ("Ann", None)
    assert "outside the text" in str(record.problems[0])


def test_a_text_that_cannot_be_read_costs_itself():
    files = FilesInMemory({"a.txt": b"\xff\xff\xff", "a.ann": b"", "b.txt": b"Two"})
    rows = list(reader.read(files))
    assert [type(row) for row in rows] == [BadRow, Record]


def test_classes_come_from_the_configuration_under_the_names_that_brat_shows():
    files = FilesInMemory(
        {
            "annotation.conf": b"[entities]\n# people\nPER\n\tORG_1\n[relations]\nx\n",
            "visual.conf": b"[labels]\nORG_1 | Big company | Org\n[drawing]\n",
            "a.txt": b"Ann",
            "a.ann": b"T1\tORG_1 0 3\tAnn\n",
        }
    )
    assert recognize(files) == "brat"
    outline = reader.outline(files)
    assert [label_class.name for label_class in outline.classes] == ["PER", "Big company"]
    assert outline.losses == (reader.RELATIONS,)


def test_what_is_lost_is_listed():
    assert writer.losses(DatasetFeatures("single")) == [writer.CLASSES]
    features = DatasetFeatures("spans", annotators=2, has_metadata=True, class_names=("a|b",))
    assert len(writer.losses(features)) == 4


def test_100_000_characters_come_back_as_they_were():
    record = Record(1, LONG_TEXT, "7", spans=(Span(99_990, 100_000, "end"),))
    (row,) = reader.read(written(ProjectOutline("", kind="spans"), [record]))
    assert row == record


@given(datasets("spans", labels=lambda: class_names().filter(lambda names: "|" not in "".join(names))))
def test_documents_come_back_as_they_were(dataset):
    outline, records = dataset
    files = written(outline, records)
    rows = list(reader.read(files))
    texts = [name for name in files.names if name.endswith(".txt")]
    ids = dict(zip([record.line for record in records], texts, strict=True))
    assert rows == [
        replace(record, external_id=ids[record.line].removesuffix(".txt"), split=None) for record in records
    ]
    names = [label_class.name for label_class in reader.outline(files).classes]
    assert set(names) >= {label_class.name for label_class in outline.classes}
