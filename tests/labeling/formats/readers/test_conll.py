"""CoNLL files: two or four columns, any tagging scheme, and comments that keep the text."""

import gzip
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.projects import recognize
from labeling.formats.readers import conll
from labeling.formats.records import BadRow, Record, Span, UnreadableFile

CONLL_2003 = """\
-DOCSTART- -X- -X- O

EU NNP B-NP I-ORG
rejects VBZ B-VP O
German JJ B-NP I-MISC
call NN I-NP O
. . O O

Zoë NNP B-NP I-PER
Lee NNP I-NP I-PER
Ann NNP B-NP B-PER
"""


def bundle(content: str | bytes, name: str = "news.conll") -> FilesInMemory:
    return FilesInMemory({name: content.encode() if isinstance(content, str) else content})


def rows(content: str | bytes, name: str = "news.conll") -> list[Record | BadRow]:
    return list(conll.read(bundle(content, name)))


def spans(content: str) -> list[tuple[str, str]]:
    """Each span's own text and class."""
    return [(row.text[span.start : span.end], span.label) for row in rows(content) for span in row.spans]


def test_each_sentence_of_conll_2003_is_a_document_and_docstart_is_none():
    assert rows(CONLL_2003) == [
        Record(3, "EU rejects German call .", spans=(Span(0, 2, "ORG"), Span(11, 17, "MISC"))),
        Record(9, "Zoë Lee Ann", spans=(Span(0, 7, "PER"), Span(8, 11, "PER"))),
    ]


@pytest.mark.parametrize("name", ["news.conll", "eng.testa", "news.txt", "upload"])
def test_a_file_is_recognized_by_its_tags_whatever_it_is_called(name):
    assert recognize(bundle(CONLL_2003, name)) == "conll"
    assert recognize(bundle(gzip.compress(CONLL_2003.encode()), name)) == "conll"


@pytest.mark.parametrize("content", ["EU rejects\nthe call\n", "id,text\n1,O\n", "O\nO\n", "", "\0\1" * 99])
def test_other_texts_are_not_recognized(content):
    assert not conll.recognizes(bundle(content, "mails.txt"))


@pytest.mark.parametrize(
    "tags", ["I-ORG I-ORG B-ORG O", "B-ORG I-ORG B-ORG O", "B-ORG E-ORG S-ORG O", "B-ORG L-ORG U-ORG O"]
)
@pytest.mark.parametrize("separator", ["\t", " ", "   ", " -X- _ ", "\tNN\t"])
def test_every_scheme_with_every_separator_gives_the_same_spans(tags, separator):
    lines = [
        f"{token}{separator}{tag}" for token, tag in zip(["a", "b", "c", "d"], tags.split(), strict=True)
    ]
    assert spans("\r\n".join(lines)) == [("a b", "ORG"), ("c", "ORG")]


def test_the_whole_file_tells_whether_its_tags_have_prefixes():
    assert spans("a E-MAIL\nb O\n\nc PER\nd PER\n") == [("a", "E-MAIL"), ("c d", "PER")]
    assert spans("a E-MAIL\nb O\n\nc B-PER\nd I-PER\n") == [("a", "MAIL"), ("c d", "PER")]


def test_a_class_with_a_blank_in_its_name_is_read_in_columns_of_either_kind():
    assert spans("Bonn -X- _ B-Ort 🌍\nam -X- _ O\nRhein -X- _ B-Fluss\n") == [
        ("Bonn", "Ort 🌍"),
        ("Rhein", "Fluss"),
    ]
    assert spans("Bonn\tB-Ort 🌍\n") == [("Bonn", "Ort 🌍")]


def test_the_text_of_a_comment_keeps_the_blanks_between_the_tokens():
    content = "# id = 7\n# text = EU  rejects it.\nEU B-ORG\nrejects O\nit O\n. O\n"
    assert rows(content) == [Record(3 - 2, "EU  rejects it.", "7", spans=(Span(0, 2, "ORG"),))]


def test_a_text_that_is_not_of_the_tokens_is_left_out_and_reported():
    (row,) = rows("# text = Another text\nEU B-ORG\n")
    assert (row.text, row.spans) == ("EU", (Span(0, 2, "ORG"),))
    assert "other words" in str(row.problems[0])


def test_a_text_in_quotes_is_json_only_where_that_fits_the_tokens():
    assert rows('# text = "Hi"\n" O\nHi O\n" O\n')[0].text == '"Hi"'
    assert rows('# text = "Hi\\nyou"\nHi O\nyou O\n')[0].text == "Hi\nyou"


def test_a_token_that_begins_with_a_number_sign_is_no_comment():
    assert rows("#\tO\n#tag=1\tB-TAG\n")[0].text == "# #tag=1"
    assert rows("# O\nhi O\n")[0].text == "# hi"


def test_comments_of_other_tools_are_passed_over():
    assert rows("# newdoc\n# sent_id = s1\n# global.columns = FORM NER\nEU B-ORG\n")[0].external_id == "s1"


def test_the_files_of_an_archive_tell_the_split():
    files = {"train.conll": b"a O\n", "dev.conll": b"b O\n", "eng.testb": b"c O\n", "more.conll": b"d O\n"}
    assert [row.split for row in conll.read(FilesInMemory(files, "news.zip"))] == [
        "pool",
        "pool",
        "test",
        None,
    ]


def test_a_line_without_a_tag_costs_its_sentence_alone():
    first, second = rows("EU B-ORG\nrejects\n\nAnn B-PER\n")
    assert (first.line, first.reason) == (
        1,
        "A line of the sentence has no tag. Each needs a token and a tag.",
    )
    assert (second.line, second.text) == (4, "Ann")


def test_bytes_that_are_not_utf_8_and_nul_cost_their_sentence_alone():
    first, second, third = rows(b"caf\xe9 O\n\nA\0nn B-PER\n\nBob B-PER\n")
    assert "UTF-8" in first.reason
    assert "NUL" in second.reason
    assert third.text == "Bob"


def test_a_bad_class_or_comment_never_costs_the_text():
    (row,) = rows(f"# metadata = [1]\n# split = nowhere\nEU B-{'x' * 101}\n")
    assert (row.text, row.spans, row.split, row.metadata) == ("EU", None, None, {})
    assert len(row.problems) == 3


def test_the_outline_has_the_classes_in_the_order_of_the_file():
    outline = conll.outline(bundle(CONLL_2003))
    assert (outline.tool, outline.name, outline.kind) == ("CoNLL", "news", "spans")
    assert [label_class.name for label_class in outline.classes] == ["ORG", "MISC", "PER"]


@given(st.text() | st.lists(st.sampled_from(["a O\n", "\n", "# id = ", "B-", "\t", " ", "\r"])).map("".join))
def test_noise_is_never_more_than_a_bad_row_or_an_unreadable_file(content):
    with suppress(UnreadableFile):
        for row in conll.read(bundle(content.encode("utf-8", "surrogatepass"))):
            assert isinstance(row, Record | BadRow)
