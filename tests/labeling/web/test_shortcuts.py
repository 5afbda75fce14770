"""My own keys: stored beside the project's, shown on the buttons, and never two for one press."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.desk import shortcuts
from labeling.exceptions import InvalidInput
from labeling.guidelines import classes
from labeling.guidelines.models import LabelClass
from labeling.guidelines.shortcuts import effective_keys
from labeling.projects.models import Membership, Project


@pytest.fixture
def annotator(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def member(project: Project, who: User) -> Membership:
    return Membership.objects.get(project=project, user=who)


def names(project: Project) -> dict[str, str]:
    return {c.name: str(c.pk) for c in project.classes.all()}


def fields(project: Project, **changed: str) -> dict[str, str]:
    """What the page sends, with the keys of some classes or actions changed."""
    of_class = {str(c.pk): c.key for c in project.classes.all()}
    now = effective_keys(of_class, project.kind, {})
    return now | {names(project).get(name, name): key for name, key in changed.items()}


def send(client: Client, project: Project, data: Any) -> Any:
    return client.post(reverse("labeling:my_keys", args=[project.pk]), data)


def test_a_person_s_keys_stand_on_the_buttons_of_their_desk(annotator, tickets, ann, bob):
    assert send(annotator, tickets, fields(tickets, Refund="j", skip="k")).status_code == 302
    assert member(tickets, ann).keys == {names(tickets)["Refund"]: "j", "skip": "k"}
    page = annotator.get(reverse("labeling:label", args=[tickets.pk])).content.decode()
    assert 'data-key="j"' in page
    assert 'data-key="k"' in page
    assert 'data-key="1"' not in page
    assert member(tickets, bob).keys == {}


def test_two_may_swap_and_nothing_stands_twice(annotator, tickets, ann):
    assert send(annotator, tickets, fields(tickets, Refund="2", Billing="1")).status_code == 302
    answer = send(annotator, tickets, fields(tickets, Refund="3"))
    assert answer.status_code == 422
    assert "The key “3” is listed twice. Remove one." in answer.content.decode()
    assert member(tickets, ann).keys == {names(tickets)["Refund"]: "2", names(tickets)["Billing"]: "1"}


@pytest.mark.parametrize("key", ["/", "?", "[", " \t"])
def test_what_is_no_key_is_refused_or_no_key_at_all(annotator, tickets, ann, key):
    send(annotator, tickets, fields(tickets, Refund=key))
    assert member(tickets, ann).keys in ({}, {names(tickets)["Refund"]: ""})


def test_single_keys_can_be_turned_off(annotator, tickets, ann):
    send(annotator, tickets, fields(tickets, Refund="j", is_off="on"))
    page = annotator.get(reverse("labeling:label", args=[tickets.pk])).content.decode()
    assert "data-key" not in page
    shown = annotator.get(reverse("labeling:my_keys", args=[tickets.pk])).context["form"]
    assert shown[names(tickets)["Refund"]].value() == "j"
    annotator.post(reverse("labeling:reset_keys", args=[tickets.pk]))
    assert member(tickets, ann).keys == {}


def test_what_the_project_changes_later_makes_no_double(tickets, ann, joan):
    refund, billing = (tickets.classes.get(name=name) for name in ("Refund", "Billing"))
    shortcuts.choose(tickets.pk, ann, {str(refund.pk): "j"})
    classes.change(tickets.pk, joan, billing.pk, key="j")
    now = effective_keys(
        {str(c.pk): c.key for c in tickets.classes.all()}, tickets.kind, member(tickets, ann).keys
    )
    assert (now[str(refund.pk)], now[str(billing.pk)]) == ("j", "")
    with pytest.raises(InvalidInput):
        shortcuts.choose(tickets.pk, ann, {str(refund.pk): "3"})


def test_a_class_keeps_a_key_that_the_desk_took_later(client: Client, tickets, joan):
    goods = tickets.classes.get(name="Delivery")
    LabelClass.objects.filter(pk=goods.pk).update(key="g")
    client.force_login(joan)
    page = client.get(reverse("labeling:label", args=[tickets.pk])).content.decode()
    assert page.count('data-key="g"') == 1
    of_project = {
        f"{c.pk.hex}-{field}": getattr(c, field)
        for c in tickets.classes.all()
        for field in ("name", "key", "color")
    }
    renamed = of_project | {f"{goods.pk.hex}-name": "Goods"}
    client.post(reverse("labeling:change_classes", args=[tickets.pk]), renamed)
    goods.refresh_from_db()
    assert (goods.name, goods.key) == ("Goods", "g")
