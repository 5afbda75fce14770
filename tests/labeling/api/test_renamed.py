"""Does every renamed key have its new name only, and may clients still send the old one?"""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User

from labeling.api.claims import PUBLIC_NAMES
from labeling.api.edge.fields import Filters, Input
from labeling.api.edge.renamed import NEW_NAMES
from labeling.api.edge.schema import openapi_document
from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Project
from labeling.steering.models import Focus
from reviewqueue.settings import BASE_DIR
from tests.labeling.api.conftest import Caller

PAGE = (BASE_DIR / "docs" / "reference" / "renamed.md").read_text()
PREFIX = "/api/v1/projects/{project_id}/"


def rows(heading: str) -> Iterator[tuple[list[str], str, str]]:
    """Where, old and new of each row below a heading of the page."""
    section = PAGE.partition(f"### {heading}\n")[2].partition("\n#")[0]
    for where, old, new in re.findall(r"^\| (`.*`) \| `(.+)` \| `(.+)` \|$", section, re.MULTILINE):
        yield re.findall(r"`([^`]+)`", where), old, new


def parameters(address: str) -> set[str]:
    """All query parameters of an address; `{table}` stands for any."""
    pattern = re.escape(PREFIX + address).replace(re.escape("{table}"), "[a-z-]+")
    return {
        parameter["name"]
        for path, operations in openapi_document()["paths"].items()
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
        if re.fullmatch(pattern, path) and parameter["in"] == "query"
    }


def test_objects_have_the_new_keys_only() -> None:
    schemas = openapi_document()["components"]["schemas"]
    table = list(rows("Keys of bodies and answers"))
    assert len(table) > 100
    for objects, old, new in table:
        for name in objects:
            keys = set(schemas[name]["properties"])
            assert (old in keys, new in keys) == (False, True), (name, old, new)


def test_addresses_have_the_new_parameters_only() -> None:
    table = list(rows("Query parameters"))
    for addresses, old, new in table:
        for address in addresses:
            names = parameters(address)
            assert (old in names, new in names) == (False, True), (address, old, new)
    assert len(table) > 15


def test_every_old_name_of_a_request_still_works() -> None:
    """The page promises it of all of them; the table in the code has no more and no less."""
    sent = {(old, new) for _where, old, new in rows("Query parameters")}
    schemas = openapi_document()["components"]["schemas"]
    sent |= {
        (old, new)
        for objects, old, new in rows("Keys of bodies and answers")
        if any(name.endswith("In") and name in schemas for name in objects)
    }
    assert sent == {(old, new) for old, names in NEW_NAMES.items() for new in names}


def test_parts_of_a_reason_have_the_listed_names() -> None:
    section = PAGE.partition("### Reasons of documents\n")[2].partition("\n#")[0]
    listed = re.findall(r"^\| `(\w+)` \| `(\w+)` \|$", section, re.MULTILINE)
    assert dict(listed) == {str(old): new for old, new in PUBLIC_NAMES.items()}


def test_no_object_of_a_request_has_a_key_that_was_the_old_name_of_another_of_its_keys() -> None:
    """Else the old name would have two meanings there."""
    for kind in (*_kinds(Input), *_kinds(Filters)):
        fields = set(kind().fields)
        clashes = {old for old, names in NEW_NAMES.items() if old in fields and fields & set(names)}
        assert not clashes, kind


def _kinds(base: type[Any]) -> Iterator[type[Any]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_old_keys_of_bodies_do_what_the_new_ones_do(tickets: Project, joan: User) -> None:
    caller, path = Caller(joan), f"projects/{tickets.pk}/"
    made = caller.post(f"{path}classes/", {"name": "Invoice", "colour": "#123456"})
    assert (made.status_code, made.json()["color"]) == (201, "#123456")
    refund = LabelClass.objects.get(project=tickets, name="Refund")
    focus = caller.post(f"{path}focus/", {"class": str(refund.pk), "wanted_labels": 7})
    assert (focus.status_code, focus.json()["target_labels"]) == (201, 7)
    assert Focus.objects.get(project=tickets).wanted_labels == 7
    document = Document.objects.filter(project=tickets).earliest("position")
    for name in ("document", "document_id"):
        row = {name: document.pk, "source": "llm", "label": "Refund"}
        assert caller.post(f"{path}predictions/", {"predictions": [row]}).json()["stored"] == 1, name


def test_a_key_under_both_names_is_refused(tickets: Project, joan: User) -> None:
    body = {"name": "Invoice", "color": "#123456", "colour": "#654321"}
    refused = Caller(joan).post(f"projects/{tickets.pk}/classes/", body)
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, "colour")
    twice = Caller(joan).get(f"projects/{tickets.pk}/questions/?waiting=true&unanswered=true")
    assert (twice.status_code, twice.json()["errors"][0]["path"]) == (400, "waiting")


def test_a_slice_means_the_same_documents_under_both_names(tickets: Project, joan: User) -> None:
    """`below` was exclusive, `max_characters` is not: the documents are the same."""
    texts = {"12345": "five", "123456": "six", "1234567": "seven"}
    for document, text in zip(
        Document.objects.filter(project=tickets).order_by("position"), texts, strict=False
    ):
        Document.objects.filter(pk=document.pk).update(text=text)
    Document.objects.filter(project=tickets).exclude(text__in=texts).update(text="x" * 50)
    Document.objects.filter(project=tickets).update(split=Document.Split.POOL)
    path, counts = f"projects/{tickets.pk}/picks/", []
    for lengths in ({"least": 5, "below": 7}, {"min_characters": 5, "max_characters": 6}):
        body = {"slice": lengths, "count": 10, "reason": "Short"}
        picked = Caller(joan).post(path, body)
        assert picked.status_code == 201, picked.content
        counts.append(picked.json()["pending"])
        assert Caller(joan).send("DELETE", f"{path}{picked.json()['id']}/").status_code == 204
    assert counts == [2, 2]


def test_old_parameters_of_addresses_do_what_the_new_ones_do(tickets: Project, joan: User) -> None:
    at = f"/api/v1/projects/{tickets.pk}/"
    client, headers = Caller(joan).client, Caller(joan).headers
    for old, new in (
        ("questions/?waiting=true", "questions/?unanswered=true"),
        ("annotations/?document=1", "annotations/?document_id=1"),
        (
            "reports/test-set/?wrong=1&least=2&below=9&twins=0",
            "reports/test-set/?is_wrong=true&min_characters=2&max_characters=8&has_near_duplicate=false",
        ),
        ("reports/distribution/csv/?by=time", "reports/distribution/csv/?group_by=time"),
    ):
        answers = [client.get(at + address, headers=headers) for address in (old, new)]
        assert answers[0].status_code == 200, answers[0].content
        assert answers[0].content == answers[1].content, old


def test_labels_of_an_import_are_left_out_under_both_names(tickets: Project, joan: User) -> None:
    for number, query in enumerate(
        ("answers=texts", "takes_labels=false", "answers=settle", "takes_labels=true")
    ):
        body = {"documents": [{"text": f"Parcel {number}", "label": "Refund"}]}
        done = Caller(joan).post(f"projects/{tickets.pk}/documents/?{query}", body).json()
        assert (done["labeled"], done["takes_labels"]) == ((0, False) if number < 2 else (1, True)), query
