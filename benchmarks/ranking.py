"""Ranking cost: one query at scale. `./run bench ranking --documents N --classes N --json`.

A query: fit on the labels, score the pool, choose a batch. Once with a dense view (384 numbers in eight
bits), once with sparse rows (40 words); beside them peers from the package index, on the same arrays.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from benchmarks._frame import machine, show
from labeling.learning.arrays.sharded_store import SHARD_ROWS
from labeling.learning.classifiers.fitting import fit_plain
from labeling.learning.query_strategies.head_builder import select_head
from labeling.learning.query_strategies.pool_scores import PoolScores, score_rows
from labeling.learning.text.hashing import COLUMNS
from labeling.learning.text.rows import Rows

WIDTH, WORDS = 384, 40
LABELS, BATCH = 300, 20
SCALE = 0.3 / 127
VOCABULARY = 300_000
REPETITIONS = 3
PEERS = Path(__file__).with_name("_ranking_peers.py")


def dense_pool(documents: int, classes: int, folder: Path) -> tuple[list[Rows], np.ndarray]:
    """Shards of embeddings around one center a class, kept on disk as the service keeps them."""
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((classes, WIDTH), dtype=np.float32)
    labels = rng.integers(classes, size=documents)
    stored = np.memmap(folder / "dense", dtype=np.int8, mode="w+", shape=(documents, WIDTH))
    for first in range(0, documents, SHARD_ROWS):
        members = labels[first : first + SHARD_ROWS]
        points = centers[members] + 1.5 * rng.standard_normal((len(members), WIDTH), dtype=np.float32)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        stored[first : first + len(members)] = np.rint(points / SCALE).clip(-127, 127).astype(np.int8)
    none = csr_array((SHARD_ROWS, COLUMNS), dtype=np.float32)
    shards = [
        Rows(
            none[: min(SHARD_ROWS, documents - first)],
            stored[first : first + SHARD_ROWS],
            SCALE,
            positions=np.arange(first, min(first + SHARD_ROWS, documents)),
        )
        for first in range(0, documents, SHARD_ROWS)
    ]
    return shards, labels


def sparse_pool(documents: int, classes: int) -> tuple[list[Rows], np.ndarray]:
    """Shards of TF-IDF rows; a tenth of the vocabulary is shared out among the classes."""
    rng = np.random.default_rng(1)
    labels = rng.integers(classes, size=documents)
    own = VOCABULARY // 10 // classes
    shards = []
    for first in range(0, documents, SHARD_ROWS):
        members = labels[first : first + SHARD_ROWS]
        words = (VOCABULARY * rng.random((len(members), WORDS)) ** 2).astype(np.int64)
        words[:, :6] = members[:, None] * own + (own * rng.random((len(members), 6)) ** 2).astype(np.int64)
        words.sort(axis=1)
        values = np.full(words.size, 1 / np.sqrt(WORDS), dtype=np.float32)
        indptr = np.arange(0, words.size + 1, WORDS)
        sparse = csr_array((values, words.ravel().astype(np.int32), indptr), shape=(len(members), COLUMNS))
        blank = np.ones((len(members), 0), dtype=np.float32)
        shards.append(Rows(sparse, blank, positions=np.arange(first, first + len(members))))
    return shards, labels


def our_query(shards: list[Rows], labels: np.ndarray, classes: int) -> list[int]:
    """Fit, score, choose: as the trainer does, on one thread."""
    labeled = Rows(
        csr_array(shards[0].sparse[:LABELS]), shards[0].points()[:LABELS], positions=np.arange(LABELS)
    )
    committee = fit_plain(labeled, labels[:LABELS], classes)
    scores = PoolScores.merge(score_rows(rows, committee) for rows in shards)
    free = scores.keep(scores.positions >= LABELS)

    def vectors(positions: np.ndarray) -> np.ndarray:
        query_vectors = np.zeros((len(positions), max(shards[0].width, 1)), dtype=np.float32)
        for row, position in enumerate(positions.tolist()):
            part = shards[position // SHARD_ROWS]
            if part.width:
                query_vectors[row] = part.dense[position % SHARD_ROWS]
        return query_vectors

    entries = select_head(free, vectors, classes, size=BATCH, batch=BATCH)
    return [entry.position for entry in entries]


def cpu_seconds(shards: list[Rows], labels: np.ndarray, classes: int) -> float:
    """The best of a few queries."""
    taken = []
    for _ in range(REPETITIONS):
        started = process_time()
        our_query(shards, labels, classes)
        taken.append(process_time() - started)
    return round(min(taken), 3)


def peers(python: str, folder: Path, view: str, classes: int) -> dict[str, float]:
    """CPU seconds of each peer on the same arrays, measured by an interpreter that has them installed."""
    command = [python, "-P", str(PEERS), str(folder), view, str(classes), str(LABELS), str(BATCH)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{python} could not measure the peers; it needs modAL, scikit-activeml, small-text")
    timings: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return timings


def measure(documents: int, classes: int, python: str | None) -> dict[str, Any]:
    result: dict[str, Any] = {"documents": documents, "classes": classes, "labels": LABELS, "batch": BATCH}
    with tempfile.TemporaryDirectory(prefix="rq-ranking-") as name:
        folder = Path(name)
        shards, labels = dense_pool(documents, classes, folder)
        np.save(folder / "labels.npy", labels)
        result["dense_cpu_s"] = cpu_seconds(shards, labels, classes)
        if python:
            points = np.lib.format.open_memmap(
                folder / "dense.npy", mode="w+", dtype=np.float32, shape=(documents, WIDTH)
            )
            for number, rows in enumerate(shards):
                points[number * SHARD_ROWS : number * SHARD_ROWS + len(rows)] = rows.points()
            del points, shards
            result["peers"] = peers(python, folder, "dense", classes)
        shards, labels = sparse_pool(documents, classes)
        result["csr_cpu_s"] = cpu_seconds(shards, labels, classes)
        if python:
            whole = vstack([rows.sparse for rows in shards], format="csr")
            np.save(folder / "labels.npy", labels)
            for part in ("data", "indices", "indptr"):
                np.save(folder / f"{part}.npy", getattr(whole, part))
            del shards, whole
            result["peers_csr"] = peers(python, folder, "csr", classes)
    if python:
        result["ratio_to_best_peer"] = {
            "dense": round(result["dense_cpu_s"] / min(result["peers"].values()), 2),
            "csr": round(result["csr_cpu_s"] / min(result["peers_csr"].values()), 2),
        }
    return result | {"machine": machine()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument(
        "--peers", metavar="PYTHON", help="interpreter with modAL, scikit-activeml and small-text"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    show(measure(options.documents, options.classes, options.peers), is_json=options.json)


if __name__ == "__main__":
    main()
