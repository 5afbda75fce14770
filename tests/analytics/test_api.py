"""Does a machine read the same report as the page, and only where it may?"""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analytics.class_report.report import class_report
from labeling.annotations import imported
from labeling.annotations.models import Annotation
from labeling.documents.models import Document
from labeling.projects import tokens
from labeling.projects.models import ApiToken, Project
from tests.fixtures.people import label
from tests.fixtures.trained_project import label_rightly, train, truth


def bearer(project: Project, owner: User) -> dict[str, str]:
    _, text = tokens.create(project.pk, owner, "reports", ApiToken.Scope.READ)
    return {"Authorization": f"Bearer {text}"}


def address(project: Project) -> str:
    return f"/api/v1/projects/{project.pk}/reports/classes/"


def test_the_report_holds_the_numbers_of_the_page(untrained: Project, ann: User, client: Client) -> None:
    test = Document.objects.test_set().filter(project=untrained)
    imported.record(
        untrained, [(d.pk, [label(untrained, truth(d.text))]) for d in test], Annotation.Source.GOLD
    )
    label_rightly(untrained, ann, 40)
    train(untrained)
    answered = client.get(address(untrained), headers=bearer(untrained, ann)).json()
    expected = class_report(untrained)
    assert expected.scores is not None
    assert answered["macro_f1"]["value"] == expected.scores.macro.f1.value
    assert answered["test_documents"] == 12
    assert [row["name"] for row in answered["classes"]] == ["Refund", "Billing", "Delivery"]
    assert answered["classes"][0]["recall"]["low"] <= answered["classes"][0]["recall"]["value"]


def test_a_project_without_labels_answers_with_nulls(tickets: Project, joan: User, client: Client) -> None:
    answered = client.get(address(tickets), headers=bearer(tickets, joan)).json()
    assert answered["model"] is None
    assert answered["macro_f1"] is None


@pytest.mark.parametrize("who", ["anonymous", "stranger", "other project"])
def test_who_is_no_member_reads_nothing(
    who: str, tickets: Project, make_project, joan: User, eve: User, client: Client
) -> None:
    headers = {}
    if who == "stranger":
        client.force_login(eve)
    if who == "other project":
        headers = bearer(make_project(kind="multi"), joan)
    assert client.get(address(tickets), headers=headers).status_code == (401 if who == "anonymous" else 404)
