"""Near-duplicate speed, whatever the texts are. `./run bench duplicates --documents N --json`.

A natural pool in which every tenth text is another with one word changed, and two that make buckets full:
form letters with five words of their own in 31, and one text again and again (a tenth of the documents each).
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from time import process_time

import numpy as np

from benchmarks._frame import machine
from labeling.learning.arrays.sharded_store import SHARD_ROWS
from labeling.learning.text.near_duplicates import join_new
from labeling.learning.text.signature_store import SignatureStore

TEXT_WORDS = 31  # 200 characters
OWN_WORDS = 5  # of a form letter
LATER = 100  # documents that arrive when all others were compared

RNG = random.Random(0)
WORDS = ["".join(RNG.choices("abcdefghijklmnopqrstuvwxyz", k=RNG.randint(2, 9))) for _ in range(20_000)]


def natural(count: int) -> Iterator[str]:
    text = RNG.choices(WORDS, k=TEXT_WORDS)
    for number in range(count):
        if number % 10 == 9:
            text[RNG.randrange(TEXT_WORDS)] = f"x{number}"
        else:
            text = RNG.choices(WORDS, k=TEXT_WORDS)
        yield " ".join(text)


def form_letters(count: int) -> Iterator[str]:
    letter = RNG.choices(WORDS, k=TEXT_WORDS - OWN_WORDS)
    for _ in range(count):
        yield " ".join(letter + RNG.choices(WORDS, k=OWN_WORDS))


def one_text(count: int) -> Iterator[str]:
    text = " ".join(RNG.choices(WORDS, k=TEXT_WORDS))
    for _ in range(count):
        yield text


def measure(texts: Callable[[int], Iterator[str]], count: int) -> dict[str, float]:
    """CPU seconds of one core; making up the texts is not counted, writing the files is."""
    with tempfile.TemporaryDirectory() as folder:
        store, signing, coming = SignatureStore.open(Path(folder)), 0.0, texts(count)
        while block := list(islice(coming, SHARD_ROWS)):
            started = process_time()
            store = store.append(block)
            signing += process_time() - started
        started = process_time()
        groups = join_new(store, np.zeros(0, dtype=np.int64), 0)
        joining = process_time() - started
        store = store.append(list(texts(LATER)))
        started = process_time()
        join_new(store, groups, count)
        return {
            "documents": count,
            "signatures_per_cpu_s": round(count / signing),
            "grouping_cpu_s": round(joining, 2),
            f"{LATER}_more_cpu_s": round(process_time() - started, 2),
            "groups": int((np.bincount(groups) > 1).sum()),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    measure(natural, 2_000)  # warm
    result: dict[str, object] = {}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for texts, count in (
        (natural, options.documents),
        (form_letters, options.documents // 10),
        (one_text, options.documents // 10),
    ):
        result[texts.__name__] = measure(texts, count)
        print(f"{texts.__name__}: {result[texts.__name__]}", file=sys.stderr, flush=True)
        if texts is natural:
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            result["rss_growth_mb"] = round((after - before) / 1024)
    result["machine"] = machine()
    print(json.dumps(result) if options.json else result)


if __name__ == "__main__":
    main()
