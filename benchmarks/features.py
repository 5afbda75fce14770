"""Feature cost: from texts to features, guessed embeddings and a ranking. `./run bench features --json`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import django
import numpy as np

django.setup()

from benchmarks._frame import machine, show
from labeling.features.embedder import service_embedder
from labeling.features.pipeline import TEXT_BATCH_SIZE
from labeling.learning.classifiers.fitting import fit_plain
from labeling.learning.query_strategies.pool_scores import score_pool
from labeling.learning.storage.embedding_store import EmbeddingStore
from labeling.learning.storage.feature_store import DISTILLED, DISTILLED_MAP, FeatureStore
from labeling.learning.text.distillation import Distillation, sample_size
from labeling.learning.text.sentence_embeddings import WIDTH
from labeling.learning.text.static_vectors import StaticVectors
from labeling.learning.text.tfidf import SAMPLE, Featurizer
from labeling.management.demo_articles import articles

CHARACTERS = 200
N_LABELS, N_CLASSES = 200, 4


def pieces() -> list[str]:
    """Halves of texts, of the demo's news articles."""
    return [
        record.text[first : first + CHARACTERS // 2]
        for record, _ in articles()
        for first in range(0, len(record.text) - CHARACTERS // 2, CHARACTERS // 2)
    ]


def texts(count: int, halves: list[str], seed: int) -> list[str]:
    """Two halves drawn at random make a text."""
    drawn = np.random.default_rng(seed).integers(len(halves), size=(count, 2))
    return [f"{halves[first]} {halves[second]}" for first, second in drawn.tolist()]


class Clock:
    """CPU-seconds of this process by the name of what was done."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        started = process_time()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + process_time() - started, 2)


def batches(count: int, halves: list[str]) -> Iterator[tuple[int, list[str]]]:
    """All texts, each batch with the position of its first; the same ones each time."""
    for first in range(0, count, TEXT_BATCH_SIZE):
        yield first, texts(min(TEXT_BATCH_SIZE, count - first), halves, seed=first)


def filled_store(count: int, halves: list[str], folder: Path, clock: Clock) -> FeatureStore:
    with clock.measure("static_vectors"):
        static = StaticVectors.make(service_embedder().run)
    with clock.measure("learn"):
        featurizer = Featurizer.learn(texts(min(count, SAMPLE), halves, seed=count), static=static)
    store = FeatureStore.create(folder, featurizer)
    for first, batch in batches(count, halves):
        with clock.measure("featurize"):
            store = store.append(first, batch)
    return store


def distill(store: FeatureStore, halves: list[str], clock: Clock) -> EmbeddingStore:
    """The guesses of all documents; the map is learned on a sample in a random order."""
    count = len(store)
    positions = np.random.default_rng(0).permutation(count)[: sample_size(count)]
    drawn = dict.fromkeys(positions.tolist(), "")
    for first, batch in batches(count, halves):
        drawn |= {first + row: text for row, text in enumerate(batch) if first + row in drawn}
    with clock.measure("embed_sample"):
        embeddings = service_embedder().embed(list(drawn.values()))
    with clock.measure("learn_map"):
        learned = Distillation.learn(store.take(positions), embeddings)
        learned.save(store.root / DISTILLED_MAP)
    vectors = EmbeddingStore.create(store.root / DISTILLED, learned.version, WIDTH)
    with clock.measure("guess"):
        for number in range(store.n_shards):
            rows, first = store.stored(number), number * store.shard_rows
            vectors = vectors.write(np.arange(first, first + len(rows)), store.distillation.transform(rows))
    return vectors


def run(count: int, folder: Path) -> dict[str, object]:
    """Every step as the service takes it, but with texts made here instead of read from the database."""
    clock, halves = Clock(), pieces()
    service_embedder()
    store = filled_store(count, halves, folder, clock)
    seen = store.seen_by(distill(store, halves, clock))
    rng = np.random.default_rng(2)
    labeled = np.sort(rng.permutation(count)[:N_LABELS])
    committee = fit_plain(seen.take(labeled), rng.integers(N_CLASSES, size=N_LABELS), N_CLASSES)
    with clock.measure("score"):
        score_pool(seen, committee)
    return {
        "documents": count,
        "cpu_s": clock.seconds,
        "total_cpu_s": round(sum(clock.seconds.values()), 1),
        "held_out_cosine": round(store.distillation.cosine, 3),
        "bytes_per_document": round(sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / count),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        show(run(options.documents, Path(folder)) | {"machine": machine()}, is_json=options.json)


if __name__ == "__main__":
    main()
