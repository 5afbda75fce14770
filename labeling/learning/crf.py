"""Where in a text is each class? A linear-chain conditional random field over tokens.

The model is CRFsuite's own file: it is read by CRFsuite, not unpickled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pycrfsuite

from labeling.learning.acquisition import mnlp, total_least_confidence
from labeling.learning.arrays import Doubles
from labeling.learning.spans import Segment, Span, cuts_of, segments, spans_of, tags_of, tokenize

ITERATIONS = 60
PARAMETERS = {"c1": 0.02, "c2": 0.05, "max_iterations": ITERATIONS, "feature.possible_transitions": True}
AROUND = (-2, -1, 1, 2)  # neighbours whose words count
ENDS = (1, 2, 3, 4, 5)  # characters of a word's beginning and end


class NothingToLearn(ValueError):
    """No document has a single token: there is nothing to train on."""


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


def train_tagger(texts: Sequence[str], spans: Sequence[Sequence[Span]], path: Path) -> None:
    """Train on labelled texts and write the model to a file.

    texts : n labelled documents; spans : n lists, empty where a text holds none

    Raises NothingToLearn when all texts are empty.

    Source: Lafferty, McCallum and Pereira (2001); elastic-net penalties for small training sets.
    """
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(PARAMETERS)
    n_segments = 0
    for text, held in zip(texts, spans, strict=True):
        for segment in segments(text, tokenize(text, cuts_of(held)), held):
            trainer.append(token_features(segment.words), tags_of(segment.tokens, held))
            n_segments += 1
    if n_segments == 0:
        raise NothingToLearn("label a document that has text first")
    beside = path.with_name(f".{path.name}.writing")
    trainer.train(str(beside))
    beside.replace(path)  # a crash leaves no half of a model under the name


class SpanTagger:
    """A trained model, opened from its file."""

    def __init__(self, path: Path) -> None:
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open(str(path))

    def tag(self, text: str) -> Tagged:
        """The most probable spans of a text, with probabilities."""
        found: list[Span] = []
        probabilities: list[float] = []
        log_likelihood, n_tokens = 0.0, 0
        for segment in segments(text, tokenize(text)):
            tags = self._best(segment)
            log_likelihood += float(np.log(max(self._tagger.probability(tags), 1e-300)))
            n_tokens += len(tags)
            for span, first, behind in spans_of(segment.tokens, tags):
                found.append(span)
                probabilities.append(min(self._tagger.marginal(tags[i], i) for i in range(first, behind)))
        return Tagged(tuple(found), tuple(probabilities), min(log_likelihood, 0.0), n_tokens)

    def _best(self, segment: Segment) -> list[str]:
        tags: list[str] = self._tagger.tag(token_features(segment.words))
        return tags


def informativeness(tagged: Sequence[Tagged], *, is_cost_per_token: bool) -> Doubles:
    """How much each text would teach: (n,) nats, per token (MNLP) or per document (total).

    is_cost_per_token : whether a long text costs an annotator more than a short one
    """
    likelihoods = np.array([one.log_likelihood for one in tagged], dtype=np.float64)
    if not is_cost_per_token:
        return total_least_confidence(likelihoods)
    return mnlp(likelihoods, np.array([one.n_tokens for one in tagged], dtype=np.float64))


def token_features(words: Sequence[str]) -> list[list[str]]:
    """What the model sees of each token: the word, its ends and shape, and its neighbours.

    >>> token_features(["Aspirin"])[0][:4]
    ['bias', 'o=Aspirin', 'w=aspirin', 's=Aa']
    """
    lower = [word.casefold() for word in words]
    shapes = [shape(word) for word in words]
    features = []
    for number, word in enumerate(lower):
        own = ["bias", f"o={words[number]}", f"w={word}", f"s={shapes[number]}"]
        own += [f"{side}{n}={part}" for n in ENDS for side, part in (("<", word[:n]), (">", word[-n:]))]
        for offset in AROUND:
            there = number + offset
            if 0 <= there < len(words):
                own += [f"{offset:+}w={lower[there]}", f"{offset:+}s={shapes[there]}"]
            else:
                own.append(f"{offset:+}none")
        if number > 0:
            before = lower[number - 1]
            own += [f"-1|w={before}|{word}", f"-1<={before[:3]}", f"-1>={before[-3:]}"]
        if number + 1 < len(words):
            behind = lower[number + 1]
            own += [f"w|+1={word}|{behind}", f"+1<={behind[:3]}", f"+1>={behind[-3:]}"]
        features.append(own)
    return features


def shape(word: str) -> str:
    """Kinds of characters in order, runs shortened: the look of a name, a number, a code.

    >>> shape("McDonald"), shape("B-12"), shape("x")
    ('AaAa', 'A-0', 'a')
    """
    kinds: list[str] = []
    for character in word:
        kind = character
        if character.isdigit():
            kind = "0"
        elif character.isalpha():
            kind = "A" if character.isupper() else "a"
        if not kinds or kinds[-1] != kind:
            kinds.append(kind)
    return "".join(kinds)
