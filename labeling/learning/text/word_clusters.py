"""Word clusters: words that stand in the same places, grouped on the pool without a single label.

A tagger that has seen "aspirin" labeled knows nothing of "heparin"; that both stand before "therapy" and
after "given" the pool tells. Groups at several sizes: large ones say noun or verb, small ones say drug or
city.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from scipy.sparse import coo_array, csr_array

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.clustering import k_means
from labeling.learning.arrays.types import Floats, Integers
from labeling.learning.text.lsa import leading_directions, unit_rows

MIN_COUNT = 3  # a word seen less often has no company to speak of
MAX_WORDS = 30_000
CONTEXTS = 4_000  # the most frequent words, at each place beside a word
PLACES = (-2, -1, 1, 2)
DIMENSIONS = 64
SIZES = (8, 16, 32, 64, 128, 256, 512, 1024)  # groups at each level


@dataclass(frozen=True)
class WordClusters:
    """Groups of words.

    numbers : word, as `plain` writes it, to its row in `levels`
    levels : (n_words, n_levels) the group of each word at each level
    """

    numbers: Mapping[str, int] = field(default_factory=dict)
    levels: Integers = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))

    def of(self, word: str) -> Sequence[int]:
        """The word's group at each level; empty for a word too rare to have one."""
        row = self.numbers.get(plain(word))
        return () if row is None else self.levels[row].tolist()

    def save(self, folder: Path) -> None:
        """Write the groups, all or nothing."""
        words = "\n".join(self.numbers).encode("utf-8", "surrogatepass")  # no word holds white space
        write_folder(folder, {"words": np.frombuffer(words, np.uint8), "levels": self.levels}, {})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises FileNotFoundError where nothing was saved."""
        pieces, _ = read_folder(folder)
        words = pieces["words"].tobytes().decode("utf-8", "surrogatepass")
        numbers = {word: number for number, word in enumerate(words.split("\n"))} if words else {}
        return cls(numbers, pieces["levels"])


def plain(word: str) -> str:
    """Without case, every digit as 0: numbers keep company with numbers.

    >>> plain("Q4-2026")
    'q0-0000'
    """
    lower = word.casefold()
    return lower if lower.isalpha() else "".join("0" if letter.isdigit() else letter for letter in lower)


def learn_clusters(
    segments: Iterable[Sequence[str]], sizes: Sequence[int] = SIZES, *, seed: int = 0
) -> WordClusters:
    """Group the words of a pool by the words beside them.

    segments : tokens that stand together, such as `Segment.words`
    returns : empty groups where no word is frequent enough

    Source: positive pointwise mutual information with positional contexts (Levy and Goldberg, 2014), then
    k-means of the leading directions: the purpose of Brown clusters (Miller, Guinness and Zamanian, 2004).
    """
    held = [[plain(word) for word in segment] for segment in segments]
    counts = Counter(word for segment in held for word in segment)
    frequent = [word for word, count in counts.most_common(MAX_WORDS) if count >= MIN_COUNT]
    if len(frequent) < 2 * min(sizes):
        return WordClusters()
    numbers = {word: number for number, word in enumerate(frequent)}
    vectors = word_vectors([[numbers.get(word, -1) for word in s] for s in held], len(frequent), seed)
    levels = [k_means(vectors, size, seed) for size in sizes if 2 * size <= len(frequent)]
    return WordClusters(numbers, np.stack(levels, axis=1))


def word_vectors(segments: Sequence[Sequence[int]], n_words: int, seed: int) -> Floats:
    """Rows of length 1, alike for words that stand beside the same words. -1 is a word without a number."""
    ids = np.fromiter((n for s in segments for n in (*s, -1, -1)), dtype=np.int64)
    parts = []
    for index, offset in enumerate(PLACES):
        own, beside = (ids[:-offset], ids[offset:]) if offset > 0 else (ids[-offset:], ids[:offset])
        is_pair = (own >= 0) & (beside >= 0) & (beside < CONTEXTS)
        parts.append((own[is_pair], index * CONTEXTS + beside[is_pair]))
    rows, columns = (np.concatenate(part) for part in zip(*parts, strict=True))
    shape = (n_words, len(PLACES) * CONTEXTS)
    counts = coo_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape).tocsr()
    weighed = positive_information(counts)
    basis = leading_directions(weighed, DIMENSIONS, seed)
    return unit_rows(weighed @ basis)


def positive_information(counts: csr_array) -> csr_array:
    """Positive pointwise mutual information of rows and columns; columns smoothed by the power 3/4."""
    held = counts.tocoo()
    by_row = counts.sum(axis=1)
    by_column = counts.sum(axis=0) ** 0.75
    expected = by_row[held.coords[0]] * (by_column[held.coords[1]] / by_column.sum())
    values = np.maximum(np.log(held.data / expected), 0).astype(np.float32)
    information = csr_array((values, held.coords), shape=counts.shape)
    information.eliminate_zeros()
    return information
