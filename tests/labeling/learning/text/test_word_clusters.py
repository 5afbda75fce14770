"""Words that stand in the same places come into one group."""

import numpy as np

from labeling.learning.text.word_clusters import WordClusters, learn_clusters, plain

DRUGS, CITIES = ["aspirin", "heparin", "codeine"], ["paris", "oslo", "lima"]


def pool():
    rng = np.random.default_rng(1)
    segments = []
    for _ in range(300):
        drug, city = DRUGS[rng.integers(3)], CITIES[rng.integers(3)]
        segments += [["given", drug, "therapy", "daily"], ["we", "went", "to", city, "by", "train"]]
    return segments


def test_words_in_the_same_places_share_a_group():
    clusters = learn_clusters(pool(), sizes=(4,))
    groups = [{tuple(clusters.of(word)) for word in kind} for kind in (DRUGS, CITIES)]
    assert len(groups[0]) == len(groups[1]) == 1
    assert groups[0] != groups[1]


def test_rare_and_unknown_words_have_no_group():
    assert learn_clusters([*pool(), ["unheard"]], sizes=(4,)).of("unheard") == ()


def test_a_small_pool_gives_no_groups():
    assert learn_clusters([["a", "b"]]).of("a") == ()


def test_one_seed_gives_one_grouping():
    first, second = (learn_clusters(pool(), sizes=(2, 4), seed=5) for _ in range(2))
    assert np.array_equal(first.levels, second.levels)
    assert first.numbers == second.numbers


def test_groups_survive_the_disk(tmp_path):
    for number, clusters in enumerate([learn_clusters(pool(), sizes=(4,)), WordClusters()]):
        clusters.save(tmp_path / str(number))
        again = WordClusters.load(tmp_path / str(number))
        assert again.numbers == clusters.numbers
        assert np.array_equal(again.levels, clusters.levels)


def test_case_and_digits_do_not_part_words():
    assert plain("Covid19") == plain("COVID20")
