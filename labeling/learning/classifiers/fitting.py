"""Committee fitting: each expert learns from the labels, then is weighed where it has not seen the answer."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from labeling.learning.arrays.types import AnyIntegers, Doubles, Flags, Floats, Integers
from labeling.learning.classifiers.auxiliary import AuxiliaryData
from labeling.learning.classifiers.committee import NOT_CROSSED, Committee, Expert, likely
from labeling.learning.classifiers.cross_validation import cross_validated_counts, one_hot
from labeling.learning.classifiers.hyperparameters import DEFAULT_HYPERPARAMETERS, Hyperparameters, augmented
from labeling.learning.classifiers.label_propagation import LabelPropagationClassifier
from labeling.learning.classifiers.linear import LinearClassifier, LinearModel
from labeling.learning.classifiers.naive_bayes import (
    NaiveBayesClassifier,
    OneVsRestNaiveBayes,
    Vocabulary,
)
from labeling.learning.classifiers.stacking import MIN_LABELS, LogLinearPool, folds
from labeling.learning.classifiers.thresholds import PRIOR_THRESHOLD, DecisionThresholds
from labeling.learning.classifiers.zero_shot import ZeroShotClassifier
from labeling.learning.text.rows import Rows

# What each expert is usually worth beside the linear one, in log-weights; the data moves it from there.
USUAL = {"linear": 1.0, "words": 0.15, "neighbours": 0.2, "guideline": 0.3, "outside": 0.3}
USUAL_LABELS = {"linear": 0.8, "words": 0.1, "guideline": 0.3, "outside": 0.3}  # several labels
FADING = 10.0  # labels per class at which the guideline's voice has halved
SETTLED_LABELS, SETTLED_GROWTH = 1_000, 1.3
FOLD_TOLERANCE, LABEL_FOLD_TOLERANCE = 1e-5, 1e-4  # of fits that only serve to weigh

Make = Callable[[Integers], Expert]  # row numbers to learn from


@dataclass(frozen=True)
class Bench:
    """The experts to be: how each is made from some of the labeled rows, and those that need no labels."""

    makes: dict[str, Make]
    ready: dict[str, Expert]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.makes, *self.ready)

    def made(self, numbers: Integers) -> tuple[Expert, ...]:
        """All experts, in the order of `names`, from these labeled rows."""
        return (*(make(numbers) for make in self.makes.values()), *self.ready.values())


def fit_committee(
    rows: Rows,
    labels: AnyIntegers | Flags,
    n_classes: int,
    *,
    auxiliary: AuxiliaryData | None = None,
    start: Committee | None = None,
    hyperparameters: Hyperparameters = DEFAULT_HYPERPARAMETERS,
    seed: int = 0,
) -> Committee:
    """Fit all experts on the same labels and learn how much each is to be believed.

    rows : Rows of n ≥ 1 labeled documents
    labels : (n,) class numbers, or (n, n_classes) bool for several labels per document
    auxiliary : what there is besides the labels; without it the linear expert speaks alone
    start : the committee before this one: fitting begins at its weights
    hyperparameters : how the linear expert is made
    """
    if labels.ndim == 1:
        return _fit_classes(rows, labels.astype(np.int64), n_classes, auxiliary, start, hyperparameters, seed)
    return _fit_labels(rows, labels.astype(bool), auxiliary, start, hyperparameters, seed)


def fit_plain(
    rows: Rows,
    labels: AnyIntegers | Flags,
    n_classes: int,
    *,
    auxiliary: AuxiliaryData | None = None,
    start: Committee | None = None,
    hyperparameters: Hyperparameters = DEFAULT_HYPERPARAMETERS,
    seed: int = 0,
) -> Committee:
    """Fit the linear expert alone, to measure what the others are worth. `auxiliary` is not looked at."""
    return fit_committee(rows, labels, n_classes, start=start, hyperparameters=hyperparameters, seed=seed)


def _fit_classes(
    rows: Rows,
    labels: Integers,
    n_classes: int,
    auxiliary: AuxiliaryData | None,
    start: Committee | None,
    hyperparameters: Hyperparameters,
    seed: int,
) -> Committee:
    seen = np.unique(labels)
    more, true_labels = augmented(rows, labels, n_classes, hyperparameters.augmentation, seed)
    before = None if start is None else start.linear
    linear = LinearClassifier(hyperparameters.strength).learn(more, true_labels, n_classes, start=before)
    bench = Bench({"linear": _linear(rows, labels, n_classes, hyperparameters, seed)}, {})
    if auxiliary is not None and len(seen) > 1:
        bench = _bench(rows, labels, n_classes, auxiliary, linear, bench)
    weights = _usual(bench.names, USUAL, len(labels) / n_classes)
    everyone, n_weighed, crossed = np.arange(len(labels)), len(labels), NOT_CROSSED
    if start is not None and start.names == bench.names and _is_settled(start.n_weighed, len(labels)):
        weights, n_weighed = start.weights, start.n_weighed
    elif len(bench.names) > 1 and len(labels) >= MIN_LABELS:
        weights, crossed = _weighed(rows, labels, n_classes, bench, weights, seed)
    experts = (linear, *(make(everyone) for name, make in bench.makes.items() if name != "linear"))
    every = (*experts, *bench.ready.values())
    trained = tuple(seen.tolist())
    return Committee(bench.names, every, weights, n_classes, trained, n_weighed, crossed=crossed)


def _is_settled(n_weighed: int, n_labels: int) -> bool:
    """Whether weights learned on so many labels still do: with many, they hardly move any more."""
    return n_weighed >= SETTLED_LABELS and n_labels <= SETTLED_GROWTH * n_weighed


def _linear(
    rows: Rows, labels: Integers, n_classes: int, hyperparameters: Hyperparameters, seed: int
) -> Make:
    def make(numbers: Integers) -> Expert:
        part = augmented(rows.part(numbers), labels[numbers], n_classes, hyperparameters.augmentation, seed)
        return LinearClassifier(hyperparameters.strength, FOLD_TOLERANCE).learn(*part, n_classes)

    return make


def _bench(
    rows: Rows, labels: Integers, n_classes: int, auxiliary: AuxiliaryData, linear: LinearModel, bench: Bench
) -> Bench:
    makes = dict(bench.makes)
    vocabulary = Vocabulary.of(auxiliary.unlabeled, rows)
    if len(vocabulary.columns):  # else no word is in enough documents to say anything
        makes["words"] = _words(rows, labels, n_classes, auxiliary, linear, vocabulary)
    step, near = auxiliary.step, rows.neighbors
    if step is not None and near is not None and rows.positions is not None:
        own = auxiliary.own_anchors(rows.positions)
        makes["neighbours"] = lambda numbers: LabelPropagationClassifier().learn(
            step, near[numbers], own[numbers], labels[numbers], n_classes
        )
    return Bench(makes, _ready(auxiliary))


def _words(
    rows: Rows,
    labels: Integers,
    n_classes: int,
    auxiliary: AuxiliaryData,
    linear: LinearModel,
    vocabulary: Vocabulary,
) -> Make:
    mass = np.full(n_classes, 1 / n_classes)
    if len(auxiliary.unlabeled):
        mass = linear.probabilities(auxiliary.unlabeled).mean(axis=0, dtype=np.float64)
    counted = vocabulary.read(rows)

    positions = np.zeros(0, dtype=np.int64) if rows.positions is None else rows.positions
    is_left_out = auxiliary.is_labeled(
        positions
    )  # held-out ones too: their own guesses would praise the fold

    def make(numbers: Integers) -> Expert:
        return NaiveBayesClassifier().learn(
            counted[numbers], labels[numbers], n_classes, vocabulary, is_left_out, mass
        )

    return make


def _ready(auxiliary: AuxiliaryData) -> dict[str, Expert]:
    """Experts that need no labels."""
    experts: dict[str, Expert] = dict(auxiliary.outside)
    if auxiliary.described is not None:
        guideline = ZeroShotClassifier().learn(auxiliary.described, auxiliary.unlabeled)
        if len(guideline.described):
            experts["guideline"] = guideline
    return experts


def _usual(names: tuple[str, ...], usual: dict[str, float], labels_per_class: float) -> Doubles:
    """Where the weights start: the guideline's voice fades as labels come."""
    weights = np.array([usual.get(name, usual["outside"]) for name in names])
    if "guideline" in names:
        weights[names.index("guideline")] *= FADING / (FADING + labels_per_class)
    return weights


def _weighed(
    rows: Rows, labels: Integers, n_classes: int, bench: Bench, usual: Doubles, seed: int
) -> tuple[Doubles, Integers]:
    """The learned weights, and how right the experts' sum is where they had not seen the answer."""
    scores: list[Floats] = []
    held_labels: list[Integers] = []
    for train, held in folds(labels, seed):
        seen = np.unique(labels[train])
        held = held[np.isin(labels[held], seen)]
        if len(seen) < 2 or len(held) == 0:
            continue
        part = rows.part(held)
        scores.append(np.stack([expert.scores(part) for expert in bench.made(train)]))
        held_labels.append(labels[held])
    if not scores:
        return usual, NOT_CROSSED
    unseen, answers = np.concatenate(scores, axis=1), np.concatenate(held_labels)
    pool = LogLinearPool(usual).fit(unseen, answers)
    predicted = pool.predict(unseen)
    return pool.weights_, cross_validated_counts(one_hot(predicted, n_classes), one_hot(answers, n_classes))


def _fit_labels(
    rows: Rows,
    labels: Flags,
    auxiliary: AuxiliaryData | None,
    start: Committee | None,
    hyperparameters: Hyperparameters,
    seed: int,
) -> Committee:
    n_classes = labels.shape[1]
    more, true_labels = augmented(rows, labels, n_classes, hyperparameters.augmentation, seed)
    before = None if start is None else start.linear
    linear = LinearClassifier(hyperparameters.strength).learn(more, true_labels, n_classes, start=before)
    bench = Bench({"linear": _linear_labels(rows, labels, hyperparameters, seed)}, {})
    if auxiliary is not None and len(linear.seen):
        makes: dict[str, Make] = {
            **bench.makes,
            "words": lambda numbers: OneVsRestNaiveBayes().learn(rows.part(numbers), labels[numbers]),
        }
        bench = Bench(makes, _ready(auxiliary))
    weights = _usual(bench.names, USUAL_LABELS, len(labels) / n_classes)
    offset, thresholds, crossed = 0.0, np.full(n_classes, PRIOR_THRESHOLD, dtype=np.float32), NOT_CROSSED
    if len(bench.names) == 1:
        weights = np.ones(1)
    if len(labels) >= MIN_LABELS and len(linear.seen):
        numbers, scores = _held_out_labels(rows, labels, bench, seed)
        if len(bench.names) > 1:
            pool = LogLinearPool(weights).fit(scores, labels[numbers])
            weights, offset = pool.weights_, pool.offset_
        held_out = likely(np.tensordot(weights, scores, 1) + offset)
        thresholds = DecisionThresholds().fit(held_out, labels[numbers]).thresholds_
        crossed = cross_validated_counts(held_out >= thresholds, labels[numbers])
    everyone = np.arange(len(labels))
    experts = (linear, *(make(everyone) for name, make in bench.makes.items() if name != "linear"))
    return Committee(
        bench.names,
        (*experts, *bench.ready.values()),
        weights,
        n_classes,
        tuple(linear.seen.tolist()),
        len(labels),
        "sigmoid",
        offset,
        thresholds,
        crossed,
    )


def _linear_labels(rows: Rows, labels: Flags, hyperparameters: Hyperparameters, seed: int) -> Make:
    def make(numbers: Integers) -> Expert:
        part = augmented(
            rows.part(numbers), labels[numbers], labels.shape[1], hyperparameters.augmentation, seed
        )
        return LinearClassifier(hyperparameters.strength, LABEL_FOLD_TOLERANCE).learn(*part, labels.shape[1])

    return make


def _held_out_labels(rows: Rows, labels: Flags, bench: Bench, seed: int) -> tuple[Integers, Floats]:
    """Row numbers and what experts that did not see them say: (n_experts, n, n_classes) log-odds."""
    numbers: list[Integers] = []
    scores: list[Floats] = []
    for train, held in folds(np.zeros(len(labels), dtype=np.int64), seed):
        part = rows.part(held)
        numbers.append(held)
        scores.append(np.stack([expert.scores(part) for expert in bench.made(train)]))
    return np.concatenate(numbers), np.concatenate(scores, axis=1)
