"""Spans that the model suggests: who sees them, when, and what is kept of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.annotations import exclusion
from labeling.annotations.models import Annotation
from labeling.projects.models import Project
from labeling.queue.models import Lease, QueueEntry
from tests.fixtures.people import TEXTS

TEXT = "Ann Keller drills in Ostland."


@pytest.fixture
def marked_project(make_project) -> Project:
    """Spans; the model suggests two in the first document, and one of a class that is no more."""
    project = make_project(kind="spans", texts=[TEXT, *TEXTS])
    refund, billing = (str(project.classes.get(name=name).pk) for name in ("Refund", "Billing"))
    gone = "00000000-0000-4000-8000-000000000000"
    spans = [[0, 10, refund, 0.97], [21, 28, billing, 0.41], [11, 17, gone, 0.9]]
    QueueEntry.objects.filter(rank=0).update(reason={"share": "margin", "model": 1, "spans": spans})
    return project


@pytest.fixture
def at_desk(client: Client, marked_project: Project, ann: User, joan: User):
    """`at_desk("shown")`: what Ann's page holds under this policy."""

    def look(wanted: str) -> Any:
        exclusion.change(marked_project.pk, joan, suggestion_policy=wanted)
        client.force_login(ann)
        return client.get(f"/projects/{marked_project.pk}/label/")

    return look


def suggested(marked_project: Project) -> list[list[Any]]:
    refund, billing = (str(marked_project.classes.get(name=name).pk) for name in ("Refund", "Billing"))
    return [[0, 10, refund, 0.97], [21, 28, billing, 0.41]]


def answered(client: Client, marked_project: Project, page: Any, **fields: Any) -> Any:
    """What is stored of the suggestion with an answer of one span."""
    document = page.context["document"]
    first = suggested(marked_project)[0]
    client.post(
        f"/projects/{marked_project.pk}/label/",
        {
            "token": document.token,
            "suggestion": page.context["suggestion"],
            "span_class": first[2],
            "span_start": "0",
            "span_end": "10",
            **fields,
        },
    )
    return Annotation.objects.get().suggestion


def test_hidden_suggestions_are_nowhere_on_the_page(client, marked_project, at_desk):
    page = at_desk("hidden")
    assert page.context["suggested_spans"] == ""
    assert "below 60" not in page.content.decode()
    assert answered(client, marked_project, page) == {"policy": "hidden"}


def test_shown_suggestions_are_on_the_page_and_kept_with_the_answer(client, marked_project, at_desk):
    page = at_desk("shown")
    rows = json.loads(page.context["suggested_spans"])
    assert rows == [
        [key, start, end, probability] for start, end, key, probability in suggested(marked_project)
    ]
    assert "1 of 2 suggested spans has a probability below 60" in page.content.decode()
    assert page.context["entered"].spans == []
    assert answered(client, marked_project, page) == {"policy": "shown", "spans": suggested(marked_project)}


def test_preselected_suggestions_fill_the_answer_even_without_a_script(client, marked_project, at_desk):
    page = at_desk("preselected")
    assert page.context["suggested_spans"] == ""
    rows = [(row.start, row.end) for row in page.context["entered"].spans]
    assert rows == [("0", "10"), ("21", "28")]
    assert answered(client, marked_project, page)["policy"] == "preselected"


def test_an_empty_answer_that_was_taken_back_is_not_filled_again(client, marked_project, at_desk):
    page = at_desk("preselected")
    client.post(f"/projects/{marked_project.pk}/label/", {"token": page.context["document"].token})
    client.post(f"/projects/{marked_project.pk}/label/undo/")
    again = client.get(f"/projects/{marked_project.pk}/label/?lease={page.context['document'].lease_id}")
    assert again.context["document"].text == TEXT
    assert again.context["entered"].spans == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({}, {"policy": "hidden"}),  # a page without a script never showed them
        ({"first_spans": "nonsense"}, {"policy": "hidden"}),
        ({"first_spans": "[]"}, {"policy": "after", "first": []}),
    ],
    ids=["no script", "nonsense", "nothing marked"],
)
def test_after_keeps_what_was_marked_before_it_was_seen(client, marked_project, at_desk, sent, kept):
    page = at_desk("after")
    assert json.loads(page.context["suggested_spans"])
    assert "below 60" not in page.content.decode()
    spans = {"spans": suggested(marked_project)} if kept["policy"] == "after" else {}
    assert answered(client, marked_project, page, **sent) == kept | spans


def test_first_spans_are_kept_in_code_points(client, marked_project, at_desk):
    page = at_desk("after")
    refund = suggested(marked_project)[0][2]
    kept = answered(client, marked_project, page, first_spans=json.dumps([[0, 3, refund]]))
    assert kept["first"] == [[0, 3, refund]]


@pytest.mark.parametrize("share", ["test", "random", "gold", "second_opinion", "overlap"])
def test_what_measures_the_model_or_people_is_never_suggested(client, marked_project, at_desk, share):
    at_desk("shown")
    Lease.objects.update(reason={"share": share, "spans": suggested(marked_project)})
    page = client.get(f"/projects/{marked_project.pk}/label/")
    assert page.context["suggested_spans"] == ""
    assert "suggested spans" not in page.content.decode()
