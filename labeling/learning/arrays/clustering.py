"""k-means clustering: documents that are alike. On dense rows, fast enough to run at every re-ranking."""

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.arrays.types import Floats, Integers

ROUNDS = 8  # the groups only have to spread a batch, they need not settle


def k_means(points: Floats, n_clusters: int, seed: int) -> Integers:
    """The cluster of each point.

    points : (n, d); most useful with rows of length 1
    n_clusters : at least 1; fewer come out where points coincide
    returns : (n,) in [0, n_clusters)

    Source: Lloyd (1982), started from points drawn at random without replacement.

    >>> labels = k_means(np.array([[0., 1.], [1., 0.], [.01, 1.]], dtype=np.float32), 2, seed=0)
    >>> bool(labels[0] == labels[2] != labels[1])
    True
    """
    n_points = len(points)
    if n_clusters >= n_points:
        return np.arange(n_points)
    start = np.random.default_rng(seed).choice(n_points, n_clusters, replace=False)
    centers = points[start]
    labels = nearest(points, centers)
    for _ in range(ROUNDS):
        sizes = np.bincount(labels, minlength=n_clusters)
        member = csr_array(
            (np.ones(n_points, dtype=np.float32), (labels, np.arange(n_points))), shape=(n_clusters, n_points)
        )
        sums: Floats = member @ points
        centers = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], centers).astype(
            np.float32
        )
        moved = nearest(points, centers)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return labels


def nearest(points: Floats, centers: Floats) -> Integers:
    """The nearest center of each point, by Euclidean distance: (n,) in [0, n_centers)."""
    offsets = 0.5 * (centers**2).sum(axis=1)
    numbers: Integers = (points @ centers.T - offsets).argmax(axis=1)
    return numbers
