"""Confusion matrix: which classes are confused, by whom, and what can be done about it from the page."""

from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.class_report.guidance.ranked import findings
from analytics.class_report.report import class_report
from analytics.confusion.report import Verdict, confusion_report
from analytics.metrics.confusion import pairs
from labeling.annotations import submit
from labeling.guidelines.models import Guideline
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from labeling.steering.models import Focus
from tests.fixtures.people import fill, label, rank
from tests.fixtures.stored_predictions import store_predictions, store_span_predictions

MIXED_UP = [
    *[(["Refund"], ["Refund"])] * 6,
    *[(["Refund"], ["Billing"])] * 4,
    *[(["Billing"], ["Billing"])] * 9,
    *[(["Billing"], ["Refund"])] * 1,
]


def answer_twice(project: Project, people: tuple[User, User], names: tuple[str, str], count: int) -> None:
    """Documents of the pool that two people answer, each with one name."""
    project.refresh_from_db()
    for document in fill(project, [f"{names} {n}: money or card?" for n in range(count)]):
        rank(project, [document])
        for person, name in zip(people, names, strict=True):
            (held,) = claims.claim(project.pk, person).documents
            submit.submit(person, submit.Submission(held.token, [label(project, name)]))


def page(project: Project) -> str:
    return reverse("analytics:confusion", args=[project.pk])


def test_the_title_says_what_is_mixed_up_and_each_cell_leads_to_its_documents(
    tickets: Project, client: Client, joan: User, ann: User
) -> None:
    store_predictions(tickets, MIXED_UP)
    client.force_login(joan)
    text = client.get(page(tickets)).content.decode()
    assert "Refund and Billing are confused most often: 5 of 20" in text
    refund, billing = (tickets.classes.get(name=name).pk for name in ("Refund", "Billing"))
    assert f"model=1&amp;truth={refund}&amp;predicted={billing}" in text
    assert "4 Refund predicted as Billing" in text
    assert "no data" in text  # Delivery is shown, and said to be silent
    client.force_login(ann)
    assert f"truth={refund}" not in client.get(page(tickets)).content.decode()


def test_only_what_surely_befalls_many_of_a_class_is_told_as_a_mix_up() -> None:
    def told(taken: int, of: int, others: int = 40) -> bool:
        truth = np.eye(3, dtype=bool)[[0] * of + [1] * others + [2] * others]
        predicted = np.eye(3, dtype=bool)[[1] * taken + [0] * (of - taken) + [1] * others + [2] * others]
        (pair,) = pairs(truth, predicted)
        return pair.is_clear

    assert [told(n, 61) for n in (2, 3, 6, 8, 23)] == [False, False, False, True, True]
    assert not told(2, 2)


def test_a_good_model_with_scattered_mistakes_has_no_finding_of_pairs() -> None:
    rng = np.random.default_rng(5)
    for _ in range(100):
        truth = rng.integers(0, 5, 300)
        predicted = np.where(rng.random(300) < 0.04, rng.integers(0, 5, 300), truth)
        units = np.eye(5, dtype=bool)[truth], np.eye(5, dtype=bool)[predicted]
        assert not any(pair.is_clear for pair in pairs(*units))


def test_a_pair_that_may_be_noise_is_told_as_such_and_steers_nothing(
    tickets: Project, client: Client, joan: User
) -> None:
    right = [([name], [name]) for name in ("Refund", "Billing", "Delivery")] * 30
    store_predictions(
        tickets, [*right, (["Refund"], ["Billing"]), (["Billing"], ["Refund"]), (["Refund"], ["Billing"])]
    )
    client.force_login(joan)
    text = client.get(page(tickets)).content.decode()
    assert "No statistically significant confusion between classes" in text
    assert "1 pair that is not statistically significant" in text
    assert "2 of 32 Refund test documents are predicted as Billing, and the other way around 1 of 31." in text
    assert "Draft a rule" not in text
    assert "unclear_pair" not in {finding.key for finding in findings(class_report(tickets))}


def test_the_matrix_can_show_errors_alone_shares_and_only_confused_classes(
    tickets: Project, client: Client, joan: User
) -> None:
    store_predictions(tickets, MIXED_UP)
    client.force_login(joan)
    errors = client.get(page(tickets), {"show": "errors"}).content.decode()
    assert "6 Refund predicted correctly" not in errors
    matches = client.get(page(tickets), {"show": "matches"}).content.decode()
    assert "6 Refund predicted correctly" in matches
    assert "4 Refund predicted as Billing" not in matches
    confused = client.get(page(tickets), {"only": "confused", "unit": "share"}).content.decode()
    assert "1 class without errors is hidden." in confused
    assert ">40</a>" in confused  # percent of Refund


def test_people_who_split_on_the_same_pair_show_an_unclear_rule(
    make_project: Callable[..., Project], ann: User, bob: User
) -> None:
    project = make_project(overlap=2)
    store_predictions(project, MIXED_UP)
    answer_twice(project, (ann, bob), ("Refund", "Billing"), 6)
    answer_twice(project, (ann, bob), ("Refund", "Refund"), 6)
    (pair,) = confusion_report(project).pairs
    assert (pair.splits, pair.comparisons, pair.verdict) == (6, 12, Verdict.RULE)


def test_people_who_agree_show_a_weak_model(
    make_project: Callable[..., Project], ann: User, bob: User
) -> None:
    project = make_project(overlap=2)
    store_predictions(
        project,
        [(truth, ["Billing" if predicted == ["Refund"] else "Refund"]) for truth, predicted in MIXED_UP],
    )
    answer_twice(project, (ann, bob), ("Refund", "Refund"), 12)
    (pair,) = confusion_report(project).pairs
    assert (pair.splits, pair.verdict) == (0, Verdict.MODEL)


def test_of_several_labels_what_is_missed_and_what_is_added_make_the_pair(
    make_project: Callable[..., Project], client: Client, joan: User
) -> None:
    project = make_project(kind="multi")
    both = ["Refund", "Delivery"]
    store_predictions(
        project, [*[(both, ["Billing", "Delivery"])] * 3, (both, both), (["Refund"], ["Refund", "Billing"])]
    )
    client.force_login(joan)
    text = client.get(page(project)).content.decode()
    refund, billing = (project.classes.get(name=name).pk for name in ("Refund", "Billing"))
    assert f"missed={refund}&amp;extra={billing}" in text
    assert "3 of 5 test documents with Refund are predicted as Billing instead." in text
    assert "1 predicted as Billing where nothing is labeled" in text
    assert "100% of 4" in text  # Refund and Delivery come together: Delivery never without Refund


def test_of_spans_the_same_place_of_another_type_is_told_from_missed_and_spurious(
    make_project: Callable[..., Project], client: Client, joan: User
) -> None:
    project = make_project(kind="spans")
    store_span_predictions(
        project,
        [
            ([("Refund", 0, 4), ("Billing", 5, 9)], [("Billing", 0, 4)]),
            ([("Refund", 0, 4)], [("Billing", 0, 4), ("Delivery", 5, 9)]),
        ],
    )
    client.force_login(joan)
    text = client.get(page(project)).content.decode()
    assert "2 Refund predicted as Billing" in text
    assert "1 Billing missed, no other class predicted" in text
    assert "1 predicted as Delivery where nothing is labeled" in text


def test_label_more_of_both_asks_for_both_classes_and_stays_on_the_page(
    tickets: Project, client: Client, joan: User
) -> None:
    store_predictions(tickets, MIXED_UP)
    client.force_login(joan)
    refund, billing = (tickets.classes.get(name=name) for name in ("Refund", "Billing"))
    address = reverse("analytics:focus", args=[tickets.pk, refund.pk])
    response = client.post(address, {"also": billing.pk, "back": "confusion"}, follow=True)
    assert response.redirect_chain[-1][0] == page(tickets)
    assert set(Focus.objects.standing().values_list("label_class", flat=True)) == {refund.pk, billing.pk}


def test_a_drafted_rule_quotes_documents_of_the_pool_and_saves_nothing(
    make_project: Callable[..., Project], client: Client, joan: User, ann: User, bob: User
) -> None:
    project = make_project(overlap=2)
    store_predictions(project, MIXED_UP)
    client.force_login(joan)
    address = reverse("analytics:draft_rule", args=[project.pk, *_ids(project)])
    assert "The examples are from the test set" in client.get(address).content.decode()
    answer_twice(project, (ann, bob), ("Refund", "Billing"), 1)
    text = client.get(address).content.decode()
    assert "## Refund / Billing" in text
    assert "0: money or card?" in text
    assert "test set" not in text.split("Draft, not saved yet")[1].split("</form>")[0]
    assert Guideline.objects.filter(project=project).count() == 1  # the one that the project came with
    client.force_login(ann)
    assert client.get(address).status_code == 403


def test_a_test_document_that_a_pick_brought_is_not_quoted_as_one_of_the_pool(
    tickets: Project, client: Client, joan: User, ann: User
) -> None:
    store_predictions(tickets, MIXED_UP)
    tickets.refresh_from_db()
    rank(tickets, fill(tickets, ["Nobody may read this answer"], split="test"))
    (held,) = claims.claim(tickets.pk, ann).documents
    refund, billing = _ids(tickets)
    reason = {"share": "picked", "independent": "test", "model": 1, "top": [[str(billing), 0.9]]}
    Lease.objects.filter(document=held.document_id).update(reason=reason)
    submit.submit(ann, submit.Submission(held.token, [label(tickets, "Refund")]))
    client.force_login(joan)
    text = client.get(reverse("analytics:draft_rule", args=[tickets.pk, refund, billing])).content.decode()
    assert "The examples are from the test set" in text
    assert "Nobody may read this answer" not in text


def _ids(project: Project) -> list[object]:
    return [project.classes.get(name=name).pk for name in ("Refund", "Billing")]


def test_strangers_find_nothing_and_an_empty_project_is_told_what_to_do(
    tickets: Project, client: Client, joan: User, eve: User
) -> None:
    client.force_login(joan)
    assert "Nothing to compare yet" in client.get(page(tickets)).content.decode()
    client.force_login(eve)
    assert client.get(page(tickets)).status_code == 404
    assert client.get(reverse("analytics:confusion_csv", args=[tickets.pk])).status_code == 404


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("matrix", "Refund,Billing,4,0.4"),
        ("pairs", "Refund,Billing,4,1,20,0.25,"),
        ("together", "first_class,second_class"),
    ],
)
def test_each_table_is_a_file(tickets: Project, client: Client, joan: User, table: str, line: str) -> None:
    store_predictions(tickets, MIXED_UP)
    client.force_login(joan)
    answer = client.get(reverse("analytics:confusion_csv", args=[tickets.pk]), {"table": table})
    assert line in answer.content.decode()


def test_the_api_says_the_same(tickets: Project, client: Client, joan: User) -> None:
    store_predictions(tickets, MIXED_UP)
    client.force_login(joan)
    body = client.get(f"/api/v1/projects/{tickets.pk}/reports/confusion/").json()
    assert body["matrix"][0][:2] == [6, 4]
    (pair,) = body["pairs"]
    assert (pair["first_as_second"], pair["units"], pair["cause"]) == (4, 20, "unknown")
