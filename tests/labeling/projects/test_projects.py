"""How does a project come to be, and who belongs to it?"""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from labeling.exceptions import InvalidInput, KeyReused, LastManager, NotAllowed, NotAMember
from labeling.guidelines import new_projects
from labeling.guidelines.models import Guideline
from labeling.guidelines.shortcuts import action_keys
from labeling.projects import members
from labeling.projects.models import Membership, Project

ROLE = Membership.Role


def test_a_new_project_has_its_creator_as_manager_and_an_empty_first_guideline(joan: User) -> None:
    project = new_projects.create(
        joan, name="  Mail \n today ", kind="single", class_names=["Good", " Bad  one "]
    )
    assert project.name == "Mail today"
    assert members.manager_of(project.pk, joan).role == ROLE.MANAGER
    assert [c.name for c in project.classes.all()] == ["Good", "Bad one"]
    assert Guideline.objects.get(project=project).number == 1


def test_classes_get_keys_without_clashes_and_none_that_the_desk_uses_itself(joan: User) -> None:
    project = new_projects.create(joan, name="Many", kind="single", class_names=[f"c{n}" for n in range(50)])
    keys = [c.key for c in project.classes.all()]
    own = [key for key in keys if key]
    assert len(own) == len(set(own)) == 30
    assert not set(own) & set(action_keys("single").values())


@pytest.mark.parametrize("class_names", [[], [" "], ["A", "A"], ["A", " A "], [f"c{n}" for n in range(501)]])
def test_classes_that_cannot_be_told_apart_are_refused(joan: User, class_names: list[str]) -> None:
    with pytest.raises(InvalidInput):
        new_projects.create(joan, name="P", kind="single", class_names=class_names)
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "x" * 101},
        {"name": ""},
        {"name": "a\0b"},
        {"class_names": ["x" * 101]},
        {"class_names": ["a\0b"]},
        {"kind": "other"},
        {"overlap": 0},
        {"overlap": 33},
        {"test_share": 0.95},
        {"lease_minutes": 0},
        {"description": "x" * 2001},
    ],
)
def test_what_the_database_could_not_hold_is_refused_by_field(joan: User, facts: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        new_projects.create(joan, **({"name": "P", "kind": "single", "class_names": ["A"]} | facts))
    assert refused.value.message_dict
    assert not Project.objects.exists()


def test_the_same_form_sent_twice_makes_one_project(joan: User) -> None:
    key = uuid.uuid4()
    facts = {"name": "P", "kind": "multi", "class_names": ["A"]}
    first = new_projects.create_once(joan, creation_key=key, **facts)
    assert new_projects.create_once(joan, creation_key=key, **facts) == first
    assert Project.objects.count() == 1


def test_another_project_under_the_same_key_is_refused(joan: User) -> None:
    key = uuid.uuid4()
    new_projects.create_once(joan, creation_key=key, name="P", kind="multi", class_names=["A"])
    with pytest.raises(KeyReused):
        new_projects.create_once(joan, creation_key=key, name="P", kind="multi", class_names=["A", "B"])
    assert Project.objects.count() == 1


def test_a_form_that_was_refused_can_be_mended_and_sent_again(joan: User) -> None:
    key = uuid.uuid4()
    with pytest.raises(InvalidInput):
        new_projects.create_once(joan, creation_key=key, name="P", kind="multi", class_names=["A", "A"])
    assert new_projects.create_once(joan, creation_key=key, name="P", kind="multi", class_names=["A", "B"])


def test_somebody_else_s_key_opens_nothing(joan: User, eve: User) -> None:
    key = uuid.uuid4()
    first = new_projects.create_once(joan, creation_key=key, name="P", kind="multi", class_names=["A"])
    own = new_projects.create_once(eve, creation_key=key, name="P", kind="multi", class_names=["A"])
    assert own != first
    assert members.manager_of(own.pk, eve)


def test_strangers_and_archived_projects_look_like_nothing(tickets: Project, ann: User, eve: User) -> None:
    with pytest.raises(NotAMember):
        members.member_of(tickets.pk, eve)
    with pytest.raises(NotAMember):
        members.member_of(tickets.pk + 1000, ann)
    Project.objects.filter(pk=tickets.pk).update(archived_at="2026-01-01T00:00Z")
    with pytest.raises(NotAMember):
        members.member_of(tickets.pk, ann)


def test_only_managers_let_people_in(tickets: Project, ann: User, carla: User, eve: User) -> None:
    for person in (ann, carla):
        with pytest.raises(NotAllowed):
            members.add_member(tickets.pk, person, eve, ROLE.ANNOTATOR)
        with pytest.raises(NotAllowed):
            members.remove_member(tickets.pk, person, ann)
    with pytest.raises(NotAMember):
        members.add_member(tickets.pk, eve, eve, ROLE.MANAGER)


def test_a_role_that_does_not_exist_is_refused(tickets: Project, joan: User, ann: User) -> None:
    with pytest.raises(InvalidInput):
        members.add_member(tickets.pk, joan, ann, "owner")


def test_the_last_manager_can_neither_leave_nor_step_down(tickets: Project, joan: User, ann: User) -> None:
    with pytest.raises(LastManager):
        members.remove_member(tickets.pk, joan, joan)
    with pytest.raises(LastManager):
        members.add_member(tickets.pk, joan, joan, ROLE.ANNOTATOR)
    members.add_member(tickets.pk, joan, ann, ROLE.MANAGER)
    members.add_member(tickets.pk, joan, joan, ROLE.ANNOTATOR)
    with pytest.raises(LastManager):
        members.remove_member(tickets.pk, ann, ann)


def test_a_removed_member_is_a_stranger_until_let_in_again(tickets: Project, joan: User, ann: User) -> None:
    members.remove_member(tickets.pk, joan, ann)
    with pytest.raises(NotAMember):
        members.member_of(tickets.pk, ann)
    members.add_member(tickets.pk, joan, ann, ROLE.ADJUDICATOR)
    assert members.member_of(tickets.pk, ann).role == ROLE.ADJUDICATOR
    assert Membership.objects.filter(project=tickets, user=ann).count() == 1


@pytest.mark.parametrize("names", [["Refund", "R\u0435fund"], ["Ref\u202eund"], ["caf\u00e9", "cafe\u0301"]])
def test_classes_that_cannot_be_told_apart_make_no_project(joan: User, names: list[str]) -> None:
    with pytest.raises((InvalidInput, ValidationError)):
        new_projects.create(joan, name="Mail", kind="single", class_names=names)
    assert not Project.objects.exists()
