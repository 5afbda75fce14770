"""Conditional random field: where in a text each class is, by a linear chain over tokens.

CRFsuite learns the weights; its file is read, not unpickled, and they are applied to many texts at once.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pycrfsuite
from numpy.typing import NDArray

from labeling.learning.arrays.types import Doubles, Floats, Integers
from labeling.learning.sequence.bio_tags import (
    Span,
    Token,
    cuts_of,
    segments,
    spans_of,
    tags_of,
    tokenize,
)
from labeling.learning.sequence.crf_decoding import Decoded
from labeling.learning.sequence.crf_features import Describer
from labeling.learning.sequence.crf_weights import WeightTables, read_weights
from labeling.learning.sequence.token_blocks import TokenBlock
from labeling.learning.text.word_clusters import WordClusters

ITERATIONS = 60
PARAMETERS = {"c1": 0.02, "c2": 0.05, "max_iterations": ITERATIONS, "feature.possible_transitions": True}
MODEL_FILE = "tagger.crfsuite"
CLUSTERS = "clusters"
TABLES = "tables"  # the same weights as the file's, as arrays


class NothingToLearn(ValueError):
    """No document has any tokens, so there is nothing to train on."""


@dataclass(frozen=True)
class Tagged:
    """What the model says of one text.

    spans : the most probable ones; probabilities : of each, that of its least certain token
    log_likelihood : of the whole sequence of tags, at most 0
    n_tokens : that were tagged
    """

    spans: tuple[Span, ...]
    probabilities: tuple[float, ...]
    log_likelihood: float
    n_tokens: int


@dataclass(frozen=True)
class Sequences:
    """What the model says of n documents, in a few numbers.

    log_likelihoods : (n,) of each document's most probable tags, at most 0
    token_counts : (n,)
    classes : (n, m) numbers of the classes that it has found, the surest first, -1 behind them; m is the
        number of classes, at least 2
    probabilities : (n, m) of the surest token of each
    tags : (n_tokens,) what each token is: -1 for nothing, twice the class's number for the beginning of a
        span and one more inside it; models of the same classes can be compared by them
    """

    log_likelihoods: Doubles
    token_counts: Integers
    classes: NDArray[np.int16]
    probabilities: Floats
    tags: NDArray[np.int16]


def train_tagger(
    texts: Sequence[str],
    spans: Sequence[Sequence[Span]],
    folder: Path,
    clusters: WordClusters | None = None,
) -> None:
    """Train on labeled texts and write the model into a folder.

    texts : n labeled documents; spans : n lists, empty where a text holds none
    clusters : groups of words learned on the pool; they gain most where labels are few

    Raises NothingToLearn when all texts are empty.

    Source: Lafferty, McCallum and Pereira (2001); elastic-net penalties for small training sets.
    """
    describer = Describer(clusters or WordClusters())
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(PARAMETERS)
    n_segments = 0
    for text, held in zip(texts, spans, strict=True):
        for segment in segments(text, tokenize(text, cuts_of(held)), held):
            trainer.append(describer.tokens(segment.words), tags_of(segment.tokens, held))
            n_segments += 1
    if n_segments == 0:
        raise NothingToLearn("label a document that has text first")
    folder.mkdir(parents=True, exist_ok=True)
    describer.clusters.save(folder / CLUSTERS)
    beside = folder / f".{MODEL_FILE}.writing"
    trainer.train(str(beside))
    shutil.rmtree(folder / TABLES, ignore_errors=True)
    beside.replace(folder / MODEL_FILE)  # a crash leaves no half of a model under the name
    WeightTables.of(read_weights(folder / MODEL_FILE)).save(folder / TABLES)


class SpanTagger:
    """A trained model, opened from its folder."""

    def __init__(self, tables: WeightTables, describer: Describer) -> None:
        self._tables, self._describer = tables, describer
        self._classes = [tag[2:] or None for tag in tables.tags]  # of each tag; None for O
        self._is_inside = np.array([name is not None for name in self._classes], dtype=bool)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Raises FileNotFoundError and NotAModel where no model can be read."""
        if (folder / TABLES).exists():
            return cls.load(folder)
        # A model from before there were tables.
        tables = WeightTables.of(read_weights(folder / MODEL_FILE))
        return cls(tables, Describer(WordClusters.load(folder / CLUSTERS)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """From arrays alone. Raises FileNotFoundError where there are none."""
        tables = WeightTables.load(folder / TABLES)
        return cls(tables, Describer(WordClusters.load(folder / CLUSTERS)))

    def tag(self, texts: Sequence[str], block: TokenBlock | None = None) -> list[Tagged]:
        """The most probable spans of each text, with probabilities.

        block : the tokens of these texts, where they are there already
        """
        block = TokenBlock.of_texts(texts, self._describer) if block is None else block
        decoded = self._tables.decode(block)
        likelihoods = _by_document(block, decoded)
        return [
            self._tagged(text, block, decoded, number, float(likelihoods[number]))
            for number, text in enumerate(texts)
        ]

    def _tagged(
        self, text: str, block: TokenBlock, decoded: Decoded, number: int, log_likelihood: float
    ) -> Tagged:
        first = int(block.segments[block.documents[number]])
        behind = int(block.segments[block.documents[number + 1]])
        if not self._is_inside[decoded.tags[first:behind]].any():  # most texts of many pools
            return Tagged((), (), log_likelihood, behind - first)
        chances = decoded.chances[first:behind]
        spans, probabilities, done = [], [], 0
        for segment in segments(text, tokenize(text)):
            tags = [
                self._tables.tags[tag]
                for tag in decoded.tags[first + done : first + done + len(segment.words)]
            ]
            for span, start, end in spans_of(segment.tokens, tags):
                spans.append(span)
                probabilities.append(float(chances[done + start : done + end].min()))
            done += len(tags)
        return Tagged(tuple(spans), tuple(probabilities), log_likelihood, behind - first)

    def attributions(
        self, texts: Sequence[str], towards: Sequence[Sequence[Span]], against: Sequence[Sequence[Span]]
    ) -> list[tuple[list[Token], Doubles]]:
        """The tokens of each text, and the nats that each adds to one set of spans over another.

        towards, against : for each text; a token that a span ends inside is not of the span, as for the model
        """
        tokens = [tokenize(text) for text in texts]
        number = {tag: index for index, tag in enumerate(self._tables.tags)}
        sides = [
            [
                number.get(tag, -1)
                for cut, held in zip(tokens, side, strict=True)
                for tag in tags_of(cut, held)
            ]
            for side in (towards, against)
        ]
        block = TokenBlock.of_texts(texts, self._describer)
        led = self._tables.attributions(block, *(np.array(side, dtype=np.int64) for side in sides))
        ends = np.cumsum([len(cut) for cut in tokens])[:-1]
        return list(zip(tokens, np.split(led, ends), strict=True))

    def score(self, block: TokenBlock, classes: Sequence[str]) -> Sequences:
        """Scores of the documents of a block.

        classes : names in the order of their numbers
        """
        decoded = self._tables.decode(block)
        numbers = np.array([classes.index(c) if c in classes else -1 for c in self._classes], dtype=np.int64)
        inside = np.array([tag.startswith("I-") for tag in self._tables.tags], dtype=np.int64)
        codes = np.where(numbers >= 0, 2 * numbers + inside, -1).astype(np.int16)
        surest, probabilities = _surest(block, numbers[decoded.tags], decoded.chances, len(classes))
        return Sequences(
            _by_document(block, decoded), block.token_counts, surest, probabilities, codes[decoded.tags]
        )


def _by_document(block: TokenBlock, decoded: Decoded) -> Doubles:
    """(n,) sums of the segments' log likelihoods."""
    sums: Doubles = np.concatenate([[0.0], np.cumsum(decoded.log_likelihoods)])
    return np.asarray(sums[block.documents[1:]] - sums[block.documents[:-1]])


def _surest(
    block: TokenBlock, classes: Integers, chances: Doubles, n_classes: int
) -> tuple[NDArray[np.int16], Floats]:
    """The classes found in each document, the surest first, and their probabilities, both (n, m)."""
    best = np.zeros((len(block), max(n_classes, 2)), dtype=np.float32)
    inside = np.flatnonzero(classes >= 0)
    documents = np.searchsorted(block.segments[block.documents], inside, side="right") - 1
    np.maximum.at(best, (documents, classes[inside]), chances[inside].astype(np.float32))
    order = np.argsort(-best, axis=1, kind="stable")
    top = np.take_along_axis(best, order, axis=1)
    return np.where(top > 0, order, -1).astype(np.int16), top
