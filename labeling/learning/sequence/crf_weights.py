"""CRF weight tables: how much each word of a block speaks for each tag, summed once per word."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import AnyArray, Doubles, Integers
from labeling.learning.sequence.crf_decoding import Decoded, decode
from labeling.learning.sequence.crf_features import BIAS, NONE, PLACES, place_of
from labeling.learning.sequence.token_blocks import Hashes, TokenBlock, hash_of

HEADER = struct.Struct("<4sI4s8I")  # magic, size, type, version, 3 counts, offsets of 5 parts less one
FEATURE = np.dtype([("kind", "<u4"), ("source", "<u4"), ("target", "<u4"), ("weight", "<f8")])
TRANSITION = 1  # kind of a feature from tag to tag; 0 is one from attribute to tag


class NotAModel(ValueError):
    """The file is not a linear-chain model of CRFsuite."""


@dataclass(frozen=True)
class CrfWeights:
    """A linear-chain model.

    tags : K names; attributes : A names, each with a row of `states`
    states : (A, K) weight of an attribute for a tag; transitions : (K, K) from the row's tag to the column's
    """

    tags: tuple[str, ...]
    attributes: tuple[str, ...]
    states: Doubles
    transitions: Doubles


def read_weights(path: Path) -> CrfWeights:
    """Read a model file of CRFsuite. Raises NotAModel where it is none.

    Source: the layout of `crf1d_model.c` and `cqdb.c` of CRFsuite 0.12.
    """
    held = path.read_bytes()
    try:
        magic, _size, kind, _version, _n, n_tags, n_attributes, at, at_tags, at_names, _refs = (
            HEADER.unpack_from(held)
        )
        if (magic, kind) != (b"lCRF", b"FOMC"):
            raise NotAModel(path.name)
        count = struct.unpack_from("<I", held, at + 8)[0]
        features = np.frombuffer(held, FEATURE, count, at + 12)
        tags, names = _strings(held, at_tags, n_tags), _strings(held, at_names, n_attributes)
        states = np.zeros((n_attributes, n_tags))
        transitions = np.zeros((n_tags, n_tags))
        is_transition = features["kind"] == TRANSITION
        for table, chosen in ((states, features[~is_transition]), (transitions, features[is_transition])):
            table[chosen["source"], chosen["target"]] = chosen["weight"]
    except (struct.error, ValueError, IndexError) as error:
        raise NotAModel(path.name) from error
    return CrfWeights(tags, names, states, transitions)


def _strings(held: bytes, start: int, count: int) -> tuple[str, ...]:
    """The names of one table of strings, in the order of their numbers."""
    _magic, _size, _flag, _order, n_backward, at = struct.unpack_from("<4s5I", held, start)
    if count > n_backward:
        raise NotAModel("a table of names is too short")
    offsets = np.frombuffer(held, "<u4", count, start + at)
    strings = []
    for offset in offsets.tolist():
        _number, length = struct.unpack_from("<2I", held, start + offset)
        first = start + offset + 8
        strings.append(held[first : first + length - 1].decode("utf-8"))  # a zero byte ends it
    return tuple(strings)


REACH = max(PLACES)  # words on either side that a token sees


@dataclass(frozen=True)
class WeightTables:
    """The weights of a model, to be found by the hashes of features.

    tags : K names; transitions : (K, K) from the row's tag to the column's
    features : (m,) sorted hashes; weights : (m, P, K) of a word with that feature, at each of PLACES
    absent : (P, K) of a place that no word is at; bias : (K,)
    """

    tags: tuple[str, ...]
    transitions: Doubles
    features: Hashes
    weights: Doubles
    absent: Doubles
    bias: Doubles

    def save(self, folder: Path) -> None:
        """Write the tables to a folder, all or nothing. Nearly all weights are 0 and are left out."""
        flat = self.weights.ravel()
        entries = np.flatnonzero(flat)
        arrays: dict[str, AnyArray] = {
            "transitions": self.transitions,
            "features": self.features,
            "entries": entries,
            "weights": flat[entries],
            "absent": self.absent,
            "bias": self.bias,
        }
        write_folder(folder, arrays, {"tags": list(self.tags)})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read tables back. Raises FileNotFoundError where none were saved."""
        arrays, metadata = read_folder(folder)
        tags = tuple(metadata["tags"])
        weights = np.zeros((len(arrays["features"]), len(PLACES), len(tags)))
        weights.ravel()[arrays["entries"]] = arrays["weights"]
        by_name = {name: arrays[name] for name in ("transitions", "features", "absent", "bias")}
        return cls(tags=tags, weights=weights, **by_name)

    @classmethod
    def of(cls, model: CrfWeights) -> Self:
        """Sort the attributes of a model by what they look at."""
        n_tags = len(model.tags)
        absent, bias = np.zeros((len(PLACES), n_tags)), np.zeros(n_tags)
        hashes = np.zeros(len(model.attributes), dtype=np.uint64)
        offsets = np.zeros(len(model.attributes), dtype=np.int64)
        is_word = np.ones(len(model.attributes), dtype=bool)
        for number, name in enumerate(model.attributes):
            offset, feature = place_of(name)
            if feature in (BIAS, NONE):
                is_word[number] = False
                if feature == BIAS:
                    bias = model.states[number]
                else:
                    absent[PLACES.index(offset)] = model.states[number]
            hashes[number], offsets[number] = hash_of(feature), PLACES.index(offset)
        features, rows = np.unique(hashes[is_word], return_inverse=True)
        weights = np.zeros((len(features), len(PLACES), n_tags))
        weights[rows, offsets[is_word]] = model.states[is_word]
        return cls(model.tags, model.transitions, features, weights, absent, bias)

    def decode(self, block: TokenBlock) -> Decoded:
        """The most probable tags of every segment of a block."""
        by_place = self.of_words(block)
        words, own = _padded(block)

        def emissions(tokens: Integers) -> Doubles:
            at = np.where(tokens >= 0, own[tokens], REACH)
            scores = by_place[0].take(words[at + PLACES[0]], axis=0)
            for number, offset in enumerate(PLACES[1:], start=1):
                scores += by_place[number].take(words[at + offset], axis=0)
            return np.ascontiguousarray(scores.transpose(0, 2, 1))

        return decode(block.segments, emissions, self.transitions)

    def attributions(self, block: TokenBlock, towards: Integers, against: Integers) -> Doubles:
        """What each word adds to the score of some tags over others, at all tokens that see it: (n_tokens,).

        towards, against : (n_tokens,) numbers of tags; -1 for one that the model does not know
        The score of tags is a sum, so this is exact. What the tags' own frequency, places without a word and
        the moves from tag to tag add is no word's, and left out.
        """
        words, own = _padded(block)
        led = np.zeros(len(words))
        for offset, weights in zip(PLACES, self.of_words(block), strict=True):
            each = np.pad(weights - self.bias if offset == 0 else weights, ((0, 0), (0, 1)))
            at = own + offset
            led[at] += each[words[at], towards] - each[words[at], against]
        return led[own]

    def of_words(self, block: TokenBlock) -> Doubles:
        """(P, n_words + 1, K) what each word says at each place; the last row stands for no word."""
        n_words, n_tags = len(block.names), len(self.tags)
        indices = np.searchsorted(self.features, block.features)
        is_known = np.isin(block.features, self.features, assume_unique=True)
        rows = np.where(is_known, indices, len(self.features))[block.entries]
        every = np.concatenate([self.weights, np.zeros((1, len(PLACES), n_tags))]).reshape(
            -1, len(PLACES) * n_tags
        )
        holds = csr_array((np.ones(len(rows)), rows, block.bounds), shape=(n_words, len(every)))
        summed = (holds @ every).reshape(n_words, len(PLACES), n_tags)
        summed[:, PLACES.index(0)] += self.bias
        by_place: Doubles = np.concatenate([summed, self.absent[None]]).transpose(1, 0, 2)
        return np.ascontiguousarray(by_place)


def _padded(block: TokenBlock) -> tuple[Integers, Integers]:
    """Words with room for no word between segments, and each token's place among them."""
    lengths = np.diff(block.segments)
    number = np.repeat(np.arange(len(lengths)), lengths)
    own = np.arange(len(block.words)) + REACH * (number + 1)
    words = np.full(len(block.words) + REACH * (len(lengths) + 1), len(block.names), dtype=np.int64)
    words[own] = block.words
    return words, own
