"""What does the review of the test set show, and what can be done from it?"""

import re
from collections.abc import Callable
from uuid import UUID

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from analytics.data.queries import HeldOut, Spans
from analytics.test_set import page as review_views
from analytics.test_set.filters import ReviewFilters, chosen, judged
from labeling import worker
from labeling.annotations import imported
from labeling.annotations.models import Resolution
from labeling.annotations.submit import Submission, submit
from labeling.documents.models import Document
from labeling.documents.slices import Condition, Slice
from labeling.explanations.selection_reason import SelectionReason
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.predictions.models import HeldOutPrediction
from labeling.projects.models import Project
from labeling.queue import claims, publishing
from labeling.queue.claims import HeldDocument
from labeling.steering.models import Pick
from tests.elements import compact
from tests.fixtures.people import label
from tests.fixtures.saved_projects import Restore
from tests.fixtures.trained_project import build_untrained, label_rightly, train, truth

A, B, C = (UUID(int=n) for n in (1, 2, 3))
FLAGS = np.eye(3, dtype=bool)


def single() -> HeldOut:
    """Four documents: right and sure, right and unsure, A taken for B, C taken for B."""
    probabilities = np.array([[0.9, 0.05, 0.05], [0.4, 0.35, 0.25], [0.2, 0.7, 0.1], [0.05, 0.6, 0.35]])
    return HeldOut(
        (A, B, C),
        np.arange(10, 14),
        np.array([7, 5, 6, 4]),
        FLAGS[[0, 0, 0, 2]],
        FLAGS[[0, 0, 1, 1]],
        probabilities,
    )


def several() -> HeldOut:
    """A and B said rightly; A missed and C added; nothing is said of B."""
    truth = np.array([[True, True, False], [True, False, False], [False, True, False]])
    predicted = np.array([[True, True, False], [False, False, True], [False, False, False]])
    probabilities = np.array([[0.9, 0.8, 0.1], [0.2, 0.3, 0.9], [0.1, 0.45, 0.2]])
    return HeldOut((A, B, C), np.arange(3), np.arange(3), truth, predicted, probabilities)


def spans() -> HeldOut:
    """B is marked where A is labeled; then all right; then an A too many."""
    none, no_odds = np.zeros((3, 3), dtype=bool), np.zeros((3, 0))
    given_spans: tuple[Spans, ...] = ([(0, 4, 0)], [(0, 4, 1)], [])
    marked = ([(0, 4, 1)], [(0, 4, 1)], [(2, 3, 0)])
    return HeldOut((A, B, C), np.arange(3), np.arange(3), none, none, no_odds, given_spans, marked)


@pytest.mark.parametrize(
    ("predictions", "asked", "documents"),
    [
        (single, {}, [12, 13, 11, 10]),  # the worst first
        (single, {"sort": "confidence"}, [11, 13, 12, 10]),
        (single, {"sort": "newest"}, [10, 12, 11, 13]),
        (single, {"wrong": "1"}, [12, 13]),
        (single, {"truth": A.hex, "predicted": B.hex}, [12]),
        (single, {"extra": B.hex}, [12, 13]),
        (single, {"missed": C.hex}, [13]),
        (single, {"either": C.hex}, [13]),
        (single, {"above": "50", "under": "80"}, [12, 13]),
        (single, {"truth": UUID(int=9).hex}, []),
        (several, {"missed": A.hex, "extra": C.hex}, [1]),
        (several, {"wrong": "1"}, [1, 2]),
        (several, {"missed": B.hex}, [2]),
        (several, {"truth": A.hex}, [1, 0]),
        (spans, {"wrong": "1"}, [0, 2]),
        (spans, {"truth": A.hex, "predicted": B.hex}, [0]),
        (spans, {"extra": A.hex}, [2]),
        (spans, {"either": B.hex}, [0, 1]),
    ],
)
def test_what_is_asked_for_is_found_in_its_order(
    predictions: Callable[[], HeldOut], asked: dict[str, str], documents: list[int]
) -> None:
    held_out = predictions()
    rows = chosen(held_out, judged(held_out), ReviewFilters.read(asked))
    assert held_out.document_ids[rows].tolist() == documents


def test_what_an_address_asks_for_survives_it() -> None:
    where = Slice("a b", "c&d", 5, also=(Condition("year", least=2000.5),))
    asked = ReviewFilters(7, True, A, None, B, C, None, 10, 90, where, 3, 2, "newest", 4, 12)
    assert ReviewFilters.read(QueryDict(asked.address()).dict()) == asked
    assert "a+b" not in asked.address(where=Slice())


@pytest.fixture
def measured(restore: Restore, make_project: Callable[..., Project], ann: User) -> Project:
    """The project of tickets with a model and a settled test set, of which Ann labeled three wrongly."""
    return restore("three wrong", lambda: label_three_wrongly(build_untrained(make_project), ann))


def label_three_wrongly(untrained: Project, ann: User) -> Project:
    label_rightly(untrained, ann, 30)
    train(untrained)
    tests = Document.objects.test_set().filter(project=untrained, state="open").order_by("random_key")
    answers = [(d.pk, [label(untrained, truth(d.text))]) for d in tests]
    imported.record(untrained, answers[3:])
    for document, _answer in answers[:3]:
        held = claimed(untrained, ann, document)
        name = truth(held.text)
        wrong = "Refund" if name != "Refund" else "Billing"
        submit(ann, Submission(held.token, [label(untrained, wrong)]))
    return untrained


def claimed(project: Project, who: User, document: int) -> HeldDocument:
    generation = publishing.next_generation()
    publishing.publish(project.pk, generation, [(document, SelectionReason("test"))])
    (held,) = claims.claim(project.pk, who).documents
    assert held.document_id == document
    return held


def page(project: Project, query: str = "") -> str:
    return reverse("analytics:test_set", args=[project.pk]) + (f"?{query}" if query else "")


def texts(html: str) -> list[str]:
    return re.findall(r'<li id="d(\d+)">', html)


def test_wrong_ones_stand_side_by_side_with_the_words_that_decided_and_go_when_labeled_anew(
    measured: Project, client: Client, joan: User
) -> None:
    client.force_login(joan)
    response = client.get(page(measured, "wrong=1"))
    html = response.content.decode()
    assert "Model 1 is incorrect on 3 of 12 test documents" in html
    assert len(texts(html)) == 3
    assert '<mark class="towards"' in html
    document = Document.objects.get(pk=int(texts(html)[0]))
    right = label(measured, truth(document.text)).label_class
    relabel = reverse("labeling:relabel", args=[measured.pk, document.pk])
    assert f'href="{relabel}?next=' in html
    back = page(measured, "wrong=1")
    assert client.get(relabel, {"next": back}).status_code == 200
    sent = {"label_class": str(right), "note": "It asks for that", "next": back}
    assert client.post(relabel, sent)["Location"] == back
    assert "Model 1 is incorrect on 2 of 12 test documents" in client.get(back).content.decode()
    assert Resolution.objects.get(document=document).how == "adjudicated"


def test_the_page_opens_with_what_the_model_got_wrong_and_shows_all_on_request(
    measured: Project, client: Client, joan: User
) -> None:
    client.force_login(joan)
    for opened in ("", "model=1"):
        html = client.get(page(measured, opened)).content.decode()
        assert len(texts(html)) == 3, opened
        assert "test-set.csv?wrong=1" in html, "the file holds what the page shows"
        (all_of_it,) = re.findall(r'<a class="tag" href="\?([^"]*)">incorrect only', compact(html))
        assert len(texts(client.get(page(measured, all_of_it.replace("&amp;", "&"))).content.decode())) == 12
    unchecked = "model=1&truth=&predicted=&sort=loss"
    assert len(texts(client.get(page(measured, unchecked)).content.decode())) == 12


def test_before_many_documents_are_sent_the_page_asks(
    measured: Project, client: Client, joan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(joan)
    monkeypatch.setattr(review_views, "MAX_UNCONFIRMED", 11)
    send = reverse("analytics:pick_test_set", args=[measured.pk])
    sent = {"query": "wrong=0", "reason": "All of it & more"}
    html = client.post(send, sent).content.decode()
    assert "Send 12 documents to the queue?" in html
    assert "This is the whole test set" in html
    assert not Pick.objects.exists()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    assert hidden["reason"] == "All of it &amp; more"
    client.post(send, sent | {"sure": hidden["sure"]})
    assert Pick.objects.get().reason == "All of it & more"


def test_a_cell_of_the_matrix_a_person_and_a_slice_narrow_the_page(
    measured: Project, client: Client, joan: User, ann: User
) -> None:
    client.force_login(joan)
    by_ann = Document.objects.test_set().filter(project=measured, resolution__annotation__annotator=ann)
    Document.objects.filter(pk=by_ann[0].pk).update(metadata={"source": "mail"})
    for query, count in (
        (f"by={ann.pk}", by_ann.count()),
        ("field=source&value=mail", 1),
        ("below=1", 0),
        ("guideline=1", 12),
    ):
        assert len(texts(client.get(page(measured, query)).content.decode())) == count, query
    refund, billing = (LabelClass.objects.get(project=measured, name=n).pk for n in ("Refund", "Billing"))
    html = client.get(page(measured, f"truth={refund}&predicted={billing}")).content.decode()
    assert "true class Refund" in html
    assert "predicted Billing" in html


def test_what_fits_is_sent_to_the_queue_comes_to_somebody_else_and_can_be_taken_back(
    measured: Project, client: Client, joan: User, ann: User, bob: User
) -> None:
    client.force_login(joan)
    send = reverse("analytics:pick_test_set", args=[measured.pk])
    sent = {"query": f"wrong=1&by={ann.pk}", "reason": "Refresh"}
    html = client.post(send, sent, follow=True).content.decode()
    assert "3 documents were sent to the queue" in html
    assert "3 documents in the queue:" in html
    assert worker.run_job(measured.pk, Job.Kind.RANK)
    seen = {held.document_id for held in claims.claim(measured.pk, bob, 10).documents}
    picked = set(Document.objects.filter(project=measured, extra_slots=1).values_list("pk", flat=True))
    assert len(picked) == 3
    assert picked <= seen
    end = reverse("analytics:end_pick", args=[measured.pk, Pick.objects.get().pk])
    assert client.post(end, {"query": "wrong=1"})["Location"] == page(measured, "wrong=1")
    assert not Pick.objects.standing().exists() or picked  # what Bob holds is left to him
    html = client.post(send, {"query": "", "reason": ""}, follow=True).content.decode()
    assert "Enter a reason" in html


def test_the_file_holds_all_that_fit(measured: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    address = reverse("analytics:test_set_csv", args=[measured.pk])
    lines = client.get(address, {"wrong": "1"}).content.decode().splitlines()
    assert lines[0].startswith("document_id,external_id,true_classes,predicted_classes,is_wrong")
    assert len(lines) == 4
    assert lines[1].endswith(",ann")


def test_only_managers_see_the_test_set_with_its_labels(
    measured: Project, client: Client, ann: User, carla: User, eve: User
) -> None:
    for who, status in ((ann, 403), (carla, 403), (eve, 404)):
        client.force_login(who)
        assert client.get(page(measured)).status_code == status


def test_a_way_back_to_another_site_is_not_taken(measured: Project, client: Client, joan: User) -> None:
    client.force_login(joan)
    document = Document.objects.test_set().filter(project=measured).first()
    assert document
    relabel = reverse("labeling:relabel", args=[measured.pk, document.pk])
    html = client.get(relabel, {"next": "https://example.org/"}).content.decode()
    assert "https://example.org" not in html  # but, escaped, in the way back to this page itself
    right = label(measured, truth(document.text)).label_class
    sent = {"label_class": str(right), "next": "//example.org"}
    assert client.post(relabel, sent)["Location"] == reverse(
        "labeling:document", args=[measured.pk, document.pk]
    )


@pytest.mark.parametrize("kind", ["multi", "spans"])
def test_every_kind_of_project_has_its_review(
    kind: str, make_project: Callable[..., Project], client: Client, joan: User
) -> None:
    project = make_project(kind=kind)
    client.force_login(joan)
    assert "No model yet: too few labels" in client.get(page(project)).content.decode()
    document = Document.objects.filter(project=project)[0]
    Document.objects.filter(pk=document.pk).update(split="test")
    Project.objects.filter(pk=project.pk).update(grouped_count=project.document_count)
    indices = (2, 6) if kind == "spans" else ()
    imported.record(project, [(document.pk, [label(project, "Refund", *indices)])])
    classes = list(project.classes.values_list("pk", flat=True))
    version = project.model_versions.create(number=1, state="ready", classes=classes)
    is_spans = kind == "spans"
    HeldOutPrediction.objects.create(
        model_version=version,
        document=document,
        probabilities=[] if is_spans else [0.2, 0.7, 0.1],
        spans=[[2, 6, 1, 0.9]] if is_spans else None,
        pulls={"words": [[2, 6, 1.0]], "others": [[7, 10, 0.3]]}
        if is_spans
        else {"towards": 1, "against": -1, "words": [["twice", 1.0]], "others": []},
    )
    html = client.get(page(project)).content.decode()
    assert "Model 1 is incorrect on 1 of 1 test document" in html
    assert ('<p class="soft">Predicted</p>' in compact(html)) == is_spans
    element = f'<u class="towards" title="1.00">{document.text[2:6]}</u>'
    assert (element if is_spans else '<mark class="towards" title="1.00">twice</mark>') in compact(html)
    assert ("lowest confidence 90%" in html) == is_spans
