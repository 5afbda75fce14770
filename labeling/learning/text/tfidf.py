"""TF-IDF: hashed terms of a text, and a dense view of its words, both learned on a sample.

The dense view joins LSA, PPMI and, where a sentence encoder is installed, static word vectors.

A featurizer is learned once for a pool, again when the pool has outgrown its sample, and never changes in
between: its version names the features that were made with it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import AnyArray, Floats, Integers
from labeling.learning.text.hashing import COLUMNS, WORD_COLUMNS, count_tokens, tokens_of, word_columns
from labeling.learning.text.lsa import (
    DIMENSIONS,
    leading_directions,
    log_entropy_weights,
    principal_axes,
    unit_rows,
    word_vectors,
)
from labeling.learning.text.rows import Rows
from labeling.learning.text.static_vectors import StaticVectors
from labeling.learning.text.words import Tokens

FORMAT = 4  # raise it when the same arrays would mean other features
WORDS_FORMAT = 3  # of featurizers without static vectors
DENSE_WIDTH = 128  # of the dense view with static vectors
DENSE_LENGTH = np.float32(np.sqrt(3))  # of its rows: three views of length 1 side by side
MAX_TOPIC_COLUMNS = 50_000  # with pairs of words there are ten times as many, nearly all of them rare
SAMPLE = 20_000  # documents to learn from: three seconds of work, whatever the size of the pool


@dataclass(frozen=True)
class StaticView:
    """Static word vectors beside LSA and PPMI, and the axes to which the three are turned.

    vectors : a vector for each word
    center : (s,) the mean of the documents' sums of them
    mean : (l + p + s,) of the three views side by side; axes : (l + p + s, DENSE_WIDTH)
    """

    vectors: StaticVectors
    center: Floats
    mean: Floats
    axes: Floats

    def turned(self, views: Floats) -> Floats:
        """(n, DENSE_WIDTH) rows of length DENSE_LENGTH; zeros for a document that has no view."""
        turned = unit_rows((views - self.mean) @ self.axes) * DENSE_LENGTH
        turned[~views.any(axis=1)] = 0
        return turned


@dataclass(frozen=True)
class Featurizer:
    """Texts in, features out.

    columns : (m,) hashed columns that at least two documents of the sample fill; others are left out
    idf : (m,) inverse document frequency, smoothed
    topics : (t,) columns that LSA reads, the most frequent ones
    entropy : (t,) their log-entropy weights; directions : (t, l) LSA
    words : (w,) columns of the words that have a PPMI vector
    vectors : (w, p) theirs; center : (p,) the mean of the documents' sums of them
    n_sampled : documents it was learned on
    static : None where no static vectors were there: the dense view is LSA and PPMI side by side
    """

    columns: Integers
    idf: Floats
    topics: Integers
    entropy: Floats
    directions: Floats
    words: Integers
    vectors: Floats
    center: Floats
    n_sampled: int
    static: StaticView | None = None

    @classmethod
    def learn(
        cls,
        sample: Sequence[str],
        *,
        static: StaticVectors | None = None,
        dimensions: int = DIMENSIONS,
        seed: int = 0,
    ) -> Self:
        """Learn which columns matter, how much, and which directions they span.

        sample : texts drawn at random from the pool; `SAMPLE` of them are enough
        """
        counts = count_tokens(tokens_of(sample))
        frequency = np.bincount(counts.indices, minlength=COLUMNS)
        rare = 2 if len(sample) >= 20 else 1  # below 20 documents nearly every word is seen once
        columns = np.flatnonzero(frequency >= rare)
        counts = cut_columns(counts, columns)
        idf = np.log((1 + len(sample)) / (1 + frequency[columns])) + 1
        often = np.sort(np.argsort(-frequency[columns], kind="stable")[:MAX_TOPIC_COLUMNS])
        read = cut_columns(counts, often)
        entropy = log_entropy_weights(read)
        weighted = _weigh(read, np.log1p(read.data), entropy)
        directions = _halved(leading_directions(weighted, dimensions, seed))
        held = _presence(counts)[:, : np.searchsorted(columns, WORD_COLUMNS)]
        words, vectors = word_vectors(held, dimensions, seed)
        vectors = _halved(vectors)
        summed = (held[:, words] @ vectors).sum(axis=0)
        center = np.asarray(summed / max(len(sample), 1), dtype=np.float32)
        idf = idf.astype(np.float32)
        featurizer = cls(
            columns, idf, columns[often], entropy, directions, columns[words], vectors, center, len(sample)
        )
        return featurizer if static is None else featurizer._with(static, counts, sample)

    def _with(self, vectors: StaticVectors, counts: csr_array, sample: Sequence[str]) -> Self:
        """The same with static vectors. counts : of the sample, in `columns`."""
        sums = self._static_sums(tokens_of(sample), vectors)
        center = sums.mean(axis=0) if len(sums) else np.zeros(vectors.width, dtype=np.float32)
        views = np.hstack([self._topics(counts), self._meanings(counts), _centered(sums, center)])
        # A small sample spans few directions; the static vectors' own first ones come next.
        prior = np.zeros(views.shape[1])
        prior[-vectors.width :] = np.linspace(1e-5, 1e-6, vectors.width)
        mean, axes = principal_axes(views[views.any(axis=1)], DENSE_WIDTH, prior)
        return replace(self, static=StaticView(vectors, center, mean, axes))

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits that name these features; equal for equal arrays."""
        number = WORDS_FORMAT if self.static is None else FORMAT
        digest = hashlib.sha256(f"{number}:{COLUMNS}:{self.n_sampled}".encode())
        words = (self.columns, self.idf, self.words, self.vectors, self.center)
        arrays: tuple[AnyArray, ...] = (*words, self.topics, self.entropy, self.directions)
        if self.static is not None:
            digest.update(self.static.vectors.version.encode())
            arrays = (*arrays, self.static.center, self.static.mean, self.static.axes)
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:12]

    @property
    def dimensions(self) -> int:
        """Width of the dense view; smaller where the sample had fewer directions."""
        if self.static is not None:
            return int(self.static.axes.shape[1])
        return int(self.directions.shape[1] + self.vectors.shape[1])

    def transform(self, texts: Sequence[str]) -> Rows:
        """Features of texts. An empty text, or one of unknown words only, gets a row of zeros.

        >>> featurizer = Featurizer.learn(["red apple", "green apple", "green tea"])
        >>> rows = featurizer.transform(["green apple", ""])
        >>> rows.sparse.shape[0], rows.sparse.power(2).sum(axis=1).round(3).tolist()
        (2, [1.0, 0.0])
        """
        tokens = list(tokens_of(texts))
        counts = cut_columns(count_tokens(tokens), self.columns)
        tfidf = _weigh(counts, 1 + np.log(counts.data), self.idf)
        lengths = np.sqrt(np.asarray(tfidf.power(2).sum(axis=1))).clip(1e-12)
        tfidf.data /= np.repeat(lengths, np.diff(tfidf.indptr)).astype(np.float32)
        dense = np.hstack([self._topics(counts), self._meanings(counts)])
        if self.static is not None:
            sums = self._static_sums(tokens, self.static.vectors)
            dense = self.static.turned(np.hstack([dense, _centered(sums, self.static.center)]))
        indices = self.columns[tfidf.indices].astype(np.int32)
        sparse = csr_array((tfidf.data, indices, tfidf.indptr), shape=(len(texts), COLUMNS))
        return Rows(sparse, dense)

    def _topics(self, counts: csr_array) -> Floats:
        """The LSA view: (n, l)."""
        read = cut_columns(counts, np.searchsorted(self.columns, self.topics))
        return unit_rows(_weigh(read, np.log1p(read.data), self.entropy) @ self.directions)

    def _meanings(self, counts: csr_array) -> Floats:
        """The PPMI view: (n, p); zeros for a text without a word that has a vector."""
        held = cut_columns(_presence(counts), np.searchsorted(self.columns, self.words))
        summed = held @ self.vectors
        summed[np.diff(held.indptr) > 0] -= self.center
        return unit_rows(summed)

    def static_words(self, tokens: Tokens, vectors: StaticVectors) -> Floats:
        """The static vector of each distinct word, times its inverse document frequency: (d, s)."""
        columns = word_columns(tokens.distinct_hashes)
        rarity = np.full(WORD_COLUMNS, np.log(1 + self.n_sampled), dtype=np.float32)
        is_word = self.columns < WORD_COLUMNS
        rarity[self.columns[is_word]] = self.idf[is_word] - 1
        weighted: Floats = vectors.of_words(tokens.distinct) * rarity[columns, None]
        return weighted

    def _static_sums(self, tokens: Iterable[Tokens], vectors: StaticVectors) -> Floats:
        """(n, s) the sum over the distinct words of each text."""
        sums = [_presence(_per_text(block)) @ self.static_words(block, vectors) for block in tokens]
        return np.concatenate(sums) if sums else np.zeros((0, vectors.width), dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Write it to a folder, all or nothing."""
        arrays: dict[str, AnyArray] = {
            "columns": self.columns.astype(np.int32),
            "idf": self.idf,
            "topics": self.topics.astype(np.int32),
            "entropy": self.entropy,
            "directions": self.directions.astype(np.float16),
            "words": self.words.astype(np.int32),
            "vectors": self.vectors.astype(np.float16),
            "centre": self.center,
        }
        if self.static is not None:
            view = {"static_center": self.static.center, "mean": self.static.mean, "axes": self.static.axes}
            arrays |= view | self.static.vectors.arrays()
        write_folder(folder, arrays, {"version": self.version, "n_sampled": self.n_sampled})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read one back; its version is that of the saved one.

        Raises FileNotFoundError where none was saved.
        """
        arrays, metadata = read_folder(folder)
        static = None
        if "axes" in arrays:
            view = (arrays["static_center"], arrays["mean"], arrays["axes"])
            static = StaticView(StaticVectors.from_arrays(arrays), *view)
        return cls(
            columns=np.asarray(arrays["columns"], dtype=np.int64),
            idf=np.asarray(arrays["idf"]),
            topics=np.asarray(arrays["topics"], dtype=np.int64),
            entropy=np.asarray(arrays["entropy"]),
            directions=np.asarray(arrays["directions"], dtype=np.float32),
            words=np.asarray(arrays["words"], dtype=np.int64),
            vectors=np.asarray(arrays["vectors"], dtype=np.float32),
            center=np.asarray(arrays["centre"]),
            n_sampled=int(metadata["n_sampled"]),
            static=static,
        )


def cut_columns(counts: csr_array, columns: Integers) -> csr_array:
    """Only these columns, renumbered from 0."""
    indices = np.full(counts.shape[1], -1, dtype=np.int32)
    indices[columns] = np.arange(len(columns), dtype=np.int32)
    new_columns = indices[counts.indices]
    is_kept = new_columns >= 0
    indptr = np.concatenate([[0], np.cumsum(is_kept)])[counts.indptr].astype(np.int32)
    return csr_array(
        (counts.data[is_kept], new_columns[is_kept], indptr), shape=(counts.shape[0], len(columns))
    )


def _weigh(counts: csr_array, local: Floats, weights: Floats) -> csr_array:
    """The same pattern, filled with a local weight of each count times the weight of its column."""
    data = (local * weights[counts.indices]).astype(np.float32)
    return csr_array((data, counts.indices, counts.indptr), shape=counts.shape)


def _presence(counts: csr_array) -> csr_array:
    """The same pattern, filled with ones."""
    return csr_array((np.ones_like(counts.data), counts.indices, counts.indptr), shape=counts.shape)


def _per_text(tokens: Tokens) -> csr_array:
    """(n_texts, d) how often each distinct word stands in each text."""
    indptr = np.concatenate([[0], np.cumsum(tokens.lengths)])
    ones = np.ones(len(tokens.numbers), dtype=np.float32)
    counts = csr_array((ones, tokens.numbers, indptr), shape=(len(tokens.lengths), len(tokens.distinct)))
    counts.sum_duplicates()
    return counts


def _centered(sums: Floats, center: Floats) -> Floats:
    """Sums without what all texts share, in rows of length 1; zeros for a text without a known word."""
    return unit_rows(np.where(sums.any(axis=1, keepdims=True), sums - center, 0))


def _halved(values: Floats) -> Floats:
    """Values as they will be after a way through the file."""
    return values.astype(np.float16).astype(np.float32)
