"""PPMI word vectors: words that mean alike in this pool, from what occurs together, without a single label.

A document's vector is the sum of its words' vectors, each weighted by how rare the word is. It doubles what a
few labels teach where no sentence embeddings are installed.
"""

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays import Floats, Integers
from labeling.learning.lsa import leading_directions

DIMENSIONS = 128
MAX_WORDS = 20_000  # of the vocabulary, the most frequent ones
MIN_DOCUMENTS = 3  # that a word must occur in: of rarer ones nothing is known
MAX_PAIRS = 8_000_000  # of words in one document, all documents together: bounds time and memory


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
    known = np.flatnonzero(frequency >= MIN_DOCUMENTS)
    columns = np.sort(known[np.argsort(-frequency[known], kind="stable")[:MAX_WORDS]])
    if len(columns) < 2:
        return np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.float32)
    rarity = np.log(n_documents / frequency[columns]).astype(np.float32)
    positive = _information(rows[:, columns], rarity, n_documents)
    directions = leading_directions(positive, dimensions, seed, is_symmetric=True)
    image = positive @ directions
    lengths = np.linalg.norm(image, axis=0)
    vectors = image / np.sqrt(np.where(lengths > 0, lengths, 1))
    return columns.astype(np.int64), (vectors * rarity[:, None]).astype(np.float32)


def _information(words: csr_array, rarity: Floats, n_documents: int) -> csr_array:
    """Positive pointwise mutual information of each two words, in single precision and in place.

    words : (n_documents, m) ones; rarity : (m,) logarithm of one over the share of documents that hold a word
    """
    together = (words.T @ words).tocsr()
    information = np.log(together.data / np.float32(n_documents), dtype=np.float32)
    information += rarity[together.indices]
    information += np.repeat(rarity, np.diff(together.indptr))
    np.maximum(information, 0, out=information)
    together.data = information
    together.setdiag(0)
    together.eliminate_zeros()
    return together


def _within_budget(presence: csr_array) -> csr_array:
    """As many documents, from the first on, as `MAX_PAIRS` allows."""
    pairs = np.cumsum(np.diff(presence.indptr).astype(np.int64) ** 2)
    return presence[: max(1, int(np.searchsorted(pairs, MAX_PAIRS)))]
