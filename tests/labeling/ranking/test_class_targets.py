"""What do weak, unclear and rare classes ask of the next head?"""

from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import User

from labeling.annotations.submit import Submission, submit
from labeling.guidelines import classes
from labeling.learning.query_strategies.mix import Mix
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.ranking.class_targets import seed_words, selection_targets_for
from labeling.steering import actions
from tests.fixtures.people import label


def both_say(project: Project, people: tuple[User, User], names: tuple[str, str]) -> None:
    """The next document gets these two answers."""
    first, second = people
    (held,) = claims.claim(project.pk, first).documents
    submit(first, Submission(held.token, [label(project, names[0])]))
    (again,) = [
        h for h in claims.claim(project.pk, second, 10).documents if h.document_id == held.document_id
    ]
    submit(second, Submission(again.token, [label(project, names[1])]))
    for other in claims.held_by(project.pk, second):
        claims.release(other.token, second)


def test_a_class_on_which_people_disagree_gets_half_the_weight(
    make_project: Callable[..., Project], ann: User, bob: User
) -> None:
    project = make_project(texts=[f"text {n}" for n in range(20)], overlap=2)
    order = list(project.classes.values_list("pk", flat=True))
    names = list(project.classes.values_list("name", flat=True))
    for _ in range(6):
        both_say(project, (ann, bob), ("Refund", "Refund"))
    for _ in range(6):
        both_say(project, (ann, bob), ("Billing", "Delivery"))
    weights = selection_targets_for(project, order).weakness
    assert weights is not None
    clear, unclear = weights[names.index("Refund")], weights[names.index("Billing")]
    alone = 1 / np.sqrt([6 + 1, 0 + 1])  # labels that speak: the agreed ones
    assert unclear / clear == pytest.approx(0.5 * alone[1] / alone[0], rel=1e-6)


def test_the_mix_is_the_manager_s_or_the_default(tickets: Project, joan: User) -> None:
    assert actions.mix_of(tickets, 3) == Mix.usual(3)
    actions.change_mix(tickets.pk, joan, random=50, weak_class=20, second_opinion=5, seed_words=0)
    assert actions.mix_of(tickets, 3) == Mix(0.5, 0.2, 0.05, 0.0)


def test_only_classes_short_of_labels_or_in_focus_look_for_their_words(
    tickets: Project, joan: User, ann: User
) -> None:
    Project.objects.filter(pk=tickets.pk).update(grouped_count=tickets.document_count)
    refund, billing = (tickets.classes.get(name=name) for name in ("Refund", "Billing"))
    order = [refund.pk, billing.pk]
    assert seed_words(tickets, order) == {}
    classes.change(tickets.pk, joan, refund.pk, seed_words=["refund"])
    classes.change(tickets.pk, joan, billing.pk, seed_words=["invoice"])
    assert seed_words(tickets, order) == {0: ["refund"], 1: ["invoice"]}
    for _ in range(5):
        (held,) = claims.claim(tickets.pk, ann).documents
        submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    assert seed_words(tickets, order) == {1: ["invoice"]}
    actions.focus_on(tickets.pk, joan, refund.pk, 3)
    assert seed_words(tickets, order) == {0: ["refund"], 1: ["invoice"]}
    classes.retire(tickets.pk, joan, billing.pk)
    assert seed_words(tickets, order) == {0: ["refund"]}
