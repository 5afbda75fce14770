"""Forecast accuracy: do labels to go hold? `./run bench extrapolation --data NAME ... --seeds N --json`.

Models learn from ever more labels drawn at random; each is measured on a small test set, as a project would.
From the first part of such a curve it is estimated how many labels a later value takes. That value, and where
it was reached, are known: on the same test set ("measured"), and on all documents kept apart ("true").
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from analytics.metrics.classification import confusion_matrix, counts_of_matrix, f1_values
from analytics.metrics.curves import TargetStatus, labels_to
from analytics.metrics.intervals import f1_of_counts
from benchmarks._frame import machine, show
from labeling.learning.evaluation.curve_extrapolation import Points

Floats = NDArray[np.float64]
MAX_DOCUMENTS, MAX_LABELS, LONGEST = 6_000, 1_200, 2_000
FIRST = 20  # labels
CUTS = (80, 150, 300)  # labels from which the rest is estimated
TIMES = (1.5, 2.5, 4)  # as many labels, whose value is the target
MIN_SUPPORT = 10  # test documents of a class
MAX_CLASSES = 6  # of a data set, so that one set is not everything


@dataclass(frozen=True)
class Run:
    """Models that learned from ever more of one pool: sizes (n,), what each says of the test documents."""

    sizes: Floats
    pool: NDArray[np.int64]
    truth: NDArray[np.int64]
    predicted: list[NDArray[np.int64]]
    n_classes: int

    def f1(self, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """F1 of each model and class on these test documents, and its standard error: (n, n_classes)."""
        values, errors = [], []
        for predicted in self.predicted:
            confusion = counts_of_matrix(confusion_matrix(self.truth[rows], predicted[rows], self.n_classes))
            counts = (confusion.true_positives, confusion.false_positives, confusion.false_negatives)
            values.append(f1_values(*counts))
            measures = [f1_of_counts(*map(int, triple)) for triple in zip(*counts, strict=True)]
            errors.append(
                [measure.interval.width / 3.92 if measure.interval else np.nan for measure in measures]
            )
        return np.array(values), np.array(errors)


def runs(path: Path, seeds: int) -> Iterator[Run]:
    """Of one data set, each from another draw."""
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        rows = [json.loads(line) for line in lines]
    rows = [rows[row] for row in np.random.default_rng(0).permutation(len(rows))[:MAX_DOCUMENTS]]
    names = sorted({row["label"] for row in rows})
    labels = np.array([names.index(row["label"]) for row in rows])
    words = TfidfVectorizer(sublinear_tf=True, min_df=2, max_features=30_000)
    dense = TruncatedSVD(120, random_state=0).fit_transform(
        words.fit_transform(row["text"][:LONGEST] for row in rows)
    )
    dense /= np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9)
    for seed in range(seeds):
        pool, test = np.array_split(np.random.default_rng(seed).permutation(len(labels)), 2)
        sizes = [FIRST]
        while (following := sizes[-1] + max(10, sizes[-1] // 10)) <= min(len(pool), MAX_LABELS):
            sizes.append(following)
        predicted = []
        for size in sizes:
            labels_of_pool = labels[pool[:size]]
            if len(set(labels_of_pool)) < 2:
                predicted.append(np.full(len(test), labels_of_pool[0]))
                continue
            model = LogisticRegression(C=10, max_iter=100).fit(dense[pool[:size]], labels_of_pool)
            predicted.append(model.predict(dense[test]))
        yield Run(np.array(sizes, dtype=float), labels[pool], labels[test], predicted, len(names))


def series(run: Run, tested: int, seed: int) -> Iterator[tuple[str, Floats, Floats, Floats, Floats]]:
    """What it is of; labels, value and standard error on a small test set, and the value on all documents."""
    small = np.random.default_rng(seed).permutation(len(run.truth))[:tested]
    values, errors = run.f1(small)
    true, _ = run.f1(np.arange(len(run.truth)))
    macro = np.nanmean(values, axis=1)
    spread = np.sqrt(np.nansum(errors**2, axis=1)) / (~np.isnan(values)).sum(axis=1)
    yield "macro", run.sizes, macro, spread, np.nanmean(true, axis=1)
    support = np.bincount(run.truth[small], minlength=run.n_classes)
    for label_class in np.flatnonzero(support >= MIN_SUPPORT)[:MAX_CLASSES]:
        labels = np.array([(run.pool[: int(size)] == label_class).sum() for size in run.sizes], dtype=float)
        yield "class", labels, values[:, label_class], errors[:, label_class], true[:, label_class]


def estimates(run: Run, tested: int, seed: int) -> Iterator[dict[str, Any]]:
    """One estimate after another, each with what came of it."""
    for kind, labels, values, errors, true in series(run, tested, seed):
        smooth = {
            name: IsotonicRegression().fit_transform(np.arange(len(labels)), estimate)
            for name, estimate in (("measured", values), ("true", true))
        }
        for cut in CUTS:
            now = int(np.searchsorted(run.sizes, cut))
            points = Points(labels[: now + 1], values[: now + 1], errors[: now + 1])
            for at in {int(np.searchsorted(run.sizes, cut * times)) for times in TIMES}:
                for name, curve in smooth.items():
                    if at >= len(labels) or curve[at] <= values[now] + 0.005:
                        continue
                    reached = int(np.argmax(curve >= curve[at] - 1e-12))
                    if reached <= now:
                        continue
                    forecast, _fit = labels_to(float(curve[at]), points)
                    if forecast.standing == TargetStatus.UNKNOWN or forecast.more.interval is None:
                        yield {"of": kind, "goal": name, "is_said": False}
                        continue
                    low, high = forecast.more.interval.low, forecast.more.interval.high
                    between = labels[reached - 1] - labels[now], labels[reached] - labels[now]
                    yield {
                        "of": kind,
                        "goal": name,
                        "is_said": True,
                        "is_far": forecast.standing == TargetStatus.FAR,
                        "is_open": not np.isfinite(high),
                        "held": low <= between[1] and between[0] <= high,
                        "too_late": between[1] < low,
                        "factor": (forecast.more.value or 0.0) / max(between[1], 1.0),
                        "width": (high + labels[now]) / (low + labels[now]),
                    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Shares of the estimates, and medians of what was off."""
    reported = [run for run in rows if run["is_said"]]
    closed = [run["width"] for run in reported if not run["is_open"]]
    ahead = [run["factor"] for run in reported if not run["is_far"]]
    return {
        "estimates": len(reported),
        "refused": len(rows) - len(reported),
        "held": round(float(np.mean([run["held"] for run in reported])), 3),
        "too_pessimistic": round(float(np.mean([run["too_late"] for run in reported])), 3),
        "said_to_be_far": round(float(np.mean([run["is_far"] for run in reported])), 3),
        "without_upper_end": round(float(np.mean([run["is_open"] for run in reported])), 3),
        "median_of_said_by_needed": round(float(np.median(ahead)), 2) if ahead else None,
        "median_width": round(float(np.median(closed)), 2) if closed else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", required=True, help="folders of the data, such as trec6 ag_news")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data"), help="where the data sets are")
    parser.add_argument("--tested", type=int, default=300, help="documents of the test set")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    row: list[dict[str, Any]] = []
    for name in options.data:
        for seed, run in enumerate(runs(options.folder / name / "data.jsonl.gz", options.seeds)):
            row += estimates(run, options.tested, seed)
    parts = {
        f"{goal} {of}": summary([item for item in row if (item["of"], item["goal"]) == (of, goal)])
        for goal in ("measured", "true")
        for of in ("class", "macro")
    }
    header = {"data": options.data, "tested": options.tested, "seeds": options.seeds}
    show(header | {"results": parts, "machine": machine()}, is_json=options.json)


if __name__ == "__main__":
    main()
