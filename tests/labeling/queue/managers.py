"""What may time, workers, managers and adjudicators do to a queue, in any order?"""

from typing import Any

from hypothesis import strategies as st

from labeling.annotations import adjudication, exclusion, imported, second_opinions
from labeling.annotations.models import Annotation
from labeling.projects import members
from labeling.queue import expiry, publishing
from labeling.ranking import gold
from tests.fixtures.people import CLASSES
from tests.labeling.queue.hands import Hands, side, step, which
from tests.labeling.queue.world import outcome


class Managers(Hands):
    """Time passes, orders are replaced, and the policy changes while people label."""

    @step(rest=5, minutes=st.sampled_from([1, 4, 14, 15, 61]))
    def tick(self, minutes: int) -> None:
        for one in self.sides:
            one.model.now += minutes
        self._set_clock()

    @step(rest=12, at=side)
    def sweep(self, at: int) -> None:
        expiry.sweep(self.sides[at].project.pk)

    @step(rest=12)
    def begin_a_ranking(self) -> None:
        self.unpublished.append(publishing.next_generation())

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
        published = publishing.publish(one.project.pk, generation, entries)
        assert published == one.model.publish(generation, names[:size])

    @step(rest=15, at=side)
    def purge_old_rankings(self, at: int) -> None:
        publishing.purge(self.sides[at].project.pk)

    @step(rest=8, at=side, step=st.sampled_from([-1, 1]), reopens=st.booleans())
    def raise_or_lower_the_overlap(self, at: int, step: int, reopens: bool) -> None:
        one = self.sides[at]
        overlap = min(3, max(1, one.model.overlap + step))
        exclusion.change(one.project.pk, self._user("joan"), overlap=overlap, reopens_settled=reopens)
        one.model.change_overlap(overlap, reopens)

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
        exclusion.exclude(one.project.pk, self._user("joan"), one.ids[name])
        one.model.exclude(name)

    @step(rest=8, at=side, pick=which)
    def include(self, at: int, pick: int) -> None:
        excluded = [name for name, doc in self.sides[at].model.docs.items() if doc.state == "excluded"]
        one, name = self._document(at, pick)
        name = excluded[pick % len(excluded)] if excluded else name
        exclusion.include(one.project.pk, self._user("joan"), one.ids[name])
        one.model.include(name)

    @step(rest=8, at=side, pick=which)
    def import_an_answer(self, at: int, pick: int) -> None:
        one, name = self._document(at, pick)
        if pick % 4 == 0:  # otherwise nothing would be left to label
            known = [(one.ids[name], self._labels(at, CLASSES[0]))]
            assert imported.record(one.project, known) == one.model.import_answer(name)

    @step(rest=12, at=side, pick=which)
    def import_a_gold_answer(self, at: int, pick: int) -> None:
        one, name = self._document(at, pick)
        known = [(one.ids[name], self._labels(at, CLASSES[0]))]
        done = imported.record(one.project, known, Annotation.Source.GOLD)
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
        generation = publishing.next_generation()
        reason = {"share": "gold"}
        assert publishing.publish(one.project.pk, generation, [(pk, reason) for pk in served])
        assert one.model.publish(generation, [one.name_of(pk) for pk in served])

    @step(rest=25, at=side, who=st.sampled_from(["ann", "bob"]))
    def remove_a_member(self, at: int, who: str) -> None:
        one = self.sides[at]
        members.remove_member(one.project.pk, self._user("joan"), self._user(who))
        one.model.removed |= {who}

    @step(rest=3, needs=lambda self: any(one.model.removed for one in self.sides))
    def return_the_members(self) -> None:
        for one in self.sides:
            for who in one.model.removed:
                members.add_member(one.project.pk, self._user("joan"), self._user(who), "annotator")
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
