"""Is there one list of what to do next, and does no page say otherwise?"""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.class_report.class_needs import write_needs
from analytics.class_report.guidance.ranked import class_report_headline
from analytics.class_report.report import class_report
from analytics.learning_curves.measure import measure
from analytics.learning_curves.report import curves_report
from analytics.learning_curves.wording import curves_headline
from analytics.next_steps.report import next_steps
from analytics.quality.report import quality
from analytics.quality.wording import quality_headline
from labeling.annotations import questions, submit
from labeling.guidelines import new_projects
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.projects.models import Membership, Project
from labeling.queue import claims
from labeling.steering.models import Focus
from tests.analytics.class_report.test_guidance import label_pool
from tests.fixtures.people import label
from tests.fixtures.stored_predictions import store_predictions

NAMES = ("Refund", "Billing", "Delivery")
RIGHT = [([name], [name]) for name in NAMES]


def member(project: Project, who: User) -> Membership:
    return Membership.objects.select_related("project", "user").get(project=project, user=who)


def keys(project: Project, who: User) -> list[str]:
    return [step.key for step in next_steps(member(project, who))]


def disagree(project: Project, *people: User) -> None:
    for who, name in zip(people, NAMES, strict=False):
        (held,) = claims.claim(project.pk, who).documents
        submit.submit(who, submit.Submission(held.token, [label(project, name)]))


def test_a_project_without_documents_needs_documents_first(joan: User) -> None:
    project = new_projects.create(joan, name="Empty", kind="single", class_names=NAMES)
    (step,) = next_steps(member(project, joan))
    assert (step.key, step.actions[0].address) == (
        "no_documents",
        reverse("labeling:import", args=[project.pk]),
    )


def test_before_the_first_model_the_list_says_how_many_labels_it_takes(tickets: Project, ann: User) -> None:
    disagree(tickets, ann)
    first, *others = next_steps(member(tickets, ann))
    assert (first.key, first.title) == ("first_model", "No model yet: too few labels")
    assert first.text.startswith("Label 9 more documents for the first model.")
    assert first.actions[0].address == reverse("labeling:label", args=[tickets.pk])
    assert others[-1].key == "keep_labeling"


def test_people_who_wait_come_before_what_models_lack_and_failed_work_before_all(
    make_project: Any, joan: User, ann: User, bob: User, carla: User
) -> None:
    project = make_project(overlap=2)
    disagree(project, ann, bob)
    (held,) = claims.claim(project.pk, ann).documents
    questions.ask(held.token, ann, "Is this one a refund?")
    label_pool(project, "Refund", 12)
    Job.objects.create(project=project, kind="train", attempts=2, failure="No memory is left.")
    assert keys(project, joan)[:4] == ["work_failing", "questions", "disputes", "few_labels"]
    may_do = {step.key: bool(step.actions) for step in next_steps(member(project, carla))}
    assert (may_do["work_failing"], may_do["questions"], may_do["disputes"], may_do["few_labels"]) == (
        False,
        True,
        True,
        False,
    )
    assert not any(step.actions for step in next_steps(member(project, ann)) if step.key != "keep_labeling")


def test_the_findings_of_the_class_report_are_steps_of_the_list(
    tickets: Project, client: Client, joan: User
) -> None:
    store_predictions(tickets, RIGHT * 4)
    client.force_login(joan)
    api = f"/api/v1/projects/{tickets.pk}/reports/"
    steps = client.get(f"{api}next-steps/").json()["steps"]
    findings = client.get(f"{api}classes/").json()["findings"]
    assert [step for step in steps if step["code"] in {finding["code"] for finding in findings}] == findings
    page = client.get(reverse("analytics:next_steps", args=[tickets.pk])).content.decode()
    indices = [page.index(step["title"]) for step in steps]
    assert indices == sorted(indices)
    assert page.count('class="button primary"') + page.count('class="primary"') == 1


def test_the_overview_shows_the_first_steps_without_waiting_for_them(
    tickets: Project, client: Client, joan: User, ann: User
) -> None:
    store_predictions(tickets, RIGHT * 4)
    client.force_login(joan)
    address = reverse("analytics:next_steps", args=[tickets.pk])
    home = reverse("labeling:project", args=[tickets.pk])
    assert f'hx-get="{address}"' in client.get(home).content.decode()
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert part.count('class="finding') == 3
    client.force_login(ann)
    assert f'hx-get="{address}"' not in client.get(home).content.decode()


@pytest.mark.parametrize("documents", [1, 29, 30])
def test_no_title_judges_the_model_on_fewer_than_thirty_test_documents(
    documents: int, tickets: Project, client: Client, joan: User
) -> None:
    cases = [(["Refund"], ["Billing"]), *[([name], [name]) for name in NAMES] * 10][:documents]
    measure(store_predictions(tickets, cases))
    report = class_report(tickets)
    titles = [
        class_report_headline(report),
        quality_headline(quality(tickets)),
        curves_headline(curves_report(tickets)),
    ]
    few = [title for title in titles if "too few to evaluate the model: 30 are needed" in title]
    assert len(few) == (0 if documents == 30 else 3)
    assert ("weak_class" in keys(tickets, joan)) is False or documents == 30
    client.force_login(joan)
    page = client.get(reverse("analytics:classes", args=[tickets.pk])).content.decode()
    assert ("reaches the target" in page or "holds the model back" in page) is (documents == 30)


def test_classes_that_nobody_could_measure_are_named_before_the_one_that_was(tickets: Project) -> None:
    store_predictions(tickets, [(["Refund"], ["Refund"])] * 20 + [(["Refund"], ["Billing"])] * 20)
    assert class_report_headline(class_report(tickets)) == (
        "2 of 3 classes cannot be measured yet: Billing, Delivery. One class holds the model back: Refund"
    )


def test_a_class_that_surely_reaches_the_target_is_not_asked_for(
    tickets: Project, client: Client, joan: User
) -> None:
    """Few labels were enough, whatever a rule of thumb says, and all pages say so."""
    label_pool(tickets, "Refund", 2)
    label_pool(tickets, "Billing", 60)
    Project.objects.update(target_f1=0.5)
    measure(store_predictions(tickets, RIGHT * 20))
    tickets.refresh_from_db()
    few = next(finding for finding in next_steps(member(tickets, joan)) if finding.key == "keep_labeling")
    assert few.title == "The target is reached. Too early to say whether more labels would help"
    assert "few_labels" not in keys(tickets, joan)
    assert write_needs(tickets)
    client.force_login(joan)
    page = client.get(reverse("analytics:distribution", args=[tickets.pk])).content.decode()
    assert "Refund is under-represented" in page
    assert "It reaches the target anyway, so it needs no more labels." in page
    assert f'action="{reverse("analytics:focus", args=[tickets.pk, refund_of(tickets).pk])}"' not in page


def refund_of(project: Project) -> LabelClass:
    return project.classes.get(name="Refund")


def test_the_main_step_does_what_it_says(tickets: Project, client: Client, joan: User) -> None:
    label_pool(tickets, "Refund", 60)
    label_pool(tickets, "Billing", 60)
    store_predictions(tickets, [*RIGHT * 8, *[(["Delivery"], ["Billing"])] * 12])
    client.force_login(joan)
    step = client.get(f"/api/v1/projects/{tickets.pk}/reports/next-steps/").json()["steps"][0]
    assert step["class"] == str(tickets.classes.get(name="Delivery").pk)
    client.post(step["actions"][0]["url"])
    assert Focus.objects.standing().get().label_class.name == "Delivery"


def test_strangers_find_no_steps(tickets: Project, client: Client, eve: User) -> None:
    client.force_login(eve)
    assert client.get(reverse("analytics:next_steps", args=[tickets.pk])).status_code == 404
    assert client.get(f"/api/v1/projects/{tickets.pk}/reports/next-steps/").status_code == 404


def test_a_failing_job_is_shown_once_on_the_overview(tickets: Project, joan: User, client: Client) -> None:
    Job.objects.create(project=tickets, kind="train", attempts=2, failure="No memory is left.")
    client.force_login(joan)
    overview = client.get(reverse("labeling:project", args=[tickets.pk])).content.decode()
    steps = reverse("analytics:next_steps", args=[tickets.pk])
    assert overview.count("No memory is left.") == 1
    assert "No memory is left." not in client.get(steps, headers={"HX-Request": "true"}).content.decode()
    assert "No memory is left." in client.get(steps).content.decode()
