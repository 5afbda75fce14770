"""Made-up worlds in which the truth is known: how good a model is on all documents, and test sets of them.

The truth of a measure is its value on all documents of the world. Macro and weighted averages are over the
classes that have a document in the test set, so theirs is the mean of what these classes score on all
documents, weighted by the classes' shares of all labels where the average is weighted.

Test sets are drawn in strata: each number of lucky documents, those that chance alone makes right, comes as
often among them as its probability says, so that few test sets tell a coverage well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binom

from analytics.metrics.averages import with_intervals
from analytics.metrics.classification import Average, Report, divide, report_multi, report_single
from analytics.metrics.marks import score_marks
from analytics.metrics.measures import Measure
from analytics.metrics.outcomes import outcomes_multi, outcomes_of_documents, outcomes_single
from analytics.metrics.paired import PairedDifferences, paired_differences
from analytics.metrics.probabilities import N_BINS, ProbabilityScores, score_probabilities
from analytics.metrics.ranking import ranking
from analytics.metrics.span_matches import SpanMatchRates, span_matches
from analytics.metrics.spans import Entity, counts_of_documents, report_of_documents

DOCUMENTS = (30, 100, 400)
CLASSES = (2, 6, 20, 50)
ACCURACIES = (0.0, 0.02, 0.3, 0.7, 0.95, 1.0)
RAREST = 0.005  # share of the rarest class where shares are skewed
POPULATION_SIZE = 40_000  # documents that stand for all where no formula tells
ALIKE = 0.6  # of the documents that the second model answers as the first does
LABELS = 1.5  # of a document with several, and spans of a document
Values = NDArray[np.float64]
Flags = NDArray[np.bool_]
Judged = Iterator[tuple[str, Measure, float]]  # what it measures, as measured, and in truth


@dataclass(frozen=True)
class World:
    """Documents of one kind and a model of known quality."""

    kind: str  # "single", "multi" or "spans"
    documents: int
    classes: int
    accuracy: float
    is_skewed: bool

    @property
    def name(self) -> str:
        shares = "skewed" if self.is_skewed else "even"
        return f"{self.kind}, {self.documents} documents, {self.classes} classes, {self.accuracy:g}, {shares}"

    @property
    def is_at_an_edge(self) -> bool:
        """Whether nothing is ever right, or nothing ever wrong."""
        return self.accuracy in (0, 1)

    @cached_property
    def shares(self) -> Values:
        """Of all labels, the largest class first; each the same part of the one before if skewed."""
        ranks = np.arange(self.classes)
        if not self.is_skewed:
            return np.full(self.classes, 1 / self.classes)
        rate = brentq(lambda rate: RAREST * np.exp(rate * ranks).sum() - 1, 1e-9, 9)
        return np.asarray(RAREST * np.exp(rate * ranks[::-1]))


def worlds() -> list[World]:
    """All that are judged: every combination where a document has one class, skewed shares for the others."""
    single = [
        World("single", *parameters) for parameters in product(DOCUMENTS, CLASSES, ACCURACIES, (False, True))
    ]
    others = [
        World(kind, *parameters, is_skewed=True)
        for kind in ("multi", "spans")
        for parameters in product(DOCUMENTS, CLASSES, ACCURACIES)
    ]
    return [*single, *others]


class Single:
    """Each document has one class. Errors go half to all other classes alike, half to the frequent ones.

    A second model answers most documents as the first does and the others a little better.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.better = world.accuracy if world.is_at_an_edge else min(world.accuracy + 0.1, 0.97)
        self.errors = self._errors()
        first, other = (self._joint(accuracy) for accuracy in (world.accuracy, self.better))
        self.joints = [first, ALIKE * first + (1 - ALIKE) * other]
        self.scores = [
            _scores(joint.diagonal(), joint.sum(axis=0), joint.sum(axis=1)) for joint in self.joints
        ]
        self.probability_truth = _odds_truth(world)

    def _errors(self) -> Values:
        """Chance of each wrong answer (column) to a document of each class (row): rows sum to 1."""
        others = ~np.eye(self.world.classes, dtype=bool)
        frequent = others * self.world.shares
        alike = others / (self.world.classes - 1)
        return np.asarray((alike + frequent / frequent.sum(axis=1, keepdims=True)) / 2)

    def _joint(self, accuracy: float) -> Values:
        """Chance of each true class (row) and answer (column)."""
        right = accuracy * np.eye(self.world.classes)
        return np.asarray(self.world.shares[:, None] * (right + (1 - accuracy) * self.errors))

    def judged(self, stratum: float, random: np.random.Generator) -> Judged:
        """Every measure on a drawn test set."""
        world, n_classes = self.world, self.world.classes
        truth = random.choice(n_classes, world.documents, p=world.shares)
        is_right = lucky(world.documents, world.accuracy, stratum, random)
        first = np.where(is_right, truth, self._wrong(truth, random))
        is_alike = random.random(world.documents) < ALIKE
        is_better = random.random(world.documents) < self.better
        second = np.where(is_alike, first, np.where(is_better, truth, self._wrong(truth, random)))
        report = report_single(truth, first, n_classes)
        report = with_intervals(report, outcomes_single(truth, first, n_classes))
        yield "accuracy", report.accuracy, world.accuracy
        support = np.bincount(truth, minlength=n_classes)
        n_predicted = np.bincount(first, minlength=n_classes)
        micro = dict.fromkeys(("precision", "recall", "F1"), world.accuracy)
        yield from _of_report(report, support, n_predicted, self.scores[0], world.shares, micro)
        flags = np.eye(n_classes, dtype=bool)
        probabilities = _odds(first, n_classes, random, is_bold=world.is_skewed)
        yield from _of_odds(
            score_probabilities(probabilities, flags[truth], flags[first], is_single=True),
            self.probability_truth,
        )
        both = paired_differences(flags[truth], flags[first], flags[second])
        yield from self._differences(both, support > 0)

    def _wrong(self, truth: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
        upto = self.errors.cumsum(axis=1)[truth]
        upto /= upto[:, -1:]
        return np.asarray((random.random((len(truth), 1)) >= upto).sum(axis=1))

    def _differences(self, both: PairedDifferences, seen: Flags) -> Judged:
        right = [float(joint.trace()) for joint in self.joints]
        f1 = [scores["F1"] for scores in self.scores]
        yield "difference of accuracy", both.accuracy.change, right[1] - right[0]
        yield "difference of micro F1", both.micro_f1.change, right[1] - right[0]
        yield "difference of macro F1", both.macro_f1.change, float((f1[1] - f1[0])[seen].mean())
        for index, difference in enumerate(both.classes):
            yield (
                f"difference of F1 of a class/{index}",
                difference.change,
                float(f1[1][index] - f1[0][index]),
            )


class Multi:
    """Documents have several classes, or none. In half of them all labels are found together or none is."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.prevalence = np.minimum(LABELS * world.shares, 0.6) if not world.is_skewed else world.shares
        self.false = (1 - world.accuracy) * float(self.prevalence.mean())
        right = self.prevalence * world.accuracy
        n_predicted = right + (1 - self.prevalence) * self.false
        self.scores = _scores(right, n_predicted, self.prevalence)
        self.micro = {
            name: float(score[0])
            for name, score in _scores(
                *(np.array([x.sum()]) for x in (right, n_predicted, self.prevalence))
            ).items()
        }
        truth, predicted, probabilities = self._drawn(POPULATION_SIZE, 0.5, np.random.default_rng(1))
        report = report_multi(truth, predicted)
        self.accuracy, order = _value(report.accuracy), ranking(probabilities, truth)
        self.hamming = float((self.prevalence - right + n_predicted - right).mean())
        self.order = [_value(measure) for measure in (order.average_precision, order.loss, order.coverage)]
        self.probability_truth = _values(
            score_probabilities(probabilities, truth, predicted, is_single=False)
        )

    def _drawn(self, n: int, stratum: float, random: np.random.Generator) -> tuple[Flags, Flags, Values]:
        truth = random.random((n, self.world.classes)) < self.prevalence
        together = random.random((n, 1)) < 0.5
        of_all = lucky(n, self.world.accuracy, stratum, random)[:, None]
        is_found = np.where(together, of_all, random.random(truth.shape) < self.world.accuracy)
        predicted = np.where(truth, is_found, random.random(truth.shape) < self.false)
        probabilities = np.where(
            predicted, 1 - random.beta(1, 4, truth.shape) / 2, random.beta(1, 6, truth.shape) / 2
        )
        return truth, predicted, probabilities

    def judged(self, stratum: float, random: np.random.Generator) -> Judged:
        """Every measure on a drawn test set."""
        truth, predicted, probabilities = self._drawn(self.world.documents, stratum, random)
        report = with_intervals(report_multi(truth, predicted), outcomes_multi(truth, predicted))
        yield "accuracy in full", report.accuracy, self.accuracy
        yield "Hamming loss", report.hamming_loss, self.hamming
        support, n_predicted = truth.sum(axis=0), predicted.sum(axis=0)
        yield from _of_report(report, support, n_predicted, self.scores, self.prevalence, self.micro)
        order = ranking(probabilities, truth)
        names = ("average precision of ranking", "ranking loss", "coverage error")
        measures = (order.average_precision, order.loss, order.coverage)
        yield from zip(names, measures, self.order, strict=True)
        yield from _of_odds(
            score_probabilities(probabilities, truth, predicted, is_single=False), self.probability_truth
        )


class Spans:
    """Documents have spans. In half of them all are found together or none is.

    One that is not found is missed, has wrong ends, or is given a wrong class, a third each.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        support, wrong = LABELS * world.shares, (1 - world.accuracy) / 3
        exact, touching = support * world.accuracy, support * wrong
        elsewhere = (support.sum() - support) * wrong / (world.classes - 1)
        invented = LABELS * (1 - world.accuracy) / 3 * world.shares
        n_predicted = exact + touching + elsewhere + invented
        credits = {"": exact, "partial ": exact + touching / 2, "by class ": exact + touching}
        self.support, self.scores = support, {k: _scores(v, n_predicted, support) for k, v in credits.items()}
        self.micro = {
            name: {
                kind: float(score[0])
                for kind, score in _scores(*(np.array([x.sum()]) for x in (v, n_predicted, support))).items()
            }
            for name, v in credits.items()
        }
        share = float(exact.sum() / n_predicted.sum()) if n_predicted.sum() else 0.0
        probabilities = _odds_of_marks(POPULATION_SIZE, np.random.default_rng(1))
        excess = np.bincount(_bins(probabilities), weights=probabilities - share) / len(probabilities)
        self.probability_truth = [
            float(-(share * np.log(probabilities) + (1 - share) * np.log(1 - probabilities)).mean()),
            float((share * (1 - probabilities) ** 2 + (1 - share) * probabilities**2).mean()),
            float(np.abs(excess).sum()),
            float(probabilities.mean()) - share,
        ]

    def _drawn(
        self, n: int, stratum: float, random: np.random.Generator
    ) -> tuple[list[list[Entity]], list[list[Entity]]]:
        world = self.world
        truth: list[list[Entity]] = [[] for _ in range(n)]
        predicted: list[list[Entity]] = [[] for _ in range(n)]
        numbers = random.poisson(LABELS, n)
        documents = np.repeat(np.arange(n), numbers)
        slots = np.arange(len(documents)) - np.repeat(numbers.cumsum() - numbers, numbers)
        classes = random.choice(world.classes, len(documents), p=world.shares)
        others = (classes + random.integers(1, world.classes, len(documents))) % world.classes
        of_all = lucky(n, world.accuracy, stratum, random)[documents]
        is_alone = random.random(n)[documents] < 0.5
        is_right = np.where(is_alone, random.random(len(documents)) < world.accuracy, of_all)
        fates = np.where(is_right, 3, random.integers(0, 3, len(documents)))
        for document, slot, class_index, other, fate in zip(
            *(part.tolist() for part in (documents, slots, classes, others, fates)), strict=True
        ):
            start = 20 * slot
            truth[document].append((start, start + 8, class_index))
            if fate:  # 0 is missed, 1 has wrong ends, 2 a wrong class
                predicted[document].append(
                    (start, start + 8 - (fate == 1), other if fate == 2 else class_index)
                )
        invented = random.poisson(LABELS * (1 - world.accuracy) / 3, n)
        for document, class_index in zip(
            np.repeat(np.arange(n), invented).tolist(),
            random.choice(world.classes, int(invented.sum()), p=world.shares).tolist(),
            strict=True,
        ):
            start = 10_000 + 20 * len(predicted[document])
            predicted[document].append((start, start + 8, class_index))
        return truth, predicted

    def judged(self, stratum: float, random: np.random.Generator) -> Judged:
        """Every measure on a drawn test set."""
        n_classes = self.world.classes
        truth, predicted = self._drawn(self.world.documents, stratum, random)
        counts = counts_of_documents(truth, predicted, n_classes)
        report = with_intervals(report_of_documents(*counts), outcomes_of_documents(*counts))
        support, n_predicted = ((counts[0] + side).sum(axis=0) for side in (counts[2], counts[1]))
        yield from _of_report(report, support, n_predicted, self.scores[""], self.support, self.micro[""])
        matches = span_matches(truth, predicted, n_classes)
        yield from self._of_matches("partial ", matches.partial)
        yield from self._of_matches("by class ", matches.by_class)
        marks = np.repeat(np.arange(len(predicted)), [len(entities) for entities in predicted])
        is_right = np.array(
            [
                span in set(true)
                for true, predicted_spans in zip(truth, predicted, strict=True)
                for span in predicted_spans
            ]
        )
        probabilities = _odds_of_marks(len(marks), random)
        yield from _of_odds(
            score_marks(probabilities, is_right.astype(bool), marks, len(truth)), self.probability_truth
        )

    def _of_matches(self, name: str, matches: SpanMatchRates) -> Judged:
        for kind, measure in _named(matches.all):
            yield f"{name}micro {kind}", measure, self.micro[name][kind]
        for index, average in enumerate(matches.classes):
            for kind, measure in _named(average):
                yield f"{name}{kind} of a class/{index}", measure, float(self.scores[name][kind][index])


def simulated(world: World) -> Single | Multi | Spans:
    """The world with its truth worked out."""
    if world.kind == "single":
        return Single(world)
    return Multi(world) if world.kind == "multi" else Spans(world)


def lucky(n: int, probability: float, stratum: float, random: np.random.Generator) -> Flags:
    """Which of n documents are lucky: as many as that quantile of a binomial law says, drawn at random."""
    flags = np.zeros(n, dtype=bool)
    flags[random.permutation(n)[: int(binom.ppf(stratum, n, probability))]] = True
    return flags


def _scores(right: Values, n_predicted: Values, true: Values) -> dict[str, Values]:
    """Precision, recall and F1 of each class on all documents."""
    return {
        "precision": divide(right, n_predicted),
        "recall": divide(right, true),
        "F1": divide(2 * right, n_predicted + true),
    }


def _of_report(
    report: Report,
    support: NDArray[np.int64],
    n_predicted: NDArray[np.int64],
    scores: dict[str, Values],
    shares: Values,
    micro: dict[str, float],
) -> Judged:
    for kind, measure in _named(report.micro):
        yield f"micro {kind}", measure, micro[kind]
    for name, average, weights in (
        ("macro", report.macro, np.ones_like(shares)),
        ("weighted", report.weighted, shares),
    ):
        for kind, measure in _named(average):
            if name == "weighted" and kind == "recall":
                yield "weighted recall", measure, micro["recall"]
                continue
            seen = (support > 0) & ((n_predicted > 0) | (kind != "precision"))
            truth = float(scores[kind][seen] @ weights[seen] / weights[seen].sum()) if seen.any() else np.nan
            yield f"{name} {kind}", measure, truth
    for index, label_class in enumerate(report.classes):
        for kind, measure in (
            ("precision", label_class.precision),
            ("recall", label_class.recall),
            ("F1", label_class.f1),
        ):
            yield f"{kind} of a class/{index}", measure, float(scores[kind][index])


def _named(average: Average) -> tuple[tuple[str, Measure], ...]:
    return ("precision", average.precision), ("recall", average.recall), ("F1", average.f1)


def _of_odds(scores: ProbabilityScores, truth: list[float]) -> Judged:
    names = ("log loss", "Brier score", "calibration error", "gap")
    yield from zip(
        names, (scores.log_loss, scores.brier, scores.calibration.error, scores.gap), truth, strict=True
    )


def _values(scores: ProbabilityScores) -> list[float]:
    return [
        _value(measure) for measure in (scores.log_loss, scores.brier, scores.calibration.error, scores.gap)
    ]


def _value(measure: Measure) -> float:
    return float("nan") if measure.value is None else measure.value


def _odds(
    answers: NDArray[np.int64], n_classes: int, random: np.random.Generator, *, is_bold: bool
) -> Values:
    """Probabilities, the answer's the highest; how sure the model is does not tell whether it is right."""
    logits = random.normal(size=(len(answers), n_classes))
    rows = np.arange(len(answers))
    logits[rows, answers] = -np.inf
    logits[rows, answers] = logits.max(axis=1) + random.exponential(1.5, len(answers)) + 2 * is_bold
    probabilities = np.exp(logits)
    return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))


def _odds_truth(world: World) -> list[float]:
    """Log loss, Brier score, calibration error and gap, by what answers right and wrong cost."""
    answers, share = np.zeros(POPULATION_SIZE, np.int64), world.accuracy
    probabilities = _odds(answers, world.classes, np.random.default_rng(1), is_bold=world.is_skewed)
    confidences = probabilities[:, 0]
    surprise = -np.log(np.clip(probabilities, np.finfo(np.float64).eps, 1.0))
    squared = (probabilities**2).sum(axis=1)[:, None] + 1 - 2 * probabilities
    losses = [
        float(share * table[:, 0].mean() + (1 - share) * table[:, 1:].mean()) for table in (surprise, squared)
    ]
    excess = np.bincount(_bins(confidences), weights=confidences - share) / POPULATION_SIZE
    return [*losses, float(np.abs(excess).sum()), float(confidences.mean()) - share]


def _odds_of_marks(n: int, random: np.random.Generator) -> Values:
    return np.asarray(np.clip(random.beta(4, 2, n), 0.01, 0.99))


def _bins(probabilities: Values) -> NDArray[np.int64]:
    return np.clip((probabilities * N_BINS).astype(np.int64), 0, N_BINS - 1)
