"""Feature hashing: the columns that a text fills. Words and pairs of neighbors, without a vocabulary.

Nothing is learned here, so any process can featurize any text and two machines always agree. Words have the
first `WORD_COLUMNS` columns to themselves, pairs the rest: what needs words alone can cut the matrix.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays.types import Hashes, Integers
from labeling.learning.text.words import Tokens, hash_pairs, text_blocks, words

COLUMNS = 2**19
WORD_COLUMNS = 2**17

_MIX = np.uint32(0x85EBCA6B)  # of MurmurHash3's finalizer: spreads CRC's regular low bits


def count_terms(texts: Sequence[str]) -> csr_array:
    """How often each hashed word and pair of neighboring words occurs in each text.

    returns : (n_texts, COLUMNS) float32 counts, column indices sorted and unique in every row

    Source: Weinberger et al. (2009), feature hashing, without signs, so that counts stay counts.

    >>> count_terms(["good news, good news", ""]).sum(axis=1)
    array([7., 0.], dtype=float32)
    """
    return count_tokens(tokens_of(texts))


def tokens_of(texts: Sequence[str]) -> Iterator[Tokens]:
    """The words of texts, a bounded number of texts at once."""
    return (Tokens.of([words(text) for text in block]) for block in text_blocks(texts))


def count_tokens(tokens: Iterable[Tokens]) -> csr_array:
    """The counts of `count_terms`, of texts that were cut into words before."""
    blocks = [_count_block(block) for block in tokens]
    if not blocks:
        return csr_array((0, COLUMNS), dtype=np.float32)
    if len(blocks) == 1:
        return blocks[0]
    lengths = np.concatenate([np.diff(block.indptr) for block in blocks])
    return csr_array(
        (
            np.concatenate([block.data for block in blocks]),
            np.concatenate([block.indices for block in blocks]),
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
        ),
        shape=(len(lengths), COLUMNS),
    )


def word_columns(hashes: Hashes) -> Integers:
    """(n,) the column of each word."""
    return _spread(hashes, 0, WORD_COLUMNS)


def pair_columns(first: Hashes, second: Hashes) -> Integers:
    """(n,) the column of each pair of neighboring words."""
    return _spread(hash_pairs(first, second), WORD_COLUMNS, COLUMNS)


def _count_block(tokens: Tokens) -> csr_array:
    hashes, n_texts = tokens.hashes, len(tokens.lengths)
    rows = np.repeat(np.arange(n_texts), tokens.lengths)
    is_pair = rows[1:] == rows[:-1]
    columns = np.concatenate([word_columns(hashes), pair_columns(hashes[:-1], hashes[1:])[is_pair]])
    keys = np.concatenate([rows, rows[1:][is_pair]]) * COLUMNS + columns
    unique, counts = np.unique(keys, return_counts=True)
    indptr = np.searchsorted(unique, np.arange(n_texts + 1) * COLUMNS).astype(np.int32)
    indices = (unique % COLUMNS).astype(np.int32)
    return csr_array((counts.astype(np.float32), indices, indptr), shape=(n_texts, COLUMNS))


def _spread(hashes: Hashes, low: int, high: int) -> Integers:
    """Hashes, mixed once more and scaled to the columns from `low` up to `high`."""
    mixed = (hashes ^ (hashes >> np.uint32(16))) * _MIX
    mixed ^= mixed >> np.uint32(13)
    return low + ((mixed.astype(np.int64) * (high - low)) >> 32)
