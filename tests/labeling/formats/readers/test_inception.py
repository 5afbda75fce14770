"""What becomes of WebAnno TSV 3, as INCEpTION and WebAnno export it?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.formats.bundles import FilesInMemory
from labeling.formats.projects import recognize
from labeling.formats.readers import inception
from labeling.formats.records import BadRow, Record, RecordAnnotation, Span, UnreadableFile

ENTITIES = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n"
HEADER = "#FORMAT=WebAnno TSV 3.3\n"
TWO_SENTENCES = (
    HEADER + ENTITIES + "\n\n"
    "#Text=EU likes Ann Lee .\n"
    "1-1\t0-2\tEU\t*\tORG\t\n"
    "1-2\t3-8\tlikes\t_\t_\t\n"
    "1-3\t9-12\tAnn\t*[1]\tPER[1]\t\n"
    "1-4\t13-16\tLee\t*[1]\tPER[1]\t\n"
    "1-5\t17-18\t.\t_\t_\t\n"
    "\n"
    "#Text=Yes .\n"
    "2-1\t19-22\tYes\t_\t_\t\n"
    "2-2\t23-24\t.\t_\t_\t\n"
)


def files(*contents: str) -> FilesInMemory:
    return FilesInMemory({f"{n}.tsv": content.encode() for n, content in enumerate(contents, 1)}, "x.zip")


def read(*contents: str) -> list[Record]:
    assert recognize(files(*contents)) == "inception"
    rows = list(inception.read(files(*contents)))
    assert all(isinstance(row, Record) for row in rows)
    return [row for row in rows if isinstance(row, Record)]


def tokens(sentence: str, *rows: str, layers: str = ENTITIES) -> str:
    lines = "".join(f"1-{number}\t{row}\n" for number, row in enumerate(rows, 1))
    return f"{HEADER}{layers}\n\n#Text={sentence}\n{lines}"


def test_tokens_with_a_common_number_are_one_span():
    assert read(TWO_SENTENCES) == [
        Record(1, "EU likes Ann Lee .\nYes .", "1", spans=(Span(0, 2, "ORG"), Span(9, 16, "PER")))
    ]


def test_a_single_file_needs_no_archive_and_no_name():
    bundle = FilesInMemory({"export.txt": TWO_SENTENCES.encode()})
    assert recognize(bundle) == "inception"
    assert [row.line for row in inception.read(bundle)] == [1]


def test_several_values_of_a_token_are_spans_each():
    (record,) = read(tokens("EU", "0-2\tEU\t*[1]|*[2]\tORG[1]|LOC[2]"))
    assert record.spans == (Span(0, 2, "LOC"), Span(0, 2, "ORG"))
    assert inception.outline(
        files(tokens("EU", "0-2\tEU\t*[1]|*[2]\tORG[1]|LOC[2]"))
    ).allows_overlapping_spans


def test_offsets_count_utf_16_code_units():
    (record,) = read(tokens("😀 EU", "0-2\t😀\t_\t_", "3-5\tEU\t*\tORG"))
    assert record.spans == (Span(2, 4, "ORG"),)


def test_a_part_of_a_token_may_be_a_span():
    (record,) = read(tokens("EU-wide", "0-7\tEU-wide\t_\t_", "0-2\tEU\t*\tORG").replace("1-2\t", "1-1.1\t"))
    assert record.spans == (Span(0, 2, "ORG"),)


def test_escapes_in_values_and_sentences_are_resolved():
    (record,) = read(tokens(r"a\tb\nc\\", "0-1\ta\t*\tB\\_ORG\\|x\\[y\\]"))
    assert record.text == "a\tb\nc\\"
    assert record.spans == (Span(0, 1, "B_ORG|x[y]"),)


def test_a_span_without_a_value_is_of_the_class_called_as_its_layer():
    (record,) = read(tokens("EU", "0-2\tEU\t*\t*"))
    assert record.spans == (Span(0, 2, "NamedEntity"),)


def test_named_entities_are_taken_and_other_layers_are_losses():
    layers = (
        "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue|coarseValue\n"
        + ENTITIES
        + "#T_RL=webanno.custom.Knows|label|BT_de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity\n"
    )
    content = tokens("EU", "0-2\tEU\tNNP\tPROPN\t*\tORG\t_\t_", layers=layers)
    assert read(content)[0].spans == (Span(0, 2, "ORG"),)
    outline = inception.outline(files(content))
    assert (outline.kind, outline.tool) == ("spans", "INCEpTION")
    assert outline.losses == ("The layer “POS” is left out.", "The layer “Knows” is left out.")


def test_a_layer_of_its_own_is_taken_where_there_are_no_named_entities():
    content = tokens("EU", "0-2\tEU\tyes", layers="#T_SP=webanno.custom.Claim|kind\n")
    assert read(content)[0].spans == (Span(0, 2, "yes"),)


def test_without_a_layer_a_document_is_unlabeled_and_with_an_empty_one_it_has_no_spans():
    assert read(tokens("EU", "0-2\tEU", layers=""))[0].answers == ()
    assert read(tokens("EU", "0-2\tEU\t_\t_"))[0].spans == ()


def test_an_export_of_a_project_has_a_folder_for_each_document_and_a_file_for_each_annotator():
    content = TWO_SENTENCES.encode()
    bundle = FilesInMemory(
        {
            "annotation/a.txt/ann.tsv": content,
            "annotation/a.txt/INITIAL_CAS.tsv": content,
            "curation/a.txt/CURATION_USER.tsv": content,
        },
        "project.zip",
    )
    assert recognize(bundle) == "inception"
    by_ann, curated = inception.read(bundle)
    assert isinstance(by_ann, Record)
    assert isinstance(curated, Record)
    spans = (Span(0, 2, "ORG"), Span(9, 16, "PER"))
    assert (by_ann.external_id, by_ann.annotations) == ("a.txt", (RecordAnnotation("ann", spans=spans),))
    assert curated.annotations == (
        RecordAnnotation(None, spans=spans, provenance={"resolution": "adjudicated"}),
    )


def test_offsets_that_do_not_match_the_text_are_a_bad_row():
    broken = TWO_SENTENCES.replace("2-1\t19-22", "2-1\t3-6")
    good, bad = inception.read(files(TWO_SENTENCES, broken))
    assert isinstance(good, Record)
    assert isinstance(bad, BadRow)
    assert "do not match" in bad.reason


def test_a_span_inside_of_a_character_costs_the_labels_and_not_the_text():
    (record,) = read(tokens("😀", "0-1\t😀\t*\tORG"))
    assert (record.text, record.answers) == ("😀", ())
    assert "inside a character" in str(record.problems[0])


@pytest.mark.parametrize("content", ["", "#FORMAT=WebAnno TSV 2", "id\ttext\n1\tHi"])
def test_other_tables_are_not_taken(content):
    assert not inception.recognizes(files(content))


@given(st.lists(st.text("#T_SP=RL|ext:12-.\t\\[]*_aé😀\0\r\n")))
def test_no_file_raises_anything_whatever_is_in_it(parts):
    bundle = files(tokens("EU", "0-2\tEU\t*\tORG") + "\n".join(parts))
    try:
        assert len(list(inception.read(bundle))) == 1
        inception.outline(bundle)
    except UnreadableFile:
        return
