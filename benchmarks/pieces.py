"""Pieces of scikit-learn against ours: `./run bench pieces --data NAME ... --labels N --json`.

CPU seconds, and macro-F1 on the test documents (inertia for k-means), on the words' view of known data sets.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import django
import numpy as np

django.setup()

from scipy.sparse import csr_matrix, hstack
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.semi_supervised import LabelSpreading

from benchmarks._frame import machine, show
from benchmarks.efficiency import kind_of, known_pool
from labeling.learning.arrays.clustering import k_means
from labeling.learning.arrays.types import AnyArray, Floats
from labeling.learning.classifiers.label_propagation import LabelPropagationClassifier
from labeling.learning.classifiers.linear import LinearClassifier
from labeling.learning.classifiers.naive_bayes import NaiveBayesClassifier
from labeling.learning.evaluation.retrospective import KnownPool
from labeling.learning.text.rows import Rows
from labeling.management.feature_views import WORDS
from labeling.management.truths import read_truth

CLUSTERS = 60
ITERATIONS = 1_000


def measured(pool: KnownPool, n_labels: int, seed: int) -> dict[str, dict[str, float]]:
    """(CPU seconds, quality) of each piece."""
    sampled = np.sort(np.random.default_rng(seed).permutation(len(pool.rows))[:n_labels])
    labels = np.where(np.isin(np.arange(len(pool.rows)), sampled), pool.labels, -1)
    rows, known, points = pool.rows, pool.labels[sampled], pool.rows.points()
    both, of_test = side_by_side(rows), side_by_side(pool.test)
    held = np.flatnonzero(both[sampled].getnnz(axis=0))  # over all half a million columns it takes seconds
    both, of_test = both[:, held], of_test[:, held]
    words, test_words = csr_matrix(rows.presence()), csr_matrix(pool.test.presence())
    regression = LogisticRegression(C=20.0, class_weight="balanced", max_iter=ITERATIONS)
    spreading = LabelSpreading(kernel="knn", n_neighbors=15, alpha=0.9, max_iter=15)

    def f1(predict: Callable[[], AnyArray]) -> float:
        return macro_f1(predict(), pool.test_labels)

    return {
        "logistic regression, ours": timed(
            lambda: f1(
                lambda: (
                    LinearClassifier()
                    .learn(rows.part(sampled), known, pool.n_classes)
                    .probabilities(pool.test)
                    .argmax(axis=1)
                )
            )
        ),
        "LogisticRegression": timed(
            lambda: f1(lambda: regression.fit(both[sampled], known).predict(of_test))
        ),
        "naive Bayes with EM, ours": timed(
            lambda: f1(lambda: NaiveBayesClassifier().fit(rows, labels).predict(pool.test))
        ),
        "MultinomialNB": timed(
            lambda: f1(lambda: MultinomialNB(alpha=0.05).fit(words[sampled], known).predict(test_words))
        ),
        "ComplementNB": timed(
            lambda: f1(lambda: ComplementNB(alpha=0.3).fit(words[sampled], known).predict(test_words))
        ),
        "label propagation, ours": timed(
            lambda: f1(lambda: LabelPropagationClassifier().fit(points, labels).predict(pool.test.points()))
        ),
        "LabelSpreading": timed(
            lambda: f1(lambda: spreading.fit(points, labels).predict(pool.test.points()))
        ),
    } | clusterings(points, seed)


def clusterings(points: Floats, seed: int) -> dict[str, dict[str, float]]:
    """The same of k-means."""
    return {
        "k-means, ours": timed(lambda: inertia(points, k_means(points, CLUSTERS, seed))),
        "KMeans": timed(
            lambda: inertia(
                points,
                KMeans(CLUSTERS, init="random", n_init=1, max_iter=8, random_state=seed).fit_predict(points),
            )
        ),
        "MiniBatchKMeans": timed(
            lambda: inertia(
                points, MiniBatchKMeans(CLUSTERS, n_init=1, max_iter=8, random_state=seed).fit_predict(points)
            )
        ),
    }


def timed(work: Callable[[], float]) -> dict[str, float]:
    started = process_time()
    quality = work()
    return {"cpu_s": round(process_time() - started, 3), "quality": round(quality, 4)}


def side_by_side(rows: Rows) -> csr_matrix:
    """Both views as one matrix."""
    return csr_matrix(hstack([rows.sparse, csr_matrix(rows.points())]))


def macro_f1(predicted: AnyArray, truth: AnyArray) -> float:
    hits = [2 * ((predicted == c) & (truth == c)).sum() for c in np.unique(truth)]
    total = [(predicted == c).sum() + (truth == c).sum() for c in np.unique(truth)]
    return float(np.mean(np.divide(hits, total)))


def inertia(points: Floats, clusters: AnyArray) -> float:
    """Mean squared distance to the cluster's mean."""
    return float(
        sum(((points[clusters == c] - points[clusters == c].mean(axis=0)) ** 2).sum() for c in set(clusters))
        / len(points)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", required=True, help="folders of the data, such as trec6 ag_news")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"), help="where the data sets are")
    parser.add_argument("--labels", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    results: dict[str, Any] = {}
    for name in options.data:
        truth = read_truth(options.folder / name / "data.jsonl.gz", kind_of(options.folder / name))
        pool = known_pool(truth, WORDS, {}, 2_500)
        measured(pool, options.labels, 0)  # what is loaded at first use is no piece's cost
        results[name] = measured(pool, options.labels, 0)
    show({"machine": machine(), "results": results}, is_json=options.json)


if __name__ == "__main__":
    main()
