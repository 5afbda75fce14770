"""How does a manager run a project through the API?"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User

from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.guidelines.models import Guideline
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.steering.models import Focus
from tests.fixtures.people import label
from tests.labeling.api.conftest import Caller


def test_a_project_is_made_with_its_classes_and_policy(joan: User) -> None:
    body = {
        "name": "Mail",
        "kind": "multi",
        "class_names": ["Late", "Rude"],
        "overlap": 2,
        "test_share": 0.25,
    }
    made = Caller(joan).post("projects/", body)
    assert made.status_code == 201
    assert (made.json()["overlap"], made.json()["test_share"]) == (2, 0.25)
    classes = Caller(joan).get(f"projects/{made.json()['id']}/classes/").json()["results"]
    assert [label_class["name"] for label_class in classes] == ["Late", "Rude"]
    assert all(label_class["key"] and label_class["color"] for label_class in classes)


NONSENSE: tuple[dict[str, Any], ...] = (
    {"kind": "poem"},
    {"class_names": []},
    {"class_names": "A"},
    {"class_names": ["A"] * 501},
    {"overlap": 33},
    {"class_names": ["x" * 101]},
    {"overlap": 0},
    {"overlap": "2"},
    {"overlap": True},
    {"overlap": 1.0},
    {"test_share": 0.95},
    {"test_share": -0.1},
    {"test_share": "0.1"},
    {"name": ""},
    {"name": "  "},
    {"name": "x" * 101},
    {"is_paused": "yes"},
    {"is_paused": 1},
    {"strategy": None},
    {"lease_cap": 10**9},
)


def test_a_project_that_makes_no_sense_is_refused(joan: User) -> None:
    for change in NONSENSE:
        body = {"name": "Mail", "kind": "multi", "class_names": ["Late", "Rude"]} | change
        response = Caller(joan).post("projects/", body)
        assert response.status_code == 400
        assert response.json()["errors"][0]["path"].partition("[")[0] in change
    assert Project.objects.count() == 0


def test_two_classes_of_one_name_are_refused(joan: User) -> None:
    response = Caller(joan).post("projects/", {"name": "M", "kind": "single", "class_names": ["A", " A "]})
    assert response.status_code == 422


def test_a_paused_project_gives_nothing_out(tickets: Project, joan: User, ann: User) -> None:
    path = f"projects/{tickets.pk}/"
    assert Caller(joan).send("PATCH", path, {"is_paused": True}).json()["is_paused"] is True
    assert Caller(ann).post(f"{path}batches/", {}).json()["empty_because"] == "paused"


def test_the_effect_of_an_overlap_is_told_and_settled_documents_open_on_request(
    tickets: Project, joan: User, ann: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    address = f"projects/{tickets.pk}/"
    effect = Caller(joan).get(address + "overlap-effect/?overlap=2").json()
    assert effect == {"overlap": 2, "settled_with_fewer": 1, "settled_test_documents": 0, "settles": 0}
    Caller(joan).send("patch", address, {"overlap": 2})
    assert Document.objects.get(pk=held.document_id).state == "resolved"
    Caller(joan).send("patch", address, {"overlap": 3, "reopens_settled": True})
    assert Document.objects.get(pk=held.document_id).state == "open"


def test_an_empty_change_is_refused(tickets: Project, joan: User) -> None:
    assert Caller(joan).send("PATCH", f"projects/{tickets.pk}/", {}).status_code == 400


def test_a_class_is_added_changed_retired_and_restored(tickets: Project, joan: User) -> None:
    caller, path = Caller(joan), f"projects/{tickets.pk}/classes/"
    added = caller.post(path, {"name": "Invoice", "key": "z", "color": "#123456"}).json()
    item = f"{path}{added['id']}/"
    assert caller.send("PATCH", item, {"name": "Invoices"}).json()["name"] == "Invoices"
    assert caller.post(f"{item}retire/").status_code == 204
    assert caller.get(path).json()["results"][-1]["is_retired"] is True
    assert caller.post(f"{item}restore/").json()["is_retired"] is False


CLASHES = (
    ({"name": "Refund"}, 422),
    ({"name": "X", "key": "!"}, 422),
    ({"name": "X", "key": "ab"}, 400),
    ({"name": "X", "color": "red"}, 422),
    ({"name": "X", "color": "#12345g"}, 422),
    ({"name": ""}, 400),
)


def test_a_class_that_clashes_or_does_not_fit_is_refused(tickets: Project, joan: User) -> None:
    for body, status in CLASHES:
        response = Caller(joan).post(f"projects/{tickets.pk}/classes/", body)
        assert (body, response.status_code) == (body, status)
    assert tickets.classes.count() == 3


def test_each_publication_is_a_new_version(tickets: Project, joan: User, ann: User) -> None:
    caller, path = Caller(joan), f"projects/{tickets.pk}/guidelines/"
    refund = str(tickets.classes.get(name="Refund").pk)
    rule = {"class": refund, "definition": "Wants money back.", "examples": "I want my money\nPay me back"}
    body = {"body": "  # Rules\n", "rules": [rule], "change": "rule", "note": "First words", "based_on": 1}
    published = caller.post(path, body)
    assert (published.status_code, published.json()["number"]) == (201, 2)
    shown = Caller(ann).get(f"{path}current/").json()
    assert shown["body"] == "  # Rules\n"
    assert shown["rules"] == [rule | {"counter_examples": ""}]
    assert Caller(ann).get(f"{path}1/").json()["rules"] == []
    moved = caller.post(path, body)
    assert (moved.status_code, moved.json()["code"]) == (409, "guideline_moved")
    assert [version["number"] for version in caller.get(path).json()["results"]] == [1, 2]


def test_rules_name_each_class_of_the_project_once(make_project: Callable[..., Project], joan: User) -> None:
    here, there = make_project(), make_project(kind="multi")
    own, foreign = str(here.classes.first().pk), str(there.classes.first().pk)  # type: ignore[union-attr]
    for classes in ([foreign], [own, own]):
        body = {"body": "", "change": "rule", "rules": [{"class": pk} for pk in classes]}
        response = Caller(joan).post(f"projects/{here.pk}/guidelines/", body)
        assert (response.status_code, response.json()["code"]) == (422, "unknown_class")
        assert response.json()["errors"][0]["path"] == f"rules[{len(classes) - 1}].class"
    assert Guideline.objects.filter(project=here).count() == 1


def test_a_focus_is_set_listed_and_ended(tickets: Project, joan: User, ann: User) -> None:
    caller, path = Caller(joan), f"projects/{tickets.pk}/focus/"
    refund = str(tickets.classes.get(name="Refund").pk)
    made = caller.post(path, {"class": refund, "target_labels": 20, "reason": "Rare"})
    assert made.status_code == 201
    assert Caller(ann).get(path).json()["results"] == [made.json()]
    assert caller.send("DELETE", f"{path}{refund}/").status_code == 204
    assert caller.send("DELETE", f"{path}{refund}/").status_code == 404
    assert not Focus.objects.standing().exists()


def test_a_focus_on_a_class_of_another_project_is_refused(
    make_project: Callable[..., Project], joan: User
) -> None:
    here, there = make_project(), make_project(kind="multi")
    foreign = str(there.classes.first().pk)  # type: ignore[union-attr]
    response = Caller(joan).post(f"projects/{here.pk}/focus/", {"class": foreign, "target_labels": 1})
    assert (response.status_code, response.json()["code"]) == (422, "unknown_class")


def test_members_and_models_are_listed(tickets: Project, ann: User) -> None:
    members = Caller(ann).get(f"projects/{tickets.pk}/members/?limit=3").json()
    assert {member["username"] for member in members["results"]} <= {"joan", "ann", "bob", "carla"}
    rest = Caller(ann).get(f"projects/{tickets.pk}/members/?cursor={members['next_cursor']}").json()
    assert len(rest["results"]) == 1
    for number in (1, 2):
        ModelVersion.objects.create(project=tickets, number=number, state="ready", facts={"f1": {"a": 0.5}})
    models = Caller(ann).get(f"projects/{tickets.pk}/models/?limit=1").json()
    assert [version["number"] for version in models["results"]] == [2]
    item = Caller(ann).get(f"projects/{tickets.pk}/models/1/").json()
    assert item["metadata"] == {"f1": {"a": 0.5}}
    assert "path" not in item
    assert "failure" not in item
