"""Do models with different views of a document agree on it? A committee of three, one of which speaks.

The first member, logistic regression on all features, gives the probabilities that people see; the others,
the dense view alone and the words alone, are there to disagree.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from labeling.learning.acquisition import disagreement, label_vote_entropy, margin, vote_entropy
from labeling.learning.arrays import AnyIntegers, Doubles, Flags, Floats
from labeling.learning.classifier import LinearModel, fit_multi, fit_single
from labeling.learning.durable import read_folder, write_folder
from labeling.learning.features import Rows
from labeling.learning.naive_bayes import fit_complement, fit_complement_labels


@dataclass(frozen=True)
class Committee:
    """Named members; the first one speaks for all."""

    names: tuple[str, ...]
    members: tuple[LinearModel, ...]

    @property
    def speaker(self) -> LinearModel:
        """The model whose probabilities are served, stored and reported."""
        return self.members[0]

    @property
    def n_classes(self) -> int:
        """Classes of the project, seen or not."""
        return self.speaker.n_classes

    @property
    def can_rank(self) -> bool:
        """Whether at least two classes (one of several labels) were seen: else every document looks alike."""
        return len(self.speaker.seen) >= (2 if self.speaker.link == "softmax" else 1)

    def probabilities(self, rows: Rows) -> Floats:
        """(n, n_classes), the speaker's."""
        return self.speaker.probabilities(rows)

    def member_probabilities(self, rows: Rows) -> Floats:
        """(n_members, n, n_classes), the speaker's first."""
        return np.stack([member.probabilities(rows) for member in self.members])

    def disagreement(self, member_probabilities: Floats) -> Doubles:
        """How much the members' decisions differ, ties broken by the margin of their mean: (n,) nats."""
        consensus = margin(member_probabilities.mean(axis=0))
        if self.speaker.link == "softmax":
            return disagreement(vote_entropy(member_probabilities), consensus)
        decisions = np.stack(
            [member.decide(found) for member, found in zip(self.members, member_probabilities, strict=True)]
        )
        return disagreement(label_vote_entropy(decisions), consensus)

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Write all members to a folder; the committee exists when the last piece does."""
        for number, member in enumerate(self.members):
            member.save(folder / f"member-{number}", {})
        write_folder(folder / "committee", {}, {"names": list(self.names), "facts": dict(facts)})

    @classmethod
    def load(cls, folder: Path) -> tuple[Self, dict[str, Any]]:
        """Read a committee and the facts saved with it. Raises FileNotFoundError where none was finished."""
        _, told = read_folder(folder / "committee")
        members = tuple(
            LinearModel.load(folder / f"member-{number}")[0] for number in range(len(told["names"]))
        )
        return cls(tuple(told["names"]), members), told["facts"]


def fit_committee(
    rows: Rows,
    labels: AnyIntegers | Flags,
    n_classes: int,
    *,
    start: Committee | None = None,
    seed: int = 0,
) -> Committee:
    """Fit all members on the same labels.

    rows : Rows of n ≥ 1 labelled documents
    labels : (n,) class numbers, or (n, n_classes) bool for several labels per document
    start : the committee before this one: fitting begins at its weights
    """
    dense_only = Rows(csr_array(rows.sparse.shape, dtype=np.float32), rows.dense)
    starts = (None, None) if start is None else (start.members[0], start.members[1])
    if labels.ndim == 1:
        numbers = labels.astype(np.int64)
        members = (
            fit_single(rows, numbers, n_classes, start=starts[0]),
            fit_single(dense_only, numbers, n_classes, start=starts[1]),
            fit_complement(rows, numbers, n_classes),
        )
    else:
        flags = labels.astype(bool)
        speaker = fit_multi(rows, flags, start=starts[0], seed=seed)
        second = replace(
            fit_multi(dense_only, flags, start=starts[1], folds=0), thresholds=speaker.thresholds
        )
        members = (
            speaker,
            second,
            replace(fit_complement_labels(rows, flags), thresholds=speaker.thresholds),
        )
    return Committee(("linear", "dense", "words"), members)


def fit_plain(
    rows: Rows,
    labels: AnyIntegers | Flags,
    n_classes: int,
    *,
    start: Committee | None = None,
    seed: int = 0,
) -> Committee:
    """Fit the speaker alone, to measure what the others are worth. It never disagrees with itself."""
    first = None if start is None else start.speaker
    if labels.ndim == 1:
        speaker = fit_single(rows, labels.astype(np.int64), n_classes, start=first)
    else:
        speaker = fit_multi(rows, labels.astype(bool), start=first, seed=seed)
    return Committee(("linear",), (speaker,))


def remove(folder: Path) -> None:
    """Delete a saved committee; the marker goes first, so that nobody finds half of one."""
    shutil.rmtree(folder / "committee", ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
