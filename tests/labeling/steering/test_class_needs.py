"""Who says how much of the queue a class gets, and what does the next ranking make of it?"""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User

from labeling.exceptions import InvalidInput, NotAllowed, NotAMember, UnknownClass
from labeling.explanations.selection_reason import NeedReason
from labeling.guidelines import classes
from labeling.jobs.models import Job
from labeling.projects.models import Project
from labeling.ranking.class_targets import described_needs, selection_targets_for
from labeling.steering import actions, class_needs
from labeling.steering.models import ClassNeed
from tests.fixtures.people import label

EVIDENCE = {"recall": [0.52, 0.41, 0.63], "precision": [0.9, 0.8, 0.95], "support": 61, "predicted": 40}


def class_id(project: Project, name: str) -> uuid.UUID:
    return label(project, name).label_class


def order(project: Project) -> list[uuid.UUID]:
    return [class_id(project, name) for name in ("Refund", "Billing", "Delivery")]


def shares(project: Project) -> dict[int, float]:
    project.refresh_from_db()
    return {
        number: round(share, 4)
        for number, share in selection_targets_for(project, order(project)).needs.items()
    }


def forget_ranking(project: Project) -> None:
    Job.objects.filter(project=project, kind=Job.Kind.RANK).delete()


def is_ranked_again(project: Project) -> bool:
    return Job.objects.filter(project=project, kind=Job.Kind.RANK).exists()


def write(project: Project, **needs: float) -> bool:
    return class_needs.write_measured(
        project.pk, {class_id(project, n): (s, EVIDENCE) for n, s in needs.items()}
    )


def test_what_a_report_measured_takes_the_place_of_the_engine_s_own_estimate(tickets: Project) -> None:
    before = selection_targets_for(tickets, order(tickets))
    assert before.needs == {}
    assert before.weakness is not None
    assert before.weakness.any()
    assert write(tickets, Refund=0.18, Billing=0.0)
    assert is_ranked_again(tickets)
    after = selection_targets_for(tickets, order(tickets))
    assert shares(tickets) == {0: 0.18}
    assert after.target_classes == {0, 1, 2}  # none has fifteen labels: the likeliest documents are wanted
    assert after.weakness is not None
    assert not after.weakness.any()


def test_documents_of_several_classes_are_not_sought(tickets: Project) -> None:
    write(tickets, Refund=0.18)
    tickets.kind = Project.Kind.MULTI
    assert selection_targets_for(tickets, order(tickets)).target_classes == frozenset()


def test_a_share_that_hardly_moves_does_not_rank_the_queue_again(tickets: Project) -> None:
    write(tickets, Refund=0.18)
    forget_ranking(tickets)
    assert not write(tickets, Refund=0.185)
    assert not is_ranked_again(tickets)
    assert shares(tickets) == {0: 0.18}  # or many small steps would never rank it
    assert write(tickets, Refund=0.19)
    assert is_ranked_again(tickets)


def test_the_last_step_to_nothing_is_taken(tickets: Project) -> None:
    write(tickets, Refund=0.012)
    write(tickets, Refund=0.004)
    assert write(tickets, Refund=0.0)
    assert shares(tickets) == {}


def test_by_hand_and_off_are_not_touched_by_reports(tickets: Project, joan: User) -> None:
    class_needs.set_mode(tickets.pk, joan, class_id(tickets, "Refund"), "by_hand", 0.25)
    class_needs.set_mode(tickets.pk, joan, class_id(tickets, "Billing"), "off")
    assert write(tickets, Refund=0.1, Billing=0.2, Delivery=0.05)
    assert shares(tickets) == {0: 0.25, 2: 0.05}
    assert described_needs(tickets)[class_id(tickets, "Refund")] == NeedReason(is_by_hand=True)


def test_going_back_to_automatic_waits_for_the_report(tickets: Project, joan: User) -> None:
    """Until then the engine's own estimate holds for the class."""
    refund = class_id(tickets, "Refund")
    class_needs.set_mode(tickets.pk, joan, refund, "off")
    selection_targets = selection_targets_for(tickets, order(tickets))
    assert selection_targets.weakness is not None
    assert selection_targets.weakness[0] == 0 < selection_targets.weakness[1]
    need = class_needs.set_mode(tickets.pk, joan, refund, "automatic")
    assert (need.share, need.changed_by) == (None, joan)
    selection_targets = selection_targets_for(tickets, order(tickets))
    assert selection_targets.weakness is not None
    assert selection_targets.weakness[0] > 0


def test_shares_by_hand_come_first_and_all_together_leave_room(tickets: Project, joan: User) -> None:
    class_needs.set_mode(tickets.pk, joan, class_id(tickets, "Refund"), "by_hand", 0.45)
    write(tickets, Billing=0.3, Delivery=0.1)
    assert shares(tickets) == {0: 0.45, 1: pytest.approx(0.1125), 2: pytest.approx(0.0375)}


def test_a_mix_of_the_manager_s_own_is_the_most_that_needs_get(tickets: Project, joan: User) -> None:
    write(tickets, Refund=0.3, Billing=0.1)
    actions.change_mix(tickets.pk, joan, random=50, weak_class=20, second_opinion=0, seed_words=0)
    assert shares(tickets) == {0: 0.15, 1: 0.05}
    actions.change_mix(tickets.pk, joan, random=50, weak_class=0, second_opinion=0, seed_words=0)
    assert shares(tickets) == {}


def test_a_focus_takes_the_place_of_the_need(tickets: Project, joan: User) -> None:
    write(tickets, Refund=0.3, Billing=0.1)
    actions.focus_on(tickets.pk, joan, class_id(tickets, "Refund"), 20)
    assert shares(tickets) == {1: 0.1}


def test_retired_classes_and_those_a_model_does_not_know_get_nothing(tickets: Project, joan: User) -> None:
    write(tickets, Refund=0.2, Billing=0.1)
    classes.retire(tickets.pk, joan, class_id(tickets, "Billing"))
    assert shares_of(tickets, [class_id(tickets, "Refund")]) == {0: 0.2}
    assert set(described_needs(tickets)) == {class_id(tickets, "Refund")}


def shares_of(project: Project, classes: list[uuid.UUID]) -> dict[int, float]:
    return dict(selection_targets_for(project, classes).needs)


def test_a_project_that_is_not_steered_keeps_the_engine_s_own_estimate(tickets: Project, joan: User) -> None:
    write(tickets, Refund=0.2)
    project = class_needs.steer(tickets.pk, joan, is_steered=False)
    selection_targets = selection_targets_for(project, order(tickets))
    assert selection_targets.needs == {}
    assert selection_targets.weakness is not None
    assert selection_targets.weakness.any()
    assert not write(tickets, Refund=0.1)
    class_needs.steer(tickets.pk, joan, is_steered=True)
    assert shares(tickets) == {0: 0.2}  # nothing was lost


def test_other_strategies_know_no_needs(tickets: Project) -> None:
    write(tickets, Refund=0.2)
    Project.objects.filter(pk=tickets.pk).update(strategy="margin")
    assert shares(tickets) == {}


@pytest.mark.parametrize(
    ("mode", "share"),
    [
        ("by_hand", None),
        ("by_hand", 0.7),
        ("by_hand", -0.1),
        ("off", 0.1),
        ("automatic", 0.1),
        ("more", None),
    ],
)
def test_modes_and_shares_that_do_not_fit_are_refused(
    tickets: Project, joan: User, mode: str, share: float | None
) -> None:
    with pytest.raises(InvalidInput):
        class_needs.set_mode(tickets.pk, joan, class_id(tickets, "Refund"), mode, share)
    assert not ClassNeed.objects.exists()


@pytest.mark.parametrize("target", [0.05, 1.1])
def test_a_target_is_an_f1(tickets: Project, joan: User, target: float) -> None:
    with pytest.raises(InvalidInput):
        class_needs.steer(tickets.pk, joan, target_f1=target)


def test_only_managers_steer(tickets: Project, ann: User, eve: User, joan: User) -> None:
    refund: Any = class_id(tickets, "Refund")
    with pytest.raises(NotAllowed):
        class_needs.set_mode(tickets.pk, ann, refund, "off")
    with pytest.raises(NotAllowed):
        class_needs.steer(tickets.pk, ann, is_steered=False)
    with pytest.raises(NotAMember):
        class_needs.set_mode(tickets.pk, eve, refund, "off")
    with pytest.raises(UnknownClass):
        class_needs.set_mode(tickets.pk, joan, uuid.uuid4(), "off")
