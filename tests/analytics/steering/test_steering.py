"""What moves the queue, and what did it achieve? And can a manager overrule it, and take that back?"""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.class_report.class_needs import write_needs
from analytics.class_report.focus_effect import focus_effects
from analytics.learning_curves.measure import measure
from analytics.steering.report import steering, steering_headline
from labeling import worker
from labeling.annotations import submit
from labeling.explanations.selection_reason import NeedReason, SelectionReason
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from labeling.queue import claims, publishing
from labeling.queue.models import QueueEntry
from labeling.steering import actions as steering_actions
from labeling.steering.models import ClassNeed, Focus
from tests.fixtures.people import fill, label, rank
from tests.fixtures.stored_predictions import store_predictions
from tests.fixtures.trained_project import WORDS, text_of, train, truth

RIGHT, WRONG, WELL = (["Refund"], ["Refund"]), (["Billing"], ["Refund"]), (["Billing"], ["Billing"])


def ordered(project: Project, name: str, share: str, count: int, need: dict[str, Any] | None = None) -> None:
    """An order in which a share asks for a class so many times, and as many documents are drawn at random."""
    project.refresh_from_db()
    documents = fill(project, [f"{share} {name} {n}: where is it?" for n in range(2 * count)])
    label_class = str(label(project, name).label_class)
    asked = SelectionReason(
        share,
        label_class=label_class,
        part=0.5,
        model=1,
        need=None if need is None else NeedReason.from_json(need),
    )
    reasons = [asked] * count + [SelectionReason("random", propensity=0.1)] * count
    entries = [(document.pk, reason) for document, reason in zip(documents, reasons, strict=True)]
    publishing.publish(project.pk, publishing.next_generation(), entries)


def answer(project: Project, person: User, names: list[str]) -> None:
    for name in names:
        (held,) = claims.claim(project.pk, person).documents
        submit.submit(person, submit.Submission(held.token, [label(project, name)]))


def later_model(project: Project, before: ModelVersion, right: int) -> ModelVersion:
    """Another model, that has the first so many test documents of Billing right."""
    names = [c.name for c in project.classes.all()]
    version = ModelVersion.objects.create(
        project=project, number=2, state="ready", classes=before.classes, label_count=80, trained_through=0
    )
    billing = label(project, "Billing").label_class
    for stored in HeldOutPrediction.objects.filter(model_version=before).select_related("document"):
        truth = stored.document.resolution.annotation.labels.get().label_class_id
        predicted = "Billing" if truth == billing and right > 0 else "Refund"
        right -= truth == billing
        probabilities = [0.9 if predicted == n else 0.05 for n in names]
        HeldOutPrediction.objects.create(
            model_version=version, document=stored.document, probabilities=probabilities
        )
    return version


def test_the_page_says_which_class_gets_how_much_and_why(tickets: Project, client: Client, ann: User) -> None:
    store_predictions(tickets, [RIGHT] * 60 + [WRONG] * 20 + [WELL] * 20)
    write_needs(tickets)
    ordered(tickets, "Billing", "weak_class", 6)
    client.force_login(ann)
    text = client.get(reverse("analytics:steering", args=[tickets.pk])).content.decode()
    assert "Billing gets 50% of the queue: recall 0.50 [0.35, 0.65] on 40 test documents." in text
    assert "Random" in text
    assert "<form" not in text.split("<h1>")[1]  # an annotator reads, and changes nothing
    table = client.get(reverse("analytics:steering_csv", args=[tickets.pk])).content.decode()
    assert table.splitlines()[1].startswith("Billing,automatic,0.")
    head = client.get(reverse("analytics:steering_csv", args=[tickets.pk]), {"table": "head"})
    assert "weak_class,6,0.5" in head.content.decode()


def test_a_manager_overrules_a_class_and_takes_it_back(tickets: Project, client: Client, joan: User) -> None:
    store_predictions(tickets, [RIGHT] * 60 + [WRONG] * 20 + [WELL] * 20)
    write_needs(tickets)
    client.force_login(joan)
    billing = label(tickets, "Billing").label_class
    change = reverse("analytics:change_need", args=[tickets.pk, billing])
    need = ClassNeed.objects.get(label_class=billing)
    measured = need.share
    client.post(change, {"mode": "by_hand", "percent": "12.5"})
    need.refresh_from_db()
    assert (need.mode, need.share, need.changed_by) == ("by_hand", 0.125, joan)
    text = client.get(reverse("analytics:steering", args=[tickets.pk])).content.decode()
    assert "Last change: joan set Billing to “Manual”" in text
    client.post(change, {"mode": "automatic"})
    need.refresh_from_db()
    assert (need.mode, need.share) == ("automatic", measured)  # at once
    answered = client.post(change, {"mode": "by_hand", "percent": "a lot"}, follow=True)
    assert "Enter a number." in answered.content.decode()


def test_all_of_it_is_switched_off_and_on_again(tickets: Project, client: Client, joan: User) -> None:
    store_predictions(tickets, [RIGHT] * 60 + [WRONG] * 20)
    client.force_login(joan)
    change = reverse("analytics:change_steering", args=[tickets.pk])
    client.post(change, {"is_steered": "off"})
    tickets.refresh_from_db()
    assert not tickets.is_steered
    assert not ClassNeed.objects.exists()
    client.post(change, {"is_steered": "on"})
    client.post(change, {"target_f1": "0.9"})
    tickets.refresh_from_db()
    assert (tickets.is_steered, tickets.target_f1) == (True, 0.9)
    assert {need.evidence["target"] for need in ClassNeed.objects.all()} == {0.9}


def test_only_managers_change_and_strangers_see_nothing(
    tickets: Project, client: Client, ann: User, eve: User
) -> None:
    billing = label(tickets, "Billing").label_class
    client.force_login(ann)
    assert client.post(reverse("analytics:change_steering", args=[tickets.pk])).status_code == 403
    assert client.post(reverse("analytics:change_need", args=[tickets.pk, billing])).status_code == 403
    client.force_login(eve)
    for name in ("analytics:steering", "analytics:steering_csv"):
        assert client.get(reverse(name, args=[tickets.pk])).status_code == 404


def test_a_focus_tells_what_it_brought_and_whether_that_is_more_than_noise(
    tickets: Project, client: Client, joan: User, ann: User
) -> None:
    first = store_predictions(tickets, [RIGHT] * 100 + [WRONG] * 60 + [WELL] * 20)
    measure(first)
    client.force_login(joan)
    billing = tickets.classes.get(name="Billing")
    client.post(reverse("analytics:focus", args=[tickets.pk, billing.pk]))
    focus = Focus.objects.get()
    assert (focus.evidence["model"], focus.evidence["recall"][0]) == (1, 0.25)
    ordered(tickets, "Billing", "focus", 3)
    answer(tickets, ann, ["Billing", "Billing", "Refund"])
    (effect,) = focus_effects(tickets, {billing.pk: billing})
    assert (effect.brought.answers, effect.brought.hits, effect.focus) == (3, 2, focus)
    assert effect.difference.reason == "No model has been evaluated since."
    assert not effect.is_beyond_noise
    measure(later_model(tickets, first, right=72))
    (effect,) = focus_effects(tickets, {billing.pk: billing})
    assert (effect.before.value, effect.after.value) == (pytest.approx(0.4), pytest.approx(144 / 152))
    assert effect.is_beyond_noise
    text = client.get(reverse("analytics:steering", args=[tickets.pk])).content.decode()
    assert "statistically significant" in text


def test_a_small_change_by_a_need_is_called_noise(tickets: Project, ann: User) -> None:
    first = store_predictions(tickets, [RIGHT] * 30 + [WRONG] * 10 + [WELL] * 10)
    measure(first)
    ordered(tickets, "Billing", "weak_class", 2, {"measure": "recall", "numbers": [0.5, 0.3, 0.7], "of": 20})
    answer(tickets, ann, ["Billing", "Billing"])
    measure(later_model(tickets, first, right=12))
    billing = tickets.classes.get(name="Billing")
    (effect,) = focus_effects(tickets, {billing.pk: billing})
    assert (effect.focus, effect.brought.hits) == (None, 2)
    assert effect.difference.value == pytest.approx(24 / 32 - 20 / 30)
    assert not effect.is_beyond_noise


def test_every_kind_and_state_has_its_headline(make_project: Any) -> None:
    project = make_project(kind="spans", texts=[])
    assert steering_headline(steering(project)) == "Nothing is ranked yet"
    project.refresh_from_db()
    rank(project, fill(project, ["one", "two"]))
    assert steering_headline(steering(project)) == "No model yet: too few labels"
    Project.objects.filter(pk=project.pk).update(is_steered=False)
    project.refresh_from_db()
    assert steering_headline(steering(project)).startswith("Class priorities are off")
    project.strategy = "random"
    assert steering_headline(steering(project)) == "This strategy does not use class priorities"


@pytest.fixture(params=["single", "multi", "spans"])
def learned(request: Any, make_project: Any, ann: User, settings: Any, tmp_path: Path) -> Project:
    """A project of each kind with a model behind it, a third of its texts of each class."""
    settings.FEATURES_DIR, settings.MODELS_DIR = tmp_path / "features", tmp_path / "models"
    names = list(WORDS)
    project = make_project(kind=request.param, texts=[text_of(names[n % 3], n) for n in range(120)])
    outbox.enqueue(project.pk, Job.Kind.FEATURIZE)
    for kind in (Job.Kind.FEATURIZE, Job.Kind.RANK):
        assert worker.run_job(project.pk, kind)
    for held in claims.claim(project.pk, ann, 40).documents:
        where = (0, len(held.text.split()[0])) if project.kind == "spans" else ()
        submit.submit(ann, submit.Submission(held.token, [label(project, truth(held.text), *where)]))
    train(project)
    return project


def test_a_share_by_hand_reaches_the_head_and_every_report_tells_what_it_holds(
    learned: Project, client: Client, joan: User
) -> None:
    client.force_login(joan)
    address = f"/api/v1/projects/{learned.pk}/reports"
    refund = str(label(learned, "Refund").label_class)
    client.patch(f"{address}/steering/{refund}/", {"mode": "by_hand", "share": 0.25}, "application/json")
    assert worker.run_job(learned.pk, Job.Kind.RANK)
    learned.refresh_from_db()
    reasons = [entry.reason for entry in QueueEntry.objects.live(learned)]
    served = [reason for reason in reasons if reason.get("class") == refund]
    assert 0.2 <= sum(reason.get("class") == refund for reason in reasons[:40]) / 40 <= 0.3  # of those left
    assert 4 <= sum(reason.get("class") == refund for reason in reasons[:20]) <= 6
    part = round(len(served) / len(reasons), 4)
    assert {reason["part"] for reason in served} == {part}

    steered = client.get(f"{address}/steering/").json()
    row = {item["class"]: item for item in steered["classes"]}[refund]
    assert (row["target_share"], row["current_share"]) == (0.25, part)
    assert steered["headline"].startswith("Refund gets ")
    row = {item["class"]: item for item in client.get(f"{address}/classes/").json()["classes"]}[refund]
    assert (row["target_queue_share"], row["queue_share"], row["queue_mode"]) == (0.25, part, "by_hand")
    page = client.get(reverse("analytics:classes", args=[learned.pk])).content.decode()
    assert "target 25%, manual" in page


def test_what_a_class_wants_and_does_not_get_is_no_lack_of_need(
    tickets: Project, client: Client, joan: User
) -> None:
    store_predictions(tickets, [RIGHT] * 60 + [WRONG] * 20 + [WELL] * 20)
    write_needs(tickets)
    ordered(tickets, "Refund", "margin", 6)
    Job.objects.all().delete()
    report = steering(tickets)
    assert steering_headline(report) == "3 classes need priority but currently get no share of the queue"
    assert {row.part for row in report.rows} == {0}
    result = {row.label_class.name: row.why for row in report.rows}
    assert result["Billing"].startswith("The model finds no unlabeled document for it.")
    outbox.enqueue(tickets.pk, Job.Kind.RANK)
    result = {row.label_class.name: row.why for row in steering(tickets).rows}
    assert result["Billing"] == "Its share starts with the next ranking, which is in progress."
    steering_actions.change_mix(tickets.pk, joan, random=50, weak_class=0, second_opinion=0, seed_words=0)
    result = {row.label_class.name: row.why for row in steering(tickets).rows}
    assert result["Billing"] == "The queue composition leaves no share for weak classes."
    Project.objects.filter(pk=tickets.pk).update(strategy="margin")
    tickets.refresh_from_db()
    result = {row.label_class.name: row.why for row in steering(tickets).rows}
    assert result["Billing"] == "The project's strategy does not use class priorities."


def test_a_machine_reads_and_overrules_it(tickets: Project, client: Client, joan: User) -> None:
    store_predictions(tickets, [RIGHT] * 60 + [WRONG] * 20 + [WELL] * 20)
    write_needs(tickets)
    client.force_login(joan)
    address = f"/api/v1/projects/{tickets.pk}/reports/steering/"
    body = client.get(address).json()
    billing = label(tickets, "Billing").label_class
    wanted = {item["class"]: item["target_share"] for item in body["classes"]}[str(billing)]
    assert wanted == ClassNeed.objects.get(label_class=billing).share > 0
    changed = client.patch(f"{address}{billing}/", {"mode": "off"}, "application/json")
    assert (changed.status_code, changed.json()["mode"]) == (200, "off")
    refused = client.patch(f"{address}{billing}/", {"mode": "by_hand"}, "application/json")
    assert refused.status_code == 422
    assert client.patch(address, {"is_steered": False}, "application/json").json()["is_steered"] is False
