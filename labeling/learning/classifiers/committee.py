"""Committee of experts: each sees a document in another way; where they differ, a label teaches most.

The committee adds what its experts say, each with a learned weight. Its probabilities are the ones that
people see; where its experts differ, a label teaches most.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

from labeling.learning.acquisition import disagreement, label_vote_entropy, margin, vote_entropy
from labeling.learning.arrays.atomic_folder import read_folder, write_folder
from labeling.learning.arrays.types import AnyArray, AnyFloats, Doubles, Flags, Floats, Integers, softmax
from labeling.learning.classifiers.external import ExternalModel
from labeling.learning.classifiers.label_propagation import LabelPropagationModel
from labeling.learning.classifiers.linear import LinearModel, Link
from labeling.learning.classifiers.naive_bayes import NaiveBayesModel
from labeling.learning.classifiers.zero_shot import ZeroShotModel
from labeling.learning.text.rows import Rows

_Kind = (
    type[LinearModel]
    | type[NaiveBayesModel]
    | type[LabelPropagationModel]
    | type[ZeroShotModel]
    | type[ExternalModel]
)
KINDS: dict[str, _Kind] = {  # by the names that model folders hold: they never change
    "LinearModel": LinearModel,
    "WordsModel": NaiveBayesModel,
    "NeighboursModel": LabelPropagationModel,
    "GuidelineModel": ZeroShotModel,
    "OutsideModel": ExternalModel,
}
KIND_NAMES: dict[type, str] = {kind: name for name, kind in KINDS.items()}
MARK = "committee-2"  # another number, another layout
NO_THRESHOLDS: Floats = np.zeros(0, dtype=np.float32)
NOT_CROSSED: Integers = np.zeros((3, 0), dtype=np.int64)


class Expert(Protocol):
    """One way to look at a document."""

    def scores(self, rows: Rows) -> Floats:
        """(n, n_classes) log probabilities; log-odds where a document has several labels."""
        ...

    def save(self, folder: Path, metadata: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class Committee:
    """Named experts and how much each is believed.

    weights : (n_experts,) at least 0; their weighted scores add up to the committee's
    link : softmax for one class per document, sigmoid for several labels
    offset : added to every log-odds of several labels
    thresholds : (n_classes,) probability from which a label is given; empty for one class per document
    trained : (k,) classes that a label was seen of
    n_weighed : labels that the weights were learned on
    crossed : (3, n_classes) counts on labels that no expert had seen, see `cross_validated_counts`; (3, 0)
        where the weights were not learned by this fit; not saved
    decider : name of an external model that decides alone wherever it knows a document
    """

    names: tuple[str, ...]
    experts: tuple[Expert, ...]
    weights: Doubles
    n_classes: int
    trained: tuple[int, ...]
    n_weighed: int = 0
    link: Link = "softmax"
    offset: float = 0.0
    thresholds: Floats = field(default_factory=lambda: NO_THRESHOLDS)
    crossed: Integers = field(default_factory=lambda: NOT_CROSSED)
    decider: str = ""

    @property
    def linear(self) -> LinearModel:
        """The expert whose words can be read off, and where the next fit begins."""
        first = self.experts[0]
        assert isinstance(first, LinearModel)
        return first

    @property
    def can_rank(self) -> bool:
        """Whether at least two classes (one of several labels) were seen: else every document looks alike."""
        return len(self.trained) >= (2 if self.link == "softmax" else 1)

    def probabilities(self, rows: Rows) -> Floats:
        """(n, n_classes) in [0, 1]; softmax rows sum to 1, sigmoid rows need not."""
        return as_probabilities(self.total(rows), self.link)

    def total(self, rows: Rows) -> Floats:
        """(n, n_classes): what the experts' weighted scores add up to, before it is a probability."""
        total = self._added([expert.scores(rows) for expert in self._active])
        if self.decider and rows.positions is not None:
            own = self.experts[self.names.index(self.decider)]
            assert isinstance(own, ExternalModel)
            is_known = own.knows(rows.positions)
            total[is_known] = own.scores_of(rows.positions[is_known])
        return total

    @property
    def _active(self) -> tuple[Expert, ...]:
        """The experts that count."""
        return tuple(e for e, weight in zip(self.experts, self.weights, strict=True) if weight > 0)

    def _added(self, scores: Sequence[Floats]) -> Floats:
        return weighted_sum(scores, self.weights[self.weights > 0], self.offset)

    def expert_probabilities(self, rows: Rows) -> Floats:
        """What each expert would say alone: (n_experts, n, n_classes) probabilities."""
        scores = [expert.scores(rows) for expert in self.experts]
        return np.stack(
            [
                softmax(expert_scores) if self.link == "softmax" else likely(expert_scores)
                for expert_scores in scores
            ]
        )

    def disagreement(self, rows: Rows) -> Doubles:
        """How much the experts' decisions differ, ties broken by the margin of the committee: (n,) nats."""
        active_scores = np.stack([expert.scores(rows) for expert in self._active])
        total = self._added(list(active_scores))
        consensus = margin(softmax(total) if self.link == "softmax" else likely(total))
        if self.link == "softmax":
            return disagreement(vote_entropy(active_scores), consensus)
        decisions = np.stack([self.decide(likely(scores)) for scores in active_scores])
        return disagreement(label_vote_entropy(decisions), consensus)

    def decide(self, probabilities: Floats) -> Flags:
        """Which labels to give: the most probable class, or every label that reaches its threshold.

        probabilities : (n, n_classes)
        returns : (n, n_classes) bool; for several labels a row may be empty
        """
        return decided_labels(probabilities, self.link, self.thresholds)

    def save(self, folder: Path, metadata: Mapping[str, Any]) -> None:
        """Write all experts to a folder; the committee exists when the last piece does."""
        for number, expert in enumerate(self.experts):
            expert.save(folder / f"expert-{number}", {})
        manifest = {
            "names": list(self.names),
            "kinds": [KIND_NAMES[type(expert)] for expert in self.experts],
            "n_classes": self.n_classes,
            "trained": list(self.trained),
            "n_weighed": self.n_weighed,
            "link": self.link,
            "offset": self.offset,
            "decider": self.decider,
            "facts": dict(metadata),
        }
        arrays: dict[str, AnyArray] = {"weights": self.weights, "thresholds": self.thresholds}
        write_folder(folder / MARK, arrays, manifest)

    @classmethod
    def load(cls, folder: Path) -> tuple[Self, dict[str, Any]]:
        """Read a committee and its metadata. Raises FileNotFoundError where none was finished."""
        arrays, manifest = read_folder(folder / MARK)
        experts = tuple(
            KINDS[kind].load(folder / f"expert-{number}") for number, kind in enumerate(manifest["kinds"])
        )
        committee = cls(
            tuple(manifest["names"]),
            experts,
            arrays["weights"],
            int(manifest["n_classes"]),
            tuple(manifest["trained"]),
            int(manifest["n_weighed"]),
            manifest["link"],
            float(manifest["offset"]),
            arrays["thresholds"],
            decider=manifest.get("decider", ""),
        )
        return committee, manifest["facts"]


def weighted_sum(scores: Sequence[Floats], weights: AnyFloats, offset: float = 0.0) -> Floats:
    """What experts say together, before it is a probability: (n, n_classes).

    scores : (n, n_classes) of each expert; weights : of each, above 0

    >>> weighted_sum([np.array([[-1.0, 0.0]]), np.array([[0.0, -3.0]])], np.array([1.0, 0.5])).tolist()
    [[-1.0, -1.5]]
    """
    singles = weights.astype(np.float32)
    total: Floats = scores[0] * singles[0] + np.float32(offset)
    for weight, expert_scores in zip(singles[1:], scores[1:], strict=True):
        total += expert_scores * weight
    return total


def as_probabilities(total: Floats, link: Link) -> Floats:
    """A weighted sum as probabilities: of one class per document, or of several labels. It is overwritten."""
    return softmax(total) if link == "softmax" else likely(total)


def decided_labels(probabilities: Floats, link: Link, thresholds: Floats) -> Flags:
    """Which labels to give: (n, n_classes); the most probable class, or all that reach their threshold."""
    if link == "sigmoid":
        return np.asarray(probabilities >= np.maximum(thresholds, 1e-9))
    decided = np.zeros(probabilities.shape, dtype=bool)
    decided[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = True
    return decided


def likely(log_odds: AnyFloats) -> Floats:
    """Log-odds as probabilities, without overflow.

    >>> likely(np.array([0., -1000., 1000.])).tolist()
    [0.5, 0.0, 1.0]
    """
    probabilities: Floats = (0.5 * (1 + np.tanh(0.5 * log_odds))).astype(np.float32)
    return probabilities


def remove(folder: Path) -> None:
    """Delete a saved committee; the marker goes first, so that nobody finds half of one."""
    shutil.rmtree(folder / MARK, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
