"""Do reports tell the number on texts unlike any labeled one, where the test set holds others as well?"""

import csv
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.class_report.guidance.finding import Finding
from analytics.class_report.guidance.ranked import findings
from analytics.class_report.report import class_report
from labeling.annotations import imported
from labeling.annotations.models import Annotation
from labeling.documents.models import Document
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from tests.fixtures.people import fill, label
from tests.fixtures.stored_predictions import store_predictions

RIGHT, WRONG = (["Refund"], ["Refund"]), (["Billing"], ["Refund"])


def findings_now(project: Project) -> dict[str, Finding]:
    return {finding.key: finding for finding in findings(class_report(project))}


def repeat_in_pool(project: Project, count: int, *, labeled: bool = True) -> list[Document]:
    """The first test documents get a near-duplicate in the pool each, which the model learned from."""
    measured = Document.objects.test_set().filter(project=project).order_by("position")[:count]
    texts = [f"{document.text}, once more" for document in measured]
    repeats = fill(project, texts)
    for document, twin in zip(measured, repeats, strict=True):
        both = Document.objects.filter(pk__in=[document.pk, twin.pk])
        both.update(near_duplicate_group=document.position)
    if labeled:
        imported.record(project, [(twin.pk, [label(project, "Refund")]) for twin in repeats])
        learn_all(project)
    return repeats


def learn_all(project: Project) -> None:
    """Let the model have learned from all that was said until now."""
    ModelVersion.objects.filter(project=project).update(trained_through=Annotation.objects.latest("pk").pk)


@pytest.fixture
def stream(tickets: Project) -> Project:
    """Twenty test documents that the training repeats, all right, and twenty others, eight of them right."""
    store_predictions(tickets, [*[RIGHT] * 28, *[WRONG] * 12])
    repeat_in_pool(tickets, 20)
    return tickets


def test_the_report_counts_texts_unlike_any_labeled_one_apart(stream: Project) -> None:
    report = class_report(stream)
    assert report.scores is not None
    assert report.scores.accuracy.value == pytest.approx(28 / 40)
    assert report.unlike is not None
    assert (report.unlike.alike, report.unlike.documents) == (20, 20)
    assert report.unlike.scores.accuracy.value == pytest.approx(8 / 20)
    interval = report.unlike.scores.accuracy.interval
    assert interval is not None
    assert interval.low < 8 / 20 < interval.high
    billing = next(row for row in report.rows if row.label_class.name == "Billing")
    assert billing.unlike is not None
    assert (billing.unlike.support, billing.unlike.f1.value) == (12, 0.0)


def test_a_difference_beyond_noise_is_a_finding_with_both_numbers(stream: Project) -> None:
    worse = findings_now(stream)["unlike_labeled"]
    assert worse.title == "The model is worse on texts without near-duplicates"
    assert worse.text == (
        "40% of 20 test documents without a near-duplicate in the training set are correct, "
        "but 100% of the others."
    )
    assert "95% confidence interval" in worse.how_sure


def test_the_page_the_api_and_the_file_tell_the_same(stream: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    page = client.get(reverse("analytics:classes", args=[stream.pk])).content.decode()
    assert "accuracy, without near-duplicates" in page
    assert "20 of 40 test documents have a near-duplicate in the training set" in page
    report = client.get(f"/api/v1/projects/{stream.pk}/reports/classes/").json()
    unlike = report["without_near_duplicates"]
    assert (unlike["documents"], unlike["near_duplicates"], unlike["accuracy"]["value"]) == (20, 20, 0.4)
    assert unlike["accuracy_difference"]["value"] == pytest.approx(-0.6)
    assert unlike["accuracy_difference"]["high"] < 0
    file = client.get(reverse("analytics:classes_csv", args=[stream.pk])).content.decode()
    rows = {row["class"]: row for row in csv.DictReader(file.splitlines())}
    names = {item["name"]: item for item in report["classes"]}
    assert rows["Refund"]["support_without_near_duplicates"] == "8"
    for name, row in rows.items():
        value = names[name]["f1_without_near_duplicates"]["value"]
        assert row["f1_without_near_duplicates"] == ("" if value is None else str(round(value, 4))), name
    low, value, high = (rows["Refund"][f"f1_without_near_duplicates{end}"] for end in ("_low", "", "_high"))
    assert low < value < high


def test_where_both_are_as_good_there_is_no_finding(tickets: Project) -> None:
    store_predictions(tickets, [RIGHT, WRONG] * 20)
    repeat_in_pool(tickets, 20)
    assert class_report(tickets).unlike is not None
    assert "unlike_labeled" not in findings_now(tickets)


def test_from_a_twentieth_of_the_test_documents_on_it_is_told(tickets: Project) -> None:
    store_predictions(tickets, [RIGHT] * 40)
    repeat_in_pool(tickets, 1)
    assert class_report(tickets).unlike is None
    repeat_in_pool(tickets, 2)
    report = class_report(tickets)
    assert report.unlike is not None
    assert report.unlike.alike == 2


def test_only_what_trained_the_model_counts(
    make_project: Callable[..., Project], client: Client, joan: User
) -> None:
    """Not open documents, not what was labeled later, no exact copies, and no test documents."""
    project = make_project()
    store_predictions(project, [RIGHT] * 20)
    open_ones = repeat_in_pool(project, 20, labeled=False)
    assert class_report(project).unlike is None
    imported.record(project, [(open_ones[0].pk, [label(project, "Refund")])])
    assert class_report(project).unlike is None
    learn_all(project)
    assert class_report(project).unlike is not None
    first = Document.objects.test_set().filter(project=project).earliest("position")
    Document.objects.filter(pk=open_ones[0].pk).update(content_hash=first.content_hash)
    imported.record(project, [(open_ones[1].pk, [label(project, "Refund")])])
    learn_all(project)
    report = class_report(project)
    assert report.unlike is not None
    assert report.unlike.alike == 1


def test_a_test_set_that_the_training_repeats_says_nothing_of_other_texts(
    tickets: Project, client: Client, joan: User
) -> None:
    store_predictions(tickets, [RIGHT] * 20)
    repeat_in_pool(tickets, 20)
    assert findings_now(tickets)["none_unlike_labeled"].title.startswith(
        "Every test document has a near-duplicate"
    )
    client.force_login(joan)
    page = client.get(reverse("analytics:classes", args=[tickets.pk])).content.decode()
    assert "accuracy, without near-duplicates" not in page
    report = client.get(f"/api/v1/projects/{tickets.pk}/reports/classes/").json()
    assert report["without_near_duplicates"]["accuracy"]["value"] is None
