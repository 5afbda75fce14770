"""Word segmentation: the words of a text in one normal form, and their 32-bit hashes.

Apart from the feature matrices, so that a process that only cuts or hashes texts does not load SciPy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Self
from zlib import crc32

import numpy as np

from labeling.learning.arrays.types import Hashes, Integers
from labeling.learning.text.limits import READ_CHARACTERS

# Beside \w: marks that belong to the letter before them (Latin, Cyrillic, Hebrew, Arabic, the scripts of
# South Asia), joiners and variation selectors.
WORD_CHARACTERS = (
    r"\w\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u06d6-\u06ed\u0900-\u0dff"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20f0\ufe00-\ufe0f"
)
# No spaces between words: Thai to Khmer, kana, ideographs. One character is one word; pairs become bigrams.
UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
EMOJI = r"\u2600-\u27bf\U0001f300-\U0001faff"

WORD = re.compile(rf"[{UNSPACED}{EMOJI}]|(?:(?![{UNSPACED}])[{WORD_CHARACTERS}])+")
ASCII_WORD = re.compile(r"\w+", re.ASCII)  # the same answer for plain ASCII, at twice the speed


def words(text: str) -> list[str]:
    """The words of a text in order, in one normal form (NFKC) and without case.

    >>> words("Don't pay 5: it's FREE 😀")
    ['don', 't', 'pay', '5', 'it', 's', 'free', '😀']
    >>> words("日本語 हिन्दी")
    ['日', '本', '語', 'हिन्दी']
    """
    if text.isascii():
        return ASCII_WORD.findall(text.lower())
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())


TEXT_LIMIT = READ_CHARACTERS
BLOCK = 1_000_000  # characters hashed at once: bounds the memory, whatever the lengths of the texts

_PAIR = np.uint32(0xC2B2AE35)  # an odd constant of MurmurHash3's finalizer


def text_blocks(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in order, a bounded number of characters at once, each cut at `TEXT_LIMIT`."""
    block: list[str] = []
    size = 0
    for text in texts:
        block.append(text[:TEXT_LIMIT])
        size += len(block[-1]) + 1
        if size >= BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


@dataclass(frozen=True)
class Tokens:
    """The words of some texts, each distinct one spelled once.

    distinct : d words, in the order of their first appearance
    numbers : (n,) the words of all texts in a row, as indices of `distinct`
    lengths : (n_texts,) how many each text has
    """

    distinct: list[str]
    numbers: Integers
    lengths: Integers

    @classmethod
    def of(cls, words_of_texts: Sequence[Sequence[str]]) -> Self:
        """Number the words.

        >>> Tokens.of([["good", "news"], ["news"]])
        Tokens(distinct=['good', 'news'], numbers=array([0, 1, 1]), lengths=array([2, 1]))
        """
        lengths = np.fromiter(map(len, words_of_texts), dtype=np.int64, count=len(words_of_texts))
        distinct = dict.fromkeys(chain.from_iterable(words_of_texts))
        number_of = {word: number for number, word in enumerate(distinct)}
        in_order = map(number_of.__getitem__, chain.from_iterable(words_of_texts))
        numbers = np.fromiter(in_order, dtype=np.int64, count=int(lengths.sum()))
        return cls(list(distinct), numbers, lengths)

    @cached_property
    def distinct_hashes(self) -> Hashes:
        """(d,) 32-bit hashes of the distinct words."""
        codes = (crc32(word.encode("utf-8", "surrogatepass")) for word in self.distinct)
        return np.fromiter(codes, dtype=np.uint32, count=len(self.distinct))

    @cached_property
    def hashes(self) -> Hashes:
        """(n,) those of all words in a row.

        >>> Tokens.of([["good", "news"], ["news"]]).hashes
        array([1820610194,  500406608,  500406608], dtype=uint32)
        """
        hashes: Hashes = self.distinct_hashes[self.numbers]
        return hashes


def hash_pairs(first: Hashes, second: Hashes) -> Hashes:
    """One hash for each pair of neighboring words, from the hashes of both; their order matters."""
    return first * _PAIR + second
