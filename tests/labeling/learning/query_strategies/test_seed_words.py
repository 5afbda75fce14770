"""Seed words find the documents that hold them, without reading a text."""

import numpy as np
import pytest

from labeling.learning.query_strategies.seed_words import find_matches, varied_matches
from labeling.learning.storage.feature_store import FeatureStore
from labeling.learning.text.tfidf import Featurizer

TEXTS = [
    "please send the money back",
    "back to the money question",
    "a refund would be fine, refund me",
    "where is my parcel",
    "the parcel came and went back",
    "my parcel is late, I want a refund",
]


@pytest.fixture
def store(tmp_path):
    """Five copies of each text, in shards of eight."""
    texts = TEXTS * 5
    made = FeatureStore.create(tmp_path / "store", Featurizer.learn(texts), shard_rows=8)
    return made.append(0, texts)


def found_in(store, terms, *, most=100, is_eligible=None):
    eligible = np.ones(len(store), dtype=bool) if is_eligible is None else is_eligible
    return find_matches(store, terms, eligible, most)


def test_words_are_found_in_any_case_and_phrases_only_as_they_stand(store):
    result = found_in(store, {0: ["Refund"], 1: ["money back"]})
    assert {index % 6 for index in result[0].positions.tolist()} == {2, 5}
    assert {index % 6 for index in result[1].positions.tolist()} == {0}


def test_the_best_match_comes_first_and_each_names_its_words(store):
    (matches,) = found_in(store, {4: ["refund", "parcel"]}).values()
    assert matches.positions[0] % 6 == 5  # holds both
    assert matches.words[0] == ("refund", "parcel")
    assert (np.diff(matches.scores) <= 1e-6).all()
    assert len(matches.positions) == len(matches.words) == 20


def test_documents_that_may_not_be_chosen_are_passed_over(store):
    eligible = np.zeros(30, dtype=bool)
    eligible[[5, 8]] = True
    (matches,) = found_in(store, {0: ["refund"]}, is_eligible=eligible).values()
    assert sorted(matches.positions.tolist()) == [5, 8]


def test_only_the_best_are_kept_and_words_that_nobody_wrote_find_nothing(store):
    result = found_in(store, {0: ["refund"], 1: ["zebra"], 2: ["?!"], 3: []}, most=4)
    assert list(result) == [0]
    assert len(result[0].positions) == 4


def test_chosen_matches_differ_from_each_other(store):
    (matches,) = found_in(store, {0: ["refund"]}).values()
    chosen = varied_matches(matches, lambda p: np.ones(len(p), dtype=bool), 2, store.dense)
    assert {int(matches.positions[index]) % 6 for index in chosen} == {2, 5}
    assert varied_matches(matches, lambda p: np.zeros(len(p), dtype=bool), 2, store.dense) == []
