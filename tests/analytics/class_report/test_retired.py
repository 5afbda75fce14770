"""Does a retired class leave every number, in the same way on every page?"""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.class_report.class_needs import evidence_of_now
from analytics.class_report.report import class_report
from analytics.data.queries import held_out
from analytics.model_versions.comparison import compare
from labeling.annotations import submit
from labeling.guidelines import classes
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from labeling.queue import claims
from tests.elements import compact
from tests.fixtures.people import label
from tests.fixtures.stored_predictions import store_predictions, store_span_predictions

REPORTS = ("classes", "quality", "confusion", "slices", "test_set")


def retire(project: Project, manager: User, name: str) -> None:
    classes.retire(project.pk, manager, project.classes.get(name=name).pk)


def test_documents_of_a_retired_class_are_left_out_and_said_to_be(
    tickets: Project, client: Client, joan: User
) -> None:
    store_predictions(
        tickets,
        [*[(["Refund"], ["Refund"])] * 4, (["Delivery"], ["Delivery"]), *[(["Billing"], ["Refund"])] * 3],
        cross_validated={"labels": 40, "counts": [[9, 8, 0], [1, 2, 3], [3, 2, 9]]},
    )
    before = class_report(tickets)
    assert before.scores is not None
    assert before.scores.n_averaged == 3
    retire(tickets, joan, "Billing")
    report = class_report(tickets)
    assert report.scores is not None
    assert (report.test_documents, report.scores.n_averaged, report.scores.macro.f1.value) == (5, 2, 1.0)
    assert report.crossed is not None
    assert len(report.crossed.classes) == 2
    client.force_login(joan)
    for name in REPORTS:
        shown = client.get(reverse(f"analytics:{name}", args=[tickets.pk])).content.decode()
        assert '3 test documents labeled <span dir="auto">Billing</span>' in compact(shown), name
    answer = client.get(reverse("analytics_api:report_confusion", args=[tickets.pk])).json()
    assert answer["retired_classes"] == [{"name": "Billing", "documents": 3}]
    assert [row["name"] for row in answer["classes"]] == ["Refund", "Delivery"]


def test_labels_are_counted_by_one_definition_with_and_without_a_retired_class(
    tickets: Project, client: Client, ann: User, joan: User
) -> None:
    for name in ("Refund", "Billing", "Billing"):
        (held,) = claims.claim(tickets.pk, ann).documents
        submit.submit(ann, submit.Submission(held.token, [label(tickets, name)]))
    client.force_login(joan)
    address = reverse("analytics_api:report_classes", args=[tickets.pk])
    retire(tickets, joan, "Billing")
    report = client.get(address).json()
    assert report["labels"] == sum(row["train_labels"] + row["test_labels"] for row in report["classes"]) == 1
    assert (report["labeled_documents"], report["unresolved_documents"]) == (3, 0)


def test_a_model_that_still_says_a_retired_class_is_judged_by_its_next_choice(
    tickets: Project, joan: User
) -> None:
    version = store_predictions(tickets, [(["Refund"], ["Billing"]), (["Refund"], ["Refund"])])
    HeldOutPrediction.objects.filter(probabilities=[0.05, 0.9, 0.05]).update(probabilities=[0.06, 0.9, 0.04])
    names = [label_class.name for label_class in tickets.classes.all()]
    retire(tickets, joan, names[1])
    held = held_out(tickets, version)
    assert [tickets.classes.get(pk=pk).name for pk in held.classes] == [names[0], names[2]]
    assert held.predicted.tolist() == [[True, False]] * 2
    assert held.probabilities.sum(axis=1) == pytest.approx([1, 1])
    assert held.probabilities[0] == pytest.approx([0.6, 0.4])


@pytest.mark.parametrize("kind", ["multi", "spans"])
def test_it_is_so_where_a_document_has_several(
    kind: str, make_project: Callable[..., Project], joan: User
) -> None:
    project = make_project(kind=kind)
    if kind == "multi":
        several = [(["Refund", "Billing"], ["Refund"]), (["Refund"], ["Refund", "Billing"])]
        version = store_predictions(project, several)
    else:
        marked = [
            ([("Refund", 0, 4), ("Billing", 5, 8)], []),
            ([("Refund", 0, 4)], [("Refund", 0, 4), ("Billing", 5, 8)]),
        ]
        version = store_span_predictions(project, marked)
    assert len(held_out(project, version)) == 2
    retire(project, joan, "Billing")
    held = held_out(project, version)
    assert (len(held), held.retired) == (1, (("Billing", 1),))
    report = class_report(project)
    assert report.scores is not None
    assert report.scores.accuracy.value == report.scores.micro.precision.value == 1.0


def test_two_models_and_the_needs_of_the_queue_leave_it_out_too(tickets: Project, joan: User) -> None:
    first = store_predictions(tickets, [(["Refund"], ["Refund"]), (["Billing"], ["Refund"])])
    second = ModelVersion.objects.create(
        project=tickets, number=2, state="ready", classes=first.classes[::-1], finished_at="2026-11-13T00:00Z"
    )
    HeldOutPrediction.objects.bulk_create(
        HeldOutPrediction(
            model_version=second, document=prediction.document, probabilities=prediction.probabilities[::-1]
        )
        for prediction in HeldOutPrediction.objects.filter(model_version=first)
    )
    retire(tickets, joan, "Billing")
    comparison = compare(tickets, first, second)
    assert [row.label_class.name for row in comparison.rows] == ["Delivery", "Refund"]
    assert comparison.differences.macro_f1.second == comparison.differences.accuracy.second == 1.0
    billing = tickets.classes.get(name="Billing").pk
    assert billing not in evidence_of_now(tickets)
