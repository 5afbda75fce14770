"""spaCy files as JSON lines: categories, entities and groups of spans, with the user data beside them."""

import json
import zlib
from contextlib import suppress
from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span

from labeling.formats.bundles import FilesInMemory
from labeling.formats.converters import spacy_docs
from labeling.formats.records import UnreadableFile

ENGLISH = spacy.blank("en")


def doc(
    text: str, cats: dict[str, float] | None = None, entities: list[tuple[str, str]] | None = None
) -> Doc:
    """entities : part of the text, label"""
    result = ENGLISH.make_doc(text)
    result.cats = cats or {}
    if entities is not None:
        offsets = ((text.index(part), text.index(part) + len(part), label) for part, label in entities)
        spans = [span for each in offsets if (span := result.char_span(*each))]
        result.set_ents(spans, default="outside")
    return result


def content(*docs: Doc) -> bytes:
    return DocBin(docs=docs, store_user_data=True).to_bytes()


def bundle(*docs: Doc) -> FilesInMemory:
    return FilesInMemory({"train.spacy": content(*docs)})


def lines(files: FilesInMemory) -> list[dict[str, Any]]:
    assert spacy_docs.recognizes(files)
    return [json.loads(line) for line in b"".join(spacy_docs.json_lines(files)).splitlines()]


def test_the_category_with_the_score_1_is_the_label_and_no_categories_are_none():
    docs = [doc("Hi", {"BUG": 1.0, "BILLING": 0.0}), doc("Bye")]
    assert lines(bundle(*docs)) == [{"text": "Hi", "label": "BUG"}, {"text": "Bye"}]


def test_where_any_document_has_several_categories_or_none_all_have_lists():
    docs = [doc("a", {"BUG": 1, "UI": 1}), doc("b", {"BUG": 0, "UI": 1}), doc("c", {"BUG": 0, "UI": 0})]
    assert [row["labels"] for row in lines(bundle(*docs))] == [["BUG", "UI"], ["UI"], []]


def test_the_best_of_scores_that_share_out_1_is_the_label():
    assert lines(bundle(doc("a", {"BUG": 0.4, "UI": 0.35, "API": 0.25}))) == [{"text": "a", "label": "BUG"}]


def test_entities_are_spans_in_code_points_and_the_text_is_exact():
    docs = [
        doc("🙂🙂  Zoë Lee\r\n sings", entities=[("Zoë Lee", "PER")]),
        doc("Nobody", entities=[]),
        doc("Hi"),
    ]
    first, second, third = lines(bundle(*docs))
    start = first["text"].index("Zoë")
    assert first == {"text": "🙂🙂  Zoë Lee\r\n sings", "spans": [[start, start + 7, "PER"]]}
    assert second == {"text": "Nobody", "spans": []}
    assert third == {"text": "Hi"}, "no token of it is annotated"


def test_the_group_sc_comes_before_other_groups_and_entities_which_are_named():
    one = doc("Ann Lee of Acme", entities=[("Ann Lee", "PER")])
    one.spans["sc"] = [Span(one, 0, 2, "PER"), Span(one, 0, 4, "TITLE")]
    one.spans["draft"] = [Span(one, 0, 1, "X")]
    assert lines(bundle(one)) == [{"text": "Ann Lee of Acme", "spans": [[0, 7, "PER"], [0, 15, "TITLE"]]}]
    assert spacy_docs.losses(bundle(one)) == [
        'The group of spans "draft" is not read: "sc" is.',
        "Entities are not read: the documents have a group of spans too.",
    ]


def test_user_data_are_fields_and_those_of_tokens_are_left_out():
    one = doc("Hi")
    one.user_data = {"id": "7", "stars": 4, "text": "other", ("._.", "source", None, None): "mail"}
    one.user_data["._.", "depth", 0, 2] = 3
    assert lines(bundle(one)) == [{"id": "7", "stars": 4, "source": "mail", "text": "Hi"}]


def test_the_files_of_an_archive_tell_the_split():
    files = {"test.spacy": content(doc("a")), "train.spacy": content(doc("b"))}
    assert lines(FilesInMemory(files, "corpus.zip")) == [
        {"text": "a", "split": "test"},
        {"text": "b", "split": "pool"},
    ]


@pytest.mark.parametrize("noise", [b"", zlib.compress(b"noise"), content(doc("Hi"))[:-9]])
def test_a_damaged_file_is_refused_with_what_to_do(noise):
    with pytest.raises(UnreadableFile, match="Write it again"):
        list(spacy_docs.json_lines(FilesInMemory({"a.spacy": noise})))


def test_a_file_that_expands_beyond_measure_is_refused():
    bomb = zlib.compress(bytes(40_000_000))
    with pytest.raises(UnreadableFile, match="too large"):
        list(spacy_docs.json_lines(FilesInMemory({"a.spacy": bomb})))


@given(st.integers(0), st.binary(min_size=1, max_size=20))
def test_damage_anywhere_is_never_more_than_unreadable(position, noise):
    plain = zlib.decompress(content(doc("Ann Lee of Acme", {"BUG": 1}, [("Ann Lee", "PER")])))
    position %= len(plain)
    damaged = zlib.compress(plain[:position] + noise + plain[position + len(noise) :])
    with suppress(UnreadableFile):
        list(spacy_docs.json_lines(FilesInMemory({"a.spacy": damaged})))
