"""CRFsuite model reader: the learned weights as arrays, for scoring many texts at once.

CRFsuite's own tagger takes one text at a time and a string for every feature of every token. The file is its
format "lCRF", read without unpickling anything; every offset is checked against the length of the file.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labeling.learning.arrays import Doubles

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
    places = np.frombuffer(held, "<u4", count, start + at)
    found = []
    for place in places.tolist():
        _number, length = struct.unpack_from("<2I", held, start + place)
        first = start + place + 8
        found.append(held[first : first + length - 1].decode("utf-8"))  # a zero byte ends it
    return tuple(found)
