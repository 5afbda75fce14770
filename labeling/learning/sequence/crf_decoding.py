"""Viterbi decoding: the most probable tags, and how probable they are. Many sequences at once, in NumPy.

Sequences are sorted by length and go through time together: at each step only those that are still running
take part, so that nothing is padded. Tags lie along the first axis, which NumPy can reduce fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeling.learning.arrays.types import AnyIntegers, Doubles, Integers

BATCH_NUMBERS = 200_000  # (tokens x tags) decoded together: stays in a processor's cache
BATCH_SIZE = 2_048  # sequences

Emissions = Callable[[Integers], Doubles]  # (T, B) token numbers, -1 for none, to (T, K, B) scores


@dataclass(frozen=True)
class Decoded:
    """What the model says of n sequences whose tokens lie one behind the other.

    tags : (n_tokens,) number of each token's tag in the most probable sequence
    log_likelihoods : (n,) of that sequence, at most 0
    chances : (n_tokens,) probability of each of these tags by itself
    """

    tags: NDArray[np.int16]
    log_likelihoods: Doubles
    chances: Doubles


def decode(bounds: AnyIntegers, emissions: Emissions, transitions: Doubles) -> Decoded:
    """Decode sequences.

    bounds : (n + 1,) ascending; sequence s has the tokens bounds[s] to bounds[s + 1], at least one
    emissions : scores of every tag for tokens; called with one batch at a time
    transitions : (K, K) from the row's tag to the column's

    Source: Viterbi (1967); the forward-backward algorithm of Rabiner (1989), scaled at every step.

    >>> flat = lambda tokens: np.zeros((len(tokens), 2, tokens.shape[1]))
    >>> said = decode(np.array([0, 2]), flat, np.zeros((2, 2)))
    >>> said.tags.tolist(), np.exp(said.log_likelihoods).round(2).tolist()
    ([0, 0], [0.25])
    """
    lengths = np.diff(bounds).astype(np.int64)
    tags = np.zeros(int(bounds[-1]), dtype=np.int16)
    likelihoods = np.zeros(len(lengths))
    chances = np.zeros(len(tags))
    for members in _batches(lengths, len(transitions)):
        offsets, running = _places(bounds[members], lengths[members])
        scores = emissions(offsets)
        best, paths = _viterbi(scores, transitions, running)
        lattice = _Lattice.forward(scores, transitions, running)
        likelihoods[members] = np.minimum(best - lattice.log_total, 0.0)
        is_token = offsets >= 0
        tags[offsets[is_token]] = paths[is_token]
        chances[offsets[is_token]] = lattice.chances_of(paths)[is_token]
    return Decoded(tags, likelihoods, chances)


def _batches(lengths: Integers, n_tags: int) -> Iterator[Integers]:
    """Sequences of nearly the same length, the longest first."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        batch_length = BATCH_NUMBERS // max(int(lengths[order[start]]) * n_tags, 1)
        stop = start + min(max(batch_length, 1), BATCH_SIZE)
        yield order[start:stop]
        start = stop


def _places(starts: AnyIntegers, lengths: Integers) -> tuple[Integers, Integers]:
    """Token numbers (T, B), -1 behind an end, and how many sequences run at each step (T,). Longest first."""
    steps = np.arange(lengths[0])[:, None]
    is_running = steps < lengths
    return np.where(is_running, starts + steps, -1), is_running.sum(axis=1)


def _viterbi(scores: Doubles, transitions: Doubles, running: Integers) -> tuple[Doubles, Integers]:
    """Score of the best path (B,) and the path (T, B); what lies behind an end is meaningless.

    Only the best scores are kept: the path is found again from its end, which is cheaper than to note where
    each of them came from.
    """
    n_steps, n_sequences = len(scores), scores.shape[2]
    reached = scores.copy()  # (T, K, B) score of the best path to each tag
    for step in range(1, n_steps):
        active = running[step]
        before = reached[step - 1, :, None, :active]
        reached[step, :, :active] += (before + transitions[:, :, None]).max(axis=0)
    paths = np.zeros((n_steps, n_sequences), dtype=np.int64)
    best = np.zeros(n_sequences)
    incoming = np.ascontiguousarray(transitions.T)  # row: tag that follows
    last = 0
    for step in range(n_steps - 1, -1, -1):
        active = running[step]
        if last:
            total = reached[step, :, :last] + incoming[paths[step + 1, :last]].T
            paths[step, :last] = total.argmax(axis=0)
        ending = reached[step, :, last:active]
        paths[step, last:active] = ending.argmax(axis=0)
        best[last:active] = ending.max(axis=0, initial=-np.inf) if ending.size else 0
        last = int(active)
    return best, paths


@dataclass(frozen=True)
class _Lattice:
    """All paths at once. Values are scaled to sum to 1 at each step, so that nothing under- or overflows.

    reached : (T, K, B) forward values; likely : (T, K, B) exponentials of the scores, 1 at the largest
    scales : (T, B) what each step was divided by; log_total : (B,) of the sum over all paths
    """

    reached: Doubles
    likely: Doubles
    scales: Doubles
    moves: Doubles
    running: Integers
    log_total: Doubles

    @classmethod
    def forward(cls, scores: Doubles, transitions: Doubles, running: Integers) -> _Lattice:
        peaks = scores.max(axis=1)
        likely = np.exp(scores - peaks[:, None])
        highest = float(transitions.max())
        moves = np.exp(transitions - highest)
        reached = np.zeros_like(scores)
        scales = np.ones((len(scores), scores.shape[2]))
        reached[0] = likely[0]
        for step in range(len(scores)):
            active = running[step]
            if step:
                reached[step, :, :active] = (moves.T @ reached[step - 1, :, :active]) * likely[
                    step, :, :active
                ]
            scales[step, :active] = np.maximum(reached[step, :, :active].sum(axis=0), 1e-300)
            reached[step, :, :active] /= scales[step, :active]
        lengths = (np.arange(scores.shape[2]) < running[:, None]).sum(axis=0)
        is_running = np.arange(scores.shape[2]) < running[:, None]
        total = (np.log(scales) + np.where(is_running, peaks, 0)).sum(axis=0) + highest * (lengths - 1)
        return cls(reached, likely, scales, moves, running, total)

    def chances_of(self, paths: Integers) -> Doubles:
        """Probability of each tag of these paths by itself: (T, B)."""
        behind = np.ones(self.reached.shape[1:])
        chances = np.zeros(paths.shape)
        columns = np.arange(paths.shape[1])
        for step in range(len(paths) - 1, -1, -1):
            if step + 1 < len(paths):
                active = self.running[step + 1]
                following = behind[:, :active] * self.likely[step + 1, :, :active]
                behind[:, :active] = (self.moves @ following) / self.scales[step + 1, :active]
            both = self.reached[step] * behind
            own = both[paths[step], columns]
            chances[step] = own / np.maximum(both.sum(axis=0), 1e-300)
        return np.clip(chances, 0.0, 1.0)
