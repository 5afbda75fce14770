"""Do leases grow by the time in which nobody could work on them, and by no more?"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection

from labeling.annotations import skipping, submit
from labeling.annotations.submit import Submission
from labeling.db.clock import Now
from labeling.projects.models import Project
from labeling.queue import claims, expiry, uptime
from labeling.queue.lease_clock import Heartbeat
from labeling.queue.models import Lease
from tests.fixtures.people import Clock, label

HOUR = timedelta(hours=1)


@pytest.fixture
def served(clock: Clock) -> Clock:
    """The clock of a service whose web processes have shown a sign of life just now."""
    uptime.beat()
    return clock


def claim_one(project: Project, who: User) -> claims.HeldDocument:
    (held,) = claims.claim(project.pk, who).documents
    return held


def term(held: claims.HeldDocument) -> tuple[object, object]:
    lease = Lease.objects.get(pk=held.lease_id)
    return lease.leased_at, lease.leased_until


def test_a_lease_grows_by_an_outage(tickets: Project, ann: User, served: Clock) -> None:
    held = claim_one(tickets, ann)
    before = Lease.objects.get(pk=held.lease_id)
    served.advance(hours=1)
    away = uptime.beat()
    after = Lease.objects.get(pk=held.lease_id)
    assert HOUR <= away < HOUR + timedelta(minutes=1)
    assert after.leased_until - before.leased_until == away
    assert after.leased_at - before.leased_at == away, "or it could not be extended any more"


def test_it_grows_once_however_many_processes_come_back(tickets: Project, ann: User, served: Clock) -> None:
    held = claim_one(tickets, ann)
    served.advance(hours=1)
    uptime.beat()
    once = term(held)
    assert uptime.beat() == timedelta()
    assert term(held) == once


def test_a_missed_sign_of_life_is_no_outage(tickets: Project, ann: User, served: Clock) -> None:
    held = claim_one(tickets, ann)
    before = term(held)
    for _ in range(10):
        served.advance(seconds=12)
        assert uptime.beat() == timedelta()
    assert term(held) == before


def test_nobody_gets_a_document_whose_lease_would_have_run_out_in_an_outage(
    tickets: Project, ann: User, bob: User, served: Clock
) -> None:
    """Whoever comes first: a claim, the sweep or a page, before a process has shown a sign of life."""
    held = claim_one(tickets, ann)
    served.advance(hours=1)
    assert claim_one(tickets, bob).document_id != held.document_id
    assert expiry.expire_leases(tickets.pk) == 0
    assert [each.lease_id for each in claims.held_by(tickets.pk, ann)] == [held.lease_id]
    uptime.beat()
    served.advance(minutes=10)
    assert submit.submit(ann, Submission(held.token, [label(tickets, "Refund")])).outcome == "counted"


def test_after_the_outage_a_lease_runs_out_as_it_would_have(
    tickets: Project, ann: User, bob: User, served: Clock
) -> None:
    held = claim_one(tickets, ann)
    served.advance(hours=1)
    uptime.beat()
    served.advance(seconds=14)
    uptime.beat()
    Heartbeat.objects.update(beat_at=Now() + timedelta(hours=1))  # somebody is there all along
    served.advance(minutes=14)
    assert claim_one(tickets, bob).document_id != held.document_id
    served.advance(minutes=2)
    assert claim_one(tickets, bob).document_id == held.document_id


def test_what_is_given_back_in_time_is_not_refused_after_an_outage(
    tickets: Project, ann: User, served: Clock
) -> None:
    first, second = claims.claim(tickets.pk, ann, 2).documents
    served.advance(hours=1)
    claims.release(first.token, ann)
    uptime.beat()
    skipping.skip(second.token, ann)
    assert claims.extend(claim_one(tickets, ann).token, ann)


def test_a_lease_can_be_extended_after_an_outage_longer_than_all_its_terms(
    tickets: Project, ann: User, served: Clock
) -> None:
    held = claim_one(tickets, ann)
    served.advance(hours=5)
    uptime.beat()
    served.advance(minutes=5)
    until = term(held)[1]
    assert claims.extend(held.token, ann) > until


def test_leases_that_ended_before_stay_as_they_were(
    tickets: Project, ann: User, bob: User, served: Clock
) -> None:
    overdue = claim_one(tickets, bob)
    Heartbeat.objects.update(beat_at=Now() + timedelta(minutes=16))
    served.advance(minutes=16)
    given_back, answered = claims.claim(tickets.pk, ann, 2).documents
    assert overdue.document_id == given_back.document_id, "it had run out while people were served"
    claims.release(given_back.token, ann)
    submit.submit(ann, Submission(answered.token, [label(tickets, "Refund")]))
    before = [term(held) for held in (overdue, given_back, answered)]
    served.advance(hours=1)
    uptime.beat()
    assert [term(held) for held in (overdue, given_back, answered)] == before


def test_a_lease_that_ran_out_and_was_not_swept_does_not_come_back_to_life(
    tickets: Project, ann: User, bob: User, served: Clock
) -> None:
    held = claim_one(tickets, ann)
    served.advance(minutes=16)
    Heartbeat.objects.update(beat_at=Now())
    served.advance(hours=1)
    uptime.beat()
    assert claim_one(tickets, bob).document_id == held.document_id


def test_a_lease_taken_in_the_last_moment_grows_and_one_taken_after_it_does_not(
    tickets: Project, ann: User, bob: User, served: Clock
) -> None:
    served.advance(seconds=4)
    last = claim_one(tickets, ann)
    served.advance(hours=1)
    first = claim_one(tickets, bob)
    until_of_last, until_of_first = term(last)[1], term(first)[1]
    away = uptime.beat()
    assert term(last)[1] == until_of_last + away
    assert term(first)[1] == until_of_first


def test_without_any_sign_of_life_time_passes(tickets: Project, ann: User, bob: User, clock: Clock) -> None:
    held = claim_one(tickets, ann)
    clock.advance(minutes=16)
    assert claim_one(tickets, bob).document_id == held.document_id


@pytest.mark.django_db(transaction=True)
def test_of_many_processes_at_once_one_makes_leases_longer(tickets: Project, ann: User) -> None:
    uptime.beat()
    held = claim_one(tickets, ann)
    since = Now() - HOUR
    Heartbeat.objects.update(beat_at=since)
    Lease.objects.update(leased_at=since, leased_until=since + timedelta(minutes=10))
    before = Lease.objects.get(pk=held.lease_id)

    def beat() -> timedelta:
        try:
            return uptime.beat()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as processes:
        lost = [each.result() for each in [processes.submit(beat) for _ in range(8)]]
    (away,) = [each for each in lost if each]
    after = Lease.objects.get(pk=held.lease_id)
    assert after.leased_until - before.leased_until == away
