"""What the label page's script asks for: documents ahead, holding them, saving what was done."""

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.annotations import corrections, submit
from labeling.annotations.models import Annotation
from labeling.documents.models import Document
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.queue.models import Lease
from labeling.web.desk import operations
from tests.fixtures.people import TEXTS, Clock, label
from tests.labeling.web.test_desk import statements, url


@pytest.fixture
def annotator(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def ahead(client: Client, project: Project, count: int, have: list[int]) -> tuple[list[int], str]:
    """(leases of the parts, the whole answer)."""
    answer = client.post(url(project, "ahead"), {"count": count, "have": have})
    assert answer.status_code == 200
    text = answer.content.decode()
    return [int(lease) for lease in re.findall(r'id="part" data-lease="(\d+)"', text)], text


def operation(do: str, **fields: Any) -> dict[str, str]:
    return {"do": do, "fields": urlencode(fields, doseq=True)}


def save(client: Client, project: Project, *operations: dict[str, str], person: int | str = "") -> Any:
    sent = json.dumps({"person": person, "operations": operations})
    return client.post(url(project, "save"), sent, content_type="application/json")


def answered(project: Project, token: str, name: str = "Refund", key: str = "k1") -> dict[str, str]:
    return operation("answer", token=token, key=key, label_class=project.classes.get(name=name).pk)


def shown(client: Client, project: Project) -> claims.HeldDocument:
    return client.get(url(project)).context["document"]


def test_parts_ahead_are_the_next_in_rank_and_never_those_that_the_page_has(annotator, tickets):
    first = shown(annotator, tickets).lease_id
    leases, text = ahead(annotator, tickets, 3, [first])
    assert [TEXTS[n] in text for n in range(6)] == [False, True, True, True, False, False]
    assert first not in leases
    assert 'id="progress"' in text


def test_asking_again_for_what_was_lost_on_the_way_takes_no_more(annotator, tickets):
    first = shown(annotator, tickets).lease_id
    assert ahead(annotator, tickets, 3, [first])[0] == ahead(annotator, tickets, 3, [first])[0]
    assert Lease.objects.count() == 4


def test_never_more_than_half_of_what_one_person_may_hold_lies_ahead(annotator, tickets):
    Project.objects.update(lease_cap=6)
    first = shown(annotator, tickets).lease_id
    leases, _ = ahead(annotator, tickets, 30, [first])
    assert len(leases) == 2
    nothing, text = ahead(annotator, tickets, 30, [first, *leases])
    assert nothing == []
    assert 'data-empty="at_cap"' in text


def test_when_nothing_is_left_the_answer_says_why(annotator, make_project):
    project = make_project(texts=TEXTS[:2])
    first = shown(annotator, project).lease_id
    leases, _ = ahead(annotator, project, 3, [first])
    assert len(leases) == 1
    assert 'data-empty="none_for_you"' in ahead(annotator, project, 3, [first, *leases])[1]


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_each_call_takes_at_most_seven_statements(annotator, make_project, kind: str):
    project = make_project(kind=kind)
    first = shown(annotator, project)
    assert len(statements(lambda: ahead(annotator, project, 3, [first.lease_id]))) == 5
    label_class = project.classes.first().pk
    chosen = {"label_class": label_class}
    if kind == "spans":
        chosen = {"span_class": label_class, "span_start": 0, "span_end": 3}
    answer = operation("answer", token=first.token, key="k", seconds="1.5", **chosen)
    assert len(statements(lambda: save(annotator, project, answer))) == 6
    assert Annotation.objects.get().seconds == 1.5
    second = shown(annotator, project)
    skip = operation("skip", token=second.token)
    assert len(statements(lambda: save(annotator, project, skip))) == 7  # one counts the skips of this hour
    third = shown(annotator, project)
    assert len(statements(lambda: save(annotator, project, operation("defer", token=third.token)))) == 5
    fourth = shown(annotator, project)
    holding = {"shown": fourth.token}
    assert len(statements(lambda: annotator.post(url(project, "holding"), holding))) == 4


def test_operations_are_carried_out_in_their_order_by_the_forms_own_deeds(annotator, tickets):
    first = shown(annotator, tickets)
    leases, _ = ahead(annotator, tickets, 2, [first.lease_id])
    tokens = {h.lease_id: h.token for h in claims.held_by(tickets.pk, User.objects.get(username="ann"))}
    answer = save(
        annotator,
        tickets,
        answered(tickets, first.token),
        operation("skip", token=tokens[leases[0]], reason="odd"),
        operation("defer", token=tokens[leases[1]]),
    )
    done = answer.json()["outcomes"]
    assert [outcome["status"] for outcome in done] == ["ok", "ok", "ok"]
    assert done[0]["settled"] is True
    assert done[0]["url"].endswith(f"/label/annotations/{Annotation.objects.get().pk}/?next=desk")
    assert set(Lease.objects.values_list("state", flat=True)) == {"submitted", "skipped", "deferred"}


def test_sent_twice_is_stored_once(annotator, tickets):
    first = answered(tickets, shown(annotator, tickets).token)
    outcomes = [save(annotator, tickets, first).json()["outcomes"][0] for _ in range(2)]
    assert [outcome["outcome"] for outcome in outcomes] == ["counted", "replay"]
    assert Annotation.objects.count() == 1


def test_what_is_refused_says_why_and_hinders_nothing_behind_it(annotator, tickets):
    first = shown(annotator, tickets)
    tickets.classes.filter(name="Billing").update(retired_at="2026-01-01T00:00Z")
    outcomes = save(
        annotator,
        tickets,
        answered(tickets, first.token, "Billing"),
        answered(tickets, "made up"),
        answered(tickets, first.token, key="k2"),
    ).json()["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == ["refused", "refused", "ok"]
    assert "is retired" in outcomes[0]["message"]


def test_an_operation_that_fails_is_asked_for_again_and_the_others_are_done(annotator, tickets, monkeypatch):
    def fail(*_args: object) -> dict[str, Any]:
        raise ZeroDivisionError

    monkeypatch.setitem(operations.OPERATIONS, "skip", fail)
    first = shown(annotator, tickets)
    skipped, stored = save(
        annotator, tickets, operation("skip", token=first.token), answered(tickets, first.token)
    ).json()["outcomes"]
    assert (skipped["status"], stored["status"]) == ("again", "ok")


def test_undo_names_an_answer_by_its_key_and_asking_twice_changes_nothing(annotator, tickets):
    token = shown(annotator, tickets).token
    save(annotator, tickets, answered(tickets, token))
    undo = operation("undo", answer="k1")
    first, again = (save(annotator, tickets, undo).json()["outcomes"][0] for _ in range(2))
    assert first["token"] == again["token"] != token
    assert Annotation.objects.count() == 2
    save(annotator, tickets, answered(tickets, first["token"], "Billing", key="k2"))
    save(annotator, tickets, undo)  # a late repetition: the new answer stands
    assert [a.labels.get().label_class.name for a in Annotation.objects.current()] == ["Billing"]


def test_undo_after_a_correction_takes_the_corrected_answer_back(annotator, tickets, ann):
    save(annotator, tickets, answered(tickets, shown(annotator, tickets).token))
    corrections.correct(tickets.pk, ann, Annotation.objects.get().pk, [label(tickets, "Billing")])
    outcome = save(annotator, tickets, operation("undo", answer="k1")).json()["outcomes"][0]
    assert outcome["status"] == "ok"
    assert Annotation.objects.current().count() == 0


def test_undo_of_what_was_never_stored_or_came_too_late_is_refused(annotator, tickets, bob, clock: Clock):
    token = shown(annotator, tickets).token
    clock.advance(minutes=20)
    taken = claims.claim(tickets.pk, bob).documents[0]
    submit.submit(bob, submit.Submission(taken.token, [label(tickets, "Billing")]))
    outcomes = save(
        annotator,
        tickets,
        operation("undo", answer="never"),
        answered(tickets, token),
        operation("undo", answer="k1"),
    ).json()["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == ["refused", "ok", "refused"]
    assert "does not count" in outcomes[1]["message"]


def test_nobody_s_work_goes_out_under_another_name(annotator, tickets, bob):
    token = shown(annotator, tickets).token
    assert save(annotator, tickets, answered(tickets, token), person=bob.pk).status_code == 409
    for name in ("ahead", "holding"):
        assert annotator.post(url(tickets, name), {"person": bob.pk}).status_code == 409
    assert Annotation.objects.count() == 0


@pytest.mark.parametrize(
    "sent", ["", "[]", "{}", '{"person": 1, "operations": []}', '{"person": 1, "operations": [{"do": "x"}]}']
)
def test_what_is_no_list_of_operations_is_refused_whole(annotator, tickets, sent: str):
    answer = annotator.post(url(tickets, "save"), sent, content_type="application/json")
    assert answer.status_code == 422
    many = [operation("skip", token="x")] * 51
    assert save(annotator, tickets, *many).status_code == 422


def test_who_was_removed_finds_nothing_and_stores_nothing(annotator, tickets, ann):
    token = shown(annotator, tickets).token
    tickets.memberships.filter(user=ann).update(removed_at="2026-01-01T00:00Z")
    assert save(annotator, tickets, answered(tickets, token)).status_code == 404
    assert annotator.post(url(tickets, "holding"), {"shown": token}).status_code == 404
    assert Annotation.objects.count() == 0


def test_a_lease_s_time_counts_from_its_first_display(annotator, tickets, clock: Clock):
    token = shown(annotator, tickets).token
    clock.advance(minutes=10)
    assert annotator.post(url(tickets, "holding"), {"waiting": token}).json() == {"lost": []}
    lease = Lease.objects.get()
    assert lease.shown_at is None
    assert (lease.leased_until - lease.leased_at).total_seconds() == pytest.approx(25 * 60, abs=5)
    clock.advance(minutes=10)
    annotator.post(url(tickets, "holding"), {"shown": token})
    lease.refresh_from_db()
    assert lease.leased_at == lease.shown_at
    assert (lease.leased_until - lease.leased_at).total_seconds() == pytest.approx(15 * 60, abs=5)


def test_nothing_is_held_for_ever(annotator, tickets, clock: Clock):
    token = shown(annotator, tickets).token
    for _ in range(20):
        annotator.post(url(tickets, "holding"), {"shown": token})
        clock.advance(minutes=10)
    lease = Lease.objects.get()
    assert (lease.leased_until - lease.leased_at).total_seconds() == 8 * 15 * 60


def test_what_nobody_took_meanwhile_is_held_again_and_what_was_taken_is_lost(
    annotator, tickets, bob, clock: Clock
):
    first = shown(annotator, tickets)
    leases, _ = ahead(annotator, tickets, 1, [first.lease_id])
    second = claims.held_by(tickets.pk, User.objects.get(username="ann"))[1]
    clock.advance(minutes=20)
    assert claims.claim(tickets.pk, bob).documents[0].document_id == first.document_id
    answer = annotator.post(url(tickets, "holding"), {"shown": first.token, "waiting": second.token})
    assert answer.json() == {"lost": [first.lease_id]}
    assert Lease.objects.live().get(pk=leases[0]).annotator.username == "ann"


def test_only_what_was_never_read_is_given_back(annotator, tickets):
    first = shown(annotator, tickets)
    leases, _ = ahead(annotator, tickets, 2, [first.lease_id])
    tokens = {h.lease_id: h.token for h in claims.held_by(tickets.pk, User.objects.get(username="ann"))}
    annotator.post(url(tickets, "holding"), {"shown": first.token, "back": list(tokens.values())})
    assert Lease.objects.get(state="live").pk == first.lease_id
    assert Lease.objects.filter(state="released", pk__in=leases).count() == 2


def test_a_new_claim_begins_unread_and_what_was_read_comes_first(annotator, tickets):
    first = shown(annotator, tickets)
    leases, _ = ahead(annotator, tickets, 1, [first.lease_id])
    second = claims.held_by(tickets.pk, User.objects.get(username="ann"))[1]
    annotator.post(url(tickets, "holding"), {"shown": second.token})
    assert shown(annotator, tickets).lease_id == leases[0]
    Lease.objects.update(state="released", slot=None)
    shown(annotator, tickets)
    assert Lease.objects.get(state="live").shown_at is None


def test_the_strip_shows_the_latest_decisions_and_leads_to_their_change(annotator, tickets):
    save(annotator, tickets, answered(tickets, shown(annotator, tickets).token))
    page = annotator.get(url(tickets))
    (decision,) = page.context["facts"].lately
    assert (decision.sign, decision.names) == ("1", ["Refund"])
    assert f"/label/annotations/{decision.annotation_id}/?next=desk" in page.content.decode()
    assert page.context["facts"].left == 5


def test_who_changes_an_answer_from_the_desk_comes_back_to_it(annotator, tickets):
    save(annotator, tickets, answered(tickets, shown(annotator, tickets).token))
    address = url(tickets, "correct", Annotation.objects.get().pk)
    chosen = {"label_class": str(tickets.classes.get(name="Billing").pk)}
    assert f'href="{url(tickets)}"' in annotator.get(f"{address}?next=desk").content.decode()
    assert annotator.post(f"{address}?next=desk", chosen)["Location"] == url(tickets)
    address = url(tickets, "correct", Annotation.objects.current().get().pk)
    assert annotator.post(f"{address}?next=//elsewhere", chosen)["Location"] == url(tickets, "mine")


def test_a_gold_document_in_the_pile_looks_like_any_other(annotator, tickets):
    Document.objects.filter(text=TEXTS[1]).update(state="resolved", is_gold=True)
    first = shown(annotator, tickets).lease_id
    assert TEXTS[1] in ahead(annotator, tickets, 2, [first])[1]
