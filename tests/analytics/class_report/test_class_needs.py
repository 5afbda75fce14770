"""Do reports tell the queue which classes need more of it?"""

import pytest
from django.contrib.auth.models import User

from analytics.class_report.class_needs import write_needs
from analytics.metrics.measures import MIN_HEADLINE_DOCUMENTS
from analytics.metrics.needs import MAX_CLASS_SHARE
from analytics.tasks import measure_models
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.steering import class_needs
from labeling.steering.models import ClassNeed
from tests.fixtures.people import label
from tests.fixtures.stored_predictions import store_predictions, store_span_predictions

RIGHT, WRONG = (["Refund"], ["Refund"]), (["Billing"], ["Refund"])


def written(project: Project) -> dict[str, ClassNeed]:
    return {need.label_class.name: need for need in project.needs.select_related("label_class")}


def test_the_weak_class_gets_a_share_with_its_numbers(tickets: Project) -> None:
    version = store_predictions(tickets, [RIGHT] * 120 + [WRONG] * 10 + [(["Billing"], ["Billing"])] * 10)
    assert write_needs(tickets, version)
    result = written(tickets)
    assert result["Billing"].share == pytest.approx(MAX_CLASS_SHARE)
    assert result["Refund"].share == 0
    evidence = result["Billing"].evidence
    assert evidence["recall"][0] == 0.5
    assert (evidence["support"], evidence["documents"], evidence["target"]) == (20, 140, 0.8)
    assert (evidence["errors"], evidence["all_errors"], evidence["predicted"]) == (10, 20, 10)
    assert result["Delivery"].evidence["f1"] is None  # no test document: undefined, not 0
    assert Job.objects.filter(project=tickets, kind=Job.Kind.RANK).exists()


def test_writing_twice_is_writing_once(tickets: Project) -> None:
    store_predictions(tickets, [RIGHT] * 40 + [WRONG] * 10)
    assert write_needs(tickets)
    Job.objects.all().delete()
    before = list(ClassNeed.objects.values())
    assert not write_needs(tickets)
    assert list(ClassNeed.objects.values()) == before
    assert not Job.objects.exists()


def test_the_reminder_of_a_new_model_writes_its_needs(tickets: Project) -> None:
    store_predictions(tickets, [RIGHT] * 40 + [WRONG] * 10)
    measure_models()
    assert (written(tickets)["Billing"].share or 0) > 0


def test_too_small_a_test_set_leaves_it_to_the_engine(tickets: Project) -> None:
    store_predictions(tickets, [RIGHT] * (MIN_HEADLINE_DOCUMENTS - 1))
    assert not write_needs(tickets)
    assert not ClassNeed.objects.exists()


def test_nothing_is_written_without_a_model_or_where_nobody_wants_it(tickets: Project, joan: User) -> None:
    assert not write_needs(tickets)
    store_predictions(tickets, [RIGHT] * 20 + [WRONG] * 20)
    project = class_needs.steer(tickets.pk, joan, is_steered=False)
    assert not write_needs(project)
    assert not ClassNeed.objects.exists()


def test_a_lower_target_needs_less(tickets: Project, joan: User) -> None:
    store_predictions(tickets, [RIGHT] * 60 + [WRONG] * 25 + [(["Billing"], ["Billing"])] * 40)
    write_needs(tickets)
    before = written(tickets)["Billing"].share
    project = class_needs.steer(tickets.pk, joan, target_f1=0.5)
    write_needs(project)
    assert (before or 0) > (written(tickets)["Billing"].share or 0) == 0


def test_classes_that_a_manager_set_leave_the_room_to_the_others(tickets: Project, joan: User) -> None:
    store_predictions(tickets, [RIGHT] * 60 + [WRONG] * 20)
    class_needs.set_mode(tickets.pk, joan, label(tickets, "Billing").label_class, "off")
    write_needs(tickets)
    result = written(tickets)
    assert (result["Billing"].mode, result["Billing"].share, result["Billing"].evidence) == ("off", None, {})
    assert result["Delivery"].share == pytest.approx(MAX_CLASS_SHARE)


def test_spans_have_needs_too(make_project) -> None:  # type: ignore[no-untyped-def]
    project = make_project(kind="spans")
    store_span_predictions(project, [([("Refund", 0, 4)], [("Billing", 0, 4)])] * 40)
    assert write_needs(project)
    assert (written(project)["Refund"].share or 0) > 0
