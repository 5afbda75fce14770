"""MinHash: how alike two texts are, from 256 bytes of each. Signatures of words and pairs of words.

The share of equal numbers in two signatures estimates the Jaccard similarity of the texts' shingles. Texts
that agree in all numbers of a band meet in one bucket, so that nobody compares all pairs.
"""

from collections.abc import Sequence
from hashlib import shake_128

import numpy as np
from numpy.typing import NDArray

from labeling.learning.arrays.types import Floats, Hashes, Integers
from labeling.learning.text.words import Tokens, hash_pairs, text_blocks, words

FORMAT = 1  # raise it when the same text would get another signature
NUMBERS = 126  # in a signature: the estimate's standard error is .036 where the truth is .8
BANDS = (
    21  # of six numbers: pairs of similarity .8 meet with probability .998, of .5 with .28, of .3 with .015
)
ALIKE = 0.8  # of the shingles: "card stolen, help" and "card stolen" are two things, a changed number is one

Signatures = NDArray[np.uint16]
Digests = NDArray[np.uint64]

_RANDOM = np.frombuffer(shake_128(b"near-duplicates").digest(16 * NUMBERS), dtype="<u4")  # on every machine
_FACTORS = _RANDOM[:NUMBERS] | np.uint32(1)
_SHIFTS = _RANDOM[NUMBERS : 2 * NUMBERS]
_BAND_FACTORS = _RANDOM[2 * NUMBERS :].view("<u8") | np.uint64(1)
_MIX = np.uint32(0x85EBCA6B)


def sign(texts: Sequence[str]) -> Signatures:
    """Signatures of texts; equal texts have equal ones, and so have texts that differ in case or signs only.

    returns : (n_texts, NUMBERS), the low halves of the least hash under each of NUMBERS permutations

    Source: Broder (1997), with the linear permutations of Bohman, Cooper and Frieze (2000) and the low bits
    of Li and König (2010).

    >>> first, second = sign(["Your parcel 17 is at the shop.", "your parcel 18 is at the shop"])
    >>> bool(0.5 < (first == second).mean() < 0.8)  # 10 of 16 shingles
    True
    """
    signatures = np.zeros((len(texts), NUMBERS), dtype=np.uint16)
    done = 0
    for block in text_blocks(texts):
        signatures[done : done + len(block)] = _sign_block(block)
        done += len(block)
    return signatures


def band_keys(signatures: Signatures) -> Hashes:
    """(BANDS, n) hashes of the bands of each signature: equal bands, equal keys.

    Source: Indyk and Motwani (1998).
    """
    width = NUMBERS // BANDS
    keys = np.zeros((BANDS, len(signatures)), dtype=np.uint32)
    for band in range(BANDS):
        columns = slice(band * width, (band + 1) * width)
        keys[band] = (signatures[:, columns].astype(np.uint64) @ _BAND_FACTORS[columns]) >> np.uint64(32)
    return keys


def digests(signatures: Signatures) -> Digests:
    """(n,) 64-bit hashes of whole signatures, to find the equal ones."""
    return signatures.astype(np.uint64) @ _BAND_FACTORS


def similarity(left: Signatures, right: Signatures) -> Floats:
    """(n,) estimated Jaccard similarity of the shingles of pairs of texts, 0 to 1.

    left, right : (n, NUMBERS)
    """
    equal: Integers = (left == right).sum(axis=1)
    return (equal / NUMBERS).astype(np.float32)


def _sign_block(texts: list[str]) -> Signatures:
    hashes, starts = _shingles(texts)
    signatures = np.empty((len(texts), NUMBERS), dtype=np.uint16)
    for number in range(NUMBERS):
        minima = np.minimum.reduceat(hashes * _FACTORS[number] + _SHIFTS[number], starts)
        signatures[:, number] = minima ^ (minima >> np.uint32(16))
    return signatures


def _shingles(texts: list[str]) -> tuple[Hashes, Integers]:
    """Words and pairs of neighbors of all texts in a row, and where each text starts.

    A text without words is its own word. The last word stands twice, for it has no neighbor.
    """
    tokens = Tokens.of([words(text) or [text] for text in texts])
    hashes, lengths = tokens.hashes, tokens.lengths
    hashes = (hashes ^ (hashes >> np.uint32(15))) * _MIX
    ends = np.cumsum(lengths)
    both = np.repeat(hashes, 2)
    both[1:-1:2] = hash_pairs(hashes[:-1], hashes[1:])
    both[2 * ends - 1] = hashes[ends - 1]
    return both, 2 * (ends - lengths)
