"""The models answer with probabilities, whatever labels they were given."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB

from labeling.learning import classifier, solver
from labeling.learning.classifier import LinearModel, fit_multi, fit_single, part_of
from labeling.learning.committee import Committee, fit_committee
from labeling.learning.features import Rows
from labeling.learning.naive_bayes import SMOOTHING, fit_complement
from labeling.learning.scoring import score_pool, score_rows
from labeling.learning.store import FeatureStore


@pytest.fixture(scope="module")
def flat(rows):
    """Rows as scikit-learn takes them: every column of the pool, in the labelled rows or not."""
    columns = np.unique(rows.sparse.indices)

    def side_by_side(part: Rows):
        return (
            hstack([csr_matrix(part.sparse)[:, columns], csr_matrix(part.dense)]).tocsr().astype(np.float64)
        )

    return side_by_side


@pytest.fixture
def flags(labels):
    """Several labels: the class, every fourth document another one too, every tenth none."""
    given = np.eye(3, dtype=bool)[labels]
    given[::4, 0] = True
    given[::10] = False
    return given


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("most_dual_rows", [0, 10_000])
def test_the_fit_on_active_columns_equals_scikit_learn_on_all(
    n_classes, most_dual_rows, rows, labels, flat, monkeypatch
):
    monkeypatch.setattr(solver, "MOST_DUAL_ROWS", most_dual_rows)
    monkeypatch.setattr(solver, "TOLERANCE", 1e-12)
    chosen = np.flatnonzero(labels < n_classes)
    train, test = chosen[:90], chosen[90:]
    ours = fit_single(part_of(rows, train), labels[train], n_classes).probabilities(part_of(rows, test))
    oracle = LogisticRegression(C=20, class_weight="balanced", tol=1e-8, max_iter=5_000)
    oracle.fit(flat(part_of(rows, train)), labels[train])
    theirs = oracle.predict_proba(flat(part_of(rows, test)))
    assert np.abs(ours - theirs).max() < 1e-3
    assert np.allclose(ours.sum(axis=1), 1, atol=1e-5)


def test_the_shipped_tolerance_stays_near_the_optimum(rows, labels, monkeypatch):
    quick = fit_single(part_of(rows, np.arange(100)), labels[:100], 3).probabilities(rows)
    monkeypatch.setattr(solver, "TOLERANCE", 1e-12)
    exact = fit_single(part_of(rows, np.arange(100)), labels[:100], 3).probabilities(rows)
    assert np.abs(quick - exact).max() < 3e-3


@pytest.mark.parametrize("most_dual_rows", [0, 10_000])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_where_the_fit_starts_does_not_change_where_it_ends(
    most_dual_rows, n_classes, rows, labels, monkeypatch
):
    monkeypatch.setattr(solver, "MOST_DUAL_ROWS", most_dual_rows)
    monkeypatch.setattr(solver, "TOLERANCE", 1e-12)
    chosen = np.flatnonzero(labels < n_classes)
    before = fit_single(part_of(rows, chosen[:80]), labels[chosen[:80]], n_classes)
    now = part_of(rows, chosen[:100])
    cold = fit_single(now, labels[chosen[:100]], n_classes).probabilities(rows)
    warm = fit_single(now, labels[chosen[:100]], n_classes, start=before).probabilities(rows)
    assert np.abs(cold - warm).max() < 1e-3


def test_a_fit_that_starts_at_its_own_answer_stays_there(rows, labels):
    model = fit_single(part_of(rows, np.arange(100)), labels[:100], 3)
    again = fit_single(part_of(rows, np.arange(100)), labels[:100], 3, start=model)
    assert np.abs(model.probabilities(rows) - again.probabilities(rows)).max() < 3e-3


def test_a_class_without_labels_gets_probability_nought(rows, labels):
    chosen = np.flatnonzero(labels != 1)[:60]
    found = fit_single(part_of(rows, chosen), labels[chosen], 5).probabilities(rows)
    assert found.shape == (len(rows), 5)
    assert (found[:, [1, 3, 4]] == 0).all()
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 30])
def test_labels_of_one_class_only_make_a_model_that_says_so(count, rows):
    committee = fit_committee(part_of(rows, np.arange(count)), np.full(count, 2), 3)
    assert not committee.can_rank
    assert (committee.probabilities(rows)[:, 2] == 1).all()


def test_texts_without_features_and_equal_texts_do_not_stop_a_fit(featurizer):
    rows = featurizer.transform(["", "goal", "goal", "goal", "market", ""])
    model = fit_single(rows, np.array([0, 0, 1, 0, 1, 1]), 2)
    assert np.isfinite(model.probabilities(rows)).all()


def test_naive_bayes_equals_scikit_learn_on_the_words_that_occur(rows, labels):
    train = part_of(rows, np.arange(60))
    columns = np.unique(train.sparse.indices)
    oracle = ComplementNB(alpha=SMOOTHING).fit(csr_matrix(train.sparse)[:, columns], labels[:60])
    theirs = oracle.predict_proba(csr_matrix(rows.sparse)[:, columns])
    assert np.abs(fit_complement(train, labels[:60], 3).probabilities(rows) - theirs).max() < 1e-4


def test_several_labels_are_fitted_each_on_its_own(rows, flags, flat, monkeypatch):
    monkeypatch.setattr(classifier, "LABEL_TOLERANCE", 1e-12)
    train = part_of(rows, np.arange(100))
    found = fit_multi(train, flags[:100]).probabilities(rows)
    for number in range(3):
        oracle = LogisticRegression(C=20, tol=1e-8, max_iter=5_000).fit(flat(train), flags[:100, number])
        assert np.abs(found[:, number] - oracle.predict_proba(flat(rows))[:, 1]).max() < 2e-3


def test_a_document_may_get_no_label_and_an_unseen_class_never_gets_any(rows, flags):
    wide = np.concatenate([flags, np.zeros((len(flags), 1), dtype=bool)], axis=1)
    model = fit_multi(part_of(rows, np.arange(200)), wide[:200])
    decided = model.decide(model.probabilities(rows))
    assert not decided[:, 3].any()
    assert not decided.any(axis=1).all()
    assert (decided[200:, :3] == flags[200:]).mean() > 0.8


def test_no_label_on_any_document_is_an_answer_too(rows):
    committee = fit_committee(part_of(rows, np.arange(20)), np.zeros((20, 3), dtype=bool), 3)
    assert not committee.can_rank
    assert not committee.speaker.decide(committee.probabilities(rows)).any()


def test_a_model_learns_what_the_texts_tell(rows, labels):
    committee = fit_committee(part_of(rows, np.arange(60)), labels[:60], 3)
    for member in committee.member_probabilities(rows):
        assert (member.argmax(axis=1)[60:] == labels[60:]).mean() > 0.9


@pytest.mark.parametrize("several", [False, True])
def test_a_committee_survives_the_disk(several, rows, labels, flags, tmp_path):
    committee = fit_committee(part_of(rows, np.arange(80)), flags[:80] if several else labels[:80], 3)
    committee.save(tmp_path / "m", {"featurizer": "abc"})
    read, facts = Committee.load(tmp_path / "m")
    assert facts == {"featurizer": "abc"}
    assert read.names == committee.names
    assert np.array_equal(read.member_probabilities(rows), committee.member_probabilities(rows))
    assert np.array_equal(read.disagreement(read.member_probabilities(rows)), _disagreement(committee, rows))


def _disagreement(committee, rows):
    return committee.disagreement(committee.member_probabilities(rows))


def test_a_committee_half_written_is_not_found(rows, labels, tmp_path):
    committee = fit_committee(part_of(rows, np.arange(80)), labels[:80], 3)
    committee.members[0].save(tmp_path / "m" / "member-0", {})
    with pytest.raises(FileNotFoundError):
        Committee.load(tmp_path / "m")


def test_a_model_without_a_dense_view_takes_rows_that_have_one(rows, labels):
    words_only = fit_complement(part_of(rows, np.arange(80)), labels[:80], 3)
    assert isinstance(replace(words_only), LinearModel)
    assert words_only.probabilities(rows).shape == (len(rows), 3)


def test_the_pool_is_scored_alike_in_shards_and_at_once(texts, rows, labels, featurizer, tmp_path):
    committee = fit_committee(part_of(rows, np.arange(80)), labels[:80], 3)
    store = FeatureStore.create(tmp_path, featurizer, shard_rows=64).append(0, texts)
    by_shard, at_once = score_pool(store, committee), score_rows(0, rows, committee)
    assert np.array_equal(by_shard.positions, np.arange(len(texts)))
    assert np.allclose(by_shard.margin, at_once.margin, atol=2e-3)
    direct = np.sort(committee.probabilities(rows), axis=1)
    assert np.allclose(at_once.margin, 1 - (direct[:, -1] - direct[:, -2]), atol=1e-5)
    assert np.allclose(at_once.probabilities, direct[:, [-1, -2]])
