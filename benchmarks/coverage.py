"""Interval coverage: how often 95% intervals hold the truth. `./run bench coverage --test-sets N --json`.

Models of known quality judge test sets drawn from made-up worlds: 30 to 400 documents, 2 to 50 classes,
nothing right to all right, classes alike in number or down to one in two hundred. Told is, by measure, the
share of intervals that hold the truth. Of a perfect interval it is .95.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter
from typing import Any
from zlib import crc32

import numpy as np

from benchmarks._frame import machine, show
from benchmarks._worlds import World, simulated, worlds

MIN_COVERAGE = 0.92  # coverage in a world that is asked for
_ROUNDING = 1e-9
UNBOUNDED = ("log loss", "Brier score", "coverage error", "gap", "difference")  # not shares between 0 and 1


@dataclass(frozen=True)
class Held:
    """One measure in one world.

    defined : share of test sets with a value; held : share of these intervals that hold the truth
    width : mean; empty, outside : intervals without width, and with an end outside [0, 1]
    """

    defined: float
    held: float
    width: float
    empty: int
    outside: int


def judge(world: World, test_sets: int) -> dict[str, Held]:
    """Every measure on so many test sets; of the classes those with a value in half of them, together."""
    made, intervals = simulated(world), defaultdict(list)
    for seed in range(test_sets):
        random = np.random.default_rng([seed, crc32(world.name.encode())])
        for name, measure, truth in made.judged((seed + 0.5) / test_sets, random):
            if measure.interval is not None:
                intervals[name].append((measure.interval.low, measure.interval.high, truth))
    kinds: dict[str, list[Any]] = defaultdict(list)
    for name, ends in intervals.items():
        if len(ends) * 2 >= test_sets:
            kinds[name.partition("/")[0]].append(np.array(ends))
    return {kind: _held(kind, tables, test_sets) for kind, tables in kinds.items()}


def _held(kind: str, tables: list[Any], test_sets: int) -> Held:
    low, high, truth = np.concatenate(tables).T
    is_share = not kind.startswith(UNBOUNDED)
    return Held(
        len(low) / len(tables) / test_sets,
        float(((low - _ROUNDING <= truth) & (truth <= high + _ROUNDING)).mean()),
        float((high - low).mean()),
        int((high <= low).sum()),
        int(((low < 0) | (high > 1)).sum()) if is_share else 0,
    )


def summary(result: dict[World, dict[str, Held]]) -> dict[str, dict[str, Any]]:
    """By measure, over the worlds in which half of the test sets have a value."""
    measures: dict[str, list[tuple[World, Held]]] = defaultdict(list)
    for world, held in result.items():
        for kind, item in held.items():
            measures[kind].append((world, item))
    return {kind: _summed(pairs) for kind, pairs in measures.items()}


def _summed(pairs: list[tuple[World, Held]]) -> dict[str, Any]:
    worst, minimum = min(pairs, key=lambda pair: pair[1].held)
    inside = [held.held for world, held in pairs if not world.is_at_an_edge]
    return {
        "worlds": len(pairs),
        "least": round(minimum.held, 3),
        "least_in": worst.name,
        f"below_{MIN_COVERAGE}": sum(held.held < MIN_COVERAGE for _, held in pairs),
        "mean": round(float(np.mean([held.held for _, held in pairs])), 3),
        "mean_between_edges": round(float(np.mean(inside)), 3) if inside else None,
        "width": round(float(np.mean([held.width for _, held in pairs])), 3),
        "without_width": sum(held.empty for _, held in pairs),
        "outside_0_1": sum(held.outside for _, held in pairs),
    }


def _judge(task: tuple[World, int]) -> dict[str, Held]:
    return judge(*task)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test-sets", type=int, default=500, help="drawn in each world")
    parser.add_argument("--kind", choices=["single", "multi", "spans"], help="these worlds alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    started = perf_counter()
    chosen = [world for world in worlds() if options.kind in (None, world.kind)]
    # The largest first, so that no core is left with one of them at the end.
    chosen.sort(key=lambda world: -world.documents * world.classes)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        judged = pool.map(_judge, [(world, options.test_sets) for world in chosen])
        outcome = dict(zip(chosen, judged, strict=True))
    result = {
        "worlds": len(outcome),
        "test_sets": options.test_sets,
        "seconds": round(perf_counter() - started, 1),
        "cpu_seconds": round(sum(getrusage(RUSAGE_CHILDREN)[:2]), 1),
        "coverage": summary(outcome),
        "by_world": {
            world.name: {kind: [round(item.held, 3), round(item.width, 3)] for kind, item in held.items()}
            for world, held in outcome.items()
        },
        "machine": machine(),
    }
    show(result, is_json=options.json)


if __name__ == "__main__":
    main()
