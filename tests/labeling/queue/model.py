"""What should the queue do? Its rules once more, in plain Python, sharing nothing with the code."""

from __future__ import annotations

from tests.labeling.queue.state import Hold, QueueState, Refused

LONGEST = 8  # terms that a lease can be extended to
MAX_SECOND_OPINIONS = 3  # answers that a document gets by second opinions


class Queue(QueueState):
    """One project, and what is done in it."""

    def claim(self, person: str, count: int, key: str | None) -> str | list[tuple[int, str]]:
        """The reason for nothing, or what it has to be chosen from, as many as it says."""
        self.check_member(person)
        if key in self.keys.get(person, {}):
            if self.keys[person][key] != count:
                raise Refused("KeyReused")
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

    def take(self, person: str, name: str, key: str | None, count: int) -> int:
        """Note that this document was handed to this person; its epoch."""
        hold = self.docs[name].holds.setdefault(person, Hold())
        hold.state, hold.claim, hold.epoch = "live", key, hold.epoch + 1
        hold.since, hold.until = self.now, self.now + self.term
        if key:
            self.keys.setdefault(person, {})[key] = count
        return hold.epoch

    def submit(self, person: str, token: tuple[str, str, int], answer: str) -> str:
        doc, hold = self.check_token(person, token)
        epoch = token[2]
        if (person, epoch) in doc.said:
            if doc.said[person, epoch] != answer:
                raise Refused("AnswerConflict")
            return "replay"
        if answer == "invalid":
            raise Refused("InvalidAnswer")
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
        if (hold.epoch, hold.state, hold.minutes) == (token[2], state, minutes):
            return  # sent again
        if not self.is_live(hold) or hold.epoch != token[2]:
            raise Refused("LeaseStale")
        hold.state, hold.until, hold.minutes = state, self.now + minutes, minutes
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

    def change_overlap(self, overlap: int, reopens_settled: bool = False) -> None:
        """Settled documents want the answers they have, or on request as many as the others."""
        self.overlap = overlap
        for doc in self.docs.values():
            is_settled, answers, asked = (
                doc.how in ("agreed", "majority"),
                len(doc.answers()),
                max(0, doc.extra),
            )
            is_short = is_settled and answers < overlap + asked
            if is_short and reopens_settled:
                doc.extra = asked
                self._reopen(doc, in_front=True)
            elif is_short or (is_settled and doc.extra < 0):
                doc.extra = min(asked, answers - overlap)
            else:
                doc.extra = asked if doc.extra < 0 else doc.extra
            if doc.state == "open":
                self.settle(doc)

    def ask_again(self, names: list[str]) -> list[str]:
        """Second opinions: one more answer than there are, up to three."""
        asked = [
            name
            for name in names
            if self.docs[name].how in ("agreed", "majority")
            and len(self.docs[name].answers()) < MAX_SECOND_OPINIONS
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
                doc.state == "open"
                and doc.extra > 0
                and answers
                and not set(self.members) - self.removed - seen
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
