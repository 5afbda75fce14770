"""Naive Bayes: the probability of each class by the words alone, those of unlabeled documents included.

Naive Bayes learns from counts, so it can also count documents whose class it only guesses: a few rounds of
that (expectation and maximization) tell it thousands of words that no labeled document holds. It is the
expert that saves most labels while there are few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack
from sklearn.utils.validation import check_non_negative

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import (
    AnyArray,
    Doubles,
    Flags,
    Floats,
    Integers,
    below_best,
    softmax,
    spread_out,
)
from labeling.learning.classifiers.estimator import UNLABELED, RowsClassifier, as_rows
from labeling.learning.classifiers.linear import LinearModel, places_of
from labeling.learning.classifiers.solver import compact_columns
from labeling.learning.text.hashing import WORD_COLUMNS
from labeling.learning.text.rows import Rows

ROUNDS = 6
COMPLEMENT_SMOOTHING = 0.3
SMOOTHING = 0.05
MIN_DOCUMENTS = 3
GUESSED = 10.0
ROW_SCALE = 3.0  # a document counts as this many words times the root of its length: words repeat each other
TRUSTED_LABELS = 5  # a class, at which what is known of its size counts half of what it counts at most
MIN_MASS = 0.2  # of an even share: no class may die out among the guesses


@dataclass(frozen=True)
class NaiveBayesModel:
    """Log-odds of words.

    seen : (k,) classes it knows
    columns : (m,) hashed columns of its words, rising
    weights : (m, k) log probability of each word in each class
    """

    n_classes: int
    seen: Integers
    columns: Integers
    weights: Floats

    def scores(self, rows: Rows) -> Floats:
        """(n, n_classes); a class it does not know gets the floor of `spread_out`."""
        counts = scaled_words(rows.presence(), len(self.columns), self._places)
        return spread_out(below_best(counts @ self._padded), self.seen, self.n_classes)

    @cached_property
    def _places(self) -> NDArray[np.int32]:
        return places_of(self.columns, WORD_COLUMNS)

    @cached_property
    def _padded(self) -> Floats:
        return np.concatenate([self.weights, np.zeros((1, len(self.seen)), dtype=np.float32)])

    def save(self, folder: Path, metadata: Mapping[str, Any]) -> None:
        """Write it to a folder, all or nothing."""
        arrays: dict[str, AnyArray] = {"seen": self.seen, "columns": self.columns, "weights": self.weights}
        write_folder(folder, arrays, {**metadata, "n_classes": self.n_classes})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read one back. Raises FileNotFoundError where none was saved."""
        arrays, metadata = read_folder(folder)
        return cls(int(metadata["n_classes"]), arrays["seen"], arrays["columns"], arrays["weights"])


@dataclass(frozen=True)
class Vocabulary:
    """The unlabeled documents as naive Bayes reads them, prepared once for a fit and all its folds.

    columns : (m,) hashed columns of the words that count
    counts : (n, m + 1) unlabeled documents; the last column holds the words that do not count
    """

    columns: Integers
    counts: csr_array

    def read(self, rows: Rows) -> csr_array:
        """Other documents in the same columns: (n, m + 1)."""
        return scaled_words(rows.presence(), len(self.columns), places_of(self.columns, WORD_COLUMNS))

    @cached_property
    def by_word(self) -> csr_array:
        """The counts the other way round."""
        return self.counts.T.tocsr()

    @classmethod
    def of(cls, unlabeled: Rows, labeled: Rows, min_documents: int = MIN_DOCUMENTS) -> Self:
        """The words of enough documents, labeled or not."""
        held = unlabeled.presence()
        seen = vstack([held, labeled.presence()], format="csr")
        columns = np.flatnonzero(np.bincount(seen.indices, minlength=WORD_COLUMNS) >= min_documents)
        return cls(columns, scaled_words(held, len(columns), places_of(columns, WORD_COLUMNS)))


def scaled_words(presence: csr_array, n_words: int, positions: NDArray[np.int32]) -> csr_array:
    """Rows over the words that count, numbered from 0, each scaled by its length; others in a last column.

    presence : (n, WORD_COLUMNS) ones
    positions : (WORD_COLUMNS,) from `places_of`
    returns : (n, n_words + 1) float32
    """
    indices = positions.take(presence.indices)
    kept_per_row = np.concatenate([[0], np.cumsum(indices < n_words)])
    lengths = kept_per_row[presence.indptr[1:]] - kept_per_row[presence.indptr[:-1]]
    scales = (ROW_SCALE / np.sqrt(lengths + 1)).astype(np.float32)
    data = np.repeat(scales, np.diff(presence.indptr))
    return csr_array((data, indices, presence.indptr), shape=(presence.shape[0], n_words + 1))


class NaiveBayesClassifier(RowsClassifier):
    """Naive Bayes that also counts documents whose class it only guesses, by expectation and maximization.

    It reads which words occur; of other matrices, which columns are not 0.

    rounds : of guessing; 0 learns from the labels alone
    smoothing : occurrences of every word in every class that nobody saw
    guessed : what all unlabeled documents together count, in labeled ones
    min_documents : that hold a word; rarer ones only blur

    Source: Nigam et al. (2000), with presence instead of counts and rows scaled by the root of their length.
    """

    model_: NaiveBayesModel

    def __init__(
        self,
        rounds: int = ROUNDS,
        smoothing: float = SMOOTHING,
        guessed: float = GUESSED,
        min_documents: int = MIN_DOCUMENTS,
    ) -> None:
        self.rounds = rounds
        self.smoothing = smoothing
        self.guessed = guessed
        self.min_documents = min_documents

    def _fit_rows(self, rows: Rows, labels: Integers, n_classes: int) -> NaiveBayesModel:
        known, unknown = np.flatnonzero(labels >= 0), np.flatnonzero(labels < 0)
        labeled, unlabeled = rows.part(known), rows.part(unknown)
        vocabulary = Vocabulary.of(unlabeled, labeled, self.min_documents)
        nobody, even = np.zeros(len(unlabeled), dtype=bool), np.full(n_classes, 1 / n_classes)
        return self.learn(vocabulary.read(labeled), labels[known], n_classes, vocabulary, nobody, even)

    def learn(
        self,
        labeled: csr_array,
        labels: Integers,
        n_classes: int,
        vocabulary: Vocabulary,
        is_left_out: Flags,
        mass: Doubles,
    ) -> NaiveBayesModel:
        """The model of the labels and, softly, of the unlabeled documents, unchecked.

        labeled : (n, m + 1) from `scaled_words`
        labels : (n,) class numbers
        is_left_out : (n_unlabeled,) documents of the vocabulary's counts whose class is not to be guessed:
            they have a label, or are held out
        mass : (n_classes,) how common each class is in the pool, as far as is known: the more labels there
            are, the more the guesses follow it; at first every class gets as many
        returns : a model of the classes in `labels`; all weigh the same, however many labels they have
        """
        seen, class_indices = np.unique(labels, return_inverse=True)
        chosen = np.eye(len(seen), dtype=np.float32)[class_indices]
        chosen *= np.float32(len(labels) / len(seen)) / chosen.sum(axis=0)
        own = (labeled.T @ chosen)[:-1]
        share = _guessed_shares(mass[seen], len(labels))
        worth = np.float32(self.guessed * len(labels) / max(vocabulary.counts.shape[0], 1))
        weights, other = _log_shares(own, self.smoothing), np.zeros((1, len(seen)), dtype=np.float32)
        for _ in range(self.rounds):
            guesses = softmax(vocabulary.counts @ np.concatenate([weights, other]))
            guesses[is_left_out] = 0
            guesses *= share * guesses.sum() / np.maximum(guesses.sum(axis=0), 1e-6)
            weights = _log_shares(own + worth * (vocabulary.by_word @ guesses)[:-1], self.smoothing)
        return NaiveBayesModel(n_classes, seen, vocabulary.columns, weights)

    def _as_rows(self, X: Any) -> Rows:
        return as_rows(csr_array(X))


def _guessed_shares(mass: Doubles, n_labels: int) -> Floats:
    """(k,) the part of the guesses that each class gets."""
    trust = 0.5 * n_labels / (n_labels + TRUSTED_LABELS * len(mass))  # the root of it in the end
    common = (mass / mass.sum()) ** trust
    share = np.maximum(common / common.sum(), MIN_MASS / len(mass)).astype(np.float32)
    return np.asarray(share / share.sum())


def _log_shares(counts: Floats, smoothing: float) -> Floats:
    smoothed = counts + np.float32(smoothing)
    shares: Floats = np.log(smoothed / smoothed.sum(axis=0))
    return shares


class OneVsRestNaiveBayes(RowsClassifier):
    """For each class the log-odds of its documents' words against those of all the others.

    smoothing : pseudo-occurrences of every word in every class, in units of TF-IDF

    Source: Rennie et al. (2003), complement naive Bayes, on TF-IDF, without their weight normalization.
    """

    model_: LinearModel

    def __init__(self, smoothing: float = COMPLEMENT_SMOOTHING) -> None:
        self.smoothing = smoothing

    def _fit_rows(self, rows: Rows, labels: Integers, n_classes: int) -> LinearModel:
        known = np.flatnonzero(labels.reshape(len(labels), -1).min(axis=1) > UNLABELED)
        flags = labels[known] > 0 if labels.ndim == 2 else np.eye(n_classes, dtype=bool)[labels[known]]
        return self.learn(rows.part(known), flags)

    def learn(self, rows: Rows, labels: Flags) -> LinearModel:
        """A model without thresholds, unchecked.

        rows : Rows of n ≥ 1 labeled documents; only the sparse view counts
        labels : (n, n_classes) bool
        """
        seen = np.flatnonzero(labels.any(axis=0))
        columns, compact = compact_columns(rows.sparse)
        chosen = labels[:, seen].astype(np.float64)
        inside = np.asarray(compact.T @ chosen, dtype=np.float64) + self.smoothing
        outside = np.asarray(compact.T @ (1 - chosen), dtype=np.float64) + self.smoothing
        weights = np.log(inside / inside.sum(axis=0)) - np.log(outside / outside.sum(axis=0))
        positives = chosen.sum(axis=0)
        prior = np.log((positives + 0.5) / (len(labels) - positives + 0.5))
        return LinearModel(
            labels.shape[1],
            seen,
            columns,
            weights.astype(np.float32),
            np.zeros((0, len(seen)), dtype=np.float32),
            prior.astype(np.float32),
            "sigmoid",
        )

    def _probabilities(self, rows: Rows) -> Floats:
        return self.model_.probabilities(rows)

    def _as_rows(self, X: Any) -> Rows:
        check_non_negative(X, type(self).__name__)
        return as_rows(csr_array(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags
