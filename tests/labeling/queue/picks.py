"""What follows when a manager sends documents to the queue, or takes them back? In plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.labeling.queue.model import Queue
from tests.labeling.queue.state import Doc


@dataclass
class Pick:
    """Documents that were sent together, in their order."""

    pk: int
    names: list[str]
    asked: set[str]  # were settled, and wait for one more answer
    is_ended: bool = False


@dataclass
class QueueWithPicks(Queue):
    """A queue with what managers sent to it."""

    picks: list[Pick] = field(default_factory=list)

    def fate(self, doc: Doc) -> str:
        if doc.is_gold:
            return "gold"
        if doc.state == "open":
            return "waiting"
        if doc.state == "resolved":
            return "settled" if doc.how in ("agreed", "majority") else "decided"
        return doc.state

    def pick(self, names: Sequence[str]) -> tuple[list[str], set[str], dict[str, int]]:
        """Those that wait now, those of them that were settled, and how many do not wait, by why."""
        fates = {name: self.fate(self.docs[name]) for name in names}
        settled = [name for name in names if fates[name] == "settled"]
        members = set(self.members) - self.removed
        answerable = [
            name
            for name in settled
            if members - self.docs[name].of("submitted") - self.docs[name].of("skipped")
        ]
        asked = set(self.ask_again(answerable))
        waiting = [name for name in names if name in asked or fates[name] == "waiting"]
        why = {name: "nobody_left" if name in settled else fates[name] for name in names}
        return waiting, asked, dict(Counter(why[name] for name in names if name not in waiting))

    def waiting(self) -> dict[int, list[str]]:
        """Of each pick that stands, what still waits."""
        return {
            pick.pk: [name for name in pick.names if self.docs[name].state == "open"]
            for pick in self.picks
            if not pick.is_ended
        }

    def in_turns(self, most: int) -> list[str]:
        """What waits, the picks taking turns, the newest first."""
        turns = [(turn, -pk, name) for pk, names in self.waiting().items() for turn, name in enumerate(names)]
        return list(dict.fromkeys(name for _turn, _pk, name in sorted(turns)))[:most]

    def end(self, pick: Pick) -> bool:
        """Take it back: second opinions that nobody gives at the moment are given up."""
        if pick.is_ended:
            return False
        pick.is_ended = True
        still = {name for names in self.waiting().values() for name in names}
        for name in pick.asked - still:
            doc = self.docs[name]
            if doc.state == "open" and doc.extra > 0 and not any(map(self.is_live, doc.holds.values())):
                doc.extra = max(0, len(doc.answers()) - self.overlap)
                self.settle(doc)
        return True
