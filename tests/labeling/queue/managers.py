"""What may time, workers, managers and adjudicators do to a queue, in any order?"""

from typing import Any

from hypothesis import strategies as st

from labeling.annotations import adjudication, exclusion, imported, second_opinions
from labeling.annotations.models import Annotation
from labeling.explanations.selection_reason import SelectionReason
from labeling.projects import members
from labeling.queue import expiry, publishing
from labeling.ranking import gold
from tests.fixtures.people import CLASSES
from tests.labeling.queue.machine_base import MachineBase, step, which, which_side
from tests.labeling.queue.world import outcome


class Managers(MachineBase):
    """Time passes, orders are replaced, and the policy changes while people label."""

    @step(rest=5, minutes=st.sampled_from([1, 4, 14, 15, 61]))
    def tick(self, minutes: int) -> None:
        for side in self.sides:
            side.model.now += minutes
        self._set_clock()

    @step(rest=12, at=which_side)
    def sweep(self, at: int) -> None:
        expiry.expire_leases(self.sides[at].project.pk)

    @step(rest=12)
    def begin_a_ranking(self) -> None:
        self.unpublished.append(publishing.next_generation())

    @step(
        rest=8,
        needs=lambda self: self.unpublished,
        at=which_side,
        pick=which,
        shuffle=st.randoms(use_true_random=False),
        size=st.integers(0, 6),
    )
    def publish_a_ranking_old_or_new(self, at: int, pick: int, shuffle: Any, size: int) -> None:
        item = self.sides[at]
        names = list(item.ids)
        shuffle.shuffle(names)
        generation = self.unpublished[pick % len(self.unpublished)]
        entries = [(item.ids[name], SelectionReason("margin")) for name in names[:size]]
        published = publishing.publish(item.project.pk, generation, entries)
        assert published == item.model.publish(generation, names[:size])

    @step(rest=15, at=which_side)
    def purge_old_rankings(self, at: int) -> None:
        publishing.purge(self.sides[at].project.pk)

    @step(rest=8, at=which_side, step=st.sampled_from([-1, 1]), reopens=st.booleans())
    def raise_or_lower_the_overlap(self, at: int, step: int, reopens: bool) -> None:
        item = self.sides[at]
        overlap = min(3, max(1, item.model.overlap + step))
        exclusion.change(item.project.pk, self._user("joan"), overlap=overlap, reopens_settled=reopens)
        item.model.change_overlap(overlap, reopens)

    @step(rest=3, at=which_side, picks=st.lists(which, min_size=1, max_size=3))
    def ask_for_second_opinions(self, at: int, picks: list[int]) -> None:
        item = self.sides[at]
        settled = [name for name, doc in item.model.docs.items() if doc.state == "resolved"] or list(item.ids)
        names = sorted({settled[pick % len(settled)] for pick in picks}, key=item.ids.__getitem__)
        asked = second_opinions.ask(item.project.pk, [item.ids[name] for name in names])
        assert [item.name_of(pk) for pk in asked] == item.model.ask_again(names)

    @step(rest=10, at=which_side)
    def take_back_second_opinions_that_nobody_can_give(self, at: int) -> None:
        second_opinions.give_up(self.sides[at].project)
        self.sides[at].model.give_up()

    @step(rest=12, at=which_side, pick=which)
    def exclude(self, at: int, pick: int) -> None:
        item, name = self._document(at, pick)
        exclusion.exclude(item.project.pk, self._user("joan"), item.ids[name])
        item.model.exclude(name)

    @step(rest=8, at=which_side, pick=which)
    def include(self, at: int, pick: int) -> None:
        excluded = [name for name, doc in self.sides[at].model.docs.items() if doc.state == "excluded"]
        item, name = self._document(at, pick)
        name = excluded[pick % len(excluded)] if excluded else name
        exclusion.include(item.project.pk, self._user("joan"), item.ids[name])
        item.model.include(name)

    @step(rest=8, at=which_side, pick=which)
    def import_an_answer(self, at: int, pick: int) -> None:
        item, name = self._document(at, pick)
        if pick % 4 == 0:  # otherwise nothing would be left to label
            labels = [(item.ids[name], self._labels(at, CLASSES[0]))]
            assert imported.record(item.project, labels) == item.model.import_answer(name)

    @step(rest=12, at=which_side, pick=which)
    def import_a_gold_answer(self, at: int, pick: int) -> None:
        item, name = self._document(at, pick)
        labels = [(item.ids[name], self._labels(at, CLASSES[0]))]
        done = imported.record(item.project, labels, Annotation.Source.GOLD)
        assert done == item.model.import_answer(name, "gold")

    @step(rest=8, at=which_side, pick=which)
    def mark_as_gold(self, at: int, pick: int) -> None:
        settled = [name for name, doc in self.sides[at].model.docs.items() if doc.state == "resolved"]
        item, name = self._document(at, pick)
        name = settled[pick % len(settled)] if settled else name
        wanted = outcome(lambda: item.model.mark_gold(name))
        assert outcome(lambda: gold.mark(item.project.pk, self._user("joan"), item.ids[name])) == wanted

    @step(rest=20, needs=lambda self: any(doc.is_gold for doc in self._docs()), at=which_side, pick=which)
    def take_gold_back(self, at: int, pick: int) -> None:
        item, name = self._document(at, pick)
        gold.unmark(item.project.pk, self._user("joan"), item.ids[name])
        item.model.unmark_gold(name)

    @step(rest=2, needs=lambda self: any(doc.is_gold for doc in self._docs()), at=which_side)
    def serve_gold_first(self, at: int) -> None:
        item = self.sides[at]
        names = list(item.ids)
        served = gold.give_slots(item.project, [item.ids[name] for name in names])
        assert [item.name_of(pk) for pk in served] == item.model.serve_gold(names)
        generation = publishing.next_generation()
        reason = SelectionReason("gold")
        assert publishing.publish(item.project.pk, generation, [(pk, reason) for pk in served])
        assert item.model.publish(generation, [item.name_of(pk) for pk in served])

    @step(rest=25, at=which_side, who=st.sampled_from(["ann", "bob"]))
    def remove_a_member(self, at: int, who: str) -> None:
        item = self.sides[at]
        members.remove_member(item.project.pk, self._user("joan"), self._user(who))
        item.model.removed |= {who}

    @step(rest=3, needs=lambda self: any(side.model.removed for side in self.sides))
    def return_the_members(self) -> None:
        for side in self.sides:
            for who in side.model.removed:
                members.add_member(side.project.pk, self._user("joan"), self._user(who), "annotator")
            side.model.removed = set()

    @step(rest=25, at=which_side)
    def pause(self, at: int) -> None:
        self._set_paused(self.sides[at], True)

    @step(rest=1, needs=lambda self: any(side.model.is_paused for side in self.sides))
    def resume(self) -> None:
        for item in self.sides:
            self._set_paused(item, False)

    @step(rest=5, at=which_side, who=st.sampled_from(["carla", "joan", "ann"]), pick=which)
    def decide(self, at: int, who: str, pick: int) -> None:
        item, name = self._document(at, pick)
        disputed = [name for name, doc in item.model.docs.items() if doc.state == "disputed"]
        name = disputed[pick % len(disputed)] if disputed else name
        wanted = outcome(lambda: item.model.decide(who, name))
        labels = self._labels(at, CLASSES[2])
        done = outcome(lambda: adjudication.decide(item.project.pk, item.ids[name], self._user(who), labels))
        assert wanted == (done if isinstance(done, str) else None)
