"""How do managers change policy and classes on the page?"""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Project
from labeling.queue import claims
from tests.fixtures.people import label

POLICY = {
    "name": "Tickets",
    "description": "",
    "overlap": "1",
    "strategy": "default",
    "suggestion_policy": "hidden",
    "lease_minutes": "15",
}


@pytest.fixture(autouse=True)
def signed_in(client: Client, joan: User) -> None:
    client.force_login(joan)


def send(client: Client, name: str, *args: Any, data: Any = None) -> Any:
    return client.post(reverse(f"labeling:{name}", args=args), data or {}, follow=True)


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("&#x27;", "'").split())


def rows(project: Project, **changed: dict[str, str]) -> dict[str, str]:
    """What the table of classes sends; `Refund={"key": "9"}` changes one of them."""
    return {
        f"{c.pk.hex}-{field}": changed.get(c.name, {}).get(field, getattr(c, field))
        for c in project.classes.filter(retired_at=None)
        for field in ("name", "key", "color")
    }


def test_the_page_shows_policy_and_classes(client: Client, tickets: Project) -> None:
    page = client.get(reverse("labeling:settings", args=[tickets.pk])).content.decode()
    assert 'value="Refund"' in page
    assert 'data-color="#0072b2"' in page
    assert "Spans may overlap" not in page


def test_every_change_says_what_it_did(client: Client, tickets: Project) -> None:
    page = text(
        send(client, "change_policy", tickets.pk, data=POLICY | {"overlap": "2", "lease_minutes": "20"})
    )
    assert "Changed: Name, Annotators per document (overlap), Lock time per document (minutes)." in page
    tickets.refresh_from_db()
    assert (tickets.name, tickets.overlap, tickets.lease_minutes) == ("Tickets", 2, 20)
    assert "Nothing changed" in text(
        send(client, "change_policy", tickets.pk, data=POLICY | {"overlap": "2", "lease_minutes": "20"})
    )


def test_a_wrong_policy_is_said_beside_its_field_and_nothing_is_stored(
    client: Client, tickets: Project
) -> None:
    response = send(client, "change_policy", tickets.pk, data=POLICY | {"overlap": "99", "name": "Kept"})
    assert response.status_code == 422
    assert "less than or equal to 32" in text(response)
    assert 'value="Kept"' in response.content.decode()
    tickets.refresh_from_db()
    assert (tickets.name, tickets.overlap) == ("Tickets single", 1)


def test_a_larger_overlap_is_asked_about_before_settled_documents_change(
    client: Client, tickets: Project, ann: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    wanted = POLICY | {"overlap": "2"}
    asked = text(send(client, "change_policy", tickets.pk, data=wanted))
    assert "Change to 2 annotators per document?" in asked
    assert "What about the 1 document that is already labeled?" in asked
    tickets.refresh_from_db()
    assert tickets.overlap == 1
    send(client, "change_policy", tickets.pk, data=wanted | {"settled": "keep"})
    assert Document.objects.get(pk=held.document_id).state == "resolved"
    send(client, "change_policy", tickets.pk, data=POLICY | {"overlap": "3", "settled": "reopen"})
    assert Document.objects.get(pk=held.document_id).state == "open"
    assert "1 unlabeled document has enough annotations" in text(
        send(client, "change_policy", tickets.pk, data=POLICY)
    )
    home = text(client.get(reverse("labeling:project", args=[tickets.pk])))
    assert "Ready for the first label" not in home


def test_a_spans_project_decides_whether_spans_overlap(client: Client, make_project: Any) -> None:
    project = make_project(kind="spans")
    send(client, "change_policy", project.pk, data=POLICY | {"allows_overlapping_spans": "on"})
    project.refresh_from_db()
    assert project.allows_overlapping_spans


def test_labeling_is_paused_and_resumed_however_often_one_clicks(client: Client, tickets: Project) -> None:
    for value, is_paused in (("yes", True), ("yes", True), ("no", False), ("no", False)):
        send(client, "pause", tickets.pk, data={"is_paused": value})
        tickets.refresh_from_db()
        assert tickets.is_paused is is_paused


def test_classes_are_renamed_rekeyed_and_recolored_together(client: Client, tickets: Project) -> None:
    data = rows(
        tickets,
        Refund={"name": "Money back", "key": "2"},
        Billing={"key": "1", "color": "#5c6670"},
    )
    assert "2 classes changed." in text(send(client, "change_classes", tickets.pk, data=data))
    result = {c.name: (c.key, c.color) for c in tickets.classes.all()}
    assert result["Money back"][0] == "2"
    assert result["Billing"] == ("1", "#5c6670")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "Billing"}, "Another class has this name. Choose another name."),
        ({"key": "2"}, "Another class has this key."),
        ({"key": "s"}, "which are reserved"),
        ({"name": ""}, "This field is required."),
        ({"color": "#000000"}, "Select a valid choice"),
    ],
)
def test_a_wrong_class_is_said_in_its_row_and_none_is_changed(
    client: Client, tickets: Project, changed: dict[str, str], message: str
) -> None:
    response = send(client, "change_classes", tickets.pk, data=rows(tickets, Refund=changed))
    assert response.status_code == 422
    assert message in text(response)
    assert LabelClass.objects.filter(project=tickets, name="Refund", key="1", color="#0072b2").exists()


def test_a_name_that_a_retired_class_has_is_refused(client: Client, tickets: Project) -> None:
    refund = tickets.classes.get(name="Refund")
    send(client, "retire_class", tickets.pk, refund.pk)
    response = send(client, "change_classes", tickets.pk, data=rows(tickets, Billing={"name": "Refund"}))
    assert response.status_code == 422
    assert LabelClass.objects.filter(project=tickets, name="Billing").exists()


def test_a_class_is_added_with_the_first_free_key(client: Client, tickets: Project) -> None:
    page = client.get(reverse("labeling:settings", args=[tickets.pk])).content.decode()
    assert re.search(r'name="new-key" value="4"', page)
    answer = text(send(client, "add_class", tickets.pk, data={"new-name": "Praise", "new-key": "4"}))
    assert "“Praise” added." in answer
    again = send(client, "add_class", tickets.pk, data={"new-name": "Praise", "new-key": "5"})
    assert again.status_code == 422
    assert tickets.classes.count() == 4


def test_retiring_asks_first_and_can_be_taken_back(client: Client, tickets: Project) -> None:
    refund = tickets.classes.get(name="Refund")
    address = reverse("labeling:retire_class", args=[tickets.pk, refund.pk])
    assert "Retire “Refund”?" in text(client.get(address))
    refund.refresh_from_db()
    assert refund.retired_at is None
    for _ in range(2):
        assert "“Refund” retired." in text(client.post(address, follow=True))
    for _ in range(2):
        assert "“Refund” restored" in text(send(client, "restore_class", tickets.pk, refund.pk))
    refund.refresh_from_db()
    assert (refund.retired_at, refund.key) == (None, "1")


def test_the_last_class_stays_and_the_page_says_why(client: Client, tickets: Project) -> None:
    for label_class in tickets.classes.all():
        page = text(send(client, "retire_class", tickets.pk, label_class.pk))
    assert "at least one active class" in page
    assert LabelClass.objects.active().filter(project=tickets).count() == 1


def test_only_a_project_of_one_class_is_asked_whether_choices_are_confirmed(
    client: Client, tickets: Project, make_project: Any
) -> None:
    send(client, "change_policy", tickets.pk, data=POLICY | {"confirms_choice": "on"})
    tickets.refresh_from_db()
    assert tickets.confirms_choice
    several = make_project(kind="multi")
    page = client.get(reverse("labeling:settings", args=[several.pk])).content.decode()
    assert "Confirm with Enter" not in page
