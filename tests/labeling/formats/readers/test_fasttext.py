"""Is fastText read and written line by line, with every loss listed?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.projects import recognize
from labeling.formats.readers import fasttext as reader
from labeling.formats.records import BadRow, Record
from labeling.formats.writers import fasttext as writer

OUTLINE = ProjectOutline("Review Queue", kind="multi")


def file_of(content: bytes) -> FilesInMemory:
    return FilesInMemory({"train.txt": content})


def test_labels_stand_before_the_text_and_later_ones_belong_to_it():
    (record,) = reader.read(file_of(b"__label__late Where is __label__x?\r\n"))
    assert isinstance(record, Record)
    assert (record.text, record.labels) == ("Where is __label__x?", ("late",))


def test_a_line_without_a_label_is_an_unlabeled_document():
    rows = list(reader.read(file_of(b"__label__late One\nTwo\n\n__label__rude \n\xff\n")))
    assert [row.labels for row in rows if isinstance(row, Record)] == [("late",), None]
    assert [row.line for row in rows if isinstance(row, BadRow)] == [4, 5]


def test_the_format_is_recognized_by_a_line_that_begins_with_a_label():
    assert recognize(file_of(b"__label__late One\n")) == "fasttext"
    assert recognize(file_of(b"One\n__label__late Two\n")) == "fasttext"
    assert recognize(file_of(b"One __label__late\n")) is None
    assert reader.outline(file_of(b"__label__late __label__rude One\n")).kind == "multi"


def test_line_breaks_and_blanks_in_names_are_written_so_that_one_line_stays_one_document():
    record = Record(1, "one\r\ntwo\u2028three", labels=("Not late",))
    content = b"".join(writer.write(OUTLINE, [record], print))
    assert content == b"__label__Not_late one two three\n"


def test_what_is_left_out_is_listed_before_and_reported():
    features = DatasetFeatures("single", unlabeled=1, has_metadata=True, class_names=("Not late",))
    assert len(writer.losses(features)) == 5
    assert writer.losses(DatasetFeatures("spans")) == [writer.SPANS]
    reported: list[BadRow] = []
    assert b"".join(writer.write(OUTLINE, [Record(7, "Hi")], reported.append)) == b""
    assert [row.line for row in reported] == [7]


def test_files_called_train_and_test_are_the_splits():
    archive = FilesInMemory(
        {"train.txt": b"__label__late One\n", "test.txt": b"Two\n", "more.txt": b"__label__rude Three\n"},
        "mails.zip",
    )
    assert recognize(archive) == "fasttext"
    rows = [row for row in reader.read(archive) if isinstance(row, Record)]
    assert [(row.text, row.split) for row in rows] == [("One", "pool"), ("Two", "test"), ("Three", None)]


def test_quoted_lines_of_doccano_may_have_line_breaks_and_comments():
    content = (
        '"__label__Bug __label__rude She said ""no"", twice __comment__Why?"\n'
        '"__label__Bug one\r\ntwo "\n'
        '" not ""labeled"" "\n'
        "__label__rude plain \n"
    )
    archive = FilesInMemory({"ann.txt": content.encode(), "bob.txt": b" Hi \n"}, "export.zip")
    assert recognize(archive) == "fasttext"
    rows = [row for row in reader.read(archive) if isinstance(row, Record)]
    assert [(row.text, row.labels) for row in rows[:4]] == [
        ('She said "no", twice', ("Bug", "rude")),
        ("one\r\ntwo", ("Bug",)),
        ('not "labeled"', None),
        ("plain", ("rude",)),
    ]
    assert rows[0].metadata == {"comments": "Why?"}


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))).filter(
    lambda text: bool(text.strip()) and not text.startswith("__label__") and not text.startswith("\ufeff")
)
NAMES = st.lists(st.sampled_from(["late", "rude", "O'Neil|x", "日本"]), min_size=1, unique=True)


@given(st.lists(st.tuples(TEXTS, NAMES), min_size=1, max_size=5))
def test_documents_come_back_as_they_were(documents):
    records = [Record(line, text, labels=tuple(names)) for line, (text, names) in enumerate(documents, 1)]
    content = b"".join(writer.write(OUTLINE, records, print))
    assert list(reader.read(file_of(content))) == records
