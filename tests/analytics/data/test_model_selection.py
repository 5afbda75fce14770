"""Can every report be read of an older model, without steering anything by it?"""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from tests.fixtures.stored_predictions import store_predictions

RIGHT = [*[(["Refund"], ["Refund"])] * 12, *[(["Billing"], ["Billing"])] * 12]
REPORTS = ("classes", "quality", "confusion", "slices", "test_set")


@pytest.fixture
def two(tickets: Project) -> Project:
    """Model 1 took every second Billing for Refund; model 2, in use, is right in all."""
    first = store_predictions(tickets, RIGHT)
    second = ModelVersion.objects.create(
        project=tickets,
        number=2,
        state="ready",
        classes=first.classes,
        label_count=80,
        finished_at="2026-11-13T00:00Z",
    )
    predictions = list(HeldOutPrediction.objects.filter(model_version=first).order_by("document"))
    HeldOutPrediction.objects.bulk_create(
        HeldOutPrediction(
            model_version=second, document=prediction.document, probabilities=prediction.probabilities
        )
        for prediction in predictions
    )
    for prediction in predictions[12::2]:
        prediction.probabilities = [0.9, 0.05, 0.05]
        prediction.save()
    return tickets


def read(client: Client, project: Project, report: str, **query: Any) -> str:
    response = client.get(reverse(f"analytics:{report}", args=[project.pk]), query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("report", REPORTS)
def test_an_older_model_is_shown_on_request_and_every_link_leads_on_with_it(
    report: str, two: Project, client: Client, joan: User
) -> None:
    client.force_login(joan)
    assert "Model 2 is in use: go back to it" not in read(client, two, report)
    shown = read(client, two, report, model="1")
    assert "These are the numbers of model 1" in shown
    assert "Back to model 2" in shown
    for other in REPORTS:
        assert f'href="{reverse(f"analytics:{other}", args=[two.pk])}?model=1"' in shown
    assert f'href="{reverse(f"analytics_api:report_{report}", args=[two.pk])}?model=1"' in shown
    for address in shown.split('href="')[1:]:
        address = address.partition('"')[0]
        assert ".csv" not in address or "model=1" in address


@pytest.mark.parametrize("report", ["classes", "confusion", "slices"])
def test_nothing_is_steered_by_an_older_model(report: str, two: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    shown = read(client, two, report, model="1").partition("<main")[2]
    assert 'method="post"' not in shown
    assert "Draft a rule" not in shown


def test_the_numbers_are_those_of_the_chosen_model(two: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    assert "24 labeled test documents are too few" in read(client, two, "classes")
    assert "are confused" in read(client, two, "classes", model="1")
    assert "Refund and Billing are confused most often: 6 of" in read(client, two, "confusion", model="1")
    for report, key in (("classes", "accuracy"), ("quality", "accuracy"), ("slices", "accuracy")):
        address = reverse(f"analytics_api:report_{report}", args=[two.pk])
        answer = client.get(address, {"model": 1}).json()
        assert (answer["model"], answer[key]["value"]) == (1, 0.75)
        assert client.get(address).json()["model"] == 2
    rows = client.get(reverse("analytics:classes_csv", args=[two.pk]), {"model": "1"}).content.decode()
    assert rows != client.get(reverse("analytics:classes_csv", args=[two.pk])).content.decode()


@pytest.mark.parametrize("number", ["3", "99999", "one", "-1"])
def test_a_model_that_keeps_no_predictions_is_not_there(
    number: str, two: Project, client: Client, joan: User
) -> None:
    two.model_versions.create(number=3, state="ready", classes=[])
    two.promoted_model = two.model_versions.get(number=2)
    two.promoted_model.facts = {"edition": two.feature_edition}
    two.promoted_model.save()
    two.save()
    client.force_login(joan)
    for report in REPORTS[:4]:
        response = client.get(reverse(f"analytics:{report}", args=[two.pk]), {"model": number})
        assert response.status_code == 404
        assert "No model with this number has predictions" in response.content.decode()
    answer = client.get(reverse("analytics_api:report_quality", args=[two.pk]), {"model": number})
    assert answer.status_code == (404 if number.isdecimal() else 400)
