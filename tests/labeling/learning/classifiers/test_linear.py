"""The models answer with probabilities, whatever labels they were given."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from labeling.learning.classifiers import linear, solver
from labeling.learning.classifiers.linear import LinearClassifier
from labeling.learning.text.rows import Rows


@pytest.fixture(scope="module")
def flat(rows):
    """Rows as scikit-learn takes them: every column of the pool, in the labeled rows or not."""
    columns = np.unique(rows.sparse.indices)

    def side_by_side(part: Rows):
        return (
            hstack([csr_matrix(part.sparse)[:, columns], csr_matrix(part.dense)]).tocsr().astype(np.float64)
        )

    return side_by_side


@pytest.fixture
def flags(labels):
    """Several labels: the class, every fourth document another one too, every tenth none."""
    one_hot = np.eye(3, dtype=bool)[labels]
    one_hot[::4, 0] = True
    one_hot[::10] = False
    return one_hot


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("most_dual_rows", [0, 10_000])
def test_the_fit_on_active_columns_equals_scikit_learn_on_all(
    n_classes, most_dual_rows, rows, labels, flat, monkeypatch
):
    monkeypatch.setattr(solver, "MAX_DUAL_ROWS", most_dual_rows)
    monkeypatch.setattr(solver, "TOLERANCE", 1e-12)
    monkeypatch.setattr(solver, "SLOPE_TOLERANCE", 1e-6)
    chosen = np.flatnonzero(labels < n_classes)
    train, test = chosen[:90], chosen[90:]
    ours = LinearClassifier().learn(rows.part(train), labels[train], n_classes).probabilities(rows.part(test))
    oracle = LogisticRegression(C=20, class_weight="balanced", tol=1e-8, max_iter=5_000)
    oracle.fit(flat(rows.part(train)), labels[train])
    theirs = oracle.predict_proba(flat(rows.part(test)))
    assert np.abs(ours - theirs).max() < 1e-3
    assert np.allclose(ours.sum(axis=1), 1, atol=1e-5)


def test_the_shipped_tolerance_stays_near_the_optimum(rows, labels, monkeypatch):
    quick = LinearClassifier().learn(rows.part(np.arange(100)), labels[:100], 3).probabilities(rows)
    monkeypatch.setattr(solver, "TOLERANCE", 1e-12)
    monkeypatch.setattr(solver, "SLOPE_TOLERANCE", 1e-6)
    exact = LinearClassifier().learn(rows.part(np.arange(100)), labels[:100], 3).probabilities(rows)
    assert np.abs(quick - exact).max() < 3e-3


@pytest.mark.parametrize("most_dual_rows", [0, 10_000])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_where_the_fit_starts_does_not_change_where_it_ends(
    most_dual_rows, n_classes, rows, labels, monkeypatch
):
    monkeypatch.setattr(solver, "MAX_DUAL_ROWS", most_dual_rows)
    monkeypatch.setattr(solver, "TOLERANCE", 1e-12)
    monkeypatch.setattr(solver, "SLOPE_TOLERANCE", 1e-6)
    chosen = np.flatnonzero(labels < n_classes)
    before = LinearClassifier().learn(rows.part(chosen[:80]), labels[chosen[:80]], n_classes)
    now = rows.part(chosen[:100])
    cold = LinearClassifier().learn(now, labels[chosen[:100]], n_classes).probabilities(rows)
    warm = LinearClassifier().learn(now, labels[chosen[:100]], n_classes, start=before).probabilities(rows)
    assert np.abs(cold - warm).max() < 2e-3


def test_a_fit_that_starts_at_its_own_answer_stays_there(rows, labels):
    model = LinearClassifier().learn(rows.part(np.arange(100)), labels[:100], 3)
    again = LinearClassifier().learn(rows.part(np.arange(100)), labels[:100], 3, start=model)
    assert np.abs(model.probabilities(rows) - again.probabilities(rows)).max() < 3e-3


def test_a_class_without_labels_gets_probability_nought(rows, labels):
    chosen = np.flatnonzero(labels != 1)[:60]
    probabilities = LinearClassifier().learn(rows.part(chosen), labels[chosen], 5).probabilities(rows)
    assert probabilities.shape == (len(rows), 5)
    assert (probabilities[:, [1, 3, 4]] == 0).all()
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_texts_without_features_and_equal_texts_do_not_stop_a_fit(featurizer):
    rows = featurizer.transform(["", "goal", "goal", "goal", "market", ""])
    model = LinearClassifier().learn(rows, np.array([0, 0, 1, 0, 1, 1]), 2)
    assert np.isfinite(model.probabilities(rows)).all()


def test_several_labels_are_fitted_each_on_its_own(rows, flags, flat, monkeypatch):
    monkeypatch.setattr(linear, "LABEL_TOLERANCE", 1e-12)
    monkeypatch.setattr(solver, "SLOPE_TOLERANCE", 1e-6)
    train = rows.part(np.arange(100))
    probabilities = LinearClassifier().learn(train, flags[:100], flags.shape[1]).probabilities(rows)
    for number in range(3):
        oracle = LogisticRegression(C=20, tol=1e-8, max_iter=5_000).fit(flat(train), flags[:100, number])
        theirs = oracle.predict_proba(flat(rows))[:, 1]
        assert np.abs(probabilities[:, number] - theirs).max() < 6e-3  # single precision


@pytest.mark.parametrize("seed", range(3))
def test_hundreds_of_rows_mixed_from_a_few_are_solved(seed: int) -> None:
    """Their Gram matrix is singular: in single precision it was less than its jitter away from negative."""
    rng = np.random.default_rng(seed)
    base = rng.random((40, 4000)).astype(np.float32) * (rng.random((40, 4000)) < 0.05)
    first, second = rng.integers(0, 40, (2, 400))
    share = rng.beta(0.4, 0.4, (400, 1)).astype(np.float32)
    mixed = np.concatenate([base, share * base[first] + (1 - share) * base[second]])
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    targets = np.eye(2)[rng.integers(0, 2, len(mixed))]
    solution = solver.solve(
        csr_matrix(mixed),
        np.zeros((len(mixed), 0), np.float32),
        targets,
        np.ones(len(mixed)),
        strength=1.0,
        exclusive=True,
    )
    logits = mixed[:, solution.columns] @ solution.sparse_weights + solution.intercept
    assert np.isfinite(logits).all()
    assert (logits.argmax(axis=1) == targets.argmax(axis=1)).mean() > 0.5
