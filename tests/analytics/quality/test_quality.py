"""Does the page of all measures say what the test set says, for each kind of project?"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.quality.report import quality
from labeling.projects.models import Project
from tests.elements import compact
from tests.fixtures.stored_predictions import store_predictions, store_span_predictions


def open_page(client: Client, project: Project, name: str = "quality", **query: str) -> str:
    response = client.get(reverse(f"analytics:{name}", args=[project.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


def test_without_a_model_the_page_says_what_to_do(tickets: Project, client: Client, ann: User) -> None:
    client.force_login(ann)
    page = open_page(client, tickets)
    assert "<h1>No model yet: too few labels</h1>" in compact(page)
    assert "Label 10 more documents for the first model." in page


SINGLE = [(["Refund"], ["Refund"])] * 9 + [(["Billing"], ["Refund"])] * 6 + [(["Delivery"], ["Delivery"])] * 5
SPANS = [([("Refund", 0, 4)], [("Refund", 0, 4)])] * 6 + [([("Refund", 0, 4)], [("Refund", 0, 8)])] * 6


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_each_kind_of_project_shows_what_its_models_can_be_measured_by(
    kind: str, make_project: Any, client: Client, joan: User
) -> None:
    project = make_project(kind=kind)
    if kind == "spans":
        store_span_predictions(project, SPANS * 3)
    else:
        store_predictions(project, SINGLE)
    client.force_login(joan)
    shown = open_page(client, project)
    assert ("Hamming loss" in shown) == (kind == "multi")
    assert "Reliability diagram" in shown
    assert ("Wrong span boundaries cost 50 points of F1" in shown) == (kind == "spans")
    assert shown.count('role="img"') == (1 if kind == "spans" else 2)
    for table in ("classes", "averages", "calibration", "curve"):
        lines = open_page(client, project, "quality_csv", table=table).splitlines()
        assert len(lines) > 1 or (kind, table) == ("spans", "curve")


def test_a_boastful_model_is_told_by_the_title(tickets: Project, client: Client, ann: User) -> None:
    """It claims nine of ten and keeps 28 of 40."""
    store_predictions(tickets, SINGLE * 2)
    client.force_login(ann)
    assert "Overconfident by 20 points" in open_page(client, tickets)
    quality_report = quality(tickets)
    assert quality_report.probabilities is not None
    assert quality_report.probabilities.gap.value == pytest.approx(0.2)


def test_marks_of_spans_are_held_against_their_probabilities(make_project: Any) -> None:
    """Of probability 0.9 each, and half of them with wrong ends."""
    project = make_project(kind="spans")
    store_span_predictions(project, SPANS)
    probability_scores = quality(project).probabilities
    assert probability_scores is not None
    assert probability_scores.gap.value == pytest.approx(0.4)
    assert [score_bin.n_documents for score_bin in probability_scores.calibration.bins] == [12]


def test_a_class_can_be_chosen_and_a_machine_reads_the_same(
    tickets: Project, client: Client, joan: User
) -> None:
    store_predictions(tickets, SINGLE)
    client.force_login(joan)
    refund = tickets.classes.get(name="Refund")
    assert "Decision threshold for Billing" in open_page(client, tickets)  # the weakest
    shown = open_page(client, tickets, **{"class": str(refund.pk)})
    assert "Decision threshold for Refund" in shown
    answered = client.get(f"/api/v1/projects/{tickets.pk}/reports/quality/").json()
    quality_report = quality(tickets)
    assert quality_report.report is not None
    assert answered["accuracy"]["value"] == quality_report.report.accuracy.value == 0.7
    assert sum(item["count"] for item in answered["calibration_bins"]) == quality_report.documents == 20
    assert [row["name"] for row in answered["classes"]] == [
        row.label_class.name for row in quality_report.classes
    ]


def test_strangers_see_nothing(tickets: Project, client: Client, eve: User) -> None:
    client.force_login(eve)
    assert client.get(reverse("analytics:quality", args=[tickets.pk])).status_code == 404
