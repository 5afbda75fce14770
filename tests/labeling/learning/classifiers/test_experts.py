"""What each expert alone must do, held against slow ways to say the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, csr_matrix
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import NearestNeighbors
from sklearn.semi_supervised import LabelSpreading

from labeling.learning.acquisition import margin
from labeling.learning.arrays.types import FLOOR
from labeling.learning.classifiers import naive_bayes
from labeling.learning.classifiers.label_propagation import (
    NEIGHBORS,
    PROPAGATION_WEIGHT,
    SHARPNESS,
    LabelPropagationClassifier,
    nearest,
    smoothing,
)
from labeling.learning.classifiers.naive_bayes import NaiveBayesClassifier, Vocabulary
from labeling.learning.classifiers.stacking import LogLinearPool, folds
from labeling.learning.query_strategies.pool_scores import top_two
from labeling.learning.storage.graph_store import GraphStore
from labeling.learning.text.lsa import unit_rows
from labeling.learning.text.rows import Rows
from tests.thorough import examples


@pytest.fixture(scope="module")
def counted(rows):
    vocabulary = Vocabulary.of(rows, rows)
    return vocabulary, vocabulary.read(rows)


def test_naive_bayes_without_unlabeled_documents_is_scikit_learns(counted, rows, labels):
    vocabulary, words = counted
    model = NaiveBayesClassifier(guessed=0.0).learn(
        words[:90], labels[:90], 3, vocabulary, np.zeros(len(rows), bool), np.full(3, 1 / 3)
    )
    oracle = MultinomialNB(alpha=naive_bayes.SMOOTHING, fit_prior=False)
    balanced = 30 / np.bincount(labels[:90])[labels[:90]]
    oracle.fit(csr_matrix(words[:90])[:, :-1], labels[:90], sample_weight=balanced)
    theirs = oracle.predict_log_proba(csr_matrix(words)[:, :-1])
    theirs = np.maximum(theirs - theirs.max(axis=1, keepdims=True), FLOOR)
    assert np.abs(model.scores(rows) - theirs).max() < 1e-3


def test_a_labeled_document_does_not_also_count_as_a_guess(counted, rows, labels):
    vocabulary, words = counted
    few = np.arange(12)
    everyone = np.isin(np.arange(len(rows)), np.arange(len(rows)))
    mass = np.full(3, 1 / 3)
    with_guesses = NaiveBayesClassifier().learn(words[few], labels[few], 3, vocabulary, ~everyone, mass)
    without = NaiveBayesClassifier().learn(words[few], labels[few], 3, vocabulary, everyone, mass)
    assert not np.allclose(with_guesses.weights, without.weights)
    accuracy = (with_guesses.scores(rows).argmax(axis=1) == labels).mean()
    assert accuracy > (without.scores(rows).argmax(axis=1) == labels).mean()


@settings(max_examples=examples(30), deadline=None)
@given(count=st.integers(1, 60), anchors=st.integers(0, 40), seed=st.integers(0, 99))
def test_the_nearest_anchors_are_scikit_learns(count, anchors, seed):
    rng = np.random.default_rng(seed)
    points, there = (rng.normal(size=(n, 6)).astype(np.float32) for n in (count, anchors))
    near = nearest(points, there)
    assert near.shape == (count, anchors)
    if anchors == 0:
        return
    oracle = NearestNeighbors(n_neighbors=min(NEIGHBORS, anchors)).fit(unit_rows(there))
    distances, _ = oracle.kneighbors(unit_rows(points))
    expected = np.maximum(1 - distances**2 / 2, 0) ** SHARPNESS
    ours = -np.sort(-near.toarray(), axis=1)[:, : expected.shape[1]]
    assert np.abs(ours - expected).max() < 1e-3


def test_no_anchor_is_its_own_neighbor(rows):
    points = rows.points()
    near = nearest(points, points, own=np.arange(len(points)))
    assert (near.diagonal() == 0).all()
    half = np.where(np.arange(len(points)) % 2 == 0, np.arange(len(points)), -1)
    assert (nearest(points, points, own=half).diagonal()[::2] == 0).all()


def test_labels_spread_as_scikit_learns_do(rows, labels):
    points = rows.points()
    near = nearest(points, points, own=np.arange(len(points)))
    step = smoothing(near)
    targets = np.full(len(labels), -1)
    few = np.concatenate([np.flatnonzero(labels == number)[:4] for number in range(3)])
    targets[few] = labels[few]
    joined = near.maximum(near.T)
    oracle = LabelSpreading(
        kernel=lambda x, y: joined.toarray(), alpha=PROPAGATION_WEIGHT, max_iter=200, tol=1e-9
    )
    oracle.fit(points, targets)
    model = LabelPropagationClassifier().learn(step, near[few], few, labels[few], 3)
    agreed = (model.reached.argmax(axis=1) == oracle.label_distributions_.argmax(axis=1)).mean()
    assert agreed > 0.97
    assert (model.reached.argmax(axis=1) == labels).mean() > 0.9


def test_a_document_without_neighbors_leaves_it_to_the_other_experts(rows, labels):
    points = rows.points()
    near = nearest(points, points, own=np.arange(len(points)))
    model = LabelPropagationClassifier().learn(smoothing(near), near[:20], np.arange(20), labels[:20], 3)
    alone = Rows(rows.sparse[:2], rows.dense[:2], neighbors=csr_array((2, len(points)), dtype=np.float32))
    assert np.ptp(model.scores(alone), axis=1).max() < 1e-6
    assert np.ptp(model.scores(rows), axis=1).max() < 1e-6  # rows that know of no graph


def test_a_graph_comes_back_from_the_disk_piece_by_piece(rows, tmp_path):
    points = rows.points()
    near = nearest(points, points, own=np.arange(len(points)))
    held = GraphStore.create(tmp_path / "g", np.arange(len(points)), smoothing(near), len(points))
    assert held.take(np.array([3, 399])).nnz == 0
    for first in range(0, 300, 100):
        held = held.append(near[first : first + 100])
    read = GraphStore.open(tmp_path / "g")
    assert read.count == 300
    taken = read.take(np.array([299, 5, 350]))
    assert np.abs(taken[[0, 1]].toarray() - near[[299, 5]].toarray()).max() < 1e-3
    assert taken[[2]].nnz == 0


def test_what_a_killed_writer_left_behind_is_written_over(rows, tmp_path):
    points = rows.points()
    near = nearest(points, points, own=np.arange(len(points)))
    held = GraphStore.create(tmp_path / "g", np.arange(len(points)), smoothing(near), len(points))
    held = held.append(near[:50])
    with (tmp_path / "g" / "places.int32").open("ab") as file:
        file.write(b"\xff" * 997)  # no weights behind them: they do not count
    read = GraphStore.open(tmp_path / "g")
    assert read.count == 50
    again = read.append(near[50:90])
    assert again.count == 90
    assert np.abs(again.take(np.arange(90)).toarray() - near[:90].toarray()).max() < 1e-3


@settings(max_examples=examples(40), deadline=None)
@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_no_fold_judges_what_it_learned_from(sizes, seed):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    seen = []
    for train, held in folds(labels, seed):
        assert np.intersect1d(train, held).size == 0
        assert len(train) + len(held) == len(labels)
        seen.append(held)
    assert len(np.unique(np.concatenate(seen))) == sum(map(len, seen))


def test_an_expert_that_is_always_wrong_gets_no_weight():
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=300)
    right = np.where(np.eye(3, dtype=bool)[labels], -0.2, -2.0) + rng.normal(0, 0.8, (300, 3))
    wrong = np.roll(right, 1, axis=1)
    weights = LogLinearPool(np.array([1.0, 0.2])).fit(np.stack([right, wrong]), labels).weights_
    assert weights[0] > 0.5
    assert weights[1] < 0.1


def test_with_a_dozen_labels_the_weights_stay_near_what_is_usual():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=12)
    noise = rng.normal(size=(2, 12, 2))
    weights = LogLinearPool(np.array([1.0, 0.2])).fit(noise, labels).weights_
    assert np.abs(weights / weights[0] - np.array([1.0, 0.2])).max() < 0.4


def test_experts_on_several_labels_are_weighed_too():
    rng = np.random.default_rng(1)
    flags = rng.random((200, 4)) < 0.3
    right = np.where(flags, 2.0, -2.0) + rng.normal(0, 1, flags.shape)
    weights = LogLinearPool(np.array([0.8, 0.3])).fit(np.stack([right, -right]), flags).weights_
    assert weights[0] > 0.5
    assert weights[1] == 0


@settings(max_examples=examples(60), deadline=None)
@given(n_classes=st.integers(2, 9), seed=st.integers(0, 999))
def test_the_smallest_margins_are_those_of_breaking_ties(n_classes, seed):
    """As small-text and modAL choose: the smallest difference of the two highest probabilities first."""
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(n_classes), size=50)
    ordered = np.sort(probabilities, axis=1)
    breaking_ties = np.argsort(ordered[:, -1] - ordered[:, -2], kind="stable")[:10]
    _classes, best = top_two(probabilities.T)
    ours = np.argsort(-(1 - (best[:, 0] - best[:, 1])), kind="stable")[:10]
    assert set(ours) == set(breaking_ties)
    assert set(np.argsort(-margin(probabilities), kind="stable")[:10]) == set(breaking_ties)
