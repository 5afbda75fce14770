"""What do managers, and only they, read about annotators on gold documents?"""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.class_report.annotator_accuracy import gold_rows
from labeling.annotations import imported
from labeling.annotations.models import Annotation
from labeling.annotations.submit import Submission, submit
from labeling.documents.models import Document
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import QueueEntry
from labeling.ranking import gold
from tests.fixtures.people import label


def answer_gold(project: Project, who: User, names: list[str]) -> None:
    """This person answers the gold documents, which are Refund, in their order."""
    documents = list(Document.objects.filter(project=project, is_gold=True).order_by("pk"))
    for index, (document, name) in enumerate(zip(documents, names, strict=False)):
        assert gold.give_slots(project, [document.pk]) == [document.pk]
        QueueEntry.objects.filter(document=document).delete()
        QueueEntry.objects.create(
            project=project,
            generation=project.generation,
            rank=index - 10,
            document=document,
            reason={"share": "gold"},
        )
        (held,) = claims.claim(project.pk, who).documents
        assert held.document_id == document.pk
        submit(who, Submission(held.token, [label(project, name)]))


@pytest.fixture
def measured(tickets: Project, ann: User, bob: User) -> Project:
    gold = [(d.pk, [label(tickets, "Refund")]) for d in Document.objects.filter(project=tickets)[:4]]
    imported.record(tickets, gold, Annotation.Source.GOLD)
    answer_gold(tickets, ann, ["Refund", "Refund", "Billing", "Refund"])
    answer_gold(tickets, bob, ["Refund"])
    return tickets


def test_each_annotator_has_a_share_with_its_interval(measured: Project) -> None:
    ann, bob = gold_rows(measured)
    assert (ann.name, ann.right, ann.answered) == ("ann", 3, 4)
    assert (round(ann.interval.low, 2), round(ann.interval.high, 2)) == (0.24, 0.99)
    assert (bob.name, bob.right, bob.answered, bob.interval.high) == ("bob", 1, 1, 1.0)


def test_managers_read_it_on_the_report_and_nobody_else(
    measured: Project, client: Client, joan: User, ann: User
) -> None:
    address = reverse("analytics:classes", args=[measured.pk])
    client.force_login(joan)
    assert "3 of 4 gold documents correct (95% confidence interval 0.24 to 0.99)" in (
        client.get(address).content.decode()
    )
    client.force_login(ann)
    assert "gold" not in client.get(address).content.decode()


def test_without_gold_answers_there_is_nobody_to_list(tickets: Project) -> None:
    assert gold_rows(tickets) == []
