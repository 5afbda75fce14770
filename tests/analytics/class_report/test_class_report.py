"""How good is it, per class, and does the page tell the truth about it?"""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics.class_report.guidance.ranked import class_report_headline, findings
from analytics.class_report.report import class_report
from labeling.annotations.models import Annotation
from labeling.documents.models import Document
from labeling.guidelines import classes
from labeling.jobs.models import Job
from labeling.predictions.models import HeldOutPrediction
from labeling.projects.models import Project
from labeling.steering import actions
from labeling.steering.models import Focus
from tests.fixtures.stored_predictions import store_predictions
from tests.fixtures.trained_project import label_rightly, settle_test_set, train, truth


def page(project: Project) -> str:
    return reverse("analytics:classes", args=[project.pk])


def test_without_labels_the_report_says_what_it_will_show(
    tickets: Project, client: Client, joan: User
) -> None:
    client.force_login(joan)
    response = client.get(page(tickets))
    assert response.status_code == 200
    assert "No labels yet" in response.content.decode()


def test_labels_without_a_model_are_counted_and_nothing_is_measured(
    untrained: Project, client: Client, ann: User, joan: User
) -> None:
    label_rightly(untrained, ann, 3)
    client.force_login(joan)
    response = client.get(page(untrained))
    assert response.status_code == 200
    assert "No model knows this class yet." in response.content.decode()


def test_a_class_newer_than_the_model_has_no_numbers(measured: Project, client: Client, joan: User) -> None:
    classes.add(measured.pk, joan, "Brand new")
    client.force_login(joan)
    response = client.get(page(measured))
    assert response.status_code == 200
    assert "No model knows this class yet." in response.content.decode()


def test_the_numbers_are_those_of_the_test_set_alone(measured: Project) -> None:
    report = class_report(measured)
    assert report.test_documents == Document.objects.test_set().filter(project=measured).count()
    assert sum(row.scores.support for row in report.rows if row.scores) == report.test_documents
    assert report.scores is not None
    assert report.scores.accuracy.interval is not None


def test_a_training_leaves_cross_validated_numbers_at_no_further_cost(measured: Project) -> None:
    report = class_report(measured)
    assert report.is_crossed
    assert report.crossed is not None
    assert report.crossed.labels == 40
    assert sum(scores.support for scores in report.crossed.classes.values()) == 40  # each held out once


def test_a_corrected_label_moves_every_number_without_a_training(measured: Project) -> None:
    before = class_report(measured)
    held_out = HeldOutPrediction.objects.first()
    assert held_out is not None
    resolution = held_out.document.resolution
    wrong = next(
        c
        for c in measured.classes.all()
        if c not in [x.label_class for x in resolution.annotation.labels.all()]
    )
    corrected = Annotation.objects.create(
        project=measured,
        document=held_out.document,
        source="import",
        answer_hash=b"x",
        supersedes=resolution.annotation,
    )
    corrected.labels.create(label_class=wrong)
    resolution.annotation = corrected
    resolution.save()
    after = class_report(measured)
    assert before.scores
    assert after.scores
    assert before.scores.accuracy.value != after.scores.accuracy.value
    assert after.version == before.version


def test_a_measure_without_evidence_is_undefined_and_says_why(
    untrained: Project, client: Client, ann: User
) -> None:
    billing = [
        d.pk for d in Document.objects.test_set().filter(project=untrained) if truth(d.text) == "Billing"
    ]
    Document.objects.filter(pk__in=billing).update(state=Document.State.EXCLUDED)
    settle_test_set(untrained)
    label_rightly(untrained, ann, 40)
    train(untrained)
    row = next(r for r in class_report(untrained).rows if r.label_class.name == "Billing")
    assert row.scores is not None
    assert row.scores.recall.value is None
    assert row.scores.recall.reason
    client.force_login(ann)
    about = "only the 2 of 3 classes that have test documents"
    assert about in client.get(page(untrained), {"numbers": "test"}).content.decode()
    quality = client.get(reverse("analytics:quality", args=[untrained.pk])).content.decode()
    assert about in quality


@pytest.mark.parametrize("kind", ["multi", "spans"])
def test_every_kind_of_project_has_its_report(
    kind: str, make_project: Callable[..., Project], client: Client, joan: User
) -> None:
    project = make_project(kind=kind)
    client.force_login(joan)
    assert client.get(page(project)).status_code == 200


def test_label_more_asks_for_the_class_and_the_queue_is_ranked_again(
    measured: Project, client: Client, joan: User
) -> None:
    client.force_login(joan)
    refund = measured.classes.get(name="Refund")
    response = client.post(reverse("analytics:focus", args=[measured.pk, refund.pk]), follow=True)
    assert "until 20 more are labeled" in response.content.decode()
    assert Focus.objects.get(project=measured).label_class == refund
    assert Job.objects.filter(project=measured, kind=Job.Kind.RANK).exists()
    client.post(reverse("analytics:end_focus", args=[measured.pk, refund.pk]))
    assert not Focus.objects.standing().filter(project=measured).exists()


def test_an_annotator_reads_the_report_and_cannot_steer(measured: Project, client: Client, ann: User) -> None:
    client.force_login(ann)
    response = client.get(page(measured))
    assert response.status_code == 200
    assert "Label more" not in response.content.decode()
    refund = measured.classes.get(name="Refund")
    assert client.post(reverse("analytics:focus", args=[measured.pk, refund.pk])).status_code == 403


def test_a_stranger_finds_nothing(measured: Project, client: Client, eve: User) -> None:
    client.force_login(eve)
    assert client.get(page(measured)).status_code == 404
    assert client.get(reverse("analytics:classes_csv", args=[measured.pk])).status_code == 404


def test_the_page_takes_a_fixed_number_of_statements(measured: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    with CaptureQueriesContext(
        connection,
    ) as context:
        client.get(page(measured))
    assert len(context) <= 27


def test_a_wish_that_no_model_can_serve_yet_says_so(tickets: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    refund = tickets.classes.get(name="Refund")
    page = client.post(reverse("analytics:focus", args=[tickets.pk, refund.pk]), follow=True)
    assert (
        "The request for Refund is saved. It takes effect once a model knows the class."
        in page.content.decode()
    )
    assert "The queue now prioritizes" not in page.content.decode()


def test_the_labels_of_all_focuses_are_counted_in_one_statement(
    measured: Project, client: Client, joan: User, ann: User
) -> None:
    class_report(measured)  # reads the annotations that later reports remember
    counts = []
    for name in ("Refund", "Billing"):
        actions.focus_on(measured.pk, joan, measured.classes.get(name=name).pk, 20)
        with CaptureQueriesContext(connection) as context:
            rows = {row.label_class.name: row for row in class_report(measured).rows}
        counts.append(len(context))
    assert counts[0] == counts[1]
    before = rows["Refund"].focus_labels
    label_rightly(measured, ann, 6)
    after = {row.label_class.name: row for row in class_report(measured).rows}["Refund"]
    assert after.focus is not None
    assert after.focus_labels == after.focus.labels_so_far > before == 0


def test_a_class_name_cannot_become_a_formula_or_a_script(
    tickets: Project, client: Client, joan: User
) -> None:
    tickets.classes.filter(name="Refund").update(name="=HYPERLINK(1)<script>alert(1)</script>")
    client.force_login(joan)
    assert "<script>alert" not in client.get(page(tickets)).content.decode()
    lines = client.get(reverse("analytics:classes_csv", args=[tickets.pk])).content.decode().splitlines()
    assert lines[1].startswith("'=") or lines[1].startswith("\"'=")


def test_the_title_praises_no_model_that_knows_none_of_the_classes_of_now(
    tickets: Project, joan: User
) -> None:
    store_predictions(tickets, [(["Refund"], ["Refund"])] * 4)
    classes.add(tickets.pk, joan, "Brand new")
    for label_class in tickets.classes.exclude(name="Brand new"):
        classes.retire(tickets.pk, joan, label_class.pk)
    assert "Label test documents to evaluate the model" in class_report_headline(class_report(tickets))


def test_findings_name_the_scarce_class_and_the_title_the_weak_one(measured: Project) -> None:
    report = class_report(measured)
    assert any("training labels" in finding.title for finding in findings(report))
    assert class_report_headline(report)
