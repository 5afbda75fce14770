"""Distillation: a linear map from the features of a text to its sentence embedding, learned on a sample.

The encoder reads a few thousand documents of the pool; the map guesses what it would say of all others, some
hundred times as fast. Where it guesses badly, which is measured, it is not used.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from sklearn.kernel_ridge import KernelRidge

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import AnyArray, Doubles, Floats, Integers
from labeling.learning.text.lsa import unit_rows
from labeling.learning.text.rows import Rows
from labeling.learning.text.tfidf import cut_columns

MIN_HELD_OUT_COSINE = 0.5  # below it the guesses say less than the words themselves
PENALTIES = (0.1, 0.3, 1.0, 3.0)  # of the ridge; 1 is best nearly always
HELD_OUT_SHARE = 0.2


def sample_size(n_documents: int) -> int:
    """How many documents of a pool to embed for it: a large pool pays for more."""
    return 3_000 if n_documents >= 100_000 else 1_500


@dataclass(frozen=True)
class Distillation:
    """Rows in, guessed sentence embeddings out.

    columns : (c,) hashed columns that documents of the sample fill
    sparse_weights : (c, w); dense_weights : (d, w) of the dense view of words; mean : (w,)
    cosine : of guesses and embeddings, for documents that the map had not seen
    n_embedded : documents it was learned on
    """

    columns: Integers
    sparse_weights: Floats
    dense_weights: Floats
    mean: Floats
    cosine: float
    n_embedded: int

    @classmethod
    def learn(cls, rows: Rows, embeddings: Floats) -> Self:
        """Fit the map, in the dual: there are more columns than documents.

        rows : Rows of n documents in a random order, with the dense view of words; embeddings : (n, w) theirs
        """
        mean = embeddings.mean(axis=0) if len(rows) else np.zeros(embeddings.shape[1], dtype=np.float32)
        points = rows.points()
        alike: Doubles = (rows.sparse @ rows.sparse.T).toarray().astype(np.float64) + points @ points.T
        penalty, cosine = _best_penalty(alike, embeddings, mean)
        duals = np.zeros_like(embeddings)
        if len(rows):
            ridge = KernelRidge(alpha=penalty, kernel="precomputed").fit(alike, embeddings - mean)
            duals = ridge.dual_coef_.astype(np.float32)
        columns = np.unique(rows.sparse.indices).astype(np.int64)
        sparse_weights = cut_columns(rows.sparse, columns).T @ duals
        return cls(columns, _halved(sparse_weights), _halved(points.T @ duals), mean, cosine, len(rows))

    @property
    def is_good(self) -> bool:
        """Whether its guesses are to be used."""
        return self.cosine >= MIN_HELD_OUT_COSINE

    @cached_property
    def version(self) -> str:
        """The name of the view: equal for equal maps."""
        digest = hashlib.sha256()
        for array in (self.columns, self.sparse_weights, self.dense_weights, self.mean):
            digest.update(np.ascontiguousarray(array).tobytes())
        return f"distilled-{digest.hexdigest()[:12]}"

    def transform(self, rows: Rows) -> Floats:
        """(n, w) rows of length 1; zeros for a document without any feature.

        rows : with the dense view of words
        """
        guessed = cut_columns(rows.sparse, self.columns) @ self.sparse_weights
        guessed += rows.project(self.dense_weights) + self.mean
        guessed[(np.diff(rows.sparse.indptr) == 0) & ~rows.dense.any(axis=1)] = 0
        return unit_rows(guessed)

    def save(self, folder: Path) -> None:
        """Write it to a folder, all or nothing."""
        arrays: dict[str, AnyArray] = {
            "columns": self.columns.astype(np.int32),
            "sparse_weights": self.sparse_weights.astype(np.float16),
            "dense_weights": self.dense_weights.astype(np.float16),
            "mean": self.mean,
        }
        write_folder(folder, arrays, {"cosine": self.cosine, "n_embedded": self.n_embedded})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read one back. Raises FileNotFoundError where none was saved."""
        arrays, metadata = read_folder(folder)
        return cls(
            np.asarray(arrays["columns"], dtype=np.int64),
            np.asarray(arrays["sparse_weights"], dtype=np.float32),
            np.asarray(arrays["dense_weights"], dtype=np.float32),
            arrays["mean"],
            float(metadata["cosine"]),
            int(metadata["n_embedded"]),
        )


def _best_penalty(alike: Doubles, embeddings: Floats, mean: Floats) -> tuple[float, float]:
    """The penalty that guesses the last fifth best, and the mean cosine there; 0 where there is no fifth."""
    known = len(alike) - int(HELD_OUT_SHARE * len(alike))
    held = slice(known, None)
    if known in (0, len(alike)):
        return 1.0, 0.0
    tried = []
    for penalty in PENALTIES:
        ridge = KernelRidge(alpha=penalty, kernel="precomputed")
        ridge.fit(alike[:known, :known], embeddings[:known] - mean)
        guessed = unit_rows(ridge.predict(alike[held, :known]) + mean)
        tried.append((float((guessed * embeddings[held]).sum(axis=1).mean()), -penalty))
    cosine, penalty = max(tried)
    return -penalty, cosine


def _halved(values: Floats) -> Floats:
    """Values as they will be after a way through the file."""
    return values.astype(np.float16).astype(np.float32)
