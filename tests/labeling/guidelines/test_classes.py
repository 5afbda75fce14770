"""How does the set of classes change without an answer being rewritten?"""

import uuid
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from labeling.annotations import submit
from labeling.annotations.models import Label
from labeling.annotations.submit import Submission
from labeling.exceptions import InvalidInput, NotAllowed, NotFound
from labeling.guidelines import classes
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.steering import actions
from labeling.steering.models import Focus
from tests.fixtures.people import label


def named(project: Project, name: str) -> LabelClass:
    return LabelClass.objects.get(project=project, name=name)


def test_a_new_class_stands_last_with_a_color_of_its_own(tickets: Project, joan: User) -> None:
    added = classes.add(tickets.pk, joan, "  Praise ", key="p")
    assert (added.name, added.key, added.position) == ("Praise", "p", 3)
    assert added.color not in {c.color for c in tickets.classes.exclude(pk=added.pk)}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Refund", ""),
        ("", ""),
        ("x" * 101, ""),
        ("a\0b", ""),
        ("New", "1"),
        ("New", "S"),
        ("New", "s"),
        ("New", "!"),
    ],
)
def test_a_name_or_key_that_cannot_be_is_refused(tickets: Project, joan: User, name: str, key: str) -> None:
    with pytest.raises(ValidationError):
        classes.add(tickets.pk, joan, name, key=key)
    assert tickets.classes.count() == 3


def test_only_managers_change_classes_and_only_their_own(
    tickets: Project, joan: User, ann: User, carla: User
) -> None:
    refund = named(tickets, "Refund")
    for person in (ann, carla):
        with pytest.raises(NotAllowed):
            classes.add(tickets.pk, person, "New")
        with pytest.raises(NotAllowed):
            classes.change(tickets.pk, person, refund.pk, name="New")
        with pytest.raises(NotAllowed):
            classes.retire(tickets.pk, person, refund.pk)
        with pytest.raises(NotAllowed):
            classes.restore(tickets.pk, person, refund.pk)
    for deed in (classes.change, classes.retire, classes.restore):
        with pytest.raises(NotFound):
            deed(tickets.pk, joan, uuid.uuid4())


def test_a_renamed_class_keeps_its_labels(tickets: Project, joan: User, ann: User) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    refund = named(tickets, "Refund")
    classes.change(tickets.pk, joan, refund.pk, name=" Money  back ", color="#5c6670")
    assert Label.objects.get().label_class.name == "Money back"


def test_what_a_class_does_not_have_cannot_be_changed(tickets: Project, joan: User) -> None:
    with pytest.raises(InvalidInput):
        classes.change(tickets.pk, joan, named(tickets, "Refund").pk, retired_at=None)
    with pytest.raises(ValidationError):
        classes.change(tickets.pk, joan, named(tickets, "Refund").pk, name="Billing")


def test_two_classes_can_swap_keys_and_names(tickets: Project, joan: User) -> None:
    refund, billing = named(tickets, "Refund"), named(tickets, "Billing")
    changes = {refund.pk: {"name": "Billing", "key": "2"}, billing.pk: {"name": "Refund", "key": "1"}}
    assert classes.change_many(tickets.pk, joan, changes) == 2
    refund.refresh_from_db()
    billing.refresh_from_db()
    assert (refund.name, refund.key, billing.name, billing.key) == ("Billing", "2", "Refund", "1")


def test_when_one_of_several_changes_is_refused_none_is_made(tickets: Project, joan: User) -> None:
    refund, billing = named(tickets, "Refund"), named(tickets, "Billing")
    with pytest.raises(ValidationError):
        classes.change_many(tickets.pk, joan, {refund.pk: {"name": "New"}, billing.pk: {"name": "Delivery"}})
    assert {c.name for c in tickets.classes.all()} == {"Refund", "Billing", "Delivery"}


def test_a_retired_class_keeps_its_labels_and_loses_its_wishes(
    tickets: Project, joan: User, ann: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    refund = named(tickets, "Refund")
    actions.focus_on(tickets.pk, joan, refund.pk, 10)
    classes.retire(tickets.pk, joan, refund.pk)
    assert Label.objects.filter(label_class=refund).count() == 1
    assert not Focus.objects.standing().exists()
    assert refund not in LabelClass.objects.active().filter(project=tickets)


def test_the_last_class_stays(tickets: Project, joan: User) -> None:
    classes.retire(tickets.pk, joan, named(tickets, "Refund").pk)
    classes.retire(tickets.pk, joan, named(tickets, "Billing").pk)
    with pytest.raises(InvalidInput):
        classes.retire(tickets.pk, joan, named(tickets, "Delivery").pk)


def test_a_restored_class_gets_its_key_back_only_where_it_is_free(tickets: Project, joan: User) -> None:
    refund = named(tickets, "Refund")
    classes.retire(tickets.pk, joan, refund.pk)
    assert classes.restore(tickets.pk, joan, refund.pk).key == "1"
    classes.retire(tickets.pk, joan, refund.pk)
    classes.add(tickets.pk, joan, "New", key="1")
    assert classes.restore(tickets.pk, joan, refund.pk).key == ""


def test_restoring_an_active_class_changes_nothing(tickets: Project, joan: User) -> None:
    assert classes.restore(tickets.pk, joan, named(tickets, "Refund").pk).key == "1"


def test_a_name_is_stored_in_its_normal_form(tickets: Project, joan: User) -> None:
    assert classes.add(tickets.pk, joan, "Re\u0301clamation\u00a0 tardive").name == "Réclamation tardive"
    with pytest.raises(ValidationError):
        classes.add(tickets.pk, joan, "Réclamation tardive")


# reliability A2
@pytest.mark.parametrize("name", ["R\u0435fund", "Ref\u200bund", "Ref\u202eund", "Bi11ing"])
def test_a_name_that_cannot_be_told_from_another_is_refused(tickets: Project, joan: User, name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        classes.add(tickets.pk, joan, name)
    assert "name" in refused.value.message_dict
    with pytest.raises(ValidationError):
        classes.change(tickets.pk, joan, named(tickets, "Delivery").pk, name=name)
    assert tickets.classes.count() == 3


def test_a_retired_class_is_looked_at_too(tickets: Project, joan: User) -> None:
    classes.retire(tickets.pk, joan, named(tickets, "Refund").pk)
    with pytest.raises(ValidationError, match="looks like “Refund”"):
        classes.add(tickets.pk, joan, "R\u0435fund")


def test_a_name_from_before_may_stay_while_the_class_gets_another_key(tickets: Project, joan: User) -> None:
    refund = named(tickets, "Refund")
    LabelClass.objects.filter(pk=refund.pk).update(name="Bi11ing\u200b")
    assert classes.change(tickets.pk, joan, refund.pk, key="x").name == "Bi11ing\u200b"


def test_names_from_before_are_brought_into_their_normal_form(tickets: Project) -> None:
    for before, now in (("Refund", "Cafe\u0301"), ("Billing", "Café"), ("Delivery", "a\u2003b")):
        LabelClass.objects.filter(project=tickets, name=before).update(name=now)
    migration = import_module("labeling.migrations.0033_class_names_in_normal_form")
    migration.normalize(apps, None)
    assert set(tickets.classes.values_list("name", flat=True)) == {"Café (2)", "Café", "a b"}
