"""Which rows of CSV become documents, whatever state the file is in?"""

from __future__ import annotations

import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats import (
    BadRow,
    ColumnChoice,
    Dialect,
    Format,
    Record,
    Span,
    UnreadableFile,
    columns,
    read,
)
from labeling.formats.tables.csv_rows import MAX_ROW_BYTES

CELL = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)


def read_csv(raw: str | bytes, choice: ColumnChoice | None = None) -> list[Record | BadRow]:
    raw = raw.encode() if isinstance(raw, str) else raw
    return list(read(io.BytesIO(raw), Format.CSV, choice=choice))


def texts(rows: list[Record | BadRow]) -> list[str]:
    return [row.text if isinstance(row, Record) else f"! {row.reason}" for row in rows]


def test_several_classes_of_a_table_of_label_studio_are_several_classes():
    table = 'text,choice\nHi,"{""choices"":[""Bug"",""Late, but kind""]}"\nBye,Bug\nOh,"{""choices"":7}"\n'
    records = read_csv(table, ColumnChoice("text", labels="choice"))
    labels = [record.labels for record in records if isinstance(record, Record)]
    assert labels == [("Bug", "Late, but kind"), ("Bug",), None]


def test_chosen_columns_become_fields_and_all_others_metadata():
    choice = ColumnChoice("body", "nr", labels="tags", spans="marks", split="set")
    (record,) = read_csv(
        'nr,body,tags,marks,set,source,empty\n7,Ann sings,late|rude,"[[0, 3, ""person""]]",train,web,\n',
        choice,
    )
    assert record == Record(
        2, "Ann sings", "7", {"source": "web"}, ("late", "rude"), (Span(0, 3, "person"),), "pool"
    )


def test_an_odd_id_label_or_span_is_told_and_the_document_stays():
    (record,) = read_csv("id,text\n" + "x" * 201 + ",a\n")
    assert record == Record(2, "a")
    assert "ID has more than 200" in str(record.problems[0])
    choice = ColumnChoice("text", labels="labels", spans="spans")
    rows = read_csv('text,labels,spans\na,x||y,\nb,"[1.5]",\nc,["x",\nd,,"[[0, 9, ""x""]]"\ne, , \n', choice)
    assert [(type(row), row.labels, row.spans) for row in rows] == [(Record, None, None)] * 5
    problems = [[str(problem) for problem in row.problems] for row in rows]
    words = ("label is empty", "must be a class name", "not valid JSON", "outside the text")
    assert all(word in item for word, (item,) in zip(words, problems[:4], strict=True))
    assert problems[4] == [], "blank cells say nothing"


def test_several_labels_may_be_a_json_list():
    choice = ColumnChoice("text", labels="labels")
    rows = read_csv('text,labels\na,"[""x|y"", ""z""]"\nb,[]\nc,\n', choice)
    assert [row.labels for row in rows] == [("x|y", "z"), (), None]


def test_quoted_cells_may_hold_delimiters_quotes_and_line_breaks():
    rows = read_csv('id,text\r\n1,"a ""quoted"", and\r\na second line\u2028here"\r\n2,b\r\n')
    assert texts(rows) == ['a "quoted", and\r\na second line\u2028here', "b"]
    assert [row.line for row in rows] == [2, 4]


def test_an_unclosed_quote_costs_its_row_and_no_other():
    rows = read_csv('id,text\n1,"never closed\n2,fine\n3,"fine, too"\n4,fine\n')
    assert [type(row) for row in rows] == [BadRow, Record, Record, Record]
    assert (rows[0].line, rows[0].excerpt) == (2, '1,"never closed')
    assert [row.line for row in rows[1:]] == [3, 4, 5]
    assert texts(rows)[1:] == ["fine", "fine, too", "fine"]


def test_an_unclosed_quote_at_the_end_is_said():
    rows = read_csv('id,text\n1,a\n2,"b')
    assert texts(rows) == ["a", "! A quote in this row is never closed. Close it."]


# reliability C3
def test_thousands_of_stray_quotes_do_not_make_the_work_quadratic():
    raw = "id,text\n" + ('1,"x\n' + "2,y\n" * 1_500) * 30
    started = time.process_time()
    rows = read_csv(raw)
    assert time.process_time() - started < 5
    assert isinstance(rows[0], BadRow)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1", "The text is empty. Add text or remove the row."),
        ("1,2,3", "The row has 3 cells, but the file has 2 columns."),
        ("1,", "The text is empty. Add text or remove the row."),
        ('1,"a"b', "has text after its closing quote"),
        ('1,"a \\"b\\" c"', "has text after its closing quote"),
        ("1,a\rb", "contains a carriage return"),
        ("1,a\0b", "NUL character"),
        ("1," + "x" * 1_000_001, "has 1000001 characters"),
    ],
)
def test_what_is_wrong_is_said_and_the_next_row_is_read(row: str, words: str):
    bad, good = read_csv(f"id,text\n{row}\n2,good\n")
    assert words in bad.reason
    assert (bad.line, good.line, good.text) == (2, 3, "good")
    assert "\0" not in bad.excerpt


def test_a_byte_that_is_not_utf8_costs_one_row():
    rows = read_csv(b"id,text\n1,caf\xe9\n2,tea\n")
    assert texts(rows) == [
        "! Byte 6 (0xE9) is not UTF-8. Save the file as UTF-8 or choose its encoding.",
        "tea",
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "The file is empty"),
        (b"a,a\n1,2\n", 'Two columns are named "a"'),
        (b"x,y\n1,2\n", 'no column "text". Choose one of: x, y.'),
        (b"," * 1_000_000 + b"\n", "more than 1000 columns"),
        (b'"never closed\n' * 3, "first row is not valid CSV"),
        (b"caf\xe9,text\n", "first row is not valid CSV. Byte 4"),
    ],
)
def test_a_header_that_cannot_be_used_refuses_the_file(raw: bytes, words: str):
    with pytest.raises(UnreadableFile) as refused:
        read_csv(raw, ColumnChoice("text"))
    assert words in str(refused.value)


# reliability C3
def test_a_row_of_a_million_cells_or_megabytes_costs_one_row():
    rows = read_csv("id,text\n" + "a," * 1_000_000 + "\n" + '1,"' + "x" * (2 * MAX_ROW_BYTES) + '"\n2,good\n')
    assert texts(rows) == [
        "! The row has 1000001 cells, but the file has 2 columns.",
        f"! The row is longer than {MAX_ROW_BYTES} bytes. Check for a quote that is not closed.",
        "good",
    ]


@pytest.mark.parametrize(
    ("raw", "delimiter", "guess"),
    [
        ("id,text,label\n1,Hi,a\n", ",", ColumnChoice("text", "id", "label")),
        ("\ufeffID;Text;Class\n1;Well, well;a\n", ";", ColumnChoice("Text", "ID", "Class")),
        ("sentence\tlabels\nHi, there\ta|b\n", "\t", ColumnChoice("sentence", labels="labels")),
        (",a,b\n0,short,much longer than the others\n", ",", ColumnChoice("b")),
        ("id,review\n1,a\n1,b\n", ",", ColumnChoice("review")),
        ("id,review\n,a\n,b\n7,c\n", ",", ColumnChoice("review", "id")),
        ("text\nJust one column, with commas\n", ";", ColumnChoice("text")),
        ("text,split,spans\na,test,[]\n", ",", ColumnChoice("text", split="split", spans="spans")),
    ],
)
def test_the_column_chooser_starts_with_a_good_guess(raw: str, delimiter: str, guess: ColumnChoice):
    choice = columns(raw.encode())
    assert (choice.dialect.delimiter, choice.guess) == (delimiter, guess)


def test_the_column_chooser_shows_the_first_rows_shortened():
    choice = columns(("id,text\n" + f"1,{'x' * 500}\n" * 9).encode())
    assert choice.names == ("id", "text")
    assert choice.rows == (("1", "x" * 200),) * 3


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "sep=;\r"])
def test_the_line_that_tells_spreadsheets_the_delimiter_is_obeyed_and_no_row(line: str):
    raw = f"{line}\nid;text;label\n1;Ja, gern, bitte;a\n2;Nein, nie;b\n"
    rows = read_csv(raw)
    assert [(row.line, row.text, row.labels) for row in rows] == [
        (3, "Ja, gern, bitte", ("a",)),
        (4, "Nein, nie", ("b",)),
    ]
    assert columns(raw.encode()).names == ("id", "text", "label")
    assert texts(read_csv("sep=\t\nid\ttext\n1\tsep=;\n")) == ["sep=;"]


def test_cells_cut_off_at_the_end_of_a_row_are_empty():
    raw = "id;text;label;note\n1;Hello\n2;Bye;a\n3;Well, well;b;c\n4;Long;b;c;;\n5;Too long;b;c;d\n"
    rows = read_csv(raw)
    assert texts(rows) == [
        "Hello",
        "Bye",
        "Well, well",
        "Long",
        "! The row has 5 cells, but the file has 4 columns.",
    ]
    assert [row.labels for row in rows[:4]] == [None, ("a",), ("b",), ("b",)]


def test_cut_rows_do_not_make_one_column_of_a_table():
    rows = [f"{n};Nachricht {n}, kurz" + (";;x" if n % 10 == 0 else "") for n in range(40)]
    choice = columns("\n".join(["nr;nachricht;a;b", *rows]).encode())
    assert (choice.dialect.delimiter, len(choice.names), choice.guess.text) == (";", 4, "nachricht")


MESSAGES = [
    ("ham", "Are you coming to the game tonight?"),
    ("spam", "WINNER! Call 0900 123 to claim"),
    ("ham", "ok"),
    ("ham", '"Fine" she said'),
    ("spam", 'Free "gift'),
    ("ham", 'and "more" to "come'),
]


def test_a_first_row_of_data_is_a_document_too():
    raw = "".join(f"{label}\t{text}\n" for label, text in MESSAGES)
    choice = columns(raw.encode())
    assert (choice.names, choice.dialect.has_header) == (("column 1", "column 2"), False)
    rows = read_csv(raw, ColumnChoice("column 2", label="column 1"))
    assert [(row.line, row.labels, row.text) for row in rows] == [
        (line, (label,), text) for line, (label, text) in enumerate(MESSAGES, start=1)
    ]


@pytest.mark.parametrize(
    ("raw", "has_header"),
    [
        ("text\nHello\nBye\n", True),
        ("id,review\n1,Fine\n", True),
        ("评论,标签\n很好,正面\n", True),
        ("Frage 1,Alter\nGut,31\nSchlecht,64\n", True),
        ("alpha,beta\nx,y\n", True),
        ("label,text\nlabel,text\nham,hi\n", True),  # two files joined: the second header is a row
        ("I am so happy today;joy\nI feel low;sadness\nGreat;joy\n", False),
        ("This is the first message of all.\nThis is the second one.\n", False),
        ("1,I was charged twice\n2,Where is it\n", False),
        ("今天天气很好我们去公园吧。,正面\n不好,负面\n", False),
        ("4\t5\n1\t2\n", False),
    ],
)
def test_a_header_is_told_from_data(raw: str, has_header: bool):
    assert columns(raw.encode()).dialect.has_header is has_header


def test_a_first_row_that_names_a_class_of_the_project_is_data():
    raw = b"Billing,invoice\nDelivery,parcel\n"
    assert columns(raw).dialect.has_header
    assert not columns(raw, class_names={"Billing", "Delivery"}).dialect.has_header


def test_the_manager_has_the_last_word_on_the_dialect():
    raw = b'a|b\n"x|1"|2\n'
    choice = columns(raw, delimiter=",", has_header=False, is_quoted=False)
    assert (choice.names, choice.rows) == (("column 1",), (("a|b",), ('"x|1"|2',)))


def test_quotes_in_a_table_with_tabs_are_literal():
    rows = read_csv('id\ttext\n1\tone\n2\t"two" he said\n3\t"Hello\n4\tWorld"\n5\t"all of it"\n')
    assert texts(rows) == ["one", '"two" he said', '"Hello', 'World"', '"all of it"']


@pytest.mark.parametrize(
    "raw",
    [
        'id\ttext\n1\t"He said ""no"""\n2\tyes\n',
        '"id"\t"text"\n"1"\t"He said ""no"""\n"2"\t"yes"\n',
        'id\ttext\n1\t"He said\n""no"""\n2\tyes\n',
    ],
)
def test_quotes_in_a_table_with_tabs_enclose_cells_where_the_file_shows_it(raw: str):
    assert [text.split() for text in texts(read_csv(raw))] == [["He", "said", '"no"'], ["yes"]]


def test_a_head_that_ends_within_a_quoted_cell_is_told_from_a_broken_one():
    row = 'neg\t"Long, really long; he said ""no""\nand went on"\n'
    cut = ("label\ttext\n" + row * 2_000).encode()[:65_536]
    choice = columns(cut)
    assert (choice.dialect.delimiter, choice.dialect.is_quoted, choice.names) == (
        "\t",
        True,
        ("label", "text"),
    )
    entities = "".join(
        f'"&#8220;{n}, yes&#8221; {n}",pos\n' for n in range(40)
    )  # no semicolons between cells
    assert columns(entities.encode()).dialect.delimiter == ","


def test_a_first_row_that_cannot_be_parsed_is_said_with_what_to_do():
    raw = b'"not" a table\n"really" not\n'
    with pytest.raises(UnreadableFile, match="change the setting Quotes"):
        columns(raw)
    assert columns(raw, is_quoted=False).rows[0] == ('"really" not',)


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_tabs_are_read_back_with_literal_quotes(rows: list[tuple[str, str]]):
    """What a program writes that only joins cells by tabs, quotes in them and all."""
    plain = [tuple(" ".join(cell.split()) or "x" for cell in row) for row in rows]
    raw = "id\ttext\n" + "".join(f"{note}\t{text}\n" for note, text in plain)
    choice = ColumnChoice("text", dialect=Dialect("\t", is_quoted=False))
    assert [(r.metadata["id"], r.text) for r in read_csv(raw, choice)] == plain


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_any_table_has_columns_or_says_why(rows: list[tuple[str, str]], delimiter: str):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    try:
        choice = columns(buffer.getvalue().encode())
    except UnreadableFile:
        return
    assert all(len(row) == len(choice.names) for row in choice.rows)
    list(read(io.BytesIO(buffer.getvalue().encode()), Format.CSV))


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_what_the_standard_library_writes_is_read_back(rows: list[tuple[str, str]]):
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([("note", "text"), *rows])
    expected = [(note, text) for note, text in rows if text.strip()]
    read_back = read_csv(buffer.getvalue(), ColumnChoice("text"))
    assert [(r.metadata.get("note", ""), r.text) for r in read_back if isinstance(r, Record)] == expected


@given(st.binary(max_size=400))
def test_any_bytes_give_records_and_bad_rows_or_an_unreadable_file(raw: bytes):
    try:
        rows = read_csv(b"id,text\n" + raw, ColumnChoice("text", "id"))
    except UnreadableFile:
        return
    assert all(row.reason if isinstance(row, BadRow) else row.text for row in rows)
