"""What becomes of answers that came with their documents?"""

import pytest
from django.contrib.auth.models import User

from labeling.annotations import imported, submit
from labeling.annotations.models import Annotation, Resolution
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.exceptions import InvalidAnswer
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import QueueEntry
from tests.fixtures.people import label


def ids(project: Project) -> list[int]:
    return list(project.documents.order_by("position").values_list("pk", flat=True))


def test_a_given_answer_settles_its_document_and_says_where_it_came_from(tickets: Project) -> None:
    first = ids(tickets)[0]
    assert imported.record(tickets, [(first, [label(tickets, "Refund")])]) == 1
    resolution = Resolution.objects.get(document=first)
    assert resolution.how == Resolution.How.IMPORTED
    assert (resolution.annotation.source, resolution.annotation.annotator) == ("import", None)
    assert not QueueEntry.objects.filter(document=first).exists()


def test_gold_is_marked_as_gold(tickets: Project) -> None:
    imported.record(tickets, [(ids(tickets)[0], [label(tickets, "Refund")])], Annotation.Source.GOLD)
    assert Annotation.objects.get().source == Annotation.Source.GOLD


def test_the_same_answers_again_change_nothing(tickets: Project) -> None:
    answers = [(pk, [label(tickets, "Refund")]) for pk in ids(tickets)]
    assert (imported.record(tickets, answers), imported.record(tickets, answers)) == (6, 0)
    assert Annotation.objects.count() == 6


def test_what_people_have_settled_is_left_alone(tickets: Project, ann: User) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    assert imported.record(tickets, [(held.document_id, [label(tickets, "Billing")])]) == 0
    assert Resolution.objects.get().annotation.annotator == ann


def test_an_answer_on_its_way_when_the_file_settles_the_document_is_kept_as_surplus(
    tickets: Project, ann: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    imported.record(tickets, [(held.document_id, [label(tickets, "Billing")])])
    done = submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    assert done.outcome == "surplus"


def test_an_answer_that_does_not_fit_names_its_place(tickets: Project) -> None:
    first, second, *_ = ids(tickets)
    with pytest.raises(InvalidAnswer) as refused:
        imported.record(tickets, [(first, [label(tickets, "Refund")]), (second, [])])
    assert refused.value.facts["item"] == 1
    assert not Annotation.objects.exists()
    assert Document.objects.filter(state=Document.State.OPEN).count() == 6
