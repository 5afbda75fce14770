"""Is it time to stop labeling? Advice from stored numbers, on the page and in the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.learning_curves.stopping import sentences, stopping_advice, title
from labeling.learning.evaluation.stopping_criteria import SAMPLE, TrendStatus
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from tests.fixtures.people import fill
from tests.fixtures.saved_projects import Restore
from tests.fixtures.trained_project import build_untrained, label_rightly, text_of, train


@pytest.fixture
def trained(restore: Restore, make_project: Callable[..., Project], ann: User) -> Project:
    """Three models, at least twenty labels apart."""

    def build() -> Project:
        untrained = build_untrained(make_project)
        fill(untrained, [text_of(("Refund", "Billing", "Delivery")[n % 3], n + 900) for n in range(30)])
        for count in (20, 25, 25):
            label_rightly(untrained, ann, count)
            train(untrained)
        return untrained

    return restore("three models", build)


def facts(project: Project) -> list[dict[str, Any]]:
    return [version.facts for version in project.model_versions.ready().order_by("number")]


def test_each_model_is_compared_with_one_that_had_fewer_labels(trained: Project) -> None:
    first, second, third = facts(trained)
    assert first["change"] is None
    assert (second["change"]["since"], third["change"]["since"]) == (1, 2)
    assert second["change"]["labels"] >= 20
    assert 0 < third["change"]["kappa"] <= 1
    assert third["change"]["documents"] <= SAMPLE


def test_a_model_that_learned_little_more_is_compared_with_the_one_before(
    trained: Project, ann: User
) -> None:
    label_rightly(trained, ann, 3)
    train(trained)
    assert facts(trained)[-1]["change"]["since"] == 2
    assert len(stopping_advice(trained).kappas) == 2  # not three: each comparison is of labels of its own


def test_the_test_set_is_counted_with_every_model(trained: Project) -> None:
    for row in facts(trained):
        assert 0 <= row["held_out"]["right"] <= row["held_out"]["documents"]
    assert facts(trained)[-1]["held_out"]["documents"] > 0


def test_without_enough_numbers_nothing_is_advised(trained: Project) -> None:
    advice = stopping_advice(trained)
    assert advice.standing is not TrendStatus.STABILIZED
    assert "there are 2 of 3 comparisons" in sentences(advice)[0]
    assert "is unknown" in sentences(advice)[2]


def told(project: Project, *kappas: float, wrong: tuple[int, ...] = ()) -> None:
    """Models with these facts, as if they had been trained."""
    for index, kappa in enumerate(kappas):
        ModelVersion.objects.create(
            project=project,
            number=index + 1,
            state=ModelVersion.State.READY,
            label_count=50 * 2**index,
            classes=list(project.classes.values_list("pk", flat=True)),
            facts={
                "change": {"kappa": kappa, "since": index, "labels": 50, "documents": 900} if index else None,
                "held_out": {"documents": 200, "right": 200 - wrong[index]} if wrong else None,
            },
        )


def test_the_gain_comes_with_its_interval(tickets: Project) -> None:
    told(tickets, 1.0, 0.9, 0.95, 0.99, wrong=(60, 42, 30, 21))
    advice = stopping_advice(tickets)
    assert advice.kappas == (0.9, 0.95, 0.99)
    assert advice.gain is not None
    assert 0.005 < advice.gain.value < 0.03
    assert "the next 100 labels add +1." in sentences(advice)[2]
    assert title(advice) == "The model is still learning: more labels help"


def test_the_page_gives_the_advice_in_plain_words(trained: Project, joan: User) -> None:
    client = Client()
    client.force_login(joan)
    page = client.get(reverse("analytics:classes", args=[trained.pk])).content.decode()
    assert "Is it time to stop?" in page
    assert "labeling never stops automatically" in page


def test_the_api_gives_the_numbers(tickets: Project, joan: User) -> None:
    told(tickets, 1.0, 0.9, 0.95, 0.99, wrong=(60, 42, 30, 21))
    client = Client()
    client.force_login(joan)
    answer = client.get(f"/api/v1/projects/{tickets.pk}/reports/classes/").json()["stopping"]
    assert answer["state"] == "learning"
    assert answer["kappa"] == pytest.approx(0.947, abs=0.001)
    assert answer["expected_gain"]["labels"] == 100
    assert answer["trend"] is None
