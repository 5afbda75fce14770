"""Feature attributions: how much each column of a document adds to the score of one class against another.

Only the experts that add up columns can be taken apart like that: the linear one and the counters of words. A
dense view made of words (LSA, PPMI, static vectors) is a sum over columns too, as long as its length is held
fixed.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays.types import AnyIntegers, Flags, Floats, Integers
from labeling.learning.classifiers.committee import Committee
from labeling.learning.classifiers.linear import LinearModel
from labeling.learning.classifiers.naive_bayes import ROW_SCALE, NaiveBayesModel
from labeling.learning.text.hashing import COLUMNS, WORD_COLUMNS, word_columns
from labeling.learning.text.rows import Rows
from labeling.learning.text.tfidf import DENSE_LENGTH, Featurizer
from labeling.learning.text.words import Tokens


@dataclass(frozen=True)
class Duel:
    """Documents, and for each the class that is asked for and the one held against it.

    towards, against : (n,) class numbers, -1 for none
    """

    rows: Rows
    towards: AnyIntegers
    against: AnyIntegers

    @cached_property
    def row(self) -> Integers:
        """(nnz,) the document of each filled column."""
        return np.repeat(np.arange(len(self.rows)), np.diff(self.rows.sparse.indptr))

    def lead(self, expert: LinearModel | NaiveBayesModel, each: Floats, row: Integers) -> Floats:
        """How much one class leads, (m,), where `each` (m, k) has a column for each class of the expert."""
        indices = np.full(expert.n_classes + 1, len(expert.seen))  # behind the last: unknown, and -1
        indices[expert.seen] = np.arange(len(expert.seen))
        padded, numbers = np.pad(each, ((0, 0), (0, 1))), np.arange(len(each))
        led: Floats = (
            padded[numbers, indices[self.towards][row]] - padded[numbers, indices[self.against][row]]
        )
        return led


def column_attributions(
    duel: Duel, committee: Committee, featurizer: Featurizer | None, tokens: Tokens
) -> Floats:
    """(nnz,) nats that each filled column of `rows.sparse` adds, the experts' weights multiplied in.

    featurizer : that made the rows, where their dense view is its own; None for embeddings
    tokens : the words of the rows' texts
    """
    attributions = np.zeros(duel.rows.sparse.nnz, dtype=np.float32)
    for expert, weight in zip(committee.experts, committee.weights, strict=True):
        if weight <= 0:
            continue
        if isinstance(expert, NaiveBayesModel):
            attributions += np.float32(weight) * _counted(duel, expert)
        elif isinstance(expert, LinearModel):
            attributions += np.float32(weight) * _weighed(duel, expert)
            if featurizer is not None and len(expert.dense_weights):
                attributions += np.float32(weight) * _spread(duel, expert, featurizer, tokens)
    return attributions


def text_attributions(duel: Duel, committee: Committee) -> Floats:
    """(n,) nats that the dense view adds, as one."""
    total = np.zeros(len(duel.rows), dtype=np.float32)
    for expert, weight in zip(committee.experts, committee.weights, strict=True):
        if weight > 0 and isinstance(expert, LinearModel) and len(expert.dense_weights):
            each = duel.rows.project(expert.dense_weights)
            total += np.float32(weight) * duel.lead(expert, each, np.arange(len(each)))
    return total


def _weighed(duel: Duel, expert: LinearModel) -> Floats:
    sparse = duel.rows.sparse
    each = _vectors(sparse.indices, expert.columns, expert.sparse_weights)
    led: Floats = sparse.data * duel.lead(expert, each, duel.row)
    return led


def _counted(duel: Duel, expert: NaiveBayesModel) -> Floats:
    """Naive Bayes counts each word the same, less in a long document."""
    sparse = duel.rows.sparse
    numbers = _numbered(sparse.indices, expert.columns)
    is_counted: Flags = (numbers < len(expert.columns)) & (sparse.indices < WORD_COLUMNS)
    scale = ROW_SCALE / np.sqrt(np.bincount(duel.row[is_counted], minlength=len(duel.rows)) + 1)
    each = np.pad(expert.weights, ((0, 1), (0, 0)))[numbers]
    led: Floats = (is_counted * scale[duel.row]).astype(np.float32) * duel.lead(expert, each, duel.row)
    return led


def _spread(duel: Duel, expert: LinearModel, featurizer: Featurizer, tokens: Tokens) -> Floats:
    """What the dense view adds, by column; a word that comes twice counts as if it came once."""
    used, number = np.unique(duel.rows.sparse.indices, return_inverse=True)
    topics = _vectors(used, featurizer.topics, featurizer.directions)
    topics *= _vectors(used, featurizer.topics, featurizer.entropy[:, None])
    views = [topics, _vectors(used, featurizer.words, featurizer.vectors)]
    centers = [np.zeros(topics.shape[1], dtype=np.float32), featurizer.center]
    static = featurizer.static
    if static is not None:
        columns = word_columns(tokens.distinct_hashes)
        views.append(_vectors(used, columns, featurizer.static_words(tokens, static.vectors)))
        centers.append(static.center)
    held = csr_array(
        (np.ones(len(number), dtype=np.float32), number, duel.rows.sparse.indptr),
        shape=(len(duel.rows), len(used)),
    )
    sums = [held @ view - center for view, center in zip(views, centers, strict=True)]
    lengths = [_lengths(each) for each in sums]
    weights = expert.dense_weights
    if static is not None:
        joined = np.hstack([each / length[:, None] for each, length in zip(sums, lengths, strict=True)])
        turned = _lengths((joined - static.mean) @ static.axes) / DENSE_LENGTH
        lengths = [length * turned for length in lengths]
        weights = static.axes @ weights
    parts = np.split(weights, np.cumsum([view.shape[1] for view in views])[:-1])
    led = np.zeros(len(number), dtype=np.float32)
    for view, part, length in zip(views, parts, lengths, strict=True):
        led += duel.lead(expert, (view @ part)[number], duel.row) / length[duel.row]
    return led


def _vectors(columns: AnyIntegers, known_columns: Integers, vectors: Floats) -> Floats:
    """The vector of each hashed column; zeros for one that has none."""
    word_vectors = np.zeros((len(columns), vectors.shape[1]), dtype=np.float32)
    numbers = _numbered(columns, known_columns)
    has_one = numbers < len(known_columns)
    word_vectors[has_one] = vectors[numbers[has_one]]
    return word_vectors


def _lengths(vectors: Floats) -> Floats:
    lengths: Floats = np.maximum(np.linalg.norm(vectors, axis=1), 1e-6).astype(np.float32)
    return lengths


def _numbered(columns: AnyIntegers, known_columns: Integers) -> Integers:
    """The number of each hashed column among the known ones; one more for all others."""
    indices = np.full(COLUMNS, len(known_columns), dtype=np.int64)
    indices[known_columns] = np.arange(len(known_columns))
    return indices[columns]
