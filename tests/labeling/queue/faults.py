"""Which mistakes must the tests notice? Each is put into the code or its statements for one test."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from labeling.annotations import corrections, exclusion, resolution, skipping, sql, submit
from labeling.annotations.validation import answer_hash, canonical
from labeling.documents.models import Document
from labeling.projects.models import Project
from labeling.queue import claims, publishing
from labeling.queue import sql as statements
from labeling.queue.lease_clock import LEASE_NOW
from labeling.queue.models import Lease, QueueEntry
from tests.labeling.queue import test_rules as rules

CLAIMING = ("LOCK_RANKED", "LOCK_UNRANKED", "TAKE_SLOTS")


@dataclass(frozen=True)
class Fault:
    """A mistake and how it gets in."""

    name: str
    put_in: Callable[[pytest.MonkeyPatch], None]

    def __str__(self) -> str:
        return self.name.replace(" ", "_")


def _in_statements(*names: str, **changes: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Replace `old` by `new` in the named statements; it has to be there."""

    def put_in(patch: pytest.MonkeyPatch) -> None:
        for name in names:
            home = statements if hasattr(statements, name) else sql
            right = getattr(home, name)
            wrong = right.replace(changes["old"], changes["new"])
            assert wrong != right, f"{name} does not say {changes['old']!r} any more"
            patch.setattr(home, name, wrong)

    return put_in


def _all(*parts: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
    def put_in(patch: pytest.MonkeyPatch) -> None:
        for part in parts:
            part(patch)

    return put_in


def _instead_of(owner: Any, name: str, wrong: Callable[..., Any]) -> Callable[[pytest.MonkeyPatch], None]:
    """Replace a function; `wrong` gets the right one as its first argument."""

    def put_in(patch: pytest.MonkeyPatch) -> None:
        right = getattr(owner, name)
        patch.setattr(owner, name, lambda *args, **kwargs: wrong(right, *args, **kwargs))

    return put_in


def _without_trigger(patch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table is altered while a check of it waits
        cursor.execute("ALTER TABLE labeling_project DISABLE TRIGGER generations_never_go_back")


def _publish_anything(
    right: Any, project_id: int, generation: int, entries: list[tuple[int, dict[str, Any]]]
) -> bool:
    Project.objects.filter(pk=project_id).update(generation=generation)
    QueueEntry.objects.bulk_create(
        QueueEntry(project_id=project_id, generation=generation, rank=rank, document_id=pk, reason=reason)
        for rank, (pk, reason) in enumerate(entries)
    )
    return True


def _undo_without_epoch(right: Any, *args: Any) -> Lease:
    lease: Lease = right(*args)
    Lease.objects.filter(pk=lease.pk).update(epoch=lease.epoch - 1)
    lease.epoch -= 1
    return lease


def _live_for_ever(right: Any) -> Q:
    return Q(state=Lease.State.LIVE)


def _counts_only_in_time(right: Any, facts: Any, document: Document, epoch: int) -> int | None:
    return None if facts.slot is None else right(facts, document, epoch)


def _replays_anything(right: Any, facts: Any, document: Document, submission: Any) -> Any:
    digest = answer_hash(canonical(submission.labels))
    return right(replace(facts, same_lease_hash=digest), document, submission)


def _counts_when_full(right: Any, facts: Any, document: Document, epoch: int) -> int:
    slot = right(facts, document, epoch)
    return 40 if slot is None else int(slot)


FAULTS = (  # those that the state machine comes upon within a few runs
    Fault(
        "a new claim keeps the old epoch",
        _in_statements("TAKE_SLOTS", old="epoch = lease.epoch + 1", new="epoch = lease.epoch"),
    ),
    Fault("the cap is ignored", _in_statements("CLAIM_STATE", old="state = 'live'", new="state = 'none'")),
    Fault(
        "the order is turned round",
        _in_statements("LOCK_RANKED", old="ORDER BY e.rank", new="ORDER BY -e.rank"),
    ),
    Fault(
        "an old order is used", _in_statements("LOCK_RANKED", old="e.generation = (", new="e.generation <> (")
    ),
    Fault(
        "documents of any project are handed out",
        _in_statements("LOCK_UNRANKED", old="d.project_id = %(project)s::bigint", new="true"),
    ),
    Fault("surplus counts", _instead_of(submit, "_slot_to_fill", _counts_when_full)),
    Fault(
        "anybody may use a token",
        _in_statements("LEASE_STATES", old="l.id, l.annotator_id,", new="l.id, %(annotator)s::bigint,"),
    ),
    Fault("another answer passes for a replay", _instead_of(submit, "_replay", _replays_anything)),
    Fault("any answers settle", _in_statements("COUNTED_ANSWERS", old="a.answer_hash", new="''::bytea")),
    Fault("a lease may be given back after its end", _instead_of(claims, "is_live", _live_for_ever)),
    Fault(
        "an older ranking replaces a newer one",
        _all(_without_trigger, _instead_of(publishing, "publish", _publish_anything)),
    ),
)
NAMED_FAULTS = (  # those that take longer to come upon: each names the test that has to fail
    (rules.test_a_slot_is_free_again_when_its_lease_ran_out, Fault(
        "a lease that ran out still holds its slot", _in_statements(
            *CLAIMING, old=f"held.leased_until > {LEASE_NOW}", new="true"))),
    (rules.test_a_person_gets_a_document_again_after_its_lease_ran_out, Fault(
        "own leases never run out", _in_statements(
            *CLAIMING, old=f"mine.leased_until > {LEASE_NOW}", new="true"))),
    (rules.test_a_person_gets_a_document_again_after_its_lease_ran_out, Fault(
        "leases that ran out are not freed", _in_statements(
            "EXPIRE_LOCKED", old="state = 'live'", new="false"))),
    (rules.test_a_skip_is_final, Fault("a skip is forgotten", _all(
        _in_statements(*CLAIMING, old="('submitted', 'skipped')", new="('submitted')"),
        _in_statements("TAKE_SLOTS", old="'deferred')\n", new="'deferred', 'skipped')\n")))),
    (rules.test_a_key_brings_the_same_leases_and_no_more, Fault(
        "the key of a claim is ignored", _in_statements(
            "CLAIM_STATE", old="key = %(key)s::text", new="key = %(key)s::text || 'other'"))),
    (rules.test_a_key_serves_one_answer, Fault(
        "the key of an answer is forgotten", _in_statements("STORE_ANSWERS", old="given.key,", new="NULL,"))),
    (rules.test_nobody_gets_an_excluded_document, Fault("excluded documents are handed out", _in_statements(
        *CLAIMING, old="d.state = 'open'", new="d.state IN ('open', 'excluded')"))),
    (rules.test_a_replaced_token_fills_no_slot, Fault("a replaced token counts", _instead_of(
        submit, "_slot_to_fill",
        lambda right, facts, document, epoch: right(facts, document, facts.epoch)))),
    (rules.test_who_was_removed_submits_nothing, Fault("a removed member may still submit", _in_statements(
        "LEASE_STATES", old="m.removed_at IS NULL", new="true"))),
    (rules.test_more_overlap_leaves_what_is_settled, Fault("more overlap opens all again", _instead_of(
        exclusion, "_adapt_documents", lambda right, project, reopens_settled: right(
            project, reopens_settled=True)))),
    (rules.test_more_overlap_reopens_on_request_and_less_settles, Fault(
        "more overlap opens nothing again", _instead_of(
            exclusion, "_reopen_short", lambda right, project, ids, is_head: None))),
    (rules.test_more_overlap_reopens_on_request_and_less_settles, Fault(
        "less overlap settles nothing", _instead_of(
            exclusion, "settle", lambda right, document, wanted: document.state))),
    (rules.test_what_three_skipped_is_disputed_also_when_it_comes_back, Fault(
        "three skips change nothing", _instead_of(skipping, "is_given_up", lambda right, document: False))),
    (rules.test_what_three_skipped_is_disputed_also_when_it_comes_back, Fault(
        "a document that comes back forgets its skips", _instead_of(
            resolution, "is_given_up", lambda right, document: False))),
    (rules.test_a_deferred_document_waits, Fault("a deferral is forgotten", _in_statements(
        *CLAIMING, old="mine.deferred_until > labeling_now()", new="false"))),
    (rules.test_a_late_answer_counts_while_its_slot_is_free, Fault("late work never counts", _instead_of(
        submit, "_slot_to_fill", _counts_only_in_time))),
    (rules.test_a_late_answer_is_surplus_where_its_slot_has_gone, Fault(
        "slots of others are not looked at", _in_statements(
            "LEASE_STATES", old="AND h.id <> l.id", new="AND h.id <> l.id AND false"))),
    (rules.test_undo_opens_the_document_and_ends_the_old_token, Fault(
        "undo leaves the resolution", _in_statements(
            "REOPEN", old="labeling_resolution WHERE", new="labeling_resolution WHERE false AND"))),
    (rules.test_undo_opens_the_document_and_ends_the_old_token, Fault(
        "undo keeps the epoch", _instead_of(corrections, "undo", _undo_without_epoch))),
)  # fmt: skip
