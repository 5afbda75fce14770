"""Does each finding come when it should, with its numbers, and does its button do what it says?"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics.class_report.guidance.finding import Finding
from analytics.class_report.guidance.ranked import findings
from analytics.class_report.report import class_report
from labeling.annotations import imported
from labeling.documents.models import Document
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.steering.models import Focus, Pick
from tests.analytics.confusion.test_confusion import MIXED_UP, answer_twice
from tests.fixtures.people import fill, label
from tests.fixtures.stored_predictions import store_predictions


def findings_now(project: Project) -> dict[str, Finding]:
    return {finding.key: finding for finding in findings(class_report(project))}


def label_pool(project: Project, name: str, count: int) -> list[Document]:
    """Documents of the pool with a label that was brought along."""
    made = fill(project, [f"{name} of the pool, number {n}" for n in range(count)])
    imported.record(project, [(document.pk, [label(project, name)]) for document in made])
    return made


def test_classes_with_few_labels_are_named_with_what_is_missing(tickets: Project) -> None:
    label_pool(tickets, "Refund", 60)
    label_pool(tickets, "Billing", 20)
    few = findings_now(tickets)["few_labels"]
    assert few.title == "2 classes have fewer than 50 training labels, 1 of them fewer than 15"
    assert (few.text, few.tone) == ("Delivery 0, Billing 20: 80 more labels would bring each to 50.", "bad")
    label_pool(tickets, "Billing", 40)
    few = findings_now(tickets)["few_labels"]
    assert few.title == "Delivery has no training labels"
    assert few.text == "15 more labels would reach 15."
    label_pool(tickets, "Delivery", 49)
    some = findings_now(tickets)["some_labels"]
    assert (some.title, some.text) == ("Delivery has 49 training labels", "1 more label would reach 50.")


def test_the_button_of_several_classes_asks_for_each_of_them(
    tickets: Project, client: Client, joan: User
) -> None:
    label_pool(tickets, "Refund", 1)
    (action,) = findings_now(tickets)["few_labels"].actions
    client.force_login(joan)
    client.post(action.address, {"also": [value for _name, value in action.fields]})
    assert Focus.objects.standing().filter(project=tickets).count() == 3


def test_a_class_without_a_test_document_is_missing_and_waiting_ones_can_be_queued(
    tickets: Project, client: Client, joan: User
) -> None:
    store_predictions(tickets, MIXED_UP)
    waiting = fill(tickets, ["One more test", "and another"], split="test")
    missing = findings_now(tickets)["missing_in_test_set"]
    assert "Nothing can be measured for Delivery." in missing.text
    client.force_login(joan)
    answer = client.post(missing.actions[0].address, follow=True)
    assert "2 test documents move to the front of the queue" in answer.content.decode()
    picked = Pick.objects.get(project=tickets).picked.values_list("document", flat=True)
    assert set(picked) == {document.pk for document in waiting}


def test_without_waiting_test_documents_the_way_out_is_an_import(
    tickets: Project, client: Client, joan: User
) -> None:
    store_predictions(tickets, MIXED_UP)
    assert findings_now(tickets)["missing_in_test_set"].actions[0].name == "Import documents"
    client.force_login(joan)
    answer = client.post(reverse("analytics:queue_test", args=[tickets.pk]), follow=True)
    assert "Import more documents" in answer.content.decode()


def test_a_perfect_score_on_few_documents_is_doubted_with_its_interval(tickets: Project) -> None:
    store_predictions(tickets, [([name], [name]) for name in ("Refund", "Billing", "Delivery")] * 10)
    good = findings_now(tickets)["too_good"]
    assert "100% of 30 test documents are correct; 90% is also plausible." in good.text
    assert findings_now(tickets)["small_test_set"].title == "The model is evaluated on only 30 test documents"


def copied(project: Project, version: ModelVersion, later: timedelta) -> None:
    """A labeled document of the pool that copies a test document, which came this long after the model."""
    twin, near = label_pool(project, "Refund", 2)
    first = Document.objects.test_set().filter(project=project).earliest("pk")
    Document.objects.filter(pk__in=[twin.pk, near.pk, first.pk]).update(near_duplicate_group=0)
    Document.objects.filter(pk=twin.pk).update(content_hash=first.content_hash)
    Document.objects.filter(pk=first.pk).update(created_at=version.started_at + later)
    ModelVersion.objects.update(trained_through=twin.annotations.get().pk)


def test_copies_that_were_kept_out_are_told_and_copies_that_were_learned_are_the_worst(
    tickets: Project, client: Client, joan: User
) -> None:
    version = store_predictions(tickets, MIXED_UP)
    copied(tickets, version, -timedelta(hours=1))
    assert findings_now(tickets)["kept_out"].title.startswith(
        "1 labeled document is a copy of a test document"
    )
    assert "leak" not in findings_now(tickets)
    copied(tickets, version, timedelta(hours=1))
    worst = findings(class_report(tickets))[0]
    assert worst.key == "leak"
    client.force_login(joan)
    client.post(worst.actions[0].address)
    assert Job.objects.filter(project=tickets, kind=Job.Kind.TRAIN).exists()


def test_a_test_set_unlike_the_pool_is_named_with_both_shares(tickets: Project) -> None:
    store_predictions(tickets, [*MIXED_UP, *MIXED_UP])
    fill(tickets, [f"A long text {n}. " + "It goes on and on. " * 40 for n in range(60)])
    tickets.refresh_from_db()
    differs = findings_now(tickets)["unrepresentative"]
    assert "characters" in differs.title
    assert "of the pool" in differs.text
    assert "permutation test" in differs.how_sure


def test_an_unclear_rule_is_told_from_a_weak_model(
    make_project: Callable[..., Project], ann: User, bob: User
) -> None:
    project = make_project(overlap=2)
    store_predictions(project, MIXED_UP)
    assert findings_now(project)["unclear_pair"].title == "Refund and Billing are confused"
    answer_twice(project, (ann, bob), ("Refund", "Billing"), 10)
    unclear = findings_now(project)["unclear_pair"]
    assert (unclear.title, unclear.tone) == ("Refund and Billing are not clearly distinct", "bad")
    assert unclear.text == (
        "4 of 10 Refund test documents are predicted as Billing, and the other way around 1 of 10. "
        "Annotators disagree on the same pair 100% of the time, so the rule is unclear, not just the model "
        "weak."
    )
    assert "Annotators disagree on it in 10 of 10 comparisons." in unclear.how_sure
    assert unclear.actions[0].name == "Draft a rule"


def test_while_the_test_set_is_small_cross_validated_numbers_stand_in_named_as_such(
    tickets: Project, client: Client, joan: User
) -> None:
    store_predictions(
        tickets, MIXED_UP, cross_validated={"labels": 40, "counts": [[9, 8, 7], [1, 2, 3], [3, 2, 1]]}
    )
    client.force_login(joan)
    address = reverse("analytics:classes", args=[tickets.pk])
    text = client.get(address).content.decode()
    assert "from cross-validation on 40 labeled documents of the pool" in text
    assert "macro F1, cross-validated" in text
    assert "from cross-validation" not in client.get(address, {"numbers": "test"}).content.decode()


def test_findings_come_in_the_order_of_seriousness_and_the_rest_on_request(
    tickets: Project, client: Client, joan: User, ann: User
) -> None:
    store_predictions(tickets, MIXED_UP)
    order = [finding.seriousness for finding in findings(class_report(tickets))]
    assert order == sorted(order, reverse=True)
    client.force_login(joan)
    assert 'class="deeds"' in client.get(reverse("analytics:classes", args=[tickets.pk])).content.decode()
    client.force_login(ann)
    assert 'class="deeds"' not in client.get(reverse("analytics:classes", args=[tickets.pk])).content.decode()


@pytest.mark.parametrize("name", ["queue_test", "train_again"])
def test_only_managers_press_buttons(
    tickets: Project, client: Client, ann: User, eve: User, name: str
) -> None:
    address = reverse(f"analytics:{name}", args=[tickets.pk])
    client.force_login(ann)
    assert client.post(address).status_code == 403
    client.force_login(eve)
    assert client.post(address).status_code == 404


def test_the_api_tells_findings_with_their_actions(tickets: Project, client: Client, joan: User) -> None:
    store_predictions(tickets, MIXED_UP)
    client.force_login(joan)
    findings = client.get(f"/api/v1/projects/{tickets.pk}/reports/classes/").json()["findings"]
    missing = next(item for item in findings if item["code"] == "missing_in_test_set")
    assert missing["actions"][0]["method"] == "GET"
    assert missing["certainty"]


def test_a_model_without_a_test_document_has_findings_all_the_same(tickets: Project) -> None:
    ModelVersion.objects.create(
        project=tickets,
        number=1,
        state="ready",
        label_count=10,
        finished_at=timezone.now(),
        classes=[c.pk for c in tickets.classes.all()],
    )
    label_pool(tickets, "Refund", 1)
    assert "small_test_set" in findings_now(tickets)
