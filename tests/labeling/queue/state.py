"""How does a queue stand, and what follows when something was done? Plain Python, apart from the code.

A person's hold on a document is live, submitted, skipped, deferred or ended; whether a hold that ran out was
already noticed makes no difference to anybody. Times are minutes. Errors are named by their class.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

SKIPS_TO_DISPUTE = 3


class Refused(Exception):
    """The model says no, and which error says so."""


@dataclass
class Hold:
    state: str = "ended"
    epoch: int = 0
    since: int = 0
    until: int = 0
    minutes: int = 0  # that it was put off for
    claim: str | None = None  # key of the claim that took it
    answer: str | None = None  # what counts now
    stamp: int = 0  # when that was said, in the order of all answers


@dataclass
class Doc:
    name: str
    position: tuple[str, float]  # split and random key: its place among the unranked
    state: str = "open"
    how: str | None = None
    decision: str | None = None  # how it was decided, whatever annotators say
    before_gold: str | None = None  # how it was decided before it was marked as gold
    holds: dict[str, Hold] = field(default_factory=dict)
    said: dict[tuple[str, int], str] = field(default_factory=dict)  # person and epoch: their answer
    withdrawn: int = 0
    surplus: int = 0
    corrections: int = 0
    extra: int = 0  # answers asked for beyond the overlap; below 0: settled under a smaller one

    @property
    def is_gold(self) -> bool:
        return self.how == "gold"

    def answers(self) -> list[str]:
        return [hold.answer for hold in self.holds.values() if hold.state == "submitted" and hold.answer]

    def of(self, state: str) -> set[str]:
        return {person for person, hold in self.holds.items() if hold.state == state}


@dataclass
class QueueState:
    """One project."""

    docs: dict[str, Doc]
    members: dict[str, str]  # person: role
    overlap: int = 1
    term: int = 15
    cap: int = 3
    removed: set[str] = field(default_factory=set)
    is_paused: bool = False
    now: int = 0
    generation: int = 0
    order: list[tuple[int, str]] = field(default_factory=list)  # rank and document
    keys: dict[str, dict[str, int]] = field(default_factory=dict)  # person: keys of claims, and their counts
    stamps: int = 0

    # --- what is so -----------------------------------------------------------------------------------

    def is_live(self, hold: Hold | None) -> bool:
        return hold is not None and hold.state == "live" and hold.until > self.now

    def wanted(self, doc: Doc) -> int:
        return self.overlap + doc.extra

    def held(self, doc: Doc) -> int:
        return len(doc.of("submitted")) + sum(self.is_live(hold) for hold in doc.holds.values())

    def is_for(self, doc: Doc, person: str) -> bool:
        hold = doc.holds.get(person)
        if hold is None:
            return True
        is_waiting = hold.state == "deferred" and hold.until > self.now
        return not (hold.state in ("submitted", "skipped") or self.is_live(hold) or is_waiting)

    def eligible(self, person: str) -> list[tuple[int, str]]:
        """All that this person may have, best first, with equal numbers for equal ranks."""
        free = {
            d.name for d in self.docs.values() if self.is_for(d, person) and self.held(d) < self.wanted(d)
        }
        still_open = {name for name in free if self.docs[name].state == "open"}
        offered = still_open | {name for name in free if self.docs[name].is_gold}
        ranked = sorted((rank, name) for rank, name in self.order if name in offered)
        rest = sorted(still_open - {name for _, name in ranked}, key=lambda name: self.docs[name].position)
        return ranked + [(10**9 + index, name) for index, name in enumerate(rest)]

    def live(self, person: str) -> list[str]:
        return [doc.name for doc in self.docs.values() if self.is_live(doc.holds.get(person))]

    def check_member(self, person: str) -> None:
        if person not in self.members or person in self.removed:
            raise Refused("NotAMember")

    def check_token(self, person: str, token: tuple[str, str, int]) -> tuple[Doc, Hold]:
        owner, name, _ = token
        if owner != person:
            raise Refused("LeaseNotFound")
        self.check_member(person)
        return self.docs[name], self.docs[name].holds[person]

    # --- what follows from it -------------------------------------------------------------------------

    def settle(self, doc: Doc) -> None:
        answers = doc.answers()
        if (doc.decision == doc.how and doc.decision and not doc.is_gold) or len(answers) < self.wanted(doc):
            return
        if doc.is_gold:
            self._close(doc, "resolved", "gold")
            return
        most = max(Counter(answers).values())
        if most * 2 <= len(answers):
            self._close(doc, "disputed", None)
        else:
            self._close(doc, "resolved", "agreed" if most == len(answers) else "majority")

    def is_given_up(self, doc: Doc) -> bool:
        skips = doc.of("skipped")
        could = set(self.members) - self.removed - skips - doc.of("submitted")
        return len(skips) >= SKIPS_TO_DISPUTE or bool(skips and not could)

    def _close(self, doc: Doc, state: str, how: str | None) -> None:
        doc.state, doc.how = state, how
        self.order = [(rank, name) for rank, name in self.order if name != doc.name]

    def _reopen(self, doc: Doc, *, in_front: bool) -> None:
        doc.state, doc.how = "open", None
        if doc.decision:
            self._close(doc, "resolved", doc.decision)
        elif self.is_given_up(doc):
            self._close(doc, "disputed", None)
        elif in_front and doc.name not in [name for _, name in self.order]:
            self.order.append((-1, doc.name))

    def _say(self, hold: Hold, answer: str) -> None:
        self.stamps += 1
        hold.state, hold.answer, hold.stamp = "submitted", answer, self.stamps

    def _own(self, person: str, name: str | None) -> tuple[Doc, Hold]:
        self.check_member(person)
        mine = [
            (doc.holds[person].stamp, doc.name) for doc in self.docs.values() if person in doc.of("submitted")
        ]
        mine = [rows for rows in mine if name in (None, rows[1])]
        if not mine:
            raise Refused("NothingToUndo")
        doc = self.docs[max(mine)[1]]
        if doc.state == "excluded" or doc.how in ("adjudicated", "imported"):
            raise Refused("AlreadySettled")
        return doc, doc.holds[person]
