"""How often do 95 % intervals hold the truth? `./run bench coverage --test-sets N --json`.

Models whose true scores are known judge made-up test sets of several sizes and numbers of classes; told is
the share of intervals that hold the true score. Of a perfect interval it is .95.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.bootstrap import outcomes_single, with_intervals
from analytics.metrics.classification import Report, report_single
from analytics.metrics.measures import Measure
from analytics.metrics.paired import paired_differences
from analytics.metrics.probabilities import score_probabilities
from benchmarks._frame import machine, show

SIZES = ((60, 2), (60, 4), (200, 4), (300, 10), (1_000, 20))  # documents, classes
POPULATION = 40_000  # documents that stand for all there are
Held = dict[str, list[bool]]


class World:
    """Documents of known classes, and two models that say honest or boastful things of them."""

    def __init__(self, n_classes: int, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.n_classes = n_classes
        shares = np.exp(-2.0 * np.arange(n_classes) / n_classes)
        self.truth = random.choice(n_classes, POPULATION, p=shares / shares.sum())
        one_hot = np.eye(n_classes, dtype=bool)[self.truth]
        noise = random.normal(0, 1, one_hot.shape)
        self.odds = [_softmax(2.6 * one_hot + noise), _softmax(2.9 * one_hot + 0.7 * noise)]
        self.said = [odds.argmax(axis=1) for odds in self.odds]
        self.flags = one_hot

    def true_scores(self) -> dict[str, float]:
        reports = [report_single(self.truth, said, self.n_classes) for said in self.said]
        found = score_probabilities(self.odds[0], self.flags, self._given(0), is_single=True, seed=0)
        told = {name: _value(measure) for name, measure in _averages(reports[0]).items()}
        second = {name: _value(measure) for name, measure in _averages(reports[1]).items()}
        told |= {"log loss": _value(found.log_loss), "Brier score": _value(found.brier)}
        told |= {"calibration error": _value(found.calibration.error), "gap": _value(found.gap)}
        told |= {f"difference of {n}": second[n] - told[n] for n in ("accuracy", "micro F1", "macro F1")}
        for place in range(self.n_classes):
            one, other = (_value(report.classes[place].f1) for report in reports)
            told |= {f"F1 of {place}": one, f"difference of F1 of {place}": other - one}
            told[f"recall of {place}"] = _value(reports[0].classes[place].recall)
        return told

    def _given(self, model: int) -> NDArray[np.bool_]:
        return np.eye(self.n_classes, dtype=bool)[self.said[model]]

    def drawn(self, n_documents: int, seed: int) -> dict[str, Measure]:
        """Every measure with its interval, on a test set drawn at random."""
        rows = np.random.default_rng(seed).integers(0, POPULATION, n_documents)
        truth, flags = self.truth[rows], self.flags[rows]
        said = [given[rows] for given in self.said]
        report = report_single(truth, said[0], self.n_classes)
        report = with_intervals(report, outcomes_single(truth, said[0], self.n_classes), seed=seed)
        given = [np.eye(self.n_classes, dtype=bool)[one] for one in said]
        odds = score_probabilities(self.odds[0][rows], flags, given[0], is_single=True, seed=seed)
        both = paired_differences(flags, given[0], given[1], seed=seed)
        told = _averages(report) | {"log loss": odds.log_loss, "Brier score": odds.brier}
        told |= {"calibration error": odds.calibration.error, "gap": odds.gap}
        told |= {
            "difference of accuracy": both.accuracy.change,
            "difference of micro F1": both.micro_f1.change,
        }
        told["difference of macro F1"] = both.macro_f1.change
        for place in range(self.n_classes):
            told[f"F1 of {place}"] = report.classes[place].f1
            told[f"recall of {place}"] = report.classes[place].recall
            told[f"difference of F1 of {place}"] = both.classes[place].change
        return told


def _softmax(score: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(score)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _averages(report: Report) -> dict[str, Measure]:
    return {
        "accuracy": report.accuracy,
        "micro F1": report.micro.f1,
        "macro F1": report.macro.f1,
        "weighted F1": report.weighted.f1,
    }


def _value(measure: Measure) -> float:
    return float("nan") if measure.value is None else measure.value


def coverage(n_documents: int, n_classes: int, test_sets: int) -> dict[str, float]:
    """Share of intervals that hold the truth, by measure; classes are put together."""
    world = World(n_classes)
    truth = world.true_scores()
    held: Held = defaultdict(list)
    for seed in range(test_sets):
        for name, measure in world.drawn(n_documents, seed).items():
            if measure.interval is not None:
                kind = " ".join(part for part in name.split() if not part.isdigit()).removesuffix(" of")
                held[kind].append(measure.interval.low <= truth[name] <= measure.interval.high)
    return {kind: round(float(np.mean(found)), 3) for kind, found in held.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test-sets", type=int, default=1_000, help="drawn for each size")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    found = {
        f"{documents} documents, {classes} classes": coverage(documents, classes, options.test_sets)
        for documents, classes in SIZES
    }
    show({"coverage": found, "test_sets": options.test_sets, "machine": machine()}, is_json=options.json)


if __name__ == "__main__":
    main()
