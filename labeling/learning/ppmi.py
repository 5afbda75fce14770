"""Which words mean alike in this pool? Vectors from what occurs together, learnt without a single label.

A document's vector is the sum of its words' vectors, each weighted by how rare the word is. It doubles what a
few labels teach where no sentence embeddings are installed.
"""

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays import Floats, Integers
from labeling.learning.lsa import leading_directions

DIMENSIONS = 128
MOST_WORDS = 20_000  # of the vocabulary, the most frequent ones
LEAST_DOCUMENTS = 3  # that a word must occur in: of rarer ones nothing is known
MOST_PAIRS = 40_000_000  # of words in one document, all documents together: bounds time and memory


def word_vectors(presence: csr_array, dimensions: int, seed: int) -> tuple[Integers, Floats]:
    """Learn a vector for each frequent word from the documents it shares with others.

    presence : (n_documents, n_words) 1 where a document holds a word
    returns : (m,) columns of the words that got one, and their vectors (m, at most `dimensions`), scaled by
        inverse document frequency, so that a document's vector is the plain sum over its words

    Source: Levy and Goldberg (2014): positive pointwise mutual information, whole document as the window,
    factorised; each direction weighted by the root of its singular value.
    """
    rows = _within_budget(presence)
    n_documents = rows.shape[0]
    frequency = np.bincount(rows.indices, minlength=rows.shape[1])
    known = np.flatnonzero(frequency >= LEAST_DOCUMENTS)
    columns = np.sort(known[np.argsort(-frequency[known], kind="stable")[:MOST_WORDS]])
    if len(columns) < 2:
        return np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.float32)
    words = rows[:, columns].astype(np.float32)
    counts = frequency[columns].astype(np.float64)
    together = (words.T @ words).tocoo()
    information = np.log(together.data * n_documents / (counts[together.row] * counts[together.col]))
    is_kept = (information > 0) & (together.row != together.col)
    positive = csr_array(
        (information[is_kept].astype(np.float32), (together.row[is_kept], together.col[is_kept])),
        shape=together.shape,
    )
    directions = leading_directions(positive, dimensions, seed)
    image = positive @ directions
    lengths = np.linalg.norm(image, axis=0)
    vectors = image / np.sqrt(np.where(lengths > 0, lengths, 1))
    rarity = np.log(n_documents / counts)[:, None]
    return columns.astype(np.int64), (vectors * rarity).astype(np.float32)


def _within_budget(presence: csr_array) -> csr_array:
    """As many documents, from the first on, as `MOST_PAIRS` allows."""
    pairs = np.cumsum(np.diff(presence.indptr).astype(np.int64) ** 2)
    return presence[: max(1, int(np.searchsorted(pairs, MOST_PAIRS)))]
