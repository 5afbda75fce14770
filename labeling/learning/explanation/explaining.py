"""Prediction explanations: what each expert says alone, and the words of the text that speak for it.

The pull of a word is what its own columns, and those of its pairs with its neighbors, add to the committee's
score of one class against another. Columns are hashed and several words may share one; but only words that
stand in the text are ever named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from labeling.learning.arrays.types import AnyIntegers, Doubles, Integers
from labeling.learning.classifiers.committee import Committee
from labeling.learning.explanation.attributions import Duel, column_attributions, text_attributions
from labeling.learning.text.hashing import COLUMNS, pair_columns, word_columns
from labeling.learning.text.rows import Rows
from labeling.learning.text.tfidf import Featurizer
from labeling.learning.text.words import Tokens, words

MAX_WORDS = 5
MAX_CHARACTERS = 4_000  # of a text that are searched for words: what pulls, pulls from the beginning on
MIN_ATTRIBUTION = 0.1  # nats: less is no reason
MIN_SHARE_OF_STRONGEST = 0.2  # of the strongest word's pull: what is much weaker only blurs the answer
CLEAR = 0.05  # lead of an expert's first choice over its second, from which it says something
MIN_WEIGHT = 0.05  # of all experts' weight: a whisper decides nothing

Words = tuple[tuple[str, float], ...]  # with their pulls


@dataclass(frozen=True)
class ExpertContribution:
    """What one expert says alone."""

    expert: str
    label_class: int
    probability: float
    weight: float  # how much the committee believes it


@dataclass(frozen=True)
class Explanation:
    """Of one document's most probable class.

    views : of the experts that are heard and that know something of the document
    words : of the text, with their pulls in nats, the strongest first; all positive
    whole : nats that the text as a whole (its dense view) adds to what the words do; may be negative
    """

    views: tuple[ExpertContribution, ...]
    words: Words
    whole: float


def explain(
    rows: Rows,
    texts: Sequence[str],
    committee: Committee,
    top: AnyIntegers,
    featurizer: Featurizer | None = None,
) -> list[Explanation]:
    """Say why each document's most probable class leads.

    rows : Rows of n documents; texts : of the first of them, words are looked for in these only
    top : (n, 2) the most probable class and the one to hold against it, -1 for none: for several labels the
        pull is on the first alone
    featurizer : that made the rows, where their dense view is its own: what that adds is then a sum over
        words too; None for embeddings, which are of the text as a whole
    returns : n explanations
    """
    against = np.full(len(rows), -1) if committee.link == "sigmoid" else top[:, 1]
    words: list[Words] = [()] * len(rows)
    read = slice(len(texts))
    words[read] = pulling_words(
        texts, committee, Duel(rows.part(read), top[read, 0], against[read]), featurizer
    )
    whole = np.zeros(len(rows), dtype=np.float32)
    if featurizer is None:
        whole = text_attributions(Duel(rows, top[:, 0], against), committee)
    views = expert_views(rows, committee)
    return [Explanation(*each) for each in zip(views, words, whole.tolist(), strict=True)]


def expert_views(rows: Rows, committee: Committee) -> list[tuple[ExpertContribution, ...]]:
    """What each expert that is heard says of each document; one without a clear opinion is left out."""
    expert_probabilities = committee.expert_probabilities(rows)
    best, probabilities = expert_probabilities.argmax(axis=2), expert_probabilities.max(axis=2)
    second = np.partition(expert_probabilities, -2, axis=2)[:, :, -2] if committee.n_classes > 1 else 0.0
    is_active = committee.weights > MIN_WEIGHT * committee.weights.sum()
    is_clear = (probabilities - second >= CLEAR) & is_active[:, None]
    weights = committee.weights.tolist()
    return [
        tuple(
            ExpertContribution(
                name, int(best[expert, row]), float(probabilities[expert, row]), weights[expert]
            )
            for expert, name in enumerate(committee.names)
            if is_clear[expert, row]
        )
        for row in range(len(rows))
    ]


def pulling_words(
    texts: Sequence[str], committee: Committee, duel: Duel, featurizer: Featurizer | None = None
) -> list[Words]:
    """The words of each text that pull most towards one class and away from the other.

    returns : for each text at most `MAX_WORDS` pairs of word and pull, the strongest first
    """
    keys = duel.row * COLUMNS + duel.rows.sparse.indices
    tokens = Tokens.of([words(text[:MAX_CHARACTERS]) for text in texts])
    attributions = column_attributions(duel, committee, featurizer, tokens)
    order = np.argsort(keys)
    keys, attributions = keys[order], attributions[order]
    filled = _Filled.of(tokens)
    if not len(keys):
        return [()] * len(texts)
    pairs_needed = filled.text[filled.number] * COLUMNS + filled.column
    at = np.searchsorted(keys, pairs_needed).clip(max=len(keys) - 1)
    is_pulling = keys[at] == pairs_needed
    once = np.sort(filled.number[is_pulling] * len(keys) + at[is_pulling])
    once = once[np.diff(once, prepend=-1) > 0]  # said twice, it counts once
    total = np.bincount(once // len(keys), weights=attributions[once % len(keys)], minlength=len(filled.text))
    return _strongest(total.astype(np.float64), filled, len(texts))


@dataclass(frozen=True)
class _Filled:
    """Which words of which texts fill which columns, themselves and by the pairs that they are part of.

    text : (k,) of each distinct word of each text, rising; words : (k,) its spelling
    number, column : (m,) one of those words, and a column that it fills; a pair comes twice, once for each
    """

    text: Integers
    words: Sequence[str]
    number: Integers
    column: Integers

    @classmethod
    def of(cls, tokens: Tokens) -> Self:
        hashes = tokens.hashes
        text = np.repeat(np.arange(len(tokens.lengths)), tokens.lengths)
        _, firsts, number = np.unique(text << 32 | hashes, return_index=True, return_inverse=True)
        pairs = np.flatnonzero(text[1:] == text[:-1])
        pair = pair_columns(hashes[pairs], hashes[pairs + 1])
        filling = np.concatenate([number, number[pairs], number[pairs + 1]])
        column = np.concatenate([word_columns(hashes), pair, pair])
        spelled = [tokens.distinct[index] for index in tokens.numbers[firsts]]
        return cls(text[firsts], spelled, filling, column)


def _strongest(total: Doubles, filled: _Filled, n_texts: int) -> list[Words]:
    """For each text the words that pull most. `total` is the pull of each of the filled words, in nats."""
    order = np.lexsort((-total, filled.text))
    starts = np.searchsorted(filled.text, np.arange(n_texts + 1))
    words: list[Words] = []
    for start, behind in pairwise(starts.tolist()):
        best = order[start : min(start + MAX_WORDS, behind)]
        minimum = max(MIN_ATTRIBUTION, MIN_SHARE_OF_STRONGEST * float(total[best[0]])) if len(best) else 0.0
        words.append(
            tuple((filled.words[column], float(total[column])) for column in best if total[column] >= minimum)
        )
    return words
