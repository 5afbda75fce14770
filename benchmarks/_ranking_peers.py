"""Query cost of the peers: run by `bench ranking` with an interpreter that has them installed.

Each picks the smallest margins with scikit-learn's logistic regression, as its own documentation shows it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from modAL.models import ActiveLearner
from modAL.uncertainty import margin_sampling
from scipy.sparse import csr_matrix
from skactiveml.classifier import SklearnClassifier
from skactiveml.pool import UncertaintySampling
from sklearn.linear_model import LogisticRegression
from small_text import BreakingTies, SklearnDataset
from small_text import SklearnClassifier as SmallTextClassifier

COLUMNS = 2**19


def model() -> LogisticRegression:
    return LogisticRegression(C=20, tol=1e-3, max_iter=100)


def by_modal(pool: Any, labels: np.ndarray, n_known: int, batch: int, classes: int) -> None:
    learner = ActiveLearner(
        model(), query_strategy=margin_sampling, X_training=pool[:n_known], y_training=labels[:n_known]
    )
    learner.query(pool[n_known:], n_instances=batch)


def by_skactiveml(pool: Any, labels: np.ndarray, n_known: int, batch: int, classes: int) -> None:
    labels_given = labels.astype(float)
    labels_given[n_known:] = np.nan
    learner = SklearnClassifier(model(), classes=np.arange(classes))
    strategy = UncertaintySampling(method="margin_sampling", random_state=0)
    strategy.query(pool, labels_given, clf=learner, batch_size=batch)


def by_small_text(pool: Any, labels: np.ndarray, n_known: int, batch: int, classes: int) -> None:
    data = (
        SklearnDataset(csr_matrix(pool), labels)
        if not isinstance(pool, np.ndarray)
        else SklearnDataset(pool, labels)
    )
    learner = SmallTextClassifier(model(), classes)
    learner.fit(data[np.arange(n_known)])
    rest = np.arange(n_known, len(labels))
    BreakingTies().query(learner, data, rest, np.arange(n_known), labels[:n_known], n=batch)


PEERS: dict[str, Callable[..., None]] = {
    "modAL": by_modal,
    "scikit-activeml": by_skactiveml,
    "small-text": by_small_text,
}


def main() -> None:
    folder, view, classes, known, batch = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
    labels = np.load(folder / "labels.npy")
    if view == "dense":
        pool: Any = np.load(folder / "dense.npy")
    else:
        parts = tuple(np.load(folder / f"{name}.npy") for name in ("data", "indices", "indptr"))
        pool = csr_matrix(parts, shape=(len(labels), COLUMNS))
    timings = {}
    for name, query in PEERS.items():
        try:
            query(pool[: 4 * known], labels[: 4 * known], known, batch, classes)  # imports and warms up
        except Exception as error:  # a peer that cannot read these rows is left out, and said
            print(f"{name}: {error}", file=sys.stderr)
            continue
        started = process_time()
        query(pool, labels, known, batch, classes)
        timings[name] = round(process_time() - started, 3)
    print(json.dumps(timings))


if __name__ == "__main__":
    main()
