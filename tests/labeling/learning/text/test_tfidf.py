"""Any text becomes features, the same ones everywhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds

from labeling.learning.text.hashing import COLUMNS, WORD_COLUMNS, count_terms
from labeling.learning.text.lsa import leading_directions, log_entropy_weights
from labeling.learning.text.tfidf import Featurizer
from labeling.learning.text.words import ASCII_WORD, TEXT_LIMIT, WORD, words

ODD = [
    "",
    " \n\t",
    "😀😀 👍🏽",
    "שלום עולם",
    "مرحبا بالعالم",
    "हिन्दी",
    "日本語テキスト",
    "a",
    "\ud800",
    "\x00b",
    "ﬁne é e\u0301",
]


@given(st.lists(st.text(max_size=60), max_size=8))
def test_every_text_gets_a_row_of_length_one_or_of_nothing(batch):
    featurizer = Featurizer.learn([*batch, "some known words"])
    rows = featurizer.transform(batch)
    lengths = np.sqrt(np.asarray(rows.sparse.power(2).sum(axis=1)))
    assert rows.sparse.shape == (len(batch), COLUMNS)
    assert np.all(np.isclose(lengths, 1, atol=1e-5) | (lengths == 0))
    assert np.isfinite(rows.dense).all()


@pytest.mark.parametrize("odd", ODD)
def test_odd_texts_are_featurized_beside_ordinary_ones(featurizer, odd):
    alone = featurizer.transform([odd])
    beside = featurizer.transform(["goal match", odd, "market"])
    assert (alone.sparse != beside.sparse[[1]]).nnz == 0
    assert np.allclose(alone.dense[0], beside.dense[1], atol=1e-6)


def test_a_pool_of_one_text_and_a_pool_of_equal_texts_can_be_learned():
    for pool in (["only one"], ["same words"] * 50, [""], []):
        rows = Featurizer.learn(pool).transform(["same words", "only one", ""])
        assert np.isfinite(rows.dense).all()
        assert np.isfinite(rows.sparse.data).all()


def test_a_megabyte_of_text_is_read_up_to_the_limit():
    long = "word soup " * 100_000
    assert (count_terms([long]) != count_terms([long[:TEXT_LIMIT]])).nnz == 0


def test_counts_do_not_depend_on_what_else_is_in_the_batch(texts):
    together = count_terms(texts[:50])
    apart = [count_terms([text]) for text in texts[:50]]
    assert all((together[[i]] != matrix).nnz == 0 for i, matrix in enumerate(apart))


def test_words_and_pairs_have_columns_of_their_own():
    counts = count_terms(["one two three"])
    assert (counts.indices < WORD_COLUMNS).sum() == 3
    assert (counts.indices >= WORD_COLUMNS).sum() == 2


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=80))
def test_the_short_way_for_ascii_finds_the_same_words(text):
    assert ASCII_WORD.findall(text.lower()) == WORD.findall(text.lower()) == words(text)


def test_composed_and_decomposed_accents_are_one_word():
    assert words("caf\u00e9") == words("cafe\u0301")


def test_a_featurizer_survives_the_disk(featurizer, texts, tmp_path):
    featurizer.save(tmp_path / "f")
    read = Featurizer.load(tmp_path / "f")
    assert read.version == featurizer.version
    assert (read.transform(texts).sparse != featurizer.transform(texts).sparse).nnz == 0


def test_another_sample_or_width_is_another_version(texts):
    versions = {
        Featurizer.learn(texts).version,
        Featurizer.learn(texts[:200]).version,
        Featurizer.learn(texts, dimensions=8).version,
    }
    assert len(versions) == 3
    assert Featurizer.learn(texts).version in versions


def test_leading_directions_span_what_an_exact_decomposition_spans():
    rng = np.random.default_rng(0)
    low_rank = rng.normal(size=(80, 5)) * [9, 7, 5, 4, 3] @ rng.normal(size=(5, 60))
    matrix = csr_array((low_rank + 0.01 * rng.normal(size=(80, 60))).astype(np.float32))
    directions = leading_directions(matrix, 5, seed=1)
    exact = svds(matrix, k=5, rng=np.random.default_rng(0))[2]
    assert np.allclose(directions.T @ directions, np.eye(5), atol=1e-4)
    assert np.allclose(np.linalg.svd(exact @ directions)[1], 1, atol=1e-3)


def test_log_entropy_agrees_with_its_definition():
    counts = np.random.default_rng(0).integers(0, 4, size=(12, 6)).astype(np.float64)
    shares = counts / counts.sum(axis=0)
    expected = 1 + np.where(shares > 0, shares * np.log(np.where(shares > 0, shares, 1)), 0).sum(
        axis=0
    ) / np.log(12)
    assert np.allclose(log_entropy_weights(csr_array(counts)), expected, atol=1e-6)
