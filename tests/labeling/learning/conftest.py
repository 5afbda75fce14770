"""The cast of the learning tests: a small pool of texts in three classes, featurized once."""

import numpy as np
import pytest

from labeling.learning.text.static_vectors import StaticVectors
from labeling.learning.text.tfidf import Featurizer
from labeling.learning.text.wordpiece import vocabulary

WORDS = {
    0: ["goal", "match", "team", "league", "striker", "coach", "penalty", "season", "stadium", "keeper"],
    1: [
        "market",
        "shares",
        "profit",
        "bank",
        "inflation",
        "trade",
        "investor",
        "bonds",
        "quarter",
        "revenue",
    ],
    2: ["galaxy", "orbit", "telescope", "rocket", "planet", "lunar", "comet", "probe", "gravity", "launch"],
}
COMMON = [
    "the",
    "a",
    "of",
    "to",
    "in",
    "and",
    "on",
    "for",
    "with",
    "said",
    "new",
    "year",
    "after",
    "first",
    "over",
]


def write_text(label: int, rng: np.random.Generator) -> str:
    own = rng.choice(WORDS[label], size=5)
    other = rng.choice(COMMON, size=8)
    words = np.concatenate([own, other])
    return " ".join(rng.permutation(words))


@pytest.fixture(scope="session")
def labels():
    return np.random.default_rng(7).integers(3, size=400)


@pytest.fixture(scope="session")
def texts(labels):
    rng = np.random.default_rng(8)
    return [write_text(int(label), rng) for label in labels]


@pytest.fixture(scope="session")
def featurizer(texts):
    return Featurizer.learn(texts, dimensions=16)


@pytest.fixture(scope="session")
def rows(featurizer, texts):
    return featurizer.transform(texts)


@pytest.fixture(scope="session")
def static():
    """Static vectors of the real vocabulary, made of chance: words that share pieces are alike."""
    numbers = np.random.default_rng(9).standard_normal((len(vocabulary()), 24), dtype=np.float32)
    return StaticVectors.of(numbers, vocabulary())
