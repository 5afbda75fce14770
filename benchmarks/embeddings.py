"""Sentence embedding speed, in float and in integers. `./run bench embeddings --json`."""

from __future__ import annotations

import argparse
from time import process_time

import django
import numpy as np

django.setup()

from benchmarks._frame import machine, show
from labeling.learning.arrays.types import Floats
from labeling.learning.text.integer_products import with_integer_products
from labeling.learning.text.sentence_embeddings import MIN_COSINE, Embedder, embedder_of, published_model
from labeling.learning.text.wordpiece import tokenize
from labeling.management.demo_articles import articles

CHARACTERS = 200
REPEATS = 3  # the fastest counts: other work on the machine only slows


def documents(count: int) -> list[str]:
    """The beginnings of the demo's news articles."""
    texts = (record.text for record, _ in articles())
    return [text[:CHARACTERS] for text in texts if len(text) >= CHARACTERS][:count]


def measure(embedder: Embedder, texts: list[str]) -> tuple[float, Floats]:
    """(documents a CPU-second, their vectors)."""
    durations = []
    for _ in range(REPEATS):
        started = process_time()
        vectors = embedder.embed(texts)
        durations.append(process_time() - started)
    return len(texts) / min(durations), vectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    texts = documents(options.documents)
    model = published_model()
    float_rate, in_float = measure(embedder_of(model), texts)
    integer_rate, vectors = measure(embedder_of(with_integer_products(model)), texts)
    cosines = np.sum(in_float * vectors, axis=1)
    tokenize(texts)
    started = process_time()
    tokens = sum(map(len, tokenize(texts)))
    result = {
        "documents": len(texts),
        "tokens_per_document": round(tokens / len(texts), 1),
        "float_documents_per_cpu_s": round(float_rate, 1),
        "integer_documents_per_cpu_s": round(integer_rate, 1),
        "speedup": round(integer_rate / float_rate, 2),
        "cosine_mean": round(float(cosines.mean()), 4),
        "cosine_min": round(float(cosines.min()), 4),
        "below_min_cosine": int(np.count_nonzero(cosines < MIN_COSINE)),
        "tokenized_documents_per_cpu_s": round(len(texts) / (process_time() - started)),
        "machine": machine(),
    }
    show(result, is_json=options.json)


if __name__ == "__main__":
    main()
