"""Which metadata do annotators see?"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.annotations import exclusion
from labeling.documents import metadata_fields
from labeling.exchange.importing import import_documents
from labeling.formats.reading import Format, read
from labeling.guidelines import new_projects
from labeling.projects import members
from labeling.projects.models import Membership, Project
from labeling.queue import claims
from labeling.queue.models import Lease, lease_token
from labeling.steering.models import Pick
from tests.labeling.api.conftest import Caller


@pytest.fixture
def empty(joan: User, ann: User) -> Project:
    project = new_projects.create(
        joan, name="Mail", kind="single", class_names=["Refund", "Late"], test_share=0.0
    )
    members.add_member(project.pk, joan, ann, Membership.Role.ANNOTATOR)
    return project


def bring(project: Project, *metadata: dict[str, Any]) -> None:
    rows = "".join(json.dumps({"text": f"Text {n}", "metadata": m}) + "\n" for n, m in enumerate(metadata))
    import_documents(project.pk, read(io.BytesIO(rows.encode()), Format.JSONL))
    project.refresh_from_db()


def test_a_field_of_class_names_is_hidden_before_anybody_sees_it(empty: Project) -> None:
    bring(empty, {"verdict": "Refund", "channel": "mail"}, {"verdict": "late", "channel": "chat"})
    assert empty.hidden_metadata == ["verdict"]


def test_what_a_manager_shows_stays_shown(empty: Project, joan: User) -> None:
    bring(empty, {"verdict": "Refund"})
    exclusion.change(empty.pk, joan, hidden_metadata=[])
    bring(empty, {"verdict": "Late"}, {"intent": "a"})
    assert (empty.hidden_metadata, empty.shown_metadata) == (["intent"], ["verdict"])
    metadata_fields.decide(empty.pk, hidden=["verdict", "mood"], shown=["intent"])
    empty.refresh_from_db()
    assert (empty.hidden_metadata, empty.shown_metadata) == (["mood", "verdict"], ["intent"])


def test_more_fields_than_are_kept_hide_all_that_were_not_shown(empty: Project, joan: User) -> None:
    metadata_fields.decide(empty.pk, hidden=[], shown=["channel"])
    bring(
        empty, {f"field {n}": "Refund" for n in range(metadata_fields.MAX_FIELDS + 1)} | {"channel": "mail"}
    )
    assert empty.hidden_metadata == ["*"]
    assert [d["metadata"] for d in claimed(empty, joan)] == [{"channel": "mail"}]


def claimed(project: Project, person: User) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = (
        Caller(person).post(f"projects/{project.pk}/batches/", {"count": 9}).json()["documents"]
    )
    return documents


def test_only_managers_read_hidden_fields_and_nobody_does_while_labeling(
    empty: Project, joan: User, ann: User, client: Client
) -> None:
    bring(empty, {"verdict": "Refund", "channel": "mail"})
    address = f"projects/{empty.pk}/documents/"
    assert Caller(joan).get(address).json()["results"][0]["metadata"]["verdict"] == "Refund"
    assert Caller(ann).get(address).json()["results"][0]["metadata"] == {"channel": "mail"}
    number = empty.documents.get().pk
    assert Caller(ann).get(f"{address}{number}/").json()["metadata"] == {"channel": "mail"}
    client.force_login(joan)
    page = client.get(reverse("labeling:label", args=[empty.pk])).content.decode()
    assert "channel" in page
    assert "verdict" not in page
    lease = Lease.objects.get()
    claims.release(lease_token(lease.pk, lease.epoch), joan)
    assert [d["metadata"] for d in claimed(empty, ann)] == [{"channel": "mail"}]


def test_hidden_fields_are_chosen_in_the_settings_and_by_api(
    empty: Project, joan: User, client: Client
) -> None:
    bring(empty, {"verdict": "Refund", "channel": "mail"})
    client.force_login(joan)
    page = client.get(reverse("labeling:settings", args=[empty.pk])).content.decode()
    assert 'value="verdict" id="id_hidden_metadata_1" checked' in page
    assert 'value="channel" id="id_hidden_metadata_0">' in page
    changed = Caller(joan).send("patch", f"projects/{empty.pk}/", {"hidden_metadata": ["channel"]}).json()
    assert changed["hidden_metadata"] == ["channel"]
    empty.refresh_from_db()
    assert empty.shown_metadata == ["verdict"]


def test_a_pick_of_a_slice_does_not_tell_what_is_hidden(empty: Project, joan: User, client: Client) -> None:
    bring(empty, {"verdict": "Refund", "channel": "mail"}, {"verdict": "Late", "channel": "mail"})
    client.force_login(joan)
    for field, value in (("verdict", "Refund"), ("channel", "mail")):
        client.post(reverse("analytics:queue_slice", args=[empty.pk]), {"field": field, "value": value})
    reasons = list(Pick.objects.filter(project=empty).order_by("pk").values_list("reason", flat=True))
    assert reasons == ["More documents of one slice", "channel is mail"]
