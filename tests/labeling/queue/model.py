"""What should the queue do? Its rules once more, in plain Python, sharing nothing with the code under test.

A person's hold on a document is live, submitted, skipped, deferred or ended; whether a hold that ran out was
already noticed makes no difference to anybody. Times are minutes. Errors are named by their class.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

LONGEST = 8  # terms that a lease can be extended to
SKIPS_TO_DISPUTE = 3
MOST_ASKED = 3  # answers that a document gets by second opinions


class Refused(Exception):
    """The model says no, and which error says so."""


@dataclass
class Hold:
    state: str = "ended"
    epoch: int = 0
    since: int = 0
    until: int = 0
    claim: str | None = None  # key of the claim that took it
    answer: str | None = None  # what counts now
    stamp: int = 0  # when that was said, in the order of all answers


@dataclass
class Doc:
    name: str
    place: tuple[str, float]  # split and random key: its place among the unranked
    state: str = "open"
    how: str | None = None
    decision: str | None = None  # how it was decided, whatever annotators say
    before_gold: str | None = None  # how it was decided before it was marked as gold
    holds: dict[str, Hold] = field(default_factory=dict)
    said: dict[tuple[str, int], str] = field(default_factory=dict)  # person and epoch: their answer
    withdrawn: int = 0
    surplus: int = 0
    corrections: int = 0
    extra: int = 0  # answers asked for beyond the overlap

    @property
    def is_gold(self) -> bool:
        return self.how == "gold"

    def answers(self) -> list[str]:
        return [hold.answer for hold in self.holds.values() if hold.state == "submitted" and hold.answer]

    def of(self, state: str) -> set[str]:
        return {person for person, hold in self.holds.items() if hold.state == state}


@dataclass
class Queue:
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
    keys: dict[str, set[str]] = field(default_factory=dict)  # person: claim keys they used
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
        rest = sorted(still_open - {name for _, name in ranked}, key=lambda name: self.docs[name].place)
        return ranked + [(10**9 + place, name) for place, name in enumerate(rest)]

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

    # --- what is done ---------------------------------------------------------------------------------

    def claim(self, person: str, count: int, key: str | None) -> str | list[tuple[int, str]]:
        """The reason for nothing, or what it has to be chosen from, as many as it says."""
        self.check_member(person)
        if key in self.keys.get(person, set()):
            mine = [name for name in self.live(person) if self.docs[name].holds[person].claim == key]
            return [(0, name) for name in mine] or "replayed"
        if self.is_paused:
            return "paused"
        live = len(self.live(person))
        if live >= self.cap:
            return "at_cap"
        eligible = self.eligible(person)
        if eligible:
            return eligible[: min(count, self.cap - live)]
        still_open = [doc for doc in self.docs.values() if doc.state == "open"]
        if not still_open:
            return "complete"
        others = [
            d for d in still_open if self.is_for(d, person) and any(map(self.is_live, d.holds.values()))
        ]
        return "all_leased" if others else "none_for_you"

    def take(self, person: str, name: str, key: str | None) -> int:
        """Note that this document was handed to this person; its epoch."""
        hold = self.docs[name].holds.setdefault(person, Hold())
        hold.state, hold.claim, hold.epoch = "live", key, hold.epoch + 1
        hold.since, hold.until = self.now, self.now + self.term
        if key:
            self.keys.setdefault(person, set()).add(key)
        return hold.epoch

    def submit(self, person: str, token: tuple[str, str, int], answer: str) -> str:
        doc, hold = self.check_token(person, token)
        epoch = token[2]
        if answer == "invalid":
            raise Refused("InvalidAnswer")
        if (person, epoch) in doc.said:
            if doc.said[person, epoch] != answer:
                raise Refused("AnswerConflict")
            return "replay"
        doc.said[person, epoch] = answer
        is_wanted = doc.state in ("open", "disputed") or doc.is_gold
        is_wanted = is_wanted and len(doc.of("submitted")) < self.wanted(doc)
        has_slot = self.is_live(hold) or self.held(doc) < self.wanted(doc)
        if not (is_wanted and has_slot and epoch == hold.epoch and hold.state != "skipped"):
            doc.surplus += 1
            return "surplus"
        self._say(hold, answer)
        self.settle(doc)
        return "counted"

    def give_back(self, person: str, token: tuple[str, str, int], state: str, minutes: int = 0) -> None:
        doc, hold = self.check_token(person, token)
        if not self.is_live(hold) or hold.epoch != token[2]:
            raise Refused("LeaseStale")
        hold.state, hold.until = state, self.now + minutes
        if state == "skipped" and doc.state == "open" and self.is_given_up(doc):
            self._close(doc, "disputed", None)

    def extend(self, person: str, token: tuple[str, str, int]) -> int:
        _, hold = self.check_token(person, token)
        if not self.is_live(hold) or hold.epoch != token[2]:
            raise Refused("LeaseStale")
        latest = hold.since + LONGEST * self.term
        if hold.until >= latest:
            raise Refused("LeaseAtLimit")
        hold.until = max(hold.until, min(self.now + self.term, latest))
        return hold.until

    def undo(self, person: str) -> str:
        doc, hold = self._own(person, None)
        doc.withdrawn += 1
        hold.epoch += 1
        hold.state, hold.since, hold.until = "live", self.now, self.now + self.term
        if len(doc.of("submitted")) >= self.wanted(doc):
            hold.state = "ended"
        if not doc.is_gold:
            self._reopen(doc, in_front=True)
            self.settle(doc)
        return doc.name

    def correct(self, person: str, name: str, answer: str) -> str:
        doc, hold = self._own(person, name)
        if hold.answer == answer:
            return "replay"
        doc.corrections += 1
        self._say(hold, answer)
        self.settle(doc)
        return "counted"

    def publish(self, generation: int, names: list[str]) -> bool:
        if generation <= self.generation:
            return False
        self.generation = generation
        self.order = [
            (rank, name)
            for rank, name in enumerate(names)
            if self.docs[name].state == "open" or self.docs[name].is_gold
        ]
        return True

    def change_overlap(self, overlap: int) -> None:
        self.overlap = overlap
        for doc in self.docs.values():
            if doc.how in ("agreed", "majority") and len(doc.answers()) < self.wanted(doc):
                self._reopen(doc, in_front=True)
            elif doc.state == "open":
                self.settle(doc)

    def ask_again(self, names: list[str]) -> list[str]:
        """Second opinions: one more answer than there are, up to three."""
        asked = [
            name
            for name in names
            if self.docs[name].how in ("agreed", "majority") and len(self.docs[name].answers()) < MOST_ASKED
        ]
        for name in asked:
            doc = self.docs[name]
            doc.state, doc.how = "open", None
            doc.extra = max(0, len(doc.answers()) + 1 - self.overlap)
        return asked

    def give_up(self) -> None:
        """Second opinions that no member is left to give are taken back."""
        for doc in self.docs.values():
            seen = doc.of("submitted") | doc.of("skipped")
            answers = len(doc.answers())
            is_lost = (
                doc.state == "open" and doc.extra and answers and not set(self.members) - self.removed - seen
            )
            if is_lost and self.overlap <= answers < self.wanted(doc):
                doc.extra = answers - self.overlap
                self.settle(doc)

    def exclude(self, name: str) -> None:
        self._close(self.docs[name], "excluded", None)

    def include(self, name: str) -> None:
        doc = self.docs[name]
        if doc.state == "excluded":
            self._reopen(doc, in_front=False)
            self.settle(doc)

    def decide(self, person: str, name: str) -> None:
        self.check_member(person)
        doc = self.docs[name]
        judges = {p for p, role in self.members.items() if role != "annotator"} - self.removed
        if person not in judges:
            raise Refused("NotAllowed")
        if doc.state != "disputed":
            raise Refused("NotDisputed")
        authors = {author for author, _ in doc.said}
        if person in authors and judges - authors:
            raise Refused("NotIndependent")
        doc.decision = "adjudicated"
        self._close(doc, "resolved", doc.decision)

    def import_answer(self, name: str, how: str = "imported") -> int:
        doc = self.docs[name]
        if doc.state != "open":
            return 0
        doc.decision = how
        self._close(doc, "resolved", doc.decision)
        return 1

    def mark_gold(self, name: str) -> None:
        doc = self.docs[name]
        if doc.state != "resolved":
            raise Refused("WrongState")
        if not doc.is_gold:
            doc.before_gold, doc.decision, doc.how = doc.decision, "gold", "gold"

    def unmark_gold(self, name: str) -> None:
        doc = self.docs[name]
        if doc.is_gold:
            doc.decision, doc.before_gold = doc.before_gold, None
            doc.extra = max(0, len(doc.answers()) - self.overlap)
            self._reopen(doc, in_front=False)
            self.settle(doc)

    def serve_gold(self, names: list[str]) -> list[str]:
        """One slot more than are held, so that one more person can have each of them."""
        gold = [name for name in names if self.docs[name].is_gold]
        for name in gold:
            self.docs[name].extra = max(0, self.held(self.docs[name]) + 1 - self.overlap)
        return gold

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
        mine = [found for found in mine if name in (None, found[1])]
        if not mine:
            raise Refused("NothingToUndo")
        doc = self.docs[max(mine)[1]]
        if doc.state == "excluded" or doc.how in ("adjudicated", "imported"):
            raise Refused("AlreadySettled")
        return doc, doc.holds[person]
