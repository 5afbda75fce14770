"""Blocks of tokens hold what tokenizing text by text gives."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labeling.learning.sequence.bio_tags import LONGEST_SEGMENT, segments, tokenize
from labeling.learning.sequence.crf_features import Describer
from labeling.learning.sequence.token_blocks import TokenBlock, hash_of, segment_words

texts = st.text(alphabet=st.sampled_from("abAB1 .-_\n\r\t😀é\u0301שم日ह\u093f\u200d"), max_size=40) | st.text(
    max_size=40
)


def words_of(block, describer, vocabulary):
    """The words of each token of a block, found again by their hashes."""
    names = {hash_of(describer.word(word).own[0]): word for word in vocabulary}
    return [names[int(hashed)] for hashed in block.names[block.words]]


@given(texts)
@example("a\x1f\x1cb\x0b")
def test_segments_are_those_of_the_slow_way(text):
    slow = [list(segment.words) for segment in segments(text, tokenize(text))]
    assert list(segment_words(text)) == slow


def test_a_very_long_line_is_cut():
    assert [len(words) for words in segment_words("x " * (LONGEST_SEGMENT + 3))] == [LONGEST_SEGMENT, 3]


@given(st.lists(texts, max_size=5), st.lists(texts, max_size=5))
def test_joined_blocks_hold_what_one_block_of_all_texts_holds(before, after):
    describer = Describer()
    joined = TokenBlock.of_texts(before, describer).joined(TokenBlock.of_texts(after, describer))
    whole = TokenBlock.of_texts(before + after, describer)
    vocabulary = [word for text in before + after for words in segment_words(text) for word in words]
    assert len(joined) == len(before + after)
    assert words_of(joined, describer, vocabulary) == words_of(whole, describer, vocabulary)
    assert joined.segments.tolist() == whole.segments.tolist()
    assert joined.documents.tolist() == whole.documents.tolist()
    for word, name in enumerate(joined.names):
        other = whole.names.tolist().index(name)
        own = joined.features[joined.entries[joined.bounds[word] : joined.bounds[word + 1]]]
        theirs = whole.features[whole.entries[whole.bounds[other] : whole.bounds[other + 1]]]
        assert own.tolist() == theirs.tolist()


def test_a_block_survives_the_disk():
    block = TokenBlock.of_texts(["Aspirin helps.", "", "It does"], Describer())
    again = TokenBlock(**block.pieces())
    assert again.token_counts.tolist() == [3, 0, 2]
    assert np.array_equal(again.entries, block.entries)


@pytest.mark.parametrize("word", ["a", "a" * 300, "\ud800", "-", "İ"])
def test_every_word_has_features_without_white_space(word):
    assert all(" " not in name for name in Describer().word(word).own)
