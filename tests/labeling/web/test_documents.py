"""How do managers find a document, and what does its page tell?"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from labeling.annotations import corrections, submit
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.learning.text.limits import READ_CHARACTERS
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from tests.elements import compact
from tests.fixtures.people import label


@pytest.fixture(autouse=True)
def signed_in(client: Client, joan: User) -> None:
    client.force_login(joan)


def listed(client: Client, project: Project, query: str = "") -> list[str]:
    """The texts on one page of the list."""
    response = client.get(reverse("labeling:documents", args=[project.pk]) + query)
    assert response.status_code == 200
    return re.findall(r'class="excerpt"><a [^>]+>([^<]+)<', compact(response.content.decode()))


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def many(make_project: Callable[..., Project]) -> Project:
    return make_project(texts=[f"text {n}" for n in range(120)])


def test_pages_follow_each_other_and_lead_back(client: Client, many: Project) -> None:
    address = reverse("labeling:documents", args=[many.pk])
    seen, query = [], ""
    while True:
        page = client.get(address + query).content.decode()
        seen += listed(client, many, query)
        match = re.search(r'rel="next" href="(\?[^"]+)"', page)
        if match is None:
            break
        query = match[1].replace("&amp;", "&")
    assert seen == [f"text {n}" for n in range(120)]
    back = re.search(r'rel="prev" href="(\?[^"]+)"', page)
    assert back
    assert listed(client, many, back[1]) == [f"text {n}" for n in range(50, 100)]


def test_the_list_is_narrowed_by_state_and_part(client: Client, many: Project) -> None:
    Document.objects.filter(project=many, position=7).update(state="excluded")
    Document.objects.filter(project=many, position=8).update(split="test")
    assert listed(client, many, "?state=excluded") == ["text 7"]
    assert listed(client, many, "?split=test") == ["text 8"]
    assert listed(client, many, "?state=excluded&split=test") == []


def test_a_document_is_found_by_its_whole_identifier_or_its_place(client: Client, many: Project) -> None:
    assert listed(client, many, "?q=t17") == ["text 17"]
    assert listed(client, many, "?q=%2317") == ["text 17"]
    assert listed(client, many, "?q=t1") == ["text 1"]
    assert "No documents match" in text(client.get(reverse("labeling:documents", args=[many.pk]) + "?q=17"))


@pytest.mark.parametrize(
    "query",
    [
        "?after=x",
        "?after=99999999999999999999999",
        "?before=-1",
        "?state=no",
        "?q=%00",
        "?q=%23" + "9" * 40,
        "?split='",
    ],
)
def test_a_strange_address_is_answered(client: Client, many: Project, query: str) -> None:
    assert client.get(reverse("labeling:documents", args=[many.pk]) + query).status_code == 200


def test_the_list_takes_few_statements_and_never_reads_whole_texts(client: Client, many: Project) -> None:
    with CaptureQueriesContext(connection) as captured:
        listed(client, many)
    assert len(captured) <= 6
    assert not any(', "labeling_document"."text",' in query["sql"] for query in captured)


def test_the_page_of_a_document_tells_its_whole_history(
    client: Client, tickets: Project, ann: User, bob: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    done = submit.submit(ann, Submission(held.token, [label(tickets, "Refund")], note="angry", seconds=4.2))
    corrections.correct(tickets.pk, ann, done.annotation_id, [label(tickets, "Billing")])
    corrections.undo(tickets.pk, ann)
    page = text(client.get(reverse("labeling:document", args=[tickets.pk, held.document_id])))
    assert "I was charged twice" in page
    assert "withdrawn" in page
    assert page.count("superseded") == 2
    assert "angry" in page
    assert "4.2 s" in page
    assert "guideline 1" in page


def test_a_settled_document_says_by_what(client: Client, tickets: Project, ann: User) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    page = text(client.get(reverse("labeling:document", args=[tickets.pk, held.document_id])))
    assert "Final label (one annotation): Refund" in page, "one person cannot agree"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("Refund", "Refund"), "Final label (2 annotations agree): Refund"),
        (("Billing", "Refund", "Billing"), "Final label (majority of 3 annotations): Billing"),
    ],
)
def test_several_answers_agree_or_most_of_them_do(
    client: Client, make_project: Callable[..., Project], ann: User, bob: User, carla: User, names, message
) -> None:
    project = make_project(texts=["Where is it?"], overlap=len(names))
    for person, name in zip((ann, bob, carla), names, strict=False):
        (held,) = claims.claim(project.pk, person).documents
        submit.submit(person, Submission(held.token, [label(project, name)]))
    assert message in text(client.get(reverse("labeling:document", args=[project.pk, held.document_id])))


@pytest.mark.parametrize("split", ["pool", "test"])
def test_the_page_of_a_document_says_what_the_model_says(
    client: Client, tickets: Project, ann: User, split: str
) -> None:
    """Of the test set what was measured, whatever was said when it was given out."""
    refund, billing = (str(label(tickets, name).label_class) for name in ("Refund", "Billing"))
    (held,) = claims.claim(tickets.pk, ann).documents
    Document.objects.filter(pk=held.document_id).update(split=split)
    address = reverse("labeling:document", args=[tickets.pk, held.document_id])
    assert "Prediction" not in text(client.get(address)), "no model yet"
    version = ModelVersion.objects.create(
        project=tickets, number=7, state="ready", classes=[refund, billing], label_count=20
    )
    assert "Prediction" not in text(client.get(address)), "nothing said of this one"
    reason = {"share": "margin", "model": 6, "top": [[billing, 0.61], [refund, 0.39]]}
    Lease.objects.filter(document=held.document_id).update(reason=reason)
    if split == "test":
        HeldOutPrediction.objects.create(
            model_version=version, document_id=held.document_id, probabilities=[0.8, 0.2]
        )
    message = (
        "Prediction of model 7: Refund 80%, Billing 20%"
        if split == "test"
        else "Prediction of model 6: Billing 61%"
    )
    assert message in " ".join(text(client.get(address)).split())


def test_spans_are_quoted_by_code_points(
    client: Client, make_project: Callable[..., Project], ann: User
) -> None:
    project = make_project(kind="spans", texts=["😀 Ada sings"])
    (held,) = claims.claim(project.pk, ann).documents
    submit.submit(ann, Submission(held.token, [label(project, "Refund", 2, 5)]))
    page = client.get(reverse("labeling:document", args=[project.pk, held.document_id])).content.decode()
    assert '<q dir="auto">Ada</q>' in compact(page)


def test_texts_and_metadata_are_shown_as_they_are(
    client: Client, make_project: Callable[..., Project]
) -> None:
    hostile = "<img src=x onerror=alert(1)>\r\n  two  spaces"
    project = make_project(texts=[hostile])
    document = project.documents.get()
    document.metadata = {"<b>": "<script>1</script>", "nested": {"a": [1, "ö"]}}
    document.save()
    page = client.get(reverse("labeling:document", args=[project.pk, document.pk])).content.decode()
    assert "<img src=x" not in page
    assert "<script>1" not in page
    assert "&lt;script&gt;1" in page
    assert "two  spaces" in page
    assert "ö" in page


def test_a_document_is_taken_out_and_brought_back_however_often_one_clicks(
    client: Client, tickets: Project
) -> None:
    document = tickets.documents.first()
    assert document is not None
    for name, state, message in (
        ("exclude_document", "excluded", "Document excluded"),
        ("include_document", "open", "Document included again"),
    ):
        for _ in range(2):
            response = client.post(reverse(f"labeling:{name}", args=[tickets.pk, document.pk]), follow=True)
            assert message in text(response)
            document.refresh_from_db()
            assert document.state == state


def test_a_settled_document_is_made_gold_after_a_question_and_taken_back(
    client: Client, tickets: Project, ann: User
) -> None:
    (held,) = claims.claim(tickets.pk, ann).documents
    page, mark, end = (
        reverse(f"labeling:{name}", args=[tickets.pk, held.document_id])
        for name in ("document", "mark_gold", "unmark_gold")
    )
    assert "Mark as gold" not in text(client.get(page))
    assert "Only a labeled document can be gold. Label it first." in text(client.post(mark, follow=True))
    submit.submit(ann, Submission(held.token, [label(tickets, "Refund")]))
    assert "Mark as gold" in text(client.get(page))
    assert "Mark t0 as gold?" in text(client.get(mark))
    assert Document.objects.filter(is_gold=True).count() == 0  # it only asked
    assert "Remove gold mark" in text(client.post(mark, follow=True))
    assert Document.objects.get(is_gold=True).pk == held.document_id
    assert "Gold mark removed" in text(client.post(end, follow=True))
    assert Document.objects.get(pk=held.document_id).state == "resolved"
    assert not Document.objects.filter(is_gold=True).exists()


def test_a_document_names_the_one_that_it_nearly_repeats(client: Client, tickets: Project) -> None:
    first, second, alone = Document.objects.filter(project=tickets).order_by("position")[:3]
    Document.objects.filter(pk__in=[first.pk, second.pk]).update(near_duplicate_group=first.position)
    pages = [
        client.get(reverse("labeling:document", args=[tickets.pk, d.pk])) for d in (first, second, alone)
    ]
    assert [re.findall("has near-duplicates|near-duplicate of #0", text(page)) for page in pages] == [
        ["has near-duplicates"],
        ["near-duplicate of #0"],
        [],
    ]
    (link,) = re.findall(r'href="[^"]+(\?q=[^"]+)"', pages[1].content.decode())
    assert listed(client, tickets, link) == [first.text]


@pytest.mark.parametrize(("length", "is_said"), [(READ_CHARACTERS, False), (READ_CHARACTERS + 1, True)])
def test_a_text_that_is_learned_from_in_part_says_so_to_managers_and_annotators(
    client: Client, make_project: Callable[..., Project], joan: User, ann: User, length: int, is_said: bool
) -> None:
    project = make_project(texts=["x" * length])
    notice = "Models use the first 20,000; sentence embeddings use the first 8,192 (128 tokens)"
    document = project.documents.get()
    for person, address in (
        (joan, reverse("labeling:document", args=[project.pk, document.pk])),
        (ann, reverse("labeling:label", args=[project.pk])),
    ):
        client.force_login(person)
        page = " ".join(client.get(address, follow=True).content.decode().split())
        assert (notice in page) == is_said, address
