"""Does the page of the distribution count rightly, and say what is more than noise to the right people?"""

import json
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.distribution.breakdowns import _periods
from analytics.distribution.report import distribution
from analytics.distribution.wording import distribution_headline
from labeling.annotations import adjudication, corrections, imported, submit
from labeling.annotations.models import Annotation
from labeling.exchange.exporting import ExportFormat, Scope, export
from labeling.explanations.selection_reason import SelectionReason
from labeling.formatting import short_date
from labeling.projects.models import Project
from labeling.queue import claims, publishing
from tests.fixtures.people import fill, label


def page(project: Project) -> str:
    return reverse("analytics:distribution", args=[project.pk])


@pytest.fixture
def skewed(make_project: Callable[..., Project], ann: User) -> Project:
    """Forty random test documents, a quarter of them Refund; of the pool, Refund alone was labeled."""
    project = make_project(texts=[f"Ticket {n}" for n in range(60)])
    tests = fill(project, [f"Test {n}" for n in range(40)], split="test")
    names = ["Refund", "Billing", "Billing", "Delivery"] * 10
    imported.record(project, [(d.pk, [label(project, name)]) for d, name in zip(tests, names, strict=True)])
    for _ in range(20):
        (held,) = claims.claim(project.pk, ann).documents
        submit.submit(ann, submit.Submission(held.token, [label(project, "Refund")]))
    return project


def test_classes_that_the_labels_have_too_many_or_too_few_of_are_told(
    skewed: Project, client: Client, joan: User
) -> None:
    report = distribution(skewed)
    rows = {row.label_class.name: row for row in report.rows}
    assert (rows["Refund"].train, rows["Refund"].test, rows["Billing"].test) == (20, 10, 20)
    assert [row.label_class.name for row in report.standing("over")] == ["Refund"]
    assert {row.label_class.name for row in report.standing("under")} == {"Billing", "Delivery"}
    assert rows["Refund"].estimate.unlabeled.value == 0.0  # 25 of 100 have it, and 30 are labeled so
    assert distribution_headline(report) == "2 classes have no training labels: Billing, Delivery"
    client.force_login(joan)
    text = client.get(page(skewed)).content.decode()
    assert "Billing is under-represented" in text
    assert 'role="img"' in text


def test_answers_are_counted_by_person_guideline_and_time_as_they_stand(
    tickets: Project, ann: User, bob: User
) -> None:
    for who, name in ((ann, "Refund"), (ann, "Billing"), (bob, "Billing")):
        (held,) = claims.claim(tickets.pk, who).documents
        submit.submit(who, submit.Submission(held.token, [label(tickets, name)]))
    latest = Annotation.objects.filter(annotator=ann).latest("pk")
    corrections.correct(tickets.pk, ann, latest.pk, [label(tickets, "Delivery")])
    report = distribution(tickets)
    names = [row.label_class.name for row in report.rows]
    people = {group.name: dict(zip(names, group.counts, strict=True)) for group in report.people}
    assert people == {
        "ann": {"Refund": 1, "Billing": 0, "Delivery": 1},
        "bob": {"Refund": 0, "Billing": 1, "Delivery": 0},
    }
    assert [(group.name, group.answers) for group in report.guidelines] == [("version 1", 3)]
    assert [group.answers for group in report.times] == [3]


def test_only_managers_read_who_gave_what(skewed: Project, client: Client, ann: User, joan: User) -> None:
    api = reverse("analytics_api:report_distribution", args=[skewed.pk])
    client.force_login(ann)
    refused = client.get(reverse("analytics:distribution_csv", args=[skewed.pk]) + "?by=person")
    assert refused.status_code == 403
    table = reverse("analytics_api:report_distribution_csv", args=[skewed.pk])
    assert client.get(f"{table}?group_by=person").status_code == 403, "not another table under that name"
    assert client.get(api).json()["by_annotator"] == []
    client.force_login(joan)
    report = client.get(api).json()
    assert [group["name"] for group in report["by_annotator"]] == ["ann"]
    assert report["classes"][0]["prevalence"]["value"] == pytest.approx(0.25)
    lines = client.get(
        reverse("analytics:distribution_csv", args=[skewed.pk]) + "?by=person"
    ).content.decode()
    assert lines.splitlines() == ["annotator,annotations,Refund,Billing,Delivery", "ann,20,20,0,0"]


def test_prevalence_can_be_recomputed_from_the_export(
    make_project: Callable[..., Project], ann: User, bob: User, carla: User
) -> None:
    """Chosen and drawn documents in turn, one of them decided anew: by the published formula alone."""
    project = make_project(texts=[f"Ticket {n}" for n in range(30)], overlap=1)
    documents = list(project.documents.order_by("position"))
    shares = ["margin", "random", "margin", "random", "random"]
    project.generation = publishing.next_generation()
    reasons = [
        (document.pk, SelectionReason(share, propensity=0.1 if share == "random" else None))
        for document, share in zip(documents, shares, strict=False)
    ]
    publishing.publish(project.pk, project.generation, reasons)
    for name in ("Refund", "Billing", "Refund", "Refund", "Delivery"):
        (held,) = claims.claim(project.pk, ann).documents
        submit.submit(ann, submit.Submission(held.token, [label(project, name)]))
    adjudication.relabel(project.pk, documents[3].pk, carla, [label(project, "Billing")])
    rows = [
        json.loads(line) for line in b"".join(export(project, Scope.SETTLED, ExportFormat.JSONL)).splitlines()
    ]
    assert {
        (row["annotation"]["selected_by"], row["annotation"]["selection_probability"]) for row in rows
    } == {
        ("margin", None),
        ("random", 0.1),
    }
    drawn = [row["annotation"]["selected_by"] in ("random", "test") for row in rows]
    ages = sorted(range(5), key=lambda n: rows[n]["annotation"]["created_at"])
    positives: Counter[str] = Counter()
    for turn, n in enumerate(ages):
        before = [rows[m]["label"] for m in ages[:turn] if not drawn[m]]
        if drawn[n]:
            positives.update(before)
            positives[rows[n]["label"]] += 30 - len(before)
    result = {row.label_class.name: row.estimate.whole.value for row in distribution(project).rows}
    assert result == pytest.approx({name: positives[name] / 30 / 3 for name in result})
    assert distribution(project).sampled == 3


def test_stretches_of_time_are_dates_in_json_and_words_on_the_page(
    tickets: Project, client: Client, ann: User, joan: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, submit.Submission(held.token, [label(tickets, "Refund")]))
    today = Annotation.objects.get().created_at.date()
    client.force_login(joan)
    report = client.get(reverse("analytics_api:report_distribution", args=[tickets.pk])).json()
    assert [group["name"] for group in report["by_time"]] == [today.isoformat()]
    assert short_date(today) in client.get(page(tickets)).content.decode()


@pytest.mark.parametrize("kind", ["multi", "spans"])
def test_classes_on_the_same_documents_are_counted(
    kind: str, make_project: Callable[..., Project], ann: User, client: Client, joan: User
) -> None:
    project = make_project(kind=kind)
    for _ in range(3):
        (held,) = claims.claim(project.pk, ann).documents
        indices = [(0, 3), (4, 6)] if kind == "spans" else [(), ()]
        labels = [label(project, n, *at) for n, at in zip(("Refund", "Billing"), indices, strict=True)]
        submit.submit(ann, submit.Submission(held.token, labels))
    (pair,) = distribution(project).pairs
    assert (pair.first.name, pair.second.name, pair.documents, pair.of_first, pair.lift) == (
        "Refund",
        "Billing",
        3,
        1.0,
        1.0,
    )
    client.force_login(joan)
    assert "Class co-occurrence" in client.get(page(project)).content.decode()


def test_without_labels_the_page_says_what_it_will_show(tickets: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    assert "No labels yet" in client.get(page(tickets)).content.decode()


def test_a_stranger_finds_nothing(tickets: Project, client: Client, eve: User) -> None:
    client.force_login(eve)
    assert client.get(page(tickets)).status_code == 404


@pytest.mark.parametrize(("days", "stretches"), [(0, 1), (30, 31), (31, 5), (370, 54), (371, 13)])
def test_a_longer_time_is_told_in_longer_stretches(days: int, stretches: int) -> None:
    first = (date(2026, 1, 1) - date(1970, 1, 1)).days
    starts = _periods(first, first + days)
    assert len(starts) == stretches
    assert starts[0] <= date(2026, 1, 1) <= starts[-1] + timedelta(days=days)


def test_the_name_of_a_class_in_a_header_cannot_become_a_formula(
    tickets: Project, client: Client, joan: User
) -> None:
    tickets.classes.filter(name="Refund").update(name="=1+1")
    client.force_login(joan)
    lines = client.get(reverse("analytics:distribution_csv", args=[tickets.pk]) + "?by=time").content.decode()
    assert lines.splitlines()[0] == "time,annotations,'=1+1,Billing,Delivery"
