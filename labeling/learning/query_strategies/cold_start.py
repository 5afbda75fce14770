"""Cold start: what to label without a model. Typical documents, each of another kind, then random ones."""

from collections.abc import Callable, Mapping

import numpy as np

from labeling.learning.arrays.clustering import k_means
from labeling.learning.arrays.types import Flags, Floats, Integers
from labeling.learning.query_strategies.head_builder import BATCH, HEAD_SIZE
from labeling.learning.query_strategies.mix import HeadEntry, SeedWordMatches, Share, interleave, spliced
from labeling.learning.query_strategies.seed_words import varied_matches

SAMPLE = 20_000  # documents looked at: the kinds of a pool show in a sample
TYPICAL = 300  # documents chosen by type; by then a model has taken over
NEIGHBORS = 20
MAX_MEMBERS = 1_000  # of a cluster, compared with each other


def start_head(
    positions: Integers,
    vectors: Callable[[Integers], Floats],
    *,
    size: int = HEAD_SIZE,
    batch: int = BATCH,
    seeds: Mapping[int, SeedWordMatches] | None = None,
    seed_share: float = 0.0,
    seed: int = 0,
) -> list[HeadEntry]:
    """The head of a queue without a model.

    positions : (n,) eligible documents
    vectors : positions (m,) to dense rows (m, d), such as `FeatureStore.dense`
    batch : documents until the first model; the first ones are as different as that many can be
    seeds : class number to documents that hold its seed words; they make up at most `seed_share`
    returns : at most `size` entries of distinct documents; fewer where the pool is smaller

    Documents without any known word come last.

    Source: Hacohen et al. (2022), TypiClust, in rounds that double as the head grows.
    """
    rng = np.random.default_rng(seed)
    seeded = _seeded(seeds or {}, round(seed_share * size), vectors)
    is_left = ~np.isin(positions, [entry.position for entry in seeded])
    shuffled = rng.permutation(positions[is_left])
    size -= len(seeded)
    sample = shuffled[:SAMPLE]
    points = vectors(sample)
    has_words = np.abs(points).sum(axis=1) > 0
    sample, points = sample[has_words], points[has_words]
    typical = _typical(points, min(size, TYPICAL), batch, seed)
    entries = [
        HeadEntry(int(sample[row]), Share.COLD_START, informativeness=density, cluster_size=members)
        for row, density, members in typical
    ]
    taken = np.array([entry.position for entry in entries], dtype=np.int64)
    rest = shuffled[~np.isin(shuffled, taken)][: size - len(entries)]
    is_empty = np.abs(vectors(rest)).sum(axis=1) == 0
    rest = np.concatenate([rest[~is_empty], rest[is_empty]])
    propensity = len(rest) / max(len(shuffled) - len(taken), 1)
    entries += [HeadEntry(int(position), Share.RANDOM, propensity=propensity) for position in rest]
    return spliced(entries, seeded, seed_share) if seeded else entries


def _seeded(
    seeds: Mapping[int, SeedWordMatches], count: int, vectors: Callable[[Integers], Floats]
) -> list[HeadEntry]:
    """Documents with seed words, the classes in turn; one that holds words of two comes for the first."""
    taken: set[int] = set()
    groups = []
    for number, (label_class, matches) in enumerate(sorted(seeds.items())):
        part = -(-(count - len(taken)) // (len(seeds) - number))
        chosen = varied_matches(matches, lambda p: ~np.isin(p, list(taken)), part, vectors)
        taken.update(int(matches.positions[index]) for index in chosen)
        groups.append(
            [
                HeadEntry(
                    int(matches.positions[index]),
                    Share.SEED_WORDS,
                    informativeness=float(matches.scores[index]),
                    label_class=label_class,
                    seed_words=matches.words[index],
                )
                for index in chosen
            ]
        )
    return interleave(groups)


def _typical(points: Floats, count: int, batch: int, seed: int) -> list[tuple[int, float, int]]:
    """Rows of typical points with their density and cluster size, the largest uncovered clusters first."""
    typical: list[tuple[int, float, int]] = []
    is_taken: Flags = np.zeros(len(points), dtype=bool)
    block = batch
    while len(typical) < min(count, len(points)):
        n_clusters = min(len(typical) + block, count, len(points))
        clusters = k_means(points, n_clusters, seed + len(typical))
        sizes = np.bincount(clusters, minlength=n_clusters)
        is_covered = np.isin(np.arange(n_clusters), clusters[is_taken])
        before = len(typical)
        for cluster in np.lexsort((-sizes, is_covered)):
            members = np.flatnonzero((clusters == cluster) & ~is_taken)
            if len(members) == 0 or len(typical) >= n_clusters:
                continue
            row, density = most_typical(points[members[:MAX_MEMBERS]])
            typical.append((int(members[row]), density, int(sizes[cluster])))
            is_taken[members[row]] = True
        if len(typical) == before:
            break
        block *= 2
    return typical


def most_typical(members: Floats) -> tuple[int, float]:
    """The row whose near neighbors are nearest, and how near: their mean cosine.

    members : (n, d), rows of length 1

    >>> row, density = most_typical(np.array([[1, 0], [.8, .6], [0, 1]], dtype=np.float32))
    >>> row, round(density, 2)
    (1, 0.7)
    """
    n_near = min(NEIGHBORS, len(members) - 1)
    if n_near == 0:
        return 0, 0.0
    cosines = members @ members.T
    np.fill_diagonal(cosines, -np.inf)
    density = np.partition(cosines, -n_near, axis=1)[:, -n_near:].mean(axis=1)
    best = int(density.argmax())
    return best, float(density[best])
