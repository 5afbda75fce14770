"""Every word has a vector, the same one wherever it stands, and the dense view is made of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.learning.arrays.types import Floats, Integers
from labeling.learning.text.static_vectors import FIRST_PIECE, STATIC_WIDTH, StaticVectors, plain_word
from labeling.learning.text.tfidf import DENSE_LENGTH, DENSE_WIDTH, Featurizer
from labeling.learning.text.wordpiece import vocabulary
from labeling.learning.text.words import words

ODD_POOLS = {
    "nothing": [],
    "one text": ["only one"],
    "no words": ["", " ", "?!"],
    "the same text": ["same words"] * 50,
    "other scripts": ["שלום עולם", "مرحبا بالعالم", "हिन्दी", "日本語テキスト", "ไทย"] * 3,
    "fewer texts than axes": [f"word{n} and {n} others of them" for n in range(30)],
}


def test_each_piece_is_encoded_alone_and_once() -> None:
    seen: list[Integers] = []

    def encode(tokens: Integers) -> Floats:
        seen.append(tokens[:, 1])
        assert tokens.shape == (1, 3)
        assert tokens[0, 0] == 101
        assert tokens[0, 2] == 102
        points = np.zeros((*tokens.shape, STATIC_WIDTH + 4), dtype=np.float32)
        points[:, 1, :2] = np.stack([tokens[:, 1] % 7, tokens[:, 1] % 11], axis=1)
        return points

    vectors = StaticVectors.make(encode)
    assert np.concatenate(seen).tolist() == list(range(len(vocabulary())))
    assert vectors.pieces.shape == (len(vocabulary()), STATIC_WIDTH)
    assert not vectors.pieces[:FIRST_PIECE].any()
    near, far = vectors.of_words([vocabulary()[FIRST_PIECE + 1_001], vocabulary()[FIRST_PIECE + 1_078]])
    assert np.allclose(near, far, atol=0.1), "1,001 and 1,078 are alike in both remainders"


def test_eight_bits_keep_what_the_vectors_say() -> None:
    exact = np.random.default_rng(0).normal(size=(200, 16)).astype(np.float32)
    exact[::2] *= 0.01  # small ones as well
    stored = StaticVectors.of(exact, [f"p{n}" for n in range(200)])
    kept = stored.pieces * stored.scales[:, None]
    cosines = (kept * exact).sum(axis=1) / np.linalg.norm(kept, axis=1) / np.linalg.norm(exact, axis=1)
    assert cosines.min() > 0.999


def test_a_word_is_the_mean_of_its_pieces_and_another_script_is_nothing(static: StaticVectors) -> None:
    whole, una, ffa, ble, other = static.of_words(["unaffable", "una", "cafe", "café", "日"])
    pieces = static.pieces * static.scales[:, None]
    numbers = [vocabulary().index(piece) for piece in ("una", "##ffa", "##ble")]
    assert np.allclose(whole, pieces[numbers].mean(axis=0), atol=1e-5)
    assert np.allclose(una, pieces[numbers[0]])
    assert np.array_equal(ffa, ble), "accents do not count"
    assert other.any(), "ideographs are in the vocabulary"
    assert not static.of_words(["ꙮ", "\ud800"]).any()


@given(st.text(max_size=30))
def test_any_word_has_a_finite_vector(text: str) -> None:
    vectors = StaticVectors.of(np.ones((5, 3), dtype=np.float32), ["[PAD]", "a", "##b", "é", "c"])
    assert np.isfinite(vectors.of_words([*words(text), plain_word(text)])).all()


@pytest.mark.parametrize("pool", ODD_POOLS.values(), ids=ODD_POOLS)
def test_every_pool_can_be_learned(pool: list[str], static: StaticVectors) -> None:
    featurizer = Featurizer.learn(pool, static=static)
    dense = featurizer.transform([*pool, "same words", "", "entirely new"]).dense
    assert dense.shape[1] == featurizer.dimensions <= DENSE_WIDTH
    lengths = np.linalg.norm(dense, axis=1)
    assert np.all((lengths == 0) | np.isclose(lengths, DENSE_LENGTH, atol=1e-4))


def test_words_that_the_pool_never_held_have_a_place(static: StaticVectors, texts: list[str]) -> None:
    featurizer = Featurizer.learn(texts, static=static)
    assert featurizer.transform(["hello", "\ud800"]).dense.any(axis=1).tolist() == [True, False]


def test_the_same_pool_gives_the_same_features_and_the_disk_keeps_them(
    static: StaticVectors, texts: list[str], tmp_path
) -> None:
    learned = [Featurizer.learn(texts, static=static) for _ in range(2)]
    assert learned[0].version == learned[1].version != Featurizer.learn(texts).version
    learned[0].save(tmp_path / "f")
    read = Featurizer.load(tmp_path / "f")
    assert read.version == learned[0].version
    assert np.array_equal(read.transform(texts).dense, learned[1].transform(texts).dense)


def test_a_featurizer_of_words_alone_is_what_it_was(featurizer: Featurizer, tmp_path) -> None:
    """Stores of an earlier version go on: their featurizer has no static vectors."""
    featurizer.save(tmp_path / "f")
    assert {path.stem for path in (tmp_path / "f").glob("*.npy")} == {
        "columns",
        "idf",
        "topics",
        "entropy",
        "directions",
        "words",
        "vectors",
        "centre",
    }
    assert Featurizer.load(tmp_path / "f").static is None
