"""TF-IDF: hashed terms of a text, and a dense view of them (LSA), both learned on a sample.

A featurizer is learned once for a pool, again when the pool has outgrown its sample, and never changes in
between: its version names the features that were made with it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import AnyArray, Floats, Integers
from labeling.learning.text.hashing import COLUMNS, WORD_COLUMNS, count_terms
from labeling.learning.text.lsa import (
    DIMENSIONS,
    leading_directions,
    log_entropy_weights,
    unit_rows,
    word_vectors,
)
from labeling.learning.text.rows import Rows

FORMAT = 3  # raise it when the same arrays would mean other features
MAX_TOPIC_COLUMNS = 50_000  # with pairs of words there are ten times as many, nearly all of them rare
SAMPLE = 20_000  # documents to learn from: three seconds of work, whatever the size of the pool


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

    @classmethod
    def learn(cls, sample: Sequence[str], *, dimensions: int = DIMENSIONS, seed: int = 0) -> Self:
        """Learn which columns matter, how much, and which directions they span.

        sample : texts drawn at random from the pool; `SAMPLE` of them are enough
        """
        counts = count_terms(sample)
        frequency = np.bincount(counts.indices, minlength=COLUMNS)
        rare = 2 if len(sample) >= 20 else 1  # below 20 documents nearly every word is seen once
        columns = np.flatnonzero(frequency >= rare)
        counts = _cut(counts, columns)
        idf = np.log((1 + len(sample)) / (1 + frequency[columns])) + 1
        often = np.sort(np.argsort(-frequency[columns], kind="stable")[:MAX_TOPIC_COLUMNS])
        read = _cut(counts, often)
        entropy = log_entropy_weights(read)
        weighted = _weigh(read, np.log1p(read.data), entropy)
        directions = _halved(leading_directions(weighted, dimensions, seed))
        held = _presence(counts)[:, : np.searchsorted(columns, WORD_COLUMNS)]
        words, vectors = word_vectors(held, dimensions, seed)
        vectors = _halved(vectors)
        summed = (held[:, words] @ vectors).sum(axis=0)
        center = np.asarray(summed / max(len(sample), 1), dtype=np.float32)
        idf = idf.astype(np.float32)
        return cls(
            columns, idf, columns[often], entropy, directions, columns[words], vectors, center, len(sample)
        )

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits that name these features; equal for equal arrays."""
        digest = hashlib.sha256(f"{FORMAT}:{COLUMNS}:{self.n_sampled}".encode())
        words = (self.columns, self.idf, self.words, self.vectors, self.center)
        arrays = (*words, self.topics, self.entropy, self.directions)
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:12]

    @property
    def dimensions(self) -> int:
        """Width of the dense view; smaller where the sample had fewer directions."""
        return int(self.directions.shape[1] + self.vectors.shape[1])

    def transform(self, texts: Sequence[str]) -> Rows:
        """Features of texts. An empty text, or one of unknown words only, gets a row of zeros.

        >>> featurizer = Featurizer.learn(["red apple", "green apple", "green tea"])
        >>> rows = featurizer.transform(["green apple", ""])
        >>> rows.sparse.shape[0], rows.sparse.power(2).sum(axis=1).round(3).tolist()
        (2, [1.0, 0.0])
        """
        counts = _cut(count_terms(texts), self.columns)
        tfidf = _weigh(counts, 1 + np.log(counts.data), self.idf)
        lengths = np.sqrt(np.asarray(tfidf.power(2).sum(axis=1))).clip(1e-12)
        tfidf.data /= np.repeat(lengths, np.diff(tfidf.indptr)).astype(np.float32)
        read = _cut(counts, np.searchsorted(self.columns, self.topics))
        topics = unit_rows(_weigh(read, np.log1p(read.data), self.entropy) @ self.directions)
        dense = np.hstack([topics, self._meanings(counts)])
        indices = self.columns[tfidf.indices].astype(np.int32)
        sparse = csr_array((tfidf.data, indices, tfidf.indptr), shape=(len(texts), COLUMNS))
        return Rows(sparse, dense)

    def _meanings(self, counts: csr_array) -> Floats:
        """The PPMI view: (n, p); zeros for a text without a word that has a vector."""
        held = _cut(_presence(counts), np.searchsorted(self.columns, self.words))
        summed = held @ self.vectors
        summed[np.diff(held.indptr) > 0] -= self.center
        return unit_rows(summed)

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
        write_folder(folder, arrays, {"version": self.version, "n_sampled": self.n_sampled})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read one back; its version is that of the saved one.

        Raises FileNotFoundError where none was saved.
        """
        arrays, metadata = read_folder(folder)
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
        )


def _cut(counts: csr_array, columns: Integers) -> csr_array:
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


def _halved(values: Floats) -> Floats:
    """Values as they will be after a way through the file."""
    return values.astype(np.float16).astype(np.float32)
