"""Disputes: who sees them, what is shown, and what a decision does."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.annotations import exclusion, skipping, submit
from labeling.annotations.models import Annotation
from labeling.documents.models import Document
from labeling.guidelines import versions
from labeling.guidelines.versions import RuleText
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from tests.elements import compact
from tests.fixtures.people import TEXTS, label


def url(project: Project, name: str = "disputes", *more: int) -> str:
    return reverse(f"labeling:{name}", args=[project.pk, *more])


def answer(project: Project, person: User, *names: str, note: str = "") -> Document:
    held = (claims.held_by(project.pk, person) or claims.claim(project.pk, person).documents)[0]
    labels = [label(project, name) for name in names]
    submit.submit(person, submit.Submission(held.token, labels, note=note))
    return Document.objects.get(pk=held.document_id)


@pytest.fixture
def disputed(make_project, ann, bob) -> Document:
    """Ann says Refund, Bob says Billing."""
    project = make_project(overlap=2)
    answer(project, ann, "Refund")
    return answer(project, bob, "Billing", note="About the card.")


@pytest.fixture
def adjudicator(client: Client, carla: User) -> Client:
    client.force_login(carla)
    return client


def test_disputes_are_listed_with_who_said_what(adjudicator, disputed):
    page = adjudicator.get(url(disputed.project)).content.decode()
    assert "1 dispute" in page
    for expected in (TEXTS[0], "ann", "Refund", "bob", "Billing"):
        assert expected in page


def test_answers_stand_side_by_side_with_their_notes(adjudicator, disputed):
    page = adjudicator.get(url(disputed.project, "dispute", disputed.pk)).content.decode()
    for expected in ("ann", "bob", "guideline 1", "About the card.", "Use this annotation"):
        assert expected in page


def test_a_decision_starts_from_somebody_s_answer_when_asked(adjudicator, disputed):
    bobs = Annotation.objects.get(annotator__username="bob")
    page = adjudicator.get(url(disputed.project, "dispute", disputed.pk), {"from": bobs.pk})
    assert page.context["entered"].classes == [str(bobs.labels.get().label_class_id)]


def test_an_answer_is_taken_as_it_is_with_one_press_and_the_next_dispute_follows(
    adjudicator, disputed, ann, bob
):
    other = answer(disputed.project, ann, "Delivery")
    assert answer(disputed.project, bob, "Refund") == other
    page = adjudicator.get(url(disputed.project, "dispute", disputed.pk)).content.decode()
    assert "Dispute 1 of 2." in page
    bobs = Annotation.objects.get(document=disputed, annotator=bob)
    response = adjudicator.post(url(disputed.project, "dispute", disputed.pk), {"use": bobs.pk})
    assert response.headers["Location"] == url(disputed.project, "dispute", other.pk)
    disputed.refresh_from_db()
    assert disputed.resolution.annotation.labels.get().label_class.name == "Billing"


def test_the_adjudicator_reads_the_rules_and_what_the_model_thought(adjudicator, disputed, joan):
    billing = disputed.project.classes.get(name="Billing")
    rules = {billing.pk: RuleText("About invoices.")}
    versions.publish(disputed.project.pk, joan, body="Read.", rules=rules, change="rule")
    reason = {"share": "margin", "top": [[str(billing.pk), 0.62]]}
    Lease.objects.filter(document=disputed).update(reason=reason)
    page = adjudicator.get(url(disputed.project, "dispute", disputed.pk)).content.decode()
    assert "About invoices." in page
    assert "<bdi>Billing</bdi> 62" in compact(page)


def test_a_gold_or_excluded_document_is_opened_from_the_page_that_relabels_it(client, disputed, joan):
    client.force_login(joan)
    exclusion.exclude(disputed.project.pk, joan, disputed.pk)
    here = url(disputed.project, "relabel", disputed.pk)
    page = client.get(here).content.decode()
    assert "Include the document first" in page
    assert 'id="answer"' not in page
    included = client.post(url(disputed.project, "include_document", disputed.pk), {"next": here})
    assert included.headers["Location"] == here
    assert 'id="answer"' in client.get(here).content.decode()


def test_a_decision_settles_the_document_and_keeps_its_note(adjudicator, disputed):
    refund = disputed.project.classes.get(name="Refund")
    data = {"label_class": str(refund.pk), "note": "Money back wins."}
    page = adjudicator.post(url(disputed.project, "dispute", disputed.pk), data, follow=True)
    assert "Final label saved." in page.content.decode()
    assert "No disputes" in page.content.decode()
    disputed.refresh_from_db()
    assert disputed.state == Document.State.RESOLVED
    assert disputed.resolution.annotation.note == "Money back wins."


def test_a_decision_without_a_class_is_asked_again_with_the_note_kept(adjudicator, disputed):
    page = adjudicator.post(url(disputed.project, "dispute", disputed.pk), {"note": "Hm."})
    assert page.status_code == 422
    assert 'value="Hm."' in page.content.decode()


def test_who_labeled_the_document_may_not_decide_it(client, disputed, joan, bob, carla):
    answer_by_carla = Annotation.objects.get(annotator=bob)
    Annotation.objects.bulk_create(
        [
            Annotation(
                project=disputed.project,
                document=disputed,
                annotator=carla,
                answer_hash=answer_by_carla.answer_hash,
            )
        ]
    )
    client.force_login(carla)
    data = {"label_class": str(disputed.project.classes.first().pk)}
    page = client.post(url(disputed.project, "dispute", disputed.pk), data)
    assert page.status_code == 422
    assert "You labeled this document yourself" in page.content.decode()


def test_a_dispute_that_somebody_else_decided_leads_back_to_the_list(adjudicator, disputed):
    Document.objects.filter(pk=disputed.pk).update(state="resolved")
    page = adjudicator.get(url(disputed.project, "dispute", disputed.pk), follow=True)
    assert "not disputed" in page.content.decode()


def test_a_document_that_several_skipped_shows_why(adjudicator, tickets, ann, bob, joan):
    for person in (ann, bob, joan):
        held = claims.claim(tickets.pk, person).documents[0]
        skipping.skip(held.token, person, "Not in my language.")
    document = Document.objects.get(state="disputed")
    assert "skipped by 3 annotators" in adjudicator.get(url(tickets)).content.decode()
    page = adjudicator.get(url(tickets, "dispute", document.pk)).content.decode()
    assert page.count("Not in my language.") == 3
    assert "Every annotator skipped this document" in page


def test_annotators_do_not_see_disputes(client, disputed, ann):
    client.force_login(ann)
    assert client.get(url(disputed.project)).status_code == 403
    assert client.get(url(disputed.project, "dispute", disputed.pk)).status_code == 403
    assert client.post(url(disputed.project, "dispute", disputed.pk), {}).status_code == 403


def test_a_document_of_another_project_is_not_there(adjudicator, disputed, make_project):
    other = make_project(kind="multi")
    assert adjudicator.get(url(other, "dispute", disputed.pk)).status_code == 404


def test_spans_in_dispute_are_marked_in_each_answer(adjudicator, make_project, ann, bob):
    project = make_project(kind="spans", overlap=2)
    for person, start in ((ann, 0), (bob, 2)):
        held = claims.claim(project.pk, person).documents[0]
        submission = submit.Submission(held.token, [label(project, "Refund", start, 13)])
        submit.submit(person, submission)
    document = Document.objects.get(state="disputed")
    page = compact(adjudicator.get(url(project, "dispute", document.pk)).content.decode())
    assert page.count('<mark data-color="#0072b2" data-level="0" data-first data-name="Refund">') == 2


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_my_work_lists_changes_and_takes_back(client, make_project, ann, kind):
    project = make_project(kind=kind)
    answer(project, ann, "Refund")
    client.force_login(ann)
    assert "Your 1 annotation" in client.get(url(project, "mine")).content.decode()
    stored = Annotation.objects.get()
    billing = project.classes.get(name="Billing")
    change = reverse("labeling:correct", args=[project.pk, stored.pk])
    assert client.get(change).context["entered"].classes == [str(stored.labels.get().label_class_id)]
    client.post(change, {"label_class": str(billing.pk)})
    corrected = Annotation.objects.current().get()
    assert corrected.labels.get().label_class == billing
    assert client.get(change).status_code == 404  # it was superseded
    client.post(url(project, "undo"), {"annotation": corrected.pk})
    assert not Annotation.objects.current().exists()


def test_nobody_changes_another_person_s_answer(client, tickets, ann, bob):
    answer(tickets, ann, "Refund")
    client.force_login(bob)
    assert client.get(url(tickets, "correct", Annotation.objects.get().pk)).status_code == 404


def test_my_work_asks_few_statements_however_long_it_is(client, tickets, ann, django_assert_max_num_queries):
    for _ in range(4):
        answer(tickets, ann, "Refund")
    client.force_login(ann)
    with django_assert_max_num_queries(7):  # session, user, member, count, answers, labels, questions
        client.get(url(tickets, "mine"))
