"""What may happen to a queue, in any order? Each rule acts on the database and on the model.

One file though it is long: a rule is a sentence of its own, and all of them share the state of one machine.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from labeling.actions import (
    adjudication,
    annotations,
    corrections,
    generations,
    given,
    gold,
    policy,
    projects,
    queue,
    second_opinions,
    sweeping,
)
from labeling.actions.annotations import Submission
from labeling.actions.answers import LabelValue
from labeling.models import Annotation
from tests.cast import CLASSES
from tests.labeling.queue.model import Doc
from tests.labeling.queue.world import PEOPLE, Side, World, expected_state, outcome, read_state

Token = tuple[int, str, str, int, str]  # side, person, document, epoch and the token itself

person = st.sampled_from(list(PEOPLE))
side = st.sampled_from([0, 0, 0, 0, 0, 1])
answer = st.sampled_from([*CLASSES[:2], *CLASSES[:2], CLASSES[2]])
which = st.integers(0, 1_000_000)


def step(
    *, rest: int, needs: "Callable[[QueueMachine], Any] | None" = None, **drawn: Any
) -> Callable[..., Any]:
    """A rule that rests for some steps before it comes again: else managers crowd out those who label."""

    def decorate(act: Callable[..., None]) -> Any:
        @wraps(act)
        def act_and_note(self: "QueueMachine", **values: Any) -> None:
            self.history.append(act.__name__)
            act(self, **values)

        def is_ready(self: "QueueMachine") -> bool:
            is_rested = rest == 0 or act.__name__ not in self.history[-rest:]
            return is_rested and (needs is None or bool(needs(self)))

        return precondition(is_ready)(rule(**drawn)(act_and_note))

    return decorate


class QueueMachine(RuleBasedStateMachine):
    """The queue's rules. `world` is set by the test that runs it."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.sides = self.world.fresh()
        self.tokens: list[Token] = []
        self.sent: list[tuple[Token, str, str | None]] = []  # token, answer, key
        self.claims: list[tuple[int, str, str]] = []  # side, person, key
        self.made = 0  # keys so far
        self.unpublished: list[int] = []  # generations that were begun
        self.history: list[str] = []  # names of the rules so far
        self._set_clock()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    @initialize(first=person, second=person, third=person)
    def people_begin(self, first: str, second: str, third: str) -> None:
        for who in (first, second, third):
            self._claim(0, who, 1, None)

    # --- claims ---------------------------------------------------------------------------------------

    @step(rest=1, at=side, who=person, count=st.integers(1, 3), keyed=st.booleans())
    def claim(self, at: int, who: str, count: int, keyed: bool) -> None:
        self.made += 1
        self._claim(at, who, count, f"k{self.made}" if keyed else None)

    @step(rest=4, needs=lambda self: self.claims, pick=which, count=st.integers(1, 3))
    def claim_again_by_the_same_key(self, pick: int, count: int) -> None:
        at, who, key = self.claims[pick % len(self.claims)]
        self._claim(at, who, count, key)

    @step(rest=0, at=side, who=person)
    def claim_one(self, at: int, who: str) -> None:
        self._claim(at, who, 1, None)

    @step(rest=20)
    def a_stranger_gets_nothing(self) -> None:
        assert outcome(lambda: queue.claim(self.sides[0].project.pk, self._user("eve"))) == "NotAMember"
        for at, _, _, _, token in self.tokens[-1:]:
            sent = Submission(token, self._labels(at, CLASSES[0]))
            assert outcome(lambda: annotations.submit(self._user("eve"), sent)) == "LeaseNotFound"  # noqa: B023

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
        other = [t for t in self.tokens if t[1] == token[1]]
        at, who, document, epoch, text = other[pick_token % len(other)]
        if (document, epoch, at) == (token[2], token[3], token[0]):
            return
        model = self.sides[at].model
        wanted = outcome(lambda: model.check_token(who, (who, document, epoch)) and "KeyReused")
        sent = Submission(text, self._labels(at, said), key=key)
        assert outcome(lambda: annotations.submit(self._user(who), sent)) == wanted

    # --- giving back ----------------------------------------------------------------------------------

    @step(rest=3, needs=lambda self: self.tokens, pick=which)
    def skip(self, pick: int) -> None:
        at, who, document, epoch, text = self._likely(pick)
        model = self.sides[at].model
        wanted = outcome(lambda: model.give_back(who, (who, document, epoch), "skipped"))
        assert outcome(lambda: queue.skip(text, self._user(who), "odd")) == wanted

    @step(rest=6, needs=lambda self: self.tokens, pick=which, minutes=st.sampled_from([5, 60]))
    def defer(self, pick: int, minutes: int) -> None:
        at, who, document, epoch, text = self._likely(pick)
        model = self.sides[at].model
        wanted = outcome(lambda: model.give_back(who, (who, document, epoch), "deferred", minutes))
        assert outcome(lambda: queue.defer(text, self._user(who), minutes)) == wanted

    @step(rest=6, needs=lambda self: self.tokens, pick=which)
    def release(self, pick: int) -> None:
        at, who, document, epoch, text = self._likely(pick)
        model = self.sides[at].model
        wanted = outcome(lambda: model.give_back(who, (who, document, epoch), "ended"))
        assert outcome(lambda: queue.release(text, self._user(who))) == wanted

    @step(rest=6, needs=lambda self: self.tokens, pick=which)
    def extend(self, pick: int) -> None:
        at, who, document, epoch, text = self._likely(pick)
        model = self.sides[at].model
        wanted = outcome(lambda: model.extend(who, (who, document, epoch)))
        until = outcome(lambda: queue.extend(text, self._user(who)))
        assert isinstance(until, str) == isinstance(wanted, str)
        assert not isinstance(until, str) or until == wanted

    # --- second thoughts ------------------------------------------------------------------------------

    @step(rest=4, needs=lambda self: self.sent, at=side, who=person)
    def undo(self, at: int, who: str) -> None:
        one = self.sides[at]
        wanted = outcome(lambda: one.model.undo(who))
        found = outcome(lambda: corrections.undo(one.project.pk, self._user(who)))
        assert wanted == (found if isinstance(found, str) else one.name_of(found.document_id))
        if not isinstance(found, str):
            self.tokens.append((at, who, wanted, found.epoch, queue.lease_token(found.pk, found.epoch)))

    @step(rest=4, needs=lambda self: self.sent, pick=which, said=answer)
    def correct(self, pick: int, said: str) -> None:
        (at, who, document, _, _), _, _ = self.sent[pick % len(self.sent)]
        one, user = self.sides[at], self._user(who)
        lease = user.leases.get(document=one.ids[document])
        wanted = outcome(lambda: one.model.correct(who, document, said))
        labels = self._labels(at, said)
        done = outcome(lambda: corrections.correct(one.project.pk, user, lease.annotation_id or 0, labels))
        assert wanted == (done if isinstance(done, str) else done.outcome)

    # --- time, order and policy -----------------------------------------------------------------------

    @step(rest=5, minutes=st.sampled_from([1, 4, 14, 15, 61]))
    def tick(self, minutes: int) -> None:
        for one in self.sides:
            one.model.now += minutes
        self._set_clock()

    @step(rest=12, at=side)
    def sweep(self, at: int) -> None:
        sweeping.sweep(self.sides[at].project.pk)

    @step(rest=12)
    def begin_a_ranking(self) -> None:
        self.unpublished.append(generations.next_generation())

    @step(
        rest=8,
        needs=lambda self: self.unpublished,
        at=side,
        pick=which,
        shuffle=st.randoms(use_true_random=False),
        size=st.integers(0, 6),
    )
    def publish_a_ranking_old_or_new(self, at: int, pick: int, shuffle: Any, size: int) -> None:
        one = self.sides[at]
        names = list(one.ids)
        shuffle.shuffle(names)
        generation = self.unpublished[pick % len(self.unpublished)]
        entries = [(one.ids[name], {"share": "margin"}) for name in names[:size]]
        published = generations.publish(one.project.pk, generation, entries)
        assert published == one.model.publish(generation, names[:size])

    @step(rest=15, at=side)
    def purge_old_rankings(self, at: int) -> None:
        generations.purge(self.sides[at].project.pk)

    @step(rest=8, at=side, step=st.sampled_from([-1, 1]))
    def raise_or_lower_the_overlap(self, at: int, step: int) -> None:
        one = self.sides[at]
        overlap = min(3, max(1, one.model.overlap + step))
        policy.change(one.project.pk, self._user("joan"), overlap=overlap)
        one.model.change_overlap(overlap)

    @step(rest=3, at=side, picks=st.lists(which, min_size=1, max_size=3))
    def ask_for_second_opinions(self, at: int, picks: list[int]) -> None:
        one = self.sides[at]
        settled = [name for name, doc in one.model.docs.items() if doc.state == "resolved"] or list(one.ids)
        names = sorted({settled[pick % len(settled)] for pick in picks}, key=one.ids.__getitem__)
        asked = second_opinions.ask(one.project.pk, [one.ids[name] for name in names])
        assert [one.name_of(pk) for pk in asked] == one.model.ask_again(names)

    @step(rest=10, at=side)
    def take_back_second_opinions_that_nobody_can_give(self, at: int) -> None:
        second_opinions.give_up(self.sides[at].project)
        self.sides[at].model.give_up()

    @step(rest=12, at=side, pick=which)
    def exclude(self, at: int, pick: int) -> None:
        one, name = self._document(at, pick)
        policy.exclude(one.project.pk, self._user("joan"), one.ids[name])
        one.model.exclude(name)

    @step(rest=8, at=side, pick=which)
    def include(self, at: int, pick: int) -> None:
        excluded = [name for name, doc in self.sides[at].model.docs.items() if doc.state == "excluded"]
        one, name = self._document(at, pick)
        name = excluded[pick % len(excluded)] if excluded else name
        policy.include(one.project.pk, self._user("joan"), one.ids[name])
        one.model.include(name)

    @step(rest=8, at=side, pick=which)
    def import_an_answer(self, at: int, pick: int) -> None:
        one, name = self._document(at, pick)
        if pick % 4 == 0:  # otherwise nothing would be left to label
            known = [(one.ids[name], self._labels(at, CLASSES[0]))]
            assert given.record(one.project, known) == one.model.import_answer(name)

    @step(rest=12, at=side, pick=which)
    def import_a_gold_answer(self, at: int, pick: int) -> None:
        one, name = self._document(at, pick)
        known = [(one.ids[name], self._labels(at, CLASSES[0]))]
        done = given.record(one.project, known, Annotation.Source.GOLD)
        assert done == one.model.import_answer(name, "gold")

    @step(rest=8, at=side, pick=which)
    def mark_as_gold(self, at: int, pick: int) -> None:
        settled = [name for name, doc in self.sides[at].model.docs.items() if doc.state == "resolved"]
        one, name = self._document(at, pick)
        name = settled[pick % len(settled)] if settled else name
        wanted = outcome(lambda: one.model.mark_gold(name))
        assert outcome(lambda: gold.mark(one.project.pk, self._user("joan"), one.ids[name])) == wanted

    @step(rest=20, needs=lambda self: any(doc.is_gold for doc in self._docs()), at=side, pick=which)
    def take_gold_back(self, at: int, pick: int) -> None:
        one, name = self._document(at, pick)
        gold.unmark(one.project.pk, self._user("joan"), one.ids[name])
        one.model.unmark_gold(name)

    @step(rest=2, needs=lambda self: any(doc.is_gold for doc in self._docs()), at=side)
    def serve_gold_first(self, at: int) -> None:
        one = self.sides[at]
        names = list(one.ids)
        served = gold.give_slots(one.project, [one.ids[name] for name in names])
        assert [one.name_of(pk) for pk in served] == one.model.serve_gold(names)
        generation = generations.next_generation()
        reason = {"share": "gold"}
        assert generations.publish(one.project.pk, generation, [(pk, reason) for pk in served])
        assert one.model.publish(generation, [one.name_of(pk) for pk in served])

    @step(rest=25, at=side, who=st.sampled_from(["ann", "bob"]))
    def remove_a_member(self, at: int, who: str) -> None:
        one = self.sides[at]
        projects.remove_member(one.project.pk, self._user("joan"), self._user(who))
        one.model.removed |= {who}

    @step(rest=3, needs=lambda self: any(one.model.removed for one in self.sides))
    def return_the_members(self) -> None:
        for one in self.sides:
            for who in one.model.removed:
                projects.add_member(one.project.pk, self._user("joan"), self._user(who), "annotator")
            one.model.removed = set()

    @step(rest=25, at=side)
    def pause(self, at: int) -> None:
        self._set_paused(self.sides[at], True)

    @step(rest=1, needs=lambda self: any(one.model.is_paused for one in self.sides))
    def resume(self) -> None:
        for one in self.sides:
            self._set_paused(one, False)

    @step(rest=5, at=side, who=st.sampled_from(["carla", "joan", "ann"]), pick=which)
    def decide(self, at: int, who: str, pick: int) -> None:
        one, name = self._document(at, pick)
        disputed = [name for name, doc in one.model.docs.items() if doc.state == "disputed"]
        name = disputed[pick % len(disputed)] if disputed else name
        wanted = outcome(lambda: one.model.decide(who, name))
        labels = self._labels(at, CLASSES[2])
        done = outcome(lambda: adjudication.decide(one.project.pk, one.ids[name], self._user(who), labels))
        assert wanted == (done if isinstance(done, str) else None)

    # --- after every step -----------------------------------------------------------------------------

    @invariant()
    def both_say_the_same_and_every_promise_holds(self) -> None:
        found, wanted = read_state(), expected_state(self.sides)
        assert found == wanted, f"only in the database: {found - wanted}; only in the model: {wanted - found}"

    # --- how it is done -------------------------------------------------------------------------------

    def _claim(self, at: int, who: str, count: int, key: str | None) -> None:
        one = self.sides[at]
        wanted = outcome(lambda: one.model.claim(who, count, key))
        claimed = outcome(lambda: queue.claim(one.project.pk, self._user(who), count, key))
        if isinstance(wanted, str):
            assert (claimed if isinstance(claimed, str) else claimed.empty_because) == wanted
            return
        got = [one.name_of(held.document_id) for held in claimed.documents]
        is_again = key in one.model.keys.get(who, set())
        if is_again:
            assert sorted(got) == sorted(name for _, name in wanted)
        else:
            may = {name: rank for rank, name in one.model.eligible(who)}
            assert [may.get(name) for name in got] == [rank for rank, _ in wanted]
            assert len(set(got)) == len(got)
        for held, name in zip(claimed.documents, got, strict=True):
            epoch = one.model.docs[name].holds[who].epoch if is_again else one.model.take(who, name, key)
            assert held.epoch == epoch
            self.tokens.append((at, who, name, epoch, held.token))
        if key:
            self.claims.append((at, who, key))

    def _submit(self, token: Token, said: str, key: str | None) -> None:
        at, who, document, epoch, text = token
        one = self.sides[at]
        wanted = outcome(lambda: one.model.submit(who, (who, document, epoch), said))
        sent = Submission(text, self._labels(at, said), key=key, seconds=1.0)
        done = outcome(lambda: annotations.submit(self._user(who), sent))
        assert wanted == (done if isinstance(done, str) else done.outcome)
        if wanted in ("counted", "surplus"):
            assert done.document_state == one.model.docs[document].state
            self.sent.append((token, said, key))

    def _set_paused(self, one: Side, is_paused: bool) -> None:
        one.model.is_paused = is_paused
        policy.change(one.project.pk, self._user("joan"), is_paused=is_paused)

    def _docs(self) -> list[Doc]:
        return [doc for one in self.sides for doc in one.model.docs.values()]

    def _current(self) -> list[Token]:
        """Tokens of holds that are live now."""
        return [t for t in self.tokens if self._is_current(t)]

    def _is_current(self, token: Token) -> bool:
        at, who, document, epoch, _ = token
        hold = self.sides[at].model.docs[document].holds[who]
        return self.sides[at].model.is_live(hold) and hold.epoch == epoch

    def _likely(self, pick: int) -> Token:
        """A token: a live one most of the time, where there is one."""
        current = self._current() if pick % 6 else []
        return (current or self.tokens)[pick % len(current or self.tokens)]

    def _document(self, at: int, pick: int) -> tuple[Side, str]:
        one = self.sides[at]
        return one, list(one.ids)[pick % len(one.ids)]

    def _user(self, name: str) -> User:
        return self.world.users[name]

    def _labels(self, at: int, said: str) -> list[LabelValue]:
        return [] if said == "invalid" else [LabelValue(self.world.classes[at][said])]

    def _set_clock(self) -> None:
        with connection.cursor() as cursor:
            minutes = f"{self.sides[0].model.now} minutes"
            cursor.execute("SELECT set_config('labeling.clock_offset', %s, false)", [minutes])
