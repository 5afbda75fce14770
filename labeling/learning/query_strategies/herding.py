"""Uncertainty herding: documents that together stand for the uncertain part of the pool."""

import heapq

import numpy as np

from labeling.learning.arrays.types import AnyFloats, Floats, Integers

SHARPNESS = 4.0  # of the kernel: at cosine .5 a document still covers 14% of another


def herd(points: Floats, weights: AnyFloats, candidates: Floats, near: Floats | None, count: int) -> Integers:
    """Candidates that cover the weighted points best, greedily, each one adding what the others leave open.

    points : (n, d) a sample of the pool, rows of length 1; weights : (n,) informativeness of each
    candidates : (m, d); near : (l, d) what covers already (labeled or chosen before)
    returns : (at most count,) indices of candidates, most useful first

    Source: Bae et al. (2024), uncertainty herding; lazily evaluated (Minoux 1978), gains can only shrink.

    >>> points = np.array([[1, 0], [.9, .1], [0, 1]], dtype=np.float32)
    >>> herd(points, np.ones(3), points, None, 2)
    array([0, 2])
    """
    kernel = np.exp(SHARPNESS * (candidates @ points.T - 1))
    covered = np.zeros(len(points), dtype=np.float32)
    if near is not None and len(near):
        covered = np.exp(SHARPNESS * ((near @ points.T).max(axis=0) - 1))
    share = weights.astype(np.float32)
    gains = np.maximum(kernel - covered, 0) @ share
    heap = [(-float(gain), number) for number, gain in enumerate(gains)]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap and len(chosen) < count:
        _, number = heapq.heappop(heap)
        gain = float(np.maximum(kernel[number] - covered, 0) @ share)
        if heap and gain < -heap[0][0]:
            heapq.heappush(heap, (-gain, number))
            continue
        chosen.append(number)
        covered = np.maximum(covered, kernel[number])
    return np.array(chosen, dtype=np.int64)
