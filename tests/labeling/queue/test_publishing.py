"""How does a new order of the queue replace the old one?"""

from collections.abc import Callable

from labeling.documents.models import Document
from labeling.explanations.selection_reason import SelectionReason
from labeling.projects.models import Project
from labeling.queue import claims, publishing
from labeling.queue.models import QueueEntry
from tests.fixtures.people import fill


def order(project: Project, documents: list[Document]) -> int:
    generation = publishing.next_generation()
    entries = [(document.pk, SelectionReason("margin")) for document in documents]
    assert publishing.publish(project.pk, generation, entries)
    return generation


def test_an_order_holds_open_documents_of_its_own_project_and_each_once(
    make_project: Callable[..., Project],
) -> None:
    project, other = make_project(), make_project(kind="multi")
    first, second, third = Document.objects.filter(project=project)[:3]
    Document.objects.filter(pk=second.pk).update(state="resolved")
    stranger = Document.objects.filter(project=other)[0]
    generation = order(project, [third, second, stranger, first, third])
    entries = QueueEntry.objects.filter(generation=generation).order_by("rank")
    assert list(entries.values_list("document_id", flat=True)) == [third.pk, first.pk]


def test_an_older_ranking_that_ends_late_changes_nothing(tickets: Project) -> None:
    late = publishing.next_generation()
    newest = order(tickets, list(Document.objects.all()))
    assert not publishing.publish(
        tickets.pk, late, [(Document.objects.all()[0].pk, SelectionReason("margin"))]
    )
    assert Project.objects.get(pk=tickets.pk).generation == newest
    assert not QueueEntry.objects.filter(generation=late).exists()


def test_a_purge_keeps_the_current_order_and_the_one_before(tickets: Project) -> None:
    kept = [order(tickets, list(Document.objects.all())) for _ in range(3)][-2:]
    assert publishing.purge(tickets.pk) == 12  # six of the first order, six of the project's beginning
    queue_entries = QueueEntry.objects.filter(project=tickets).values_list("generation", flat=True)
    assert set(queue_entries) == set(kept)
    assert publishing.purge(tickets.pk) == 0


def test_documents_that_no_order_holds_are_found_after_those_it_does(tickets: Project, ann) -> None:
    (new,) = fill(tickets, ["A question that came in after the last ranking."])
    claimed = claims.claim(tickets.pk, ann, 7).documents
    assert claimed[-1].document_id == new.pk
    assert claimed[-1].reason == SelectionReason("unranked")
