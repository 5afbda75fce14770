"""The label page: what it shows, what becomes of an answer, and what people are told."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from labeling.annotations import exclusion, submit
from labeling.annotations.models import Annotation, Label
from labeling.documents.models import Document
from labeling.guidelines import versions
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease, QueueEntry
from tests.elements import compact, dangers
from tests.fixtures.people import TEXTS, Clock, label

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "{{7*7}} ${7*7} {% now 'Y' %}",
    "</textarea><script>alert(1)</script>",
    "\"' onmouseover=alert(1) x='",
)


def url(project: Project, name: str = "label", *more: int) -> str:
    return reverse(f"labeling:{name}", args=[project.pk, *more])


def sent(client: Client, project: Project, *names: str, **more: object):
    """Answer the document in hand as the page's form would."""
    page = client.get(url(project))
    chosen = [str(project.classes.get(name=name).pk) for name in names]
    data = {"token": page.context["document"].token, "key": page.context["key"], "label_class": chosen}
    return client.post(url(project), data | more)


def messages(answer) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


@pytest.fixture
def annotator(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def test_the_page_shows_the_best_document_its_reason_and_a_button_for_each_class(annotator, tickets):
    page = annotator.get(url(tickets))
    text = compact(page.content.decode())
    assert TEXTS[0] in text
    assert "The model is unsure about this document." in text
    assert re.findall(r'data-key="(\w)" aria-keyshortcuts="\w"><kbd', text) == ["1", "2", "3"]


def test_a_reload_shows_the_same_document(annotator, tickets):
    first = annotator.get(url(tickets)).context["document"]
    assert annotator.get(url(tickets)).context["document"].token == first.token


def test_an_answer_is_stored_with_its_seconds_and_leads_to_the_next(annotator, tickets):
    answer = sent(annotator, tickets, "Refund", seconds="4.2")
    assert (answer.status_code, answer["Location"]) == (302, url(tickets))
    stored = Annotation.objects.get()
    assert (stored.seconds, stored.labels.get().label_class.name) == (4.2, "Refund")
    assert TEXTS[1] in annotator.get(url(tickets)).content.decode()


def test_a_double_click_stores_one_answer(annotator, tickets):
    page = annotator.get(url(tickets))
    data = {
        "token": page.context["document"].token,
        "key": page.context["key"],
        "label_class": str(tickets.classes.first().pk),
    }
    annotator.post(url(tickets), data)
    answer = annotator.post(url(tickets), data, follow=True)
    assert Annotation.objects.count() == 1
    assert "already saved" in messages(answer)


def test_another_answer_from_a_second_window_changes_nothing_and_says_so(annotator, tickets):
    page = annotator.get(url(tickets))
    first, second = tickets.classes.all()[:2]
    token = page.context["document"].token
    annotator.post(url(tickets), {"token": token, "key": "a", "label_class": str(first.pk)})
    answer = annotator.post(
        url(tickets), {"token": token, "key": "b", "label_class": str(second.pk)}, follow=True
    )
    assert Label.objects.get().label_class == first
    assert "open My annotations" in messages(answer)


def test_an_answer_after_its_time_counts_while_the_slot_is_free(annotator, tickets, clock: Clock):
    page = annotator.get(url(tickets))
    clock.advance(minutes=20)
    data = {"token": page.context["document"].token, "label_class": str(tickets.classes.first().pk)}
    annotator.post(url(tickets), data)
    assert Annotation.objects.get().is_surplus is False


def test_an_answer_that_comes_too_late_is_kept_and_told(annotator, tickets, bob: User, clock: Clock):
    page = annotator.get(url(tickets))
    clock.advance(minutes=20)
    taken = claims.claim(tickets.pk, bob).documents[0]
    submit.submit(bob, submit.Submission(taken.token, [label(tickets, "Billing")]))
    data = {"token": page.context["document"].token, "label_class": str(tickets.classes.first().pk)}
    answer = annotator.post(url(tickets), data, follow=True)
    assert Annotation.objects.get(annotator__username="ann").is_surplus
    assert "is kept but does not count" in messages(answer)


def test_an_answer_without_a_class_keeps_the_document_and_says_what_is_missing(annotator, tickets):
    answer = sent(annotator, tickets)
    assert answer.status_code == 422
    assert "Choose a class." in messages(answer)
    assert answer.context["document"].text == TEXTS[0]


def test_several_classes_are_kept_when_one_of_them_was_retired_meanwhile(annotator, make_project, joan):
    project = make_project(kind="multi")
    kept, retired = project.classes.all()[:2]
    page = annotator.get(url(project))
    LabelClass.objects.filter(pk=retired.pk).update(retired_at="2026-01-01T00:00Z")
    data = {"token": page.context["document"].token, "label_class": [str(kept.pk), str(retired.pk)]}
    answer = annotator.post(url(project), data)
    assert answer.status_code == 422
    assert "is retired" in messages(answer)
    assert f'value="{kept.pk}" data-key="1" aria-keyshortcuts="1" checked' in compact(answer.content.decode())


def test_several_classes_and_none_are_answers(annotator, make_project):
    project = make_project(kind="multi")
    sent(annotator, project, "Refund", "Billing")
    sent(annotator, project)
    assert [a.labels.count() for a in Annotation.objects.all()] == [2, 0]


def test_spans_come_in_rows_and_empty_rows_are_none(annotator, make_project):
    project = make_project(kind="spans")
    refund = str(project.classes.get(name="Refund").pk)
    sent(annotator, project, span_class=[refund, ""], span_start=["2", ""], span_end=["5", ""])
    assert list(Label.objects.values_list("start", "end")) == [(2, 5)]


def test_a_span_outside_the_text_is_refused_and_what_was_entered_stays(annotator, make_project):
    project = make_project(kind="spans")
    refund = str(project.classes.get(name="Refund").pk)
    answer = sent(annotator, project, span_class=[refund], span_start=["2"], span_end=["5000"])
    assert answer.status_code == 422
    assert "outside the text" in messages(answer)
    assert 'value="5000"' in answer.content.decode()


def test_undo_brings_the_document_back_as_it_was_answered(annotator, tickets):
    sent(annotator, tickets, "Billing")
    annotator.get(url(tickets))  # the next one is in hand already
    answer = annotator.post(url(tickets, "undo"), follow=True)
    assert answer.context["document"].text == TEXTS[0]
    assert "your label" in answer.content.decode()
    sent(annotator, tickets, "Refund")
    assert Annotation.objects.current().count() == 1


def test_undo_keeps_every_span_for_the_second_try(annotator, make_project):
    project = make_project(kind="spans")
    refund = str(project.classes.get(name="Refund").pk)
    sent(annotator, project, span_class=[refund], span_start=["2"], span_end=["5"])
    answer = annotator.post(url(project, "undo"), headers={"X-Desk": "part"})
    assert compact(answer.content.decode()).startswith('<section class="part"')
    assert [row.start for row in answer.context["entered"].spans] == ["2"]


def test_undo_with_nothing_to_undo_says_so(annotator, tickets):
    assert "no annotation here" in messages(annotator.post(url(tickets, "undo"), follow=True))


def test_undo_of_what_is_no_answer_takes_no_other_one_back(annotator, tickets):
    sent(annotator, tickets, "Billing")
    for annotation in ("-1", "0", "x", "9" * 30):
        answer = annotator.post(url(tickets, "undo"), {"annotation": annotation}, follow=True)
        assert "no annotation here" in messages(answer)
    assert Annotation.objects.current().count() == 1


def test_skip_remembers_its_reason_and_never_shows_the_document_again(annotator, tickets):
    token = annotator.get(url(tickets)).context["document"].token
    answer = annotator.post(url(tickets, "skip"), {"token": token, "reason": HOSTILE[0]}, follow=True)
    assert answer.context["document"].text == TEXTS[1]
    assert Lease.objects.get(state="skipped").skip_reason == HOSTILE[0]


def test_not_now_puts_the_document_off_for_an_hour(annotator, tickets, clock: Clock):
    token = annotator.get(url(tickets)).context["document"].token
    assert (
        annotator.post(url(tickets, "defer"), {"token": token}, follow=True).context["document"].text
        == TEXTS[1]
    )
    assert Lease.objects.get(state="deferred").document.text == TEXTS[0]


def test_skipping_a_document_that_had_gone_back_is_told(annotator, tickets):
    token = annotator.get(url(tickets)).context["document"].token
    claims.release(token, User.objects.get(username="ann"))
    assert "had already expired" in messages(
        annotator.post(url(tickets, "skip"), {"token": token}, follow=True)
    )


@pytest.mark.parametrize(
    ("prepare", "title"),
    [
        (lambda p, joan, bob: exclusion.change(p.pk, joan, is_paused=True), "The project is paused"),
        (lambda p, joan, bob: Document.objects.update(state="resolved"), "Everything is labeled"),
        (lambda p, joan, bob: claims.claim(p.pk, bob, 100), "The last documents are assigned to others"),
    ],
)
def test_an_empty_page_says_why_and_what_to_do(annotator, tickets, joan, bob, prepare, title):
    prepare(tickets, joan, bob)
    assert title in annotator.get(url(tickets)).content.decode()


def test_a_page_that_waits_for_others_looks_again_within_five_minutes(annotator, tickets, bob):
    claims.claim(tickets.pk, bob, 100)
    assert 'data-reload="300"' in annotator.get(url(tickets)).content.decode()


def test_a_new_project_without_documents_says_so(annotator, make_project):
    assert "No documents yet" in annotator.get(url(make_project(texts=[]))).content.decode()


def test_the_rules_of_the_newest_guideline_stand_beside_the_text(annotator, tickets, joan):
    refund = tickets.classes.get(name="Refund").pk
    rules = {refund: versions.RuleText("Wants money back.", "Return it.\n\nSend it back.", "Too dear.")}
    versions.publish(tickets.pk, joan, body="# Read", rules=rules, change="rule")
    page = annotator.get(url(tickets)).content.decode()
    assert "Guideline 2" in page
    assert "Wants money back." in page
    assert page.count("<li dir=") == 3


def test_the_model_s_opinion_is_hidden_unless_the_project_shows_it(annotator, tickets, joan):
    refund = str(tickets.classes.get(name="Refund").pk)
    billing = str(tickets.classes.get(name="Billing").pk)
    reason = {"share": "margin", "top": [[refund, 0.41], [billing, 0.38]]}
    QueueEntry.objects.update(reason=reason)
    hidden = annotator.get(url(tickets)).content.decode()
    assert "unsure between two classes: 41% and 38%" in hidden
    assert "suggested" not in hidden
    exclusion.change(tickets.pk, joan, suggestion_policy="shown")
    shown = annotator.get(url(tickets))
    assert "The model is unsure: Refund 41%, Billing 38%" in shown.content.decode()
    assert shown.content.decode().count("suggested, 41%") == 1
    sent(annotator, tickets, "Billing", suggestion=shown.context["suggestion"])
    assert Annotation.objects.get().suggestion == {
        "policy": "shown",
        "top": [[refund, 0.41], [billing, 0.38]],
        "chosen": [refund],
    }


def test_what_a_suggestion_rests_on_is_shown_with_it_and_hidden_with_it(annotator, tickets, joan):
    refund, billing = (str(tickets.classes.get(name=name).pk) for name in ("Refund", "Billing"))
    reason = {
        "share": "margin",
        "top": [[refund, 0.41], [billing, 0.38]],
        "experts": [["linear", refund, 0.5], ["guideline", billing, 0.6]],
        "words": [["twice", 1.2], ["<b>", 0.4]],
    }
    QueueEntry.objects.update(reason=reason)
    sentences = ("the class definitions point to Billing", "These words point to Refund: twice, &lt;b&gt;.")
    hidden = annotator.get(url(tickets)).content.decode()
    assert not any(sentence in hidden for sentence in sentences)
    exclusion.change(tickets.pk, joan, suggestion_policy="shown")
    shown = annotator.get(url(tickets)).content.decode()
    assert all(sentence in shown for sentence in sentences)
    Lease.objects.update(reason=reason | {"share": "test"})
    measured = annotator.get(url(tickets)).content.decode()
    assert not any(sentence in measured for sentence in (*sentences, "suggested"))


def test_a_made_up_suggestion_is_not_believed(annotator, tickets):
    sent(annotator, tickets, "Billing", suggestion='[["x", 1]]')
    assert Annotation.objects.get().suggestion is None


def test_a_stranger_finds_nothing(client: Client, tickets, eve):
    client.force_login(eve)
    for name in ("label", "mine", "guideline", "disputes"):
        assert client.get(url(tickets, name)).status_code == 404
    for name in ("label", "skip", "defer", "ask", "undo"):
        assert client.post(url(tickets, name), {"token": "x"}).status_code == 404


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_names_and_facts_stay_text(annotator, make_project, text: str):
    """A1, A2: documents, class and project names, metadata; nothing leaves the page unescaped."""
    for kind in ("single", "multi", "spans"):
        project = make_project(kind=kind, texts=[text])
        Project.objects.filter(pk=project.pk).update(name=text)
        project.classes.filter(key="1").update(name=text)
        Document.objects.filter(project=project).update(metadata={text: text}, external_id=text)
        page = annotator.get(url(project)).content.decode()
        assert dangers(page) == []
        assert escape(text) in page


def test_a_carriage_return_survives_into_the_browser(annotator, make_project):
    project = make_project(kind="spans", texts=["one\r\ntwo"])
    assert "one&#13;\ntwo</div>" in annotator.get(url(project)).content.decode()


def statements(act: Callable[[], object]) -> list[str]:
    """All that is asked of the database, the session and the user included."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return [q["sql"] for q in captured if "SAVEPOINT" not in q["sql"]]


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_the_page_asks_a_fixed_small_number_of_statements(annotator, make_project, kind: str):
    """Session, user, and all that the page shows in one: 3. A claim adds 2."""
    project = make_project(kind=kind)
    assert len(statements(lambda: annotator.get(url(project)))) == 3 + 2
    assert len(statements(lambda: annotator.get(url(project)))) == 3
    QueueEntry.objects.all().delete()
    Lease.objects.update(state="released", slot=None)
    assert len(statements(lambda: annotator.get(url(project)))) == 3 + 3  # nothing is ranked yet
