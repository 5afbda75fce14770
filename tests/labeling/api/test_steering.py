"""How does a machine steer the queue, and tell it what other models say?"""

import json
from collections.abc import Callable

from django.contrib.auth.models import User

from labeling.guidelines.models import LabelClass
from labeling.predictions import external
from labeling.predictions.models import Prediction
from labeling.projects.models import Project
from tests.labeling.api.conftest import Caller

PARTS = {"random": 30, "weak_class": 30, "second_opinion": 10, "seed_words": 5}


def test_a_mix_is_set_read_and_reset(tickets: Project, joan: User, ann: User) -> None:
    path = f"projects/{tickets.pk}/mix/"
    usual = Caller(ann).get(path).json()
    assert usual == {
        "random": 10,
        "weak_class": 35,
        "margin": 35,
        "second_opinion": 10,
        "seed_words": 10,
        "is_default": True,
    }
    assert Caller(joan).send("PUT", path, PARTS).json() == PARTS | {"margin": 25, "is_default": False}
    assert Caller(joan).send("DELETE", path).json() == usual


def test_a_mix_beyond_the_whole_or_with_a_part_missing_is_refused(tickets: Project, joan: User) -> None:
    path = f"projects/{tickets.pk}/mix/"
    too_much = Caller(joan).send("PUT", path, PARTS | {"random": 70})
    assert (too_much.status_code, too_much.json()["code"]) == (422, "invalid_input")
    for wrong in ({"random": 10}, PARTS | {"margin": 25}, PARTS | {"random": 10.5}, PARTS | {"random": -1}):
        assert Caller(joan).send("PUT", path, wrong).status_code == 400


def test_seed_words_are_part_of_a_class(tickets: Project, joan: User) -> None:
    refund = LabelClass.objects.get(project=tickets, name="Refund")
    path = f"projects/{tickets.pk}/classes/{refund.pk}/"
    answer = Caller(joan).send("PATCH", path, {"seed_words": ["refund", " money  back "]})
    assert answer.json()["seed_words"] == ["refund", "money back"]
    for wrong in ("refund", ["x" * 51], ["x"] * 21, [7]):
        assert Caller(joan).send("PATCH", path, {"seed_words": wrong}).status_code == 400
    refund.refresh_from_db()
    assert refund.seed_words == ["refund", "money back"]


def test_predictions_come_as_json_and_are_listed_by_source(
    tickets: Project, joan: User, machine: Callable[..., Caller]
) -> None:
    caller, path = machine(tickets, joan, "manage"), f"projects/{tickets.pk}/predictions/"
    rows = [
        {"external_id": "t1", "source": "llm", "version": "3", "label": "Refund", "confidence": 0.8},
        {"external_id": "t2", "source": "llm", "probabilities": {"Delivery": 0.7, "Refund": 0.2}},
        {"external_id": "t9", "source": "llm", "label": "Refund"},
    ]
    for _ in range(2):
        done = caller.post(path, {"predictions": rows}).json()
        assert (done["rows_read"], done["stored"], done["bad_row_count"]) == (3, 2, 1)
        assert done["bad_rows"][0]["line"] == 3
        assert done["bad_rows"][0]["reason"] == "This document is not in the project."
    (source,) = caller.get(path).json()["results"]
    assert (source["name"], source["documents"]) == ("llm", 2)
    assert external.external_predictions(tickets.pk)["llm"][0].tolist() == [1, 2]
    assert caller.send("DELETE", f"{path}{source['id']}/").status_code == 204
    assert caller.send("DELETE", f"{path}{source['id']}/").status_code == 404
    assert not Prediction.objects.exists()


def test_a_body_with_a_mistake_is_refused_as_a_whole(tickets: Project, joan: User) -> None:
    good = {"external_id": "t1", "source": "llm", "label": "Refund"}
    for wrong in (
        {"confidence": 2},
        {"source": ""},
        {"color": "red"},
        {"document_id": "1"},
        {"document": "1"},
    ):
        answer = Caller(joan).post(
            f"projects/{tickets.pk}/predictions/", {"predictions": [good, good | wrong]}
        )
        assert answer.status_code == 400
    assert not Prediction.objects.exists()


def test_a_stream_of_lines_stores_the_good_ones(
    tickets: Project, joan: User, machine: Callable[..., Caller]
) -> None:
    caller = machine(tickets, joan, "manage")
    lines = [json.dumps({"external_id": f"t{n}", "source": "rules", "label": "Billing"}) for n in range(6)]
    body = "\n".join([*lines, "{", ""]).encode()
    path = f"/api/v1/projects/{tickets.pk}/predictions/"
    answer = caller.client.post(path, body, content_type="application/jsonl", headers=caller.headers).json()
    assert (answer["rows_read"], answer["stored"], answer["bad_row_count"]) == (7, 6, 1)
    assert answer["bad_rows"][0]["line"] == 7


def test_spans_take_no_predictions(make_project: Callable[..., Project], joan: User) -> None:
    project = make_project(kind="spans")
    rows = [{"external_id": "t1", "source": "llm", "label": "Refund"}]
    answer = Caller(joan).post(f"projects/{project.pk}/predictions/", {"predictions": rows})
    assert answer.status_code == 422
