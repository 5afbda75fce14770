"""Are the experts and the committee estimators of scikit-learn, on plain arrays as on the service's rows?"""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from labeling.learning.classifiers.committee_classifier import CommitteeClassifier
from labeling.learning.classifiers.estimator import UNLABELED, RowsClassifier
from labeling.learning.classifiers.external import ExternalClassifier
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.classifiers.label_propagation import LabelPropagationClassifier
from labeling.learning.classifiers.linear import LinearClassifier
from labeling.learning.classifiers.naive_bayes import NaiveBayesClassifier, OneVsRestNaiveBayes
from labeling.learning.classifiers.stacking import LogLinearPool
from labeling.learning.classifiers.thresholds import DecisionThresholds
from labeling.learning.classifiers.zero_shot import ZeroShotClassifier

MINUS_ONE = {"check_classifiers_classes": "-1 marks a row without a label, as in sklearn.semi_supervised"}
PRESENCE = {"check_classifiers_train": "reads which columns are not 0, and in these points all are"}
EXPECTED_FAILURES: dict[RowsClassifier, dict[str, str]] = {
    CommitteeClassifier(): MINUS_ONE,
    LabelPropagationClassifier(): MINUS_ONE,
    LinearClassifier(): MINUS_ONE,
    NaiveBayesClassifier(): MINUS_ONE | PRESENCE,
    OneVsRestNaiveBayes(): MINUS_ONE | PRESENCE,
    ZeroShotClassifier(): MINUS_ONE,
}
ESTIMATORS = list(EXPECTED_FAILURES)


def name_of(estimator: RowsClassifier) -> str:
    return type(estimator).__name__


@pytest.fixture(scope="module")
def blobs():
    """(300, 8) points of three classes, none below 0, and their labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    return np.abs(rng.normal(size=(300, 8)) + 4 * np.eye(3, 8)[labels]), labels


@pytest.fixture(scope="module")
def pool(rows):
    return rows


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name_of)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_s_checks_pass_but_for_those_that_cannot(estimator):
    expected = EXPECTED_FAILURES[estimator]
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {result["check_name"] for result in results if result["status"] == "failed"}
    assert failed == set(expected)
    assert sum(result["status"] == "passed" for result in results) >= 50


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name_of)
def test_rows_without_a_label_add_no_class(estimator, blobs):
    points, labels = blobs
    some = np.where(np.arange(300) < 60, labels + 5, UNLABELED)
    fitted = clone(estimator).fit(points, some)
    assert fitted.classes_.tolist() == [5, 6, 7]
    assert fitted.predict_proba(points).shape == (300, 3)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name_of)
def test_no_row_with_a_label_is_refused(estimator, blobs):
    points, _ = blobs
    with pytest.raises(ValueError, match="Label at least one row"):
        clone(estimator).fit(points, np.full(300, UNLABELED))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=name_of)
def test_a_clone_has_the_parameters_and_nothing_that_was_learned(estimator, blobs):
    copy = clone(clone(estimator).fit(*blobs))
    assert copy.get_params() == estimator.get_params()
    assert not hasattr(copy, "model_")


def test_the_committee_of_the_service_and_the_classifier_are_one(pool, labels):
    few = np.arange(40)
    fitted = CommitteeClassifier().fit(pool.part(few), labels[few])
    served = fit_committee(pool.part(few), labels[few], 3)
    np.testing.assert_array_equal(fitted.predict_proba(pool), served.probabilities(pool))


def test_unlabeled_words_and_points_bring_their_experts(pool, labels, blobs):
    points, classes = blobs
    some = np.where(np.arange(300) < 30, classes, UNLABELED)
    of_points = CommitteeClassifier().fit(points, some)
    assert of_points.model_.names == ("linear", "neighbours")
    assert (of_points.predict(points) == classes).mean() > 0.85
    marked = np.where(np.arange(len(labels)) < 30, labels, UNLABELED)
    of_words = CommitteeClassifier().fit(pool.sparse, marked)
    assert of_words.model_.names == ("linear", "words")
    assert (of_words.predict(pool.sparse) == labels).mean() > 0.8


def test_several_labels_are_predicted_by_their_thresholds(pool, labels):
    flags = np.eye(3, dtype=int)[labels]
    flags[:, 0] |= np.arange(len(labels)) % 2
    marked = np.where(np.arange(len(labels))[:, None] < 80, flags, UNLABELED)
    fitted = CommitteeClassifier().fit(pool.sparse, marked)
    assert fitted.predict(pool.sparse).shape == flags.shape
    assert (fitted.predict(pool.sparse) == flags).mean() > 0.75


def test_scikit_learn_s_tools_take_the_committee(blobs):
    assert cross_val_score(CommitteeClassifier(), *blobs, cv=3).mean() > 0.85
    search = GridSearchCV(LinearClassifier(), {"strength": [0.1, 20.0]}, cv=2).fit(*blobs)
    assert search.best_score_ > 0.85


def test_a_sparse_matrix_may_not_be_wider_than_the_hashed_columns():
    with pytest.raises(ValueError, match="columns"):
        LinearClassifier().fit(csr_array((4, 2**20)), np.array([0, 1, 0, 1]))


def test_rows_of_another_width_than_fitted_are_refused(pool, labels):
    fitted = LinearClassifier().fit(pool, labels)
    with pytest.raises(ValueError, match="features"):
        fitted.predict(pool.sparse)


def test_a_model_from_elsewhere_says_what_it_said_and_abstains_elsewhere():
    said = np.array([[0.9, 0.1], [0.2, 0.8]])
    outside = ExternalClassifier().fit(np.array([3, 7]), said)
    np.testing.assert_allclose(
        outside.predict_proba(np.array([3, 5, 7])), [said[0], [0.5, 0.5], said[1]], atol=0.02
    )
    assert outside.predict(np.array([7, 3])).tolist() == [1, 0]
    several = ExternalClassifier(is_single=False).fit(np.array([3]), np.array([[0.9, 0.7]]))
    np.testing.assert_allclose(several.predict_proba(np.array([3])), [[0.9, 0.7]], atol=1e-6)


def test_calibration_and_weights_are_estimators_too():
    for estimator in (DecisionThresholds(), LogLinearPool(np.ones(2)), ExternalClassifier(is_single=False)):
        assert clone(estimator).get_params().keys() == estimator.get_params().keys()
