"""Span learning benchmark: tokens to label until a tagger is good. Active learning on spans, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np

from labeling.formats.records import Record
from labeling.learning.arrays.types import Integers
from labeling.learning.evaluation.scores import Quality, quality_of_spans
from labeling.learning.query_strategies.annotation_cost import PER_TOKEN, Cost
from labeling.learning.query_strategies.cold_start import start_head
from labeling.learning.query_strategies.head_builder import select_head
from labeling.learning.query_strategies.mix import Strategy
from labeling.learning.query_strategies.span_pool_scores import pool_scores
from labeling.learning.sequence.bio_tags import Span
from labeling.learning.sequence.crf import SpanTagger, train_tagger
from labeling.learning.sequence.crf_features import Describer
from labeling.learning.sequence.token_blocks import TokenBlock, segment_words
from labeling.learning.text.tfidf import Featurizer
from labeling.learning.text.word_clusters import WordClusters, learn_clusters

BATCH = 20  # documents between two trainings


@dataclass(frozen=True)
class Known:
    """A labeled data set, with everything that is made once for all seeds and strategies."""

    texts: list[str]  # of the pool
    spans: list[list[Span]]
    test_texts: list[str]
    test_spans: list[list[Span]]
    classes: list[str]
    clusters: WordClusters
    block: TokenBlock
    vectors: np.ndarray

    @classmethod
    def of(cls, records: Sequence[Record]) -> Known:
        """Features of a data set; clusters are learned on the pool's texts alone."""
        pool = [record for record in records if record.split != "test"]
        test = [record for record in records if record.split == "test"]
        texts = [record.text for record in pool]
        clusters = learn_clusters(words for text in texts for words in segment_words(text))
        block = TokenBlock.of_texts(texts, Describer(clusters))
        vectors = Featurizer.learn(texts).transform(texts).dense.astype(np.float32)
        spans, test_spans = ([_spans(record) for record in part] for part in (pool, test))
        classes = sorted({span.label_class for held in spans + test_spans for span in held})
        test_texts = [record.text for record in test]
        return cls(texts, spans, test_texts, test_spans, classes, clusters, block, vectors)

    def dense(self, positions: Integers) -> np.ndarray:
        return self.vectors[positions]

    def quality(self, tagger: SpanTagger) -> Quality:
        predicted = [tagged.spans for tagged in tagger.tag(self.test_texts)]
        return quality_of_spans(predicted, self.test_spans, self.classes)


def span_curves(
    records: Sequence[Record],
    strategy: str,
    seeds: int,
    token_budget: int,
    *,
    batch: int = BATCH,
    cost: Cost = PER_TOKEN,
) -> list[dict[str, Any]]:
    """Learning curves on the test set.

    strategy : of `labeling.learning.query_strategies.mix.Strategy`
    token_budget : a run ends with the batch that reaches it
    returns : for each seed {"seed", "curve": [[labels, accuracy, macro F1, micro F1], ...],
        "tokens": [labeled so far, ...], "seconds_per_round": CPU seconds to fit, score and choose}
    """
    pool = Known.of(records)
    return [one_curve(pool, Strategy(strategy), seed, token_budget, batch, cost) for seed in range(seeds)]


def one_curve(
    pool: Known, strategy: Strategy, seed: int, token_budget: int, batch: int, cost: Cost
) -> dict[str, Any]:
    """One run of `span_curves`."""
    labeled = first_batch(pool, strategy, seed, batch)
    curve: list[list[float]] = []
    tokens: list[int] = []
    seconds = 0.0
    while True:
        started = process_time()
        tagger = _fit(pool, labeled)
        chosen = next_batch(pool, tagger, labeled, strategy, seed + len(labeled), batch, cost)
        seconds += process_time() - started
        quality = pool.quality(tagger)
        shares = (quality.accuracy, quality.macro_f1, quality.micro_f1)
        curve.append([len(labeled), *(round(share, 4) for share in shares)])
        tokens.append(int(pool.block.token_counts[labeled].sum()))
        if tokens[-1] >= token_budget or not chosen:
            break
        labeled = labeled + chosen
    return {
        "seed": seed,
        "curve": curve,
        "tokens": tokens,
        "seconds_per_round": round(seconds / len(curve), 3),
    }


def first_batch(pool: Known, strategy: Strategy, seed: int, batch: int) -> list[int]:
    """Documents labeled before the first model: typical ones, or any where everything is random."""
    every = np.arange(len(pool.texts))
    if strategy is Strategy.RANDOM:
        return np.random.default_rng(seed).permutation(every)[:batch].tolist()
    return [entry.position for entry in start_head(every, pool.dense, size=batch, batch=batch, seed=seed)]


def next_batch(
    pool: Known,
    tagger: SpanTagger,
    labeled: list[int],
    strategy: Strategy,
    seed: int,
    batch: int,
    cost: Cost,
) -> list[int]:
    """The next documents by this strategy, as the product would choose them."""
    is_open = np.ones(len(pool.texts), dtype=bool)
    is_open[labeled] = False
    scores = pool_scores(np.arange(len(pool.texts)), tagger.score(pool.block, pool.classes), cost)
    head = select_head(
        scores.keep(is_open),
        pool.dense,
        len(pool.classes),
        strategy=strategy,
        size=batch,
        batch=batch,
        labeled=np.array(labeled),
        is_of_spans=True,
        seed=seed,
    )
    return [entry.position for entry in head]


def tokens_at(curve: dict[str, Any], tokens: int) -> float:
    """Micro F1 of a run at this number of labeled tokens, between two points in proportion."""
    return float(np.interp(tokens, curve["tokens"], [point[3] for point in curve["curve"]]))


def small_pool(records: Sequence[Record], size: int, seed: int = 0) -> list[Record]:
    """The records with a pool of only `size` documents drawn at random, every test document kept."""
    pool = [number for number, record in enumerate(records) if record.split != "test"]
    kept = set(np.random.default_rng(seed).permutation(pool)[:size].tolist())
    return [r for n, r in enumerate(records) if r.split == "test" or n in kept]


def _fit(pool: Known, labeled: list[int]) -> SpanTagger:
    with TemporaryDirectory() as folder:
        texts, spans = [pool.texts[n] for n in labeled], [pool.spans[n] for n in labeled]
        train_tagger(texts, spans, Path(folder), pool.clusters)
        return SpanTagger.open(Path(folder))


def _spans(record: Record) -> list[Span]:
    return [Span(span.start, span.end, span.label) for span in record.spans or ()]
