"""Are curves what was measured then, and do they promise nothing?"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.learning_curves.report import curves_report, expected
from analytics.learning_curves.wording import curves_headline, sentence
from analytics.metrics.curves import TargetStatus
from analytics.models import Measurement, TestSetVersion
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project

LABELS = (40, 60, 90, 140, 200, 300)


def add_curve(project: Project, f1_of_label: dict[str, list[float]], support: int = 100) -> None:
    """Models with these F1 of each class, measured on so many documents of each."""
    test_set = TestSetVersion.objects.create(project=project, number=1, annotations=[], digest=b"x" * 16)
    classes = {label_class.name: label_class.pk for label_class in project.classes.all()}
    for index, labels in enumerate(LABELS[: len(next(iter(f1_of_label.values())))]):
        version = ModelVersion.objects.create(
            project=project, number=index + 1, state="ready", label_count=labels, classes=[*classes.values()]
        )
        numbers = {}
        for name, values in f1_of_label.items():
            right = round(values[index] * support)
            wrong = support - right
            numbers[str(classes[name])] = {"labels": labels // 3, "tp": right, "fp": wrong, "fn": wrong}
        mean = sum(values[index] for values in f1_of_label.values()) / len(f1_of_label)
        averages = {
            "macro_f1": [mean, mean - 0.03, mean + 0.03],
            "accuracy": [mean, mean - 0.03, mean + 0.03],
        }
        Measurement.objects.create(
            model_version=version,
            project=project,
            test_set=test_set,
            documents=support * 3,
            right=0,
            classes=numbers,
            averages=averages,
        )


@pytest.fixture
def curved(tickets: Project) -> Project:
    """Refund rises towards its target, Billing is beyond it, Delivery stays where it is."""
    add_curve(
        tickets,
        {
            "Refund": [0.4, 0.5, 0.58, 0.65, 0.7, 0.74],
            "Billing": [0.6, 0.7, 0.8, 0.85, 0.88, 0.9],
            "Delivery": [0.4, 0.41, 0.4, 0.41, 0.4, 0.41],
        },
        support=1_000,
    )
    return tickets


def test_each_class_has_what_was_measured_and_what_is_left(curved: Project) -> None:
    report = curves_report(curved)
    refund, billing, delivery = report.classes
    assert [point.labels for point in refund.points] == [count // 3 for count in LABELS]
    assert refund.forecast.standing == TargetStatus.AHEAD
    assert billing.forecast.standing == TargetStatus.REACHED
    assert delivery.forecast.standing == TargetStatus.FAR
    assert "more labels" in sentence(refund, 0.8)
    assert sentence(billing, 0.8) == "0.80 is clearly reached"
    assert "not reachable at this rate" in sentence(delivery, 0.8)
    assert curves_headline(report).startswith("1 of 3 classes have reached F1 0.80; Refund needs the most")


def test_what_is_expected_begins_where_the_newest_model_is(curved: Project) -> None:
    refund = curves_report(curved).classes[0]
    labels, (value, low, high) = expected(refund)[0]
    assert labels == 100
    assert low <= value <= high
    assert value == pytest.approx(0.74, abs=0.03)
    assert expected(refund)[-1][1][0] > value


def test_with_four_models_it_says_what_is_missing(tickets: Project) -> None:
    add_curve(tickets, {"Refund": [0.4, 0.5, 0.6, 0.65]})
    refund = curves_report(tickets).classes[0]
    assert refund.forecast.standing == TargetStatus.UNKNOWN
    assert sentence(refund, 0.8) == "Fewer than five models have been evaluated on test documents."
    assert expected(refund) == []


def test_the_page_and_the_file_show_the_chosen_curve(curved: Project, client: Client, ann: User) -> None:
    client.force_login(ann)
    refund = curved.classes.get(name="Refund")
    page = client.get(reverse("analytics:curves", args=[curved.pk]), {"of": str(refund.pk)})
    assert "Learning curve: Refund" in page.content.decode()
    table = client.get(reverse("analytics:curves_csv", args=[curved.pk])).content.decode()
    assert "F1 Refund,measured,6,100,0.74" in table
    assert "F1 Refund,expected" in table
