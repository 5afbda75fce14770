"""How does a rule act on the database and on the model at once, and how often does it come?"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from labeling.annotations import exclusion, submit
from labeling.annotations.submit import Submission
from labeling.annotations.validation import LabelValue
from labeling.queue import claims
from tests.fixtures.people import CLASSES
from tests.labeling.queue.state import Doc
from tests.labeling.queue.world import PEOPLE, Side, World, outcome

Token = tuple[int, str, str, int, str]  # side, person, document, epoch and the token itself

person = st.sampled_from(list(PEOPLE))
which_side = st.sampled_from([0, 0, 0, 0, 0, 1])
answer = st.sampled_from([*CLASSES[:2], *CLASSES[:2], CLASSES[2]])
which = st.integers(0, 1_000_000)


def step(
    *, rest: int, needs: "Callable[[MachineBase], Any] | None" = None, **drawn: Any
) -> Callable[..., Any]:
    """A rule that rests for some steps before it comes again: else managers crowd out those who label."""

    def decorate(act: Callable[..., None]) -> Any:
        @wraps(act)
        def act_and_note(self: "MachineBase", **values: Any) -> None:
            self.history.append(act.__name__)
            act(self, **values)

        def is_ready(self: "MachineBase") -> bool:
            is_rested = rest == 0 or act.__name__ not in self.history[-rest:]
            return is_rested and (needs is None or bool(needs(self)))

        return precondition(is_ready)(rule(**drawn)(act_and_note))

    return decorate


class MachineBase(RuleBasedStateMachine):
    """What all rules share. `world` is set by the test that runs them."""

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

    def _claim(self, at: int, who: str, count: int, key: str | None) -> None:
        side = self.sides[at]
        wanted = outcome(lambda: side.model.claim(who, count, key))
        claimed = outcome(lambda: claims.claim(side.project.pk, self._user(who), count, key))
        if isinstance(wanted, str):
            assert (claimed if isinstance(claimed, str) else claimed.empty_because) == wanted
            return
        got = [side.name_of(held.document_id) for held in claimed.documents]
        is_again = key in side.model.keys.get(who, {})
        if is_again:
            assert sorted(got) == sorted(name for _, name in wanted)
        else:
            may = {name: rank for rank, name in side.model.eligible(who)}
            assert [may.get(name) for name in got] == [rank for rank, _ in wanted]
            assert len(set(got)) == len(got)
        take = partial(side.model.take, who, key=key, count=count)
        for held, name in zip(claimed.documents, got, strict=True):
            epoch = side.model.docs[name].holds[who].epoch if is_again else take(name)
            assert held.epoch == epoch
            self.tokens.append((at, who, name, epoch, held.token))
        if key:
            self.claims.append((at, who, key))

    def _submit(self, token: Token, said: str, key: str | None) -> None:
        at, who, document, epoch, text = token
        side = self.sides[at]
        wanted = outcome(lambda: side.model.submit(who, (who, document, epoch), said))
        sent = Submission(text, self._labels(at, said), key=key, seconds=1.0)
        done = outcome(lambda: submit.submit(self._user(who), sent))
        assert wanted == (done if isinstance(done, str) else done.outcome)
        if wanted in ("counted", "surplus"):
            assert done.document_state == side.model.docs[document].state
            self.sent.append((token, said, key))

    def _set_paused(self, side: Side, is_paused: bool) -> None:
        side.model.is_paused = is_paused
        exclusion.change(side.project.pk, self._user("joan"), is_paused=is_paused)

    def _docs(self) -> list[Doc]:
        return [doc for side in self.sides for doc in side.model.docs.values()]

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
        side = self.sides[at]
        return side, list(side.ids)[pick % len(side.ids)]

    def _user(self, name: str) -> User:
        return self.world.users[name]

    def _labels(self, at: int, said: str) -> list[LabelValue]:
        return [] if said == "invalid" else [LabelValue(self.world.classes[at][said])]

    def _set_clock(self) -> None:
        with connection.cursor() as cursor:
            minutes = f"{self.sides[0].model.now} minutes"
            cursor.execute("SELECT set_config('labeling.clock_offset', %s, false)", [minutes])
