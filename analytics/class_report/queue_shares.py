"""Queue shares by part and class: what the order of now really holds, whatever was wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from labeling.learning.query_strategies.mix import CLASS_SHARES, Share
from labeling.projects.models import Project
from labeling.queue.models import QueueEntry

MIXED = frozenset(Share)  # chosen by the strategy; test documents, begun ones and the like come beside


@dataclass(frozen=True)
class QueueShares:
    """The head of the queue, counted.

    counts : entries by share and, where there is one, the class it asks for
    """

    counts: Mapping[tuple[str, str | None], int]

    @property
    def entries(self) -> int:
        return sum(self.counts.values())

    @property
    def mixed_entries(self) -> int:
        """Those that the strategy chose, which shares of classes are meant of."""
        return sum(n for (share, _class), n in self.counts.items() if share in MIXED)

    def by_share(self) -> dict[str, int]:
        """Entries of each share, whichever class it asks for."""
        counts: Counter[str] = Counter()
        for (share, _class), n in self.counts.items():
            counts[share] += n
        return dict(counts)

    def entries_of(self, label_class: UUID) -> int:
        """How many are there for a class."""
        return sum(self.counts.get((share, str(label_class)), 0) for share in CLASS_SHARES)

    def part_of(self, label_class: UUID) -> float:
        """The part of the head that is there for a class, 0 to 1."""
        return self.entries_of(label_class) / self.entries if self.entries else 0.0


def queue_shares(project: Project) -> QueueShares:
    """One statement over the head: some thousand rows at most."""
    return QueueShares(QueueEntry.objects.live(project).by_share_and_class())
