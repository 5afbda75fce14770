"""Token blocks: tokens of many texts, ready for a tagger. Numbers of words, and each word's features once.

A block knows nothing of other blocks and holds no text: features are known by 64-bit hashes of their names,
so any process can score any block with any model.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray

from labeling.learning.arrays.types import AnyArray, AnyIntegers, Integers
from labeling.learning.sequence.bio_tags import LONGEST_SEGMENT, TOKEN
from labeling.learning.sequence.crf_features import Describer

# The same as TOKEN for plain ASCII, and faster. Four separators are blanks to Unicode and not to re.ASCII.
ASCII_TOKEN = re.compile(r"\d+|[^\W\d]+|[^\s\x1c-\x1f]", re.ASCII)
Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class TokenBlock:
    """The tokens of n documents.

    words : (n_tokens,) number of each token's word in this block
    segments : (n_segments + 1,) first token of each segment, and the end
    documents : (n + 1,) first segment of each document, and the end
    names : (n_words,) hashes of the words
    features : (m,) sorted hashes of the features that occur
    bounds, entries : of each word, CSR: word w has the features numbered entries[bounds[w] : bounds[w + 1]]
    """

    words: NDArray[np.int32]
    segments: AnyIntegers
    documents: AnyIntegers
    names: Hashes
    features: Hashes
    bounds: AnyIntegers
    entries: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.documents) - 1

    @property
    def token_counts(self) -> Integers:
        """(n,) tokens of each document."""
        return np.diff(self.segments[self.documents]).astype(np.int64)

    @classmethod
    def of_texts(cls, texts: Sequence[str], describer: Describer) -> Self:
        """The tokens of texts, cut as `spans.tokenize` and `spans.segments` cut them.

        >>> block = TokenBlock.of_texts(["a b\\nA", ""], Describer())
        >>> block.words.tolist(), block.segments.tolist(), block.documents.tolist()
        ([0, 1, 2], [0, 2, 3], [0, 2, 2])
        """
        held = [list(segment_words(text)) for text in texts]
        numbers: dict[str, int] = {}
        segments = list(chain.from_iterable(held))
        words = [numbers.setdefault(word, len(numbers)) for word in chain.from_iterable(segments)]
        hashed = [[hash_of(name) for name in describer.word(word).own] for word in numbers]
        names = np.array([hashes[0] for hashes in hashed], dtype=np.uint64)
        every = np.fromiter(chain.from_iterable(hashed), dtype=np.uint64)
        features, entries = np.unique(every, return_inverse=True)
        return cls(
            np.array(words, dtype=np.int32),
            _bounds(map(len, segments)),
            _bounds(map(len, held)),
            names,
            features,
            _bounds(map(len, hashed)),
            entries.astype(np.int32),
        )

    def joined(self, other: Self) -> Self:
        """This block's documents and then the other's; words of both become one."""
        names = np.concatenate([self.names, other.names])
        _, firsts, numbers = np.unique(names, return_index=True, return_inverse=True)
        features = np.union1d(self.features, other.features)
        own = np.searchsorted(features, self.features)[self.entries]
        theirs = np.searchsorted(features, other.features)[other.entries]
        bounds = np.concatenate([self.bounds, self.bounds[-1] + other.bounds[1:]]).astype(np.int64)
        lengths = np.diff(bounds)[firsts]
        offsets = _ranges(bounds[firsts], lengths)
        return type(self)(
            numbers[np.concatenate([self.words, other.words + np.int32(len(self.names))])].astype(np.int32),
            np.concatenate([self.segments, self.segments[-1] + other.segments[1:]]).astype(np.int64),
            np.concatenate([self.documents, self.documents[-1] + other.documents[1:]]).astype(np.int64),
            names[firsts],
            features,
            _ends(lengths),
            np.concatenate([own, theirs])[offsets].astype(np.int32),
        )

    def take(self, documents: AnyIntegers) -> Self:
        """These documents, in this order, with the words and features that they hold.

        >>> block = TokenBlock.of_texts(["a b", "c", "b c"], Describer()).take(np.array([2, 0]))
        >>> block.words.tolist(), len(block.names), block.documents.tolist()
        ([1, 2, 0, 1], 3, [0, 1, 2])
        """
        counts = np.diff(self.documents)[documents]
        held = _ranges(self.documents[documents], counts)
        lengths = np.diff(self.segments)[held]
        used, words = np.unique(self.words[_ranges(self.segments[held], lengths)], return_inverse=True)
        of_word = np.diff(self.bounds)[used]
        features, entries = np.unique(self.entries[_ranges(self.bounds[used], of_word)], return_inverse=True)
        return type(self)(
            words.astype(np.int32),
            _ends(lengths),
            _ends(counts),
            self.names[used],
            self.features[features],
            _ends(of_word),
            entries.astype(np.int32),
        )

    def pieces(self) -> dict[str, AnyArray]:
        """Arrays by name, to be written and read back as `TokenBlock(**pieces)`."""
        small = {name: getattr(self, name).astype(np.int32) for name in ("segments", "documents", "bounds")}
        own = ("words", "names", "features", "entries")
        return small | {name: getattr(self, name) for name in own}


def segment_words(text: str) -> Iterator[list[str]]:
    """The words of each segment: lines, and parts of very long ones. The same as `spans.segments`, faster.

    >>> list(segment_words("5mg Aspirin.\\n\\nNo"))
    [['5', 'mg', 'Aspirin', '.'], ['No']]
    """
    find = ASCII_TOKEN.findall if text.isascii() else TOKEN.findall
    for line in text.split("\n"):
        words = find(line)
        for start in range(0, len(words), LONGEST_SEGMENT):
            yield words[start : start + LONGEST_SEGMENT]


def hash_of(name: str) -> int:
    """64 bits that stand for the name of a feature, the same in every process."""
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _bounds(lengths: Iterator[int]) -> Integers:
    return _ends(np.fromiter(lengths, dtype=np.int64))


def _ends(lengths: AnyIntegers) -> Integers:
    """(n + 1,) bounds of n stretches that follow each other.

    >>> _ends(np.array([2, 3])).tolist()
    [0, 2, 5]
    """
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _ranges(starts: AnyIntegers, lengths: AnyIntegers) -> Integers:
    """The places of stretches, one behind the other.

    >>> _ranges(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    ends = np.cumsum(lengths)
    return (np.repeat(starts - (ends - lengths), lengths) + np.arange(lengths.sum())).astype(np.int64)
