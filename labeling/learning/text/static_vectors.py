"""Static word vectors: one for each word, whatever stands around it, from the pieces of a sentence encoder.

Each piece of the encoder's vocabulary is encoded alone, once; a word is the mean of its pieces. So they need
no file beside the encoder, and words that no document of a pool has held are known all the same.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import AnyArray, Floats, Integers
from labeling.learning.text.lsa import principal_axes
from labeling.learning.text.wordpiece import END, START, UNKNOWN, Pieces, vocabulary

STATIC_WIDTH = 256  # of the encoder's 384: what is left out is noise to single words
FIRST_PIECE = 999  # before it the vocabulary has signs for the encoder alone


@dataclass(frozen=True)
class StaticVectors:
    """A vector for each piece, and how words are cut into them.

    pieces : (n_pieces, STATIC_WIDTH) int8; scales : (n_pieces,) what each row is to be multiplied by
    spellings : the pieces, separated by line feeds, in UTF-8
    """

    pieces: NDArray[np.int8]
    scales: Floats
    spellings: NDArray[np.uint8]

    @classmethod
    def make(cls, encode: Callable[[Integers], Floats]) -> Self:
        """Encode every piece alone: thirteen seconds of processor time.

        encode : ids of some texts (n, 3) to one vector for each token, (n, 3, width); called with one text at
            a time, as it may treat texts that share a run as one

        Source: Tulkens and van Dongen (2024), Model2Vec; without its weighting of words, which the pool does.
        """
        texts = np.array([[[START, piece, END]] for piece in range(len(vocabulary()))])
        vectors = np.stack([encode(text)[0, 1] for text in texts])
        mean, axes = principal_axes(vectors[FIRST_PIECE:], STATIC_WIDTH)
        turned = np.asarray((vectors - mean) @ axes, dtype=np.float32)
        turned[:FIRST_PIECE] = 0
        return cls.of(turned, vocabulary())

    @classmethod
    def of(cls, vectors: Floats, spellings: Sequence[str]) -> Self:
        """From a vector for each piece, (n, width), in eight bits."""
        scales = np.asarray((np.abs(vectors).max(axis=1) / 127).clip(1e-12), dtype=np.float32)
        pieces = np.rint(vectors / scales[:, None]).astype(np.int8)
        return cls(pieces, scales, np.frombuffer("\n".join(spellings).encode(), dtype=np.uint8))

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits; equal for equal vectors."""
        digest = hashlib.sha256()
        for array in self.arrays().values():
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:12]

    @property
    def width(self) -> int:
        return int(self.pieces.shape[1])

    @cached_property
    def _numbers(self) -> Pieces:
        return Pieces(self.spellings.tobytes().decode().split("\n"))

    def of_words(self, words: Sequence[str]) -> Floats:
        """The vectors of words in the form that `words.words` gives them: (n, width).

        Zeros for a word that cannot be cut into pieces: of other scripts, mostly.
        """
        known = [[n for n in self._numbers[plain_word(word)] if n != UNKNOWN] for word in words]
        lengths = np.fromiter(map(len, known), dtype=np.int64, count=len(known))
        numbers = np.fromiter((n for row in known for n in row), dtype=np.int64, count=int(lengths.sum()))
        weights = self.scales[numbers] / np.repeat(lengths, lengths).astype(np.float32)
        used, columns = np.unique(numbers, return_inverse=True)
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        rows = csr_array((weights, columns, indptr), shape=(len(words), len(used)))
        vectors: Floats = rows @ self.pieces[used].astype(np.float32)
        return vectors

    def arrays(self) -> dict[str, AnyArray]:
        """What is stored, by name."""
        return {"pieces": self.pieces, "piece_scales": self.scales, "spellings": self.spellings}

    @classmethod
    def from_arrays(cls, arrays: dict[str, AnyArray]) -> Self:
        """Read them back."""
        return cls(arrays["pieces"], arrays["piece_scales"], arrays["spellings"])

    def save(self, folder: Path) -> None:
        """Write them to a folder, all or nothing."""
        write_folder(folder, self.arrays(), {"version": self.version})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read them back. Raises FileNotFoundError where none were saved."""
        return cls.from_arrays(read_folder(folder)[0])


def plain_word(word: str) -> str:
    """A word without its accents, as the vocabulary spells it.

    >>> plain_word("café")
    'cafe'
    """
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFD", word) if unicodedata.category(c) != "Mn")
