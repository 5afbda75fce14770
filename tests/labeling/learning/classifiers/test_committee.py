"""Experts with different views are added by what they proved to be worth."""

import numpy as np
import pytest

from labeling.learning.arrays.types import FLOOR
from labeling.learning.classifiers import fitting
from labeling.learning.classifiers.auxiliary import AuxiliaryData
from labeling.learning.classifiers.committee import Committee
from labeling.learning.classifiers.external import ExternalModel
from labeling.learning.classifiers.fitting import fit_committee, fit_plain
from labeling.learning.classifiers.naive_bayes import NaiveBayesClassifier
from labeling.learning.classifiers.zero_shot import ZeroShotClassifier
from labeling.learning.query_strategies.pool_scores import score_pool, score_rows
from labeling.learning.storage.feature_store import FeatureStore
from labeling.learning.text.tfidf import Featurizer

LINES = ["football: goal, match, league", "money: market, bank, profit", "space: orbit, rocket, planet"]


@pytest.fixture(scope="module")
def store(texts, featurizer, tmp_path_factory):
    return FeatureStore.create(tmp_path_factory.mktemp("store"), featurizer, shard_rows=64).append(0, texts)


@pytest.fixture(scope="module")
def pool(store, texts):
    return store.take(np.arange(len(texts)))


@pytest.fixture(scope="module")
def auxiliary(pool, featurizer):
    return AuxiliaryData(pool, np.arange(len(pool)), described=featurizer.transform(LINES))


@pytest.fixture
def flags(labels):
    """Several labels: the class, every fourth document another one too, every tenth none."""
    one_hot = np.eye(3, dtype=bool)[labels]
    one_hot[::4, 0] = True
    one_hot[::10] = False
    return one_hot


def accuracy(committee, rows, labels):
    return float((committee.probabilities(rows).argmax(axis=1) == labels).mean())


def test_every_expert_learns_what_the_texts_tell(pool, labels, auxiliary):
    committee = fit_committee(pool.part(np.arange(60)), labels[:60], 3, auxiliary=auxiliary)
    assert committee.names == ("linear", "words", "guideline")
    for opinion in committee.expert_probabilities(pool):
        assert (opinion.argmax(axis=1)[60:] == labels[60:]).mean() > 0.85
    assert accuracy(committee, pool, labels) > 0.95


def test_the_unlabeled_pool_teaches_words_that_no_label_holds(pool, labels, auxiliary):
    few = np.concatenate([np.flatnonzero(labels == number)[:2] for number in range(3)])
    alone = fit_plain(pool.part(few), labels[few], 3)
    together = fit_committee(pool.part(few), labels[few], 3, auxiliary=auxiliary)
    assert accuracy(together, pool, labels) >= accuracy(alone, pool, labels)
    assert accuracy(together, pool, labels) > 0.95


def test_the_guideline_speaks_of_a_class_that_nobody_has_labeled(pool, labels, auxiliary):
    labeled = np.flatnonzero(labels < 2)[:40]
    committee = fit_committee(pool.part(labeled), labels[labeled], 3, auxiliary=auxiliary)
    unseen = labels == 2
    assert committee.trained == (0, 1)
    probabilities = committee.probabilities(pool)[:, 2]
    assert (probabilities[unseen][:, None] > probabilities[~unseen]).mean() > 0.9


def test_a_guideline_without_a_known_word_stays_silent(pool, featurizer):
    expert = ZeroShotClassifier().learn(featurizer.transform(["", "zzz", "goal"]), pool)
    assert expert.described.tolist() == [2]
    assert (expert.scores(pool)[:, :2] == 0).all()


def test_wrong_labels_do_not_break_the_committee(pool, labels, auxiliary):
    rng = np.random.default_rng(3)
    noisy = labels[:120].copy()
    wrong = rng.choice(120, 18, replace=False)  # 15%
    noisy[wrong] = (noisy[wrong] + 1 + rng.integers(2, size=18)) % 3
    committee = fit_committee(pool.part(np.arange(120)), noisy, 3, auxiliary=auxiliary)
    assert accuracy(committee, pool, labels) > 0.9


@pytest.mark.parametrize("several", [False, True])
def test_what_experts_had_not_seen_is_counted_for_each_class(several, pool, labels, flags, auxiliary):
    targets = flags[:80] if several else labels[:80]
    right, added, missed = fit_committee(pool.part(np.arange(80)), targets, 3, auxiliary=auxiliary).crossed
    true = flags[:80].sum(axis=0) if several else np.bincount(labels[:80], minlength=3)
    assert (right + missed).tolist() == true.tolist()
    assert (added >= 0).all()


@pytest.mark.parametrize("count", [1, 2, 30])
def test_labels_of_one_class_only_make_a_model_that_says_so(count, pool, auxiliary):
    committee = fit_committee(pool.part(np.arange(count)), np.full(count, 2), 3, auxiliary=auxiliary)
    assert not committee.can_rank
    assert (committee.probabilities(pool)[:, 2] > 0.99).all()


def test_no_label_on_any_document_is_an_answer_too(pool, auxiliary):
    none = np.zeros((20, 3), dtype=bool)
    committee = fit_committee(pool.part(np.arange(20)), none, 3, auxiliary=auxiliary)
    assert not committee.can_rank
    assert not committee.decide(committee.probabilities(pool)).any()


def test_a_document_may_get_no_label_and_an_unseen_class_never_gets_any(pool, flags, auxiliary):
    wide = np.concatenate([flags, np.zeros((len(flags), 1), dtype=bool)], axis=1)
    committee = fit_committee(pool.part(np.arange(200)), wide[:200], 4)
    decided = committee.decide(committee.probabilities(pool))
    assert not decided[:, 3].any()
    assert not decided.any(axis=1).all()
    assert (decided[200:, :3] == flags[200:]).mean() > 0.8


def test_a_model_from_elsewhere_is_believed_as_far_as_it_proves_right(pool, auxiliary):
    truth = np.random.default_rng(5).integers(3, size=len(pool))  # nothing that the texts could tell
    sure = np.where(np.eye(3, dtype=bool)[truth], -0.05, FLOOR).astype(np.float32)
    elsewhere = {
        "right": ExternalModel(3, np.arange(len(pool)), sure),
        "wrong": ExternalModel(3, np.arange(len(pool)), np.roll(sure, 1, axis=1)),
    }
    with_outside = AuxiliaryData(auxiliary.unlabeled, auxiliary.positions, outside=elsewhere)
    committee = fit_committee(pool.part(np.arange(60)), truth[:60], 3, auxiliary=with_outside)
    probabilities = dict(zip(committee.names, committee.weights, strict=True))
    assert probabilities["right"] > 2 * probabilities["wrong"]
    assert accuracy(committee, pool, truth) > 0.95


def test_a_model_from_elsewhere_abstains_where_it_has_said_nothing(pool):
    expert = ExternalModel(3, np.array([5, 9]), np.full((2, 3), -1, dtype=np.float32))
    scores = expert.scores(pool.part(np.arange(8)))
    assert np.flatnonzero(scores.any(axis=1)).tolist() == [5]


@pytest.mark.parametrize("several", [False, True])
def test_a_committee_survives_the_disk(several, pool, labels, flags, auxiliary, tmp_path):
    targets = flags[:80] if several else labels[:80]
    committee = fit_committee(pool.part(np.arange(80)), targets, 3, auxiliary=auxiliary)
    committee.save(tmp_path / "m", {"featurizer": "abc"})
    read, facts = Committee.load(tmp_path / "m")
    assert facts == {"featurizer": "abc"}
    assert (read.names, read.trained) == (committee.names, committee.trained)
    assert np.array_equal(read.probabilities(pool), committee.probabilities(pool))
    assert np.array_equal(read.disagreement(pool), committee.disagreement(pool))


def test_a_committee_half_written_is_not_found(pool, labels, tmp_path):
    committee = fit_plain(pool.part(np.arange(80)), labels[:80], 3)
    committee.linear.save(tmp_path / "m" / "linear", {})
    with pytest.raises(FileNotFoundError):
        Committee.load(tmp_path / "m")


def test_settled_weights_are_kept_until_there_are_many_more_labels(pool, labels, auxiliary, monkeypatch):
    monkeypatch.setattr("labeling.learning.classifiers.fitting.SETTLED_LABELS", 100)
    before = fit_committee(pool.part(np.arange(100)), labels[:100], 3, auxiliary=auxiliary)
    soon = fit_committee(pool.part(np.arange(120)), labels[:120], 3, auxiliary=auxiliary, start=before)
    late = fit_committee(pool.part(np.arange(140)), labels[:140], 3, auxiliary=auxiliary, start=before)
    assert before.crossed.shape == late.crossed.shape == (3, 3)
    assert not soon.crossed.size  # nothing was held out, so nothing is known anew
    assert np.array_equal(soon.weights, before.weights)
    assert soon.n_weighed == 100
    assert late.n_weighed == 140


def test_the_pool_is_scored_alike_in_shards_and_at_once(store, pool, labels, auxiliary):
    committee = fit_committee(pool.part(np.arange(80)), labels[:80], 3, auxiliary=auxiliary)
    by_shard = score_pool(store, committee, has_votes=True)
    at_once = score_rows(pool, committee, has_votes=True)
    assert np.array_equal(by_shard.positions, np.arange(len(pool)))
    assert np.allclose(by_shard.margin, at_once.margin, atol=1e-4)
    assert np.allclose(by_shard.disagreement, at_once.disagreement, atol=1e-4)
    direct = np.sort(committee.probabilities(pool), axis=1)
    assert np.allclose(at_once.margin, 1 - (direct[:, -1] - direct[:, -2]), atol=1e-4)
    assert np.allclose(at_once.probabilities, direct[:, [-1, -2]], atol=1e-4)


def test_documents_with_nothing_to_go_by_come_last(labels):
    texts = ["goal match", "market bank", "", "zzz"] * 10
    rows = Featurizer.learn(texts[:2] * 20).transform(texts)
    rows = type(rows)(rows.sparse, rows.dense, positions=np.arange(len(rows)))
    committee = fit_plain(rows.part(np.array([0, 1, 4, 5])), np.array([0, 1, 0, 1]), 2)
    scores = score_rows(rows, committee)
    is_blank = np.array([text in ("", "zzz") for text in texts])
    assert scores.margin[is_blank].max() <= 0 < scores.margin[~is_blank].min() + 1e-6


def test_no_fold_reads_the_documents_that_it_is_judged_on(pool, labels, monkeypatch):
    """Naive Bayes guesses the class of unlabeled documents: a held-out one's own guess would count there."""
    left_out = []

    class Watched(NaiveBayesClassifier):
        def learn(self, labeled, labels, n_classes, vocabulary, is_left_out, mass):
            left_out.append((len(labels), np.flatnonzero(is_left_out).tolist()))
            return super().learn(labeled, labels, n_classes, vocabulary, is_left_out, mass)

    monkeypatch.setattr(fitting, "NaiveBayesClassifier", Watched)
    labeled = np.arange(5, 65)
    fit_committee(pool.part(labeled), labels[labeled], 3, auxiliary=AuxiliaryData(pool, np.arange(len(pool))))
    assert len({size for size, _ in left_out}) > 1  # folds, and the whole
    assert all(rows == labeled.tolist() for _, rows in left_out)
