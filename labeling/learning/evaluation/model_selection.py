"""Model selection: hyperparameters that are better beyond noise. Repeated cross-validation, paired by fold.

First the strength of the linear expert is judged against the usual one, then what weak classes get, with the
strength that won. Hyperparameters that are not better beyond noise are not used, however promising it looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from labeling.learning.arrays.types import AnyArray, Doubles, Floats, Integers
from labeling.learning.classifiers.auxiliary import AuxiliaryData
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.classifiers.hyperparameters import (
    DEFAULT_HYPERPARAMETERS,
    Augmentation,
    Hyperparameters,
)
from labeling.learning.evaluation.scores import quality_of_flags
from labeling.learning.text.rows import Rows

STRENGTHS = (5.0, 60.0)  # against the usual 20
REPEATS, FOLDS = 3, 5
TRIALS = REPEATS * FOLDS
NOISE = 0.05  # probability of taking noise for a gain, for all candidates of a step together
MIN_PROBABILITY = 1e-6


@dataclass(frozen=True)
class Score:
    """One fold: both on documents that the fit did not see."""

    macro_f1: float
    log_loss: float


@dataclass(frozen=True)
class CorrectedDifference:
    """Candidate less standard, the mean over the folds; positive is better for both measures.

    reach : half of the 95% interval; p : how often noise alone gives so much or more
    """

    mean: float
    reach: float
    p: float


@dataclass(frozen=True)
class TuningTrial:
    """What came of one candidate."""

    candidate: Hyperparameters
    against: Hyperparameters
    macro_f1: CorrectedDifference
    log_loss: CorrectedDifference
    is_better: bool


def next_trial(done: Mapping[Hyperparameters, Sequence[Score]]) -> tuple[Hyperparameters, int] | None:
    """The hyperparameters and the fold to try next; None when all verdicts can be told."""
    steps = [[DEFAULT_HYPERPARAMETERS, *(Hyperparameters(strength) for strength in STRENGTHS)]]
    if all(len(done.get(hyperparameters, ())) == TRIALS for hyperparameters in steps[0]):
        steps.append(
            _augmented(_winner(DEFAULT_HYPERPARAMETERS, _step(done, DEFAULT_HYPERPARAMETERS, steps[0][1:])))
        )
    for hyperparameters in (hyperparameters for step in steps for hyperparameters in step):
        if len(done.get(hyperparameters, ())) < TRIALS:
            return hyperparameters, len(done.get(hyperparameters, ()))
    return None


def verdicts(done: Mapping[Hyperparameters, Sequence[Score]]) -> list[TuningTrial]:
    """One for each candidate, in the order in which they were tried."""
    first = _step(done, DEFAULT_HYPERPARAMETERS, [Hyperparameters(strength) for strength in STRENGTHS])
    standard = _winner(DEFAULT_HYPERPARAMETERS, first)
    return [*first, *_step(done, standard, _augmented(standard))]


def adopted(trials: Sequence[TuningTrial]) -> Hyperparameters:
    """The hyperparameters that the next trainings use: the default ones, but for what was better."""
    strength = _winner(
        DEFAULT_HYPERPARAMETERS,
        [trial for trial in trials if trial.against == DEFAULT_HYPERPARAMETERS and _is_plain(trial)],
    )
    return _winner(strength, [trial for trial in trials if not _is_plain(trial)])


def run_trial(
    rows: Rows,
    labels: AnyArray,
    n_classes: int,
    auxiliary: AuxiliaryData,
    hyperparameters: Hyperparameters,
    number: int,
) -> Score:
    """Fit on all folds but one, and score on that one. The same number is the same fold for all of them."""
    train, held = _fold(labels, number)
    committee = fit_committee(
        rows.part(train),
        labels[train],
        n_classes,
        auxiliary=auxiliary,
        hyperparameters=hyperparameters,
        seed=number,
    )
    probabilities = committee.probabilities(rows.part(held))
    flags = labels[held] if labels.ndim == 2 else np.eye(n_classes, dtype=bool)[labels[held]]
    quality = quality_of_flags(committee.decide(probabilities), flags)
    return Score(quality.macro_f1, _log_loss(probabilities, flags, is_single=labels.ndim == 1))


def corrected_difference(candidate: Doubles, standard: Doubles) -> CorrectedDifference:
    """Paired differences over the folds of a repeated cross-validation.

    Folds share most of their training documents, so their differences vary less than those of new documents
    would: the variance is scaled by 1/n + test/train instead of 1/n.

    Source: Nadeau and Bengio (2003), "Inference for the generalization error", corrected resampled t-test.

    >>> corrected_difference(np.array([.6, .62, .61]), np.array([.6, .62, .61]))
    CorrectedDifference(mean=0.0, reach=0.0, p=1.0)
    """
    difference = candidate - standard
    mean, variance = float(difference.mean()), float(difference.var(ddof=1))
    if variance == 0:
        return CorrectedDifference(mean, 0.0, 1.0 if mean <= 0 else 0.0)
    deviation = np.sqrt(variance * (1 / len(difference) + 1 / (FOLDS - 1)))
    freedom = len(difference) - 1
    return CorrectedDifference(
        mean, float(student.ppf(0.975, freedom) * deviation), float(student.sf(mean / deviation, freedom))
    )


def _is_plain(verdict: TuningTrial) -> bool:
    return verdict.candidate.augmentation is Augmentation.NONE


def _augmented(standard: Hyperparameters) -> list[Hyperparameters]:
    return [Hyperparameters(standard.strength, kind) for kind in (Augmentation.DROPOUT, Augmentation.JOINED)]


def _step(
    done: Mapping[Hyperparameters, Sequence[Score]],
    standard: Hyperparameters,
    candidates: Sequence[Hyperparameters],
) -> list[TuningTrial]:
    """Macro F1 has to gain beyond noise, and log-loss may not lose beyond it."""
    trials = []
    for candidate in candidates:
        macro_f1, log_loss = (
            corrected_difference(_scores(done[candidate], name), _scores(done[standard], name))
            for name in ("macro_f1", "log_loss")
        )
        is_better = macro_f1.p < NOISE / len(candidates) and log_loss.mean + log_loss.reach >= 0
        trials.append(TuningTrial(candidate, standard, macro_f1, log_loss, is_better))
    return trials


def _scores(scores: Sequence[Score], name: str) -> Doubles:
    """Higher is better."""
    sign = -1 if name == "log_loss" else 1
    return np.array([sign * getattr(score, name) for score in scores])


def _winner(standard: Hyperparameters, trials: Sequence[TuningTrial]) -> Hyperparameters:
    better = [trial for trial in trials if trial.is_better]
    return max(better, key=lambda trial: trial.macro_f1.mean).candidate if better else standard


def _fold(labels: AnyArray, number: int) -> tuple[Integers, Integers]:
    """Train and held-out row numbers, every class spread evenly (of several, the first that is given)."""
    strata = labels if labels.ndim == 1 else labels.argmax(axis=1)
    rng = np.random.default_rng(number // FOLDS)
    shuffled = rng.permutation(len(strata))
    order = shuffled[np.argsort(strata[shuffled], kind="stable")]
    is_held = np.zeros(len(strata), dtype=bool)
    is_held[order[number % FOLDS :: FOLDS]] = True
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)


def _log_loss(probabilities: Floats, flags: AnyArray, *, is_single: bool) -> float:
    probability = np.clip(np.where(flags, probabilities, 1 - probabilities), MIN_PROBABILITY, 1)
    return float(-np.log(probability[flags] if is_single else probability).mean())
