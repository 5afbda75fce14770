"""What may managers send to the queue and take back, in any order, while people label?"""

from hypothesis import strategies as st

from labeling.annotations.ground_truth import labelled_documents
from labeling.documents.slices import Slice
from labeling.jobs.models import OwedWork
from labeling.queue import publishing
from labeling.steering import picks
from tests.labeling.queue.hands import Hands, side, step, which
from tests.labeling.queue.wishes import Wish
from tests.labeling.queue.world import Side


class Senders(Hands):
    """They send the documents that a filter shows, or a slice of the pool, and take them back."""

    @step(rest=4, at=side, chosen=st.lists(which, min_size=1, max_size=4))
    def send_to_the_queue(self, at: int, chosen: list[int]) -> None:
        one = self.sides[at]
        names = list(dict.fromkeys(list(one.ids)[pick % len(one.ids)] for pick in chosen))
        waiting, asked, left_out = one.model.pick(names)
        ids = [one.ids[name] for name in names]
        done = picks.pick(one.project.pk, self._user("joan"), [*ids, ids[0]], "Look at these")
        assert (done.waiting, done.left_out) == (len(waiting), left_out)
        assert (done.pick is None) == (not waiting)
        if done.pick:
            one.model.wishes.append(Wish(done.pick.pk, waiting, asked))
        self._ranked(one)

    @step(rest=8, at=side, least=st.sampled_from([0, 45]), count=st.integers(1, 3))
    def send_a_slice_of_the_pool(self, at: int, least: int, count: int) -> None:
        one = self.sides[at]
        waiting = {name for names in one.model.waiting().values() for name in names}
        fitting = {
            doc.name
            for doc in one.model.docs.values()
            if doc.place[0] == "pool" and doc.state == "open" and not doc.of("submitted")
            if doc.name not in waiting and len(one.texts[doc.name]) >= least
        }
        where = Slice(least=least)
        done = picks.pick_from_pool(
            one.project.pk, self._user("joan"), where=where, count=count, reason="More"
        )
        assert done.waiting == min(count, len(fitting))
        if done.pick:
            drawn = done.pick.picked.order_by("pk").values_list("document", flat=True)
            names = [one.name_of(pk) for pk in drawn]
            assert set(names) <= fitting
            one.model.wishes.append(Wish(done.pick.pk, names, set()))
        self._ranked(one)

    @step(rest=4, needs=lambda self: any(one.model.wishes for one in self.sides), pick=which)
    def take_back_what_was_sent(self, pick: int) -> None:
        sent = [(one, wish) for one in self.sides for wish in one.model.wishes]
        one, wish = sent[pick % len(sent)]
        wanted = one.model.end(wish)
        assert picks.end_pick(one.project.pk, self._user("joan"), wish.pk) is wanted
        self._ranked(one)

    @step(rest=3, needs=lambda self: any(one.model.wishes for one in self.sides), most=st.integers(1, 6))
    def rank_what_was_sent_first(self, most: int) -> None:
        one = next(one for one in self.sides if one.model.wishes)
        entries = picks.waiting_entries(one.project, most)
        names = one.model.in_turns(most)
        assert [one.name_of(pk) for pk, _reason in entries] == names
        for name, (_pk, reason) in zip(names, entries, strict=True):
            assert reason.keys() & {"why", "independent"} == {_told(one, name)}
        generation = publishing.next_generation()
        assert publishing.publish(one.project.pk, generation, entries)
        assert one.model.publish(generation, names)
        learnt = {one.name_of(d.document_id) for d in labelled_documents(one.project.pk, "pool")}
        assert not {name for name in learnt if one.model.docs[name].place[0] == "test"}

    def _ranked(self, one: Side) -> None:
        """Workers take no part: what they owe does not grow old."""
        OwedWork.objects.filter(project=one.project).delete()


def _told(one: Side, name: str) -> str:
    """Whether the manager's words are shown: not of what measures the model or people."""
    doc = one.model.docs[name]
    return "independent" if doc.of("submitted") or doc.place[0] == "test" else "why"
