"""What may managers send to the queue and take back, in any order, while people label?"""

from hypothesis import strategies as st

from labeling.annotations.ground_truth import labeled_documents
from labeling.documents.slices import Slice
from labeling.jobs.models import Job
from labeling.queue import publishing
from labeling.steering import picks
from tests.labeling.queue.machine_base import MachineBase, step, which, which_side
from tests.labeling.queue.picks import Pick
from tests.labeling.queue.world import Side


class Senders(MachineBase):
    """They send the documents that a filter shows, or a slice of the pool, and take them back."""

    @step(rest=4, at=which_side, chosen=st.lists(which, min_size=1, max_size=4))
    def send_to_the_queue(self, at: int, chosen: list[int]) -> None:
        item = self.sides[at]
        names = list(dict.fromkeys(list(item.ids)[pick % len(item.ids)] for pick in chosen))
        waiting, asked, left_out = item.model.pick(names)
        ids = [item.ids[name] for name in names]
        done = picks.pick(item.project.pk, self._user("joan"), [*ids, ids[0]], "Look at these")
        assert (done.waiting, done.left_out) == (len(waiting), left_out)
        assert (done.pick is None) == (not waiting)
        if done.pick:
            item.model.picks.append(Pick(done.pick.pk, waiting, asked))
        self._ranked(item)

    @step(rest=8, at=which_side, least=st.sampled_from([0, 45]), count=st.integers(1, 3))
    def send_a_slice_of_the_pool(self, at: int, least: int, count: int) -> None:
        item = self.sides[at]
        waiting = {name for names in item.model.waiting().values() for name in names}
        fitting = {
            doc.name
            for doc in item.model.docs.values()
            if doc.position[0] == "pool" and doc.state == "open" and not doc.of("submitted")
            if doc.name not in waiting and len(item.texts[doc.name]) >= least
        }
        where = Slice(least=least)
        done = picks.pick_from_pool(
            item.project.pk, self._user("joan"), where=where, count=count, reason="More"
        )
        assert done.waiting == min(count, len(fitting))
        if done.pick:
            drawn = done.pick.picked.order_by("pk").values_list("document", flat=True)
            names = [item.name_of(pk) for pk in drawn]
            assert set(names) <= fitting
            item.model.picks.append(Pick(done.pick.pk, names, set()))
        self._ranked(item)

    @step(rest=4, needs=lambda self: any(side.model.picks for side in self.sides), pick=which)
    def take_back_what_was_sent(self, pick: int) -> None:
        sent = [(side, sent_pick) for side in self.sides for sent_pick in side.model.picks]
        sent_side, sent_pick = sent[pick % len(sent)]
        wanted = sent_side.model.end(sent_pick)
        assert picks.end_pick(sent_side.project.pk, self._user("joan"), sent_pick.pk) is wanted
        self._ranked(sent_side)

    @step(rest=3, needs=lambda self: any(side.model.picks for side in self.sides), most=st.integers(1, 6))
    def rank_what_was_sent_first(self, most: int) -> None:
        item = next(side for side in self.sides if side.model.picks)
        entries = picks.waiting_entries(item.project, most)
        names = item.model.in_turns(most)
        assert [item.name_of(pk) for pk, _reason in entries] == names
        for name, (_pk, reason) in zip(names, entries, strict=True):
            assert (reason.why is None, reason.measures is None) == _told(item, name)
        generation = publishing.next_generation()
        assert publishing.publish(item.project.pk, generation, entries)
        assert item.model.publish(generation, names)
        learned = {item.name_of(d.document_id) for d in labeled_documents(item.project.pk, "pool")}
        assert not {name for name in learned if item.model.docs[name].position[0] == "test"}

    def _ranked(self, side: Side) -> None:
        """Workers take no part: what they owe does not grow old."""
        Job.objects.filter(project=side.project).delete()


def _told(side: Side, name: str) -> tuple[bool, bool]:
    """Whether the manager's words are hidden, as of what measures the model or people, and whether not."""
    doc = side.model.docs[name]
    measures = bool(doc.of("submitted")) or doc.position[0] == "test"
    return measures, not measures
