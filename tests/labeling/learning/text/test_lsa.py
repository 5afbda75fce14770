"""Words that stand beside the same words get vectors that point the same way."""

import numpy as np
import pytest

from labeling.learning.text import lsa
from labeling.learning.text.hashing import WORD_COLUMNS, count_terms
from labeling.learning.text.lsa import unit_rows, word_vectors
from labeling.learning.text.tfidf import Featurizer

KITCHEN = ["pot", "pan", "oven", "spoon", "recipe"]
GARAGE = ["wheel", "brake", "engine", "tyre", "garage"]


@pytest.fixture(scope="module")
def kitchen_and_garage():
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(KITCHEN if number % 2 else GARAGE, 3)) for number in range(400)]


def column(word):
    return int(count_terms([word]).indices[0])


def test_words_of_one_matter_lie_together_and_apart_from_others(kitchen_and_garage):
    presence = count_terms(kitchen_and_garage)[:, :WORD_COLUMNS]
    presence.data[:] = 1
    columns, vectors = word_vectors(presence, 2, seed=0)
    index_of = {int(c): number for number, c in enumerate(columns)}
    points = unit_rows(vectors)
    pot, pan, wheel = (points[index_of[column(word)]] for word in ("pot", "pan", "wheel"))
    assert pot @ pan > 0.5 > 0.2 > pot @ wheel


def test_two_texts_without_a_common_word_are_near_when_their_words_are(kitchen_and_garage):
    featurizer = Featurizer.learn(kitchen_and_garage, dimensions=2)
    meanings = featurizer.transform(["pot pan", "oven spoon", "wheel brake"]).dense[
        :, -featurizer.vectors.shape[1] :
    ]
    assert meanings[0] @ meanings[1] > 0.5 > 0 > meanings[0] @ meanings[2]


def test_a_pool_of_long_texts_is_read_as_far_as_memory_allows(kitchen_and_garage, monkeypatch):
    monkeypatch.setattr(lsa, "MAX_PAIRS", 200)
    presence = count_terms(kitchen_and_garage)[:, :WORD_COLUMNS]
    presence.data[:] = 1
    columns, vectors = word_vectors(presence, 8, seed=0)
    assert 0 < len(columns) == len(vectors)


def test_a_pool_in_which_every_word_is_rare_has_no_vectors():
    presence = count_terms(["one two", "three four", "five six"])[:, :WORD_COLUMNS]
    columns, vectors = word_vectors(presence, 8, seed=0)
    assert len(columns) == 0
    assert vectors.size == 0
