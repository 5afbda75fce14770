"""Span scoring speed: a pool scored by a tagger. `./run bench tagging --sentences N --json`."""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np
import pycrfsuite

from benchmarks._frame import machine, show
from labeling.learning.sequence.bio_tags import Span
from labeling.learning.sequence.crf import MODEL_FILE, SpanTagger, train_tagger
from labeling.learning.sequence.crf_features import Describer
from labeling.learning.sequence.token_blocks import TokenBlock, segment_words
from labeling.learning.text.word_clusters import WordClusters, learn_clusters

WORDS = 60_000  # of the made-up language, drawn as rarely as words of real ones
MEAN_LENGTH = 24  # tokens of a sentence
NAMES = 400  # words of each class; a third of their places is marked
LABELED = 400
SLOW = 1_000  # sentences for CRFsuite's own tagger
BLOCK = 8_192
CLASSES = ("Chemical", "Disease")


def sentences(count: int, seed: int) -> list[list[str]]:
    """Sentences with the word frequencies of a natural language."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    words = ["".join(rng.choice(letters, size=rng.integers(1, 11))) for _ in range(WORDS)]
    lengths = rng.poisson(MEAN_LENGTH, count) + 1
    ranks = np.minimum(rng.zipf(1.15, int(lengths.sum())), WORDS) - 1
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    return [[words[rank] for rank in ranks[a:b]] for a, b in pairwise(bounds)]


def lesson(sampled: list[list[str]]) -> tuple[list[str], list[list[Span]]]:
    """The first sentences with some words marked, each always as the same class."""
    texts, spans = [], []
    for words in sampled[:LABELED]:
        tokens, offset = [], 0
        for word in words:
            if len(word) > 7 and ord(word[1]) % 3:
                tokens.append(Span(offset, offset + len(word), CLASSES[ord(word[0]) % 2]))
            offset += len(word) + 1
        texts.append(" ".join(words))
        spans.append(tokens)
    return texts, spans


def features_per_cpu_s(texts: list[str], clusters: WordClusters) -> tuple[float, list[TokenBlock]]:
    """Sentences a CPU-second made into blocks, as a worker does when they arrive, and the blocks."""
    describer = Describer(clusters)
    started = process_time()
    blocks = [TokenBlock.of_texts(texts[at : at + BLOCK], describer) for at in range(0, len(texts), BLOCK)]
    return len(texts) / (process_time() - started), blocks


def sentences_per_cpu_s(tagger: SpanTagger, blocks: list[TokenBlock]) -> float:
    """Sentences a CPU-second from stored tokens to tags, likelihoods and probabilities."""
    started = process_time()
    for block in blocks:
        tagger.score(block, CLASSES)
    return sum(map(len, blocks)) / (process_time() - started)


def crfsuite_sentences_per_cpu_s(folder: Path, texts: list[str], clusters: WordClusters) -> float:
    """The same by CRFsuite's tagger, one by one, features included: it knows no other way."""
    describer = Describer(clusters)
    tagger = pycrfsuite.Tagger()
    tagger.open(str(folder / MODEL_FILE))
    started = process_time()
    for text in texts[:SLOW]:
        for words in segment_words(text):
            tags = tagger.tag(describer.tokens(words))
            tagger.probability(tags)
    return min(SLOW, len(texts)) / (process_time() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    picture = sentences(options.sentences, seed=0)
    clusters = learn_clusters(picture[:20_000])
    texts = [" ".join(words) for words in picture]
    with TemporaryDirectory() as folder:
        train_tagger(*lesson(picture), Path(folder), clusters)
        rate, blocks = features_per_cpu_s(texts, clusters)
        result = {
            "sentences_per_cpu_s": round(sentences_per_cpu_s(SpanTagger.open(Path(folder)), blocks)),
            "features_per_cpu_s": round(rate),
            "crfsuite_sentences_per_cpu_s": round(
                crfsuite_sentences_per_cpu_s(Path(folder), texts, clusters)
            ),
            "machine": machine(),
        }
    show(result, is_json=options.json)


if __name__ == "__main__":
    main()
