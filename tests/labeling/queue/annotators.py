"""What may annotators do to a queue, in any order?"""

from functools import partial

from hypothesis import strategies as st

from labeling.annotations import corrections, skipping, submit
from labeling.annotations.submit import Submission
from labeling.queue import claims
from tests.fixtures.people import CLASSES
from tests.labeling.queue.machine_base import MachineBase, answer, person, step, which, which_side
from tests.labeling.queue.world import outcome


class Annotators(MachineBase):
    """They claim, answer, give back and change their minds."""

    # --- claims ---------------------------------------------------------------------------------------

    @step(rest=1, at=which_side, who=person, count=st.integers(1, 3), keyed=st.booleans())
    def claim(self, at: int, who: str, count: int, keyed: bool) -> None:
        self.made += 1
        self._claim(at, who, count, f"k{self.made}" if keyed else None)

    @step(rest=4, needs=lambda self: self.claims, pick=which, count=st.integers(1, 3))
    def claim_again_by_the_same_key(self, pick: int, count: int) -> None:
        at, who, key = self.claims[pick % len(self.claims)]
        self._claim(at, who, count, key)

    @step(rest=0, at=which_side, who=person)
    def claim_one(self, at: int, who: str) -> None:
        self._claim(at, who, 1, None)

    @step(rest=20)
    def a_stranger_gets_nothing(self) -> None:
        assert outcome(lambda: claims.claim(self.sides[0].project.pk, self._user("eve"))) == "NotAMember"
        for at, _, _, _, token in self.tokens[-1:]:
            sent = Submission(token, self._labels(at, CLASSES[0]))
            assert outcome(partial(submit.submit, self._user("eve"), sent)) == "LeaseNotFound"

    # --- answers --------------------------------------------------------------------------------------

    @step(rest=0, needs=lambda self: self._current(), pick=which, said=answer, keyed=st.booleans())
    def submit(self, pick: int, said: str, keyed: bool) -> None:
        current = self._current()
        self.made += keyed
        self._submit(current[pick % len(current)], said, f"s{self.made}" if keyed else None)

    @step(rest=3, needs=lambda self: self.tokens, pick=which, said=st.one_of(answer, st.just("invalid")))
    def submit_any_token(self, pick: int, said: str) -> None:
        self._submit(self.tokens[pick % len(self.tokens)], said, None)

    @step(rest=5, needs=lambda self: self.sent, pick=which)
    def submit_the_same_again(self, pick: int) -> None:
        token, said, key = self.sent[pick % len(self.sent)]
        self._submit(token, said, key)

    @step(rest=7, needs=lambda self: self.sent, pick=which)
    def submit_another_answer(self, pick: int) -> None:
        token, said, _ = self.sent[pick % len(self.sent)]
        self._submit(token, next(name for name in CLASSES if name != said), None)

    @step(
        rest=7,
        needs=lambda self: any(key for _, _, key in self.sent) and self.tokens,
        pick=which,
        pick_token=which,
    )
    def submit_under_a_used_key(self, pick: int, pick_token: int) -> None:
        token, said, key = [sent for sent in self.sent if sent[2]][
            pick % sum(bool(k) for _, _, k in self.sent)
        ]
        other = [t for t in self.tokens if t[:2] == token[:2]]  # a key belongs to its project
        at, who, document, epoch, text = other[pick_token % len(other)]
        if (document, epoch, at) == (token[2], token[3], token[0]):
            return
        model = self.sides[at].model
        wanted = outcome(lambda: model.check_token(who, (who, document, epoch)) and "KeyReused")
        sent = Submission(text, self._labels(at, said), key=key)
        assert outcome(lambda: submit.submit(self._user(who), sent)) == wanted

    # --- giving back ----------------------------------------------------------------------------------

    @step(rest=3, needs=lambda self: self.tokens, pick=which)
    def skip(self, pick: int) -> None:
        at, who, document, epoch, text = self._likely(pick)
        model = self.sides[at].model
        wanted = outcome(lambda: model.give_back(who, (who, document, epoch), "skipped"))
        assert outcome(lambda: skipping.skip(text, self._user(who), "odd")) == wanted

    @step(rest=6, needs=lambda self: self.tokens, pick=which, minutes=st.sampled_from([5, 60]))
    def defer(self, pick: int, minutes: int) -> None:
        at, who, document, epoch, text = self._likely(pick)
        model = self.sides[at].model
        wanted = outcome(lambda: model.give_back(who, (who, document, epoch), "deferred", minutes))
        assert outcome(lambda: claims.defer(text, self._user(who), minutes)) == wanted

    @step(rest=6, needs=lambda self: self.tokens, pick=which)
    def release(self, pick: int) -> None:
        at, who, document, epoch, text = self._likely(pick)
        model = self.sides[at].model
        wanted = outcome(lambda: model.give_back(who, (who, document, epoch), "ended"))
        assert outcome(lambda: claims.release(text, self._user(who))) == wanted

    @step(rest=6, needs=lambda self: self.tokens, pick=which)
    def extend(self, pick: int) -> None:
        at, who, document, epoch, text = self._likely(pick)
        model = self.sides[at].model
        wanted = outcome(lambda: model.extend(who, (who, document, epoch)))
        until = outcome(lambda: claims.extend(text, self._user(who)))
        assert isinstance(until, str) == isinstance(wanted, str)
        assert not isinstance(until, str) or until == wanted

    # --- second thoughts ------------------------------------------------------------------------------

    @step(rest=4, needs=lambda self: self.sent, at=which_side, who=person)
    def undo(self, at: int, who: str) -> None:
        item = self.sides[at]
        wanted = outcome(lambda: item.model.undo(who))
        result = outcome(lambda: corrections.undo(item.project.pk, self._user(who)))
        assert wanted == (result if isinstance(result, str) else item.name_of(result.document_id))
        if not isinstance(result, str):
            self.tokens.append((at, who, wanted, result.epoch, claims.lease_token(result.pk, result.epoch)))

    @step(rest=4, needs=lambda self: self.sent, pick=which, said=answer)
    def correct(self, pick: int, said: str) -> None:
        (at, who, document, _, _), _, _ = self.sent[pick % len(self.sent)]
        side, user = self.sides[at], self._user(who)
        lease = user.leases.get(document=side.ids[document])
        wanted = outcome(lambda: side.model.correct(who, document, said))
        labels = self._labels(at, said)
        done = outcome(lambda: corrections.correct(side.project.pk, user, lease.annotation_id or 0, labels))
        assert wanted == (done if isinstance(done, str) else done.outcome)
