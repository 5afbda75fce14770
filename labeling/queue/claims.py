"""Leases: who labels what next. The only module that hands documents out and takes them back unanswered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import sleep
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext as _

from labeling.db.clock import Now
from labeling.db.prepared import run
from labeling.documents.models import Document
from labeling.exceptions import (
    InvalidInput,
    KeyReused,
    LeaseAtLimit,
    LeaseNotFound,
    LeaseStale,
    NotAMember,
)
from labeling.explanations.reasons import for_annotators
from labeling.explanations.selection_reason import SelectionReason
from labeling.idempotency.models import KeyedRequest
from labeling.idempotency.requests import begin, check_key
from labeling.projects.models import Membership
from labeling.queue import sql
from labeling.queue.models import Lease, is_live, lease_token, read_lease_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_PER_CLAIM = 100
MAX_EXTENSION = 8  # times the lease's length, counted from its first minute
HELD = (
    "id",
    "epoch",
    "leased_until",
    "reason",
    "document_id",
    "document__external_id",
    "document__text",
    "document__metadata",
    "document__split",
    "document__position",
)
ENDINGS = {
    Lease.State.SKIPPED: KeyedRequest.Route.SKIP,
    Lease.State.DEFERRED: KeyedRequest.Route.DEFER,
    Lease.State.RELEASED: KeyedRequest.Route.RELEASE,
}
LOCKED_RETRIES = 3  # the last free documents may be in other people's hands for milliseconds


@dataclass(frozen=True)
class HeldDocument:
    """A document in the annotator's hands: what to show, until when, and why this one."""

    lease_id: int
    epoch: int
    leased_until: datetime
    reason: SelectionReason  # as annotators may know it
    document_id: int
    external_id: str | None
    text: str
    metadata: dict[str, Any]
    split: str
    position: int

    def __str__(self) -> str:
        return self.external_id or f"#{self.position}"  # as the document calls itself everywhere

    @property
    def token(self) -> str:
        return lease_token(self.lease_id, self.epoch)


@dataclass(frozen=True)
class Claimed:
    """What a claim got. When that is nothing, why, and when to ask again."""

    documents: list[HeldDocument]
    # no_documents, complete, all_leased, none_for_you, at_cap, paused, replayed
    empty_because: str | None = None
    retry_after: int | None = None  # seconds


@dataclass(frozen=True)
class ClaimPolicy:
    """What the project lets its annotators claim."""

    overlap: int
    lease_minutes: int
    lease_cap: int
    is_paused: bool
    document_count: int


@transaction.atomic
def claim(
    project_id: int, annotator: User, count: int = 1, key: str | None = None, *, is_machine: bool = False
) -> Claimed:
    """Lease the `count` best-ranked documents that are open to this annotator.

    is_machine : the answers will be a machine's, so no test or gold documents are among them

    The same `key` again returns what is still live of the same leases, and never more. Raises NotAMember,
    InvalidInput for a count below 1 or what is no key, and KeyReused for a key that took another count.
    """
    check_key(key)
    if count < 1:
        raise InvalidInput(_("Claim at least one document."))
    parameters: dict[str, Any] = {"project": project_id, "annotator": annotator.pk, "key": key or None}
    parameters["is_machine"] = is_machine
    policy = _lock_member(parameters)
    live, claim, parameters["guideline"], parameters["replied"] = run(sql.CLAIM_STATE, parameters)[0]
    if claim is not None:
        claim_id, asked_before = claim
        if asked_before not in (None, count):
            raise KeyReused
        held = held_documents(run(sql.LEASES_OF_CLAIM, {"claim": claim_id, "annotator": annotator.pk}))
        return Claimed(held, None if held else "replayed")
    parameters["asked"] = count
    return hand_out(policy, parameters, min(count, MAX_PER_CLAIM), policy.lease_cap - live)


def hand_out(policy: ClaimPolicy, parameters: dict[str, Any], count: int, room: int) -> Claimed:
    """Lease `count` documents, or as many as there is `room` for. The caller has locked the member's row.

    parameters : project, annotator, guideline, key, asked, replied and is_machine, for the statements
    """
    if policy.is_paused:
        return Claimed([], "paused")
    if room <= 0:
        return Claimed([], "at_cap")
    parameters = parameters | {"overlap": policy.overlap, "lease_minutes": policy.lease_minutes}
    for attempt in range(LOCKED_RETRIES):
        if held := _take(parameters, min(count, room)):
            return Claimed(held)
        if (empty := _why_empty(policy, parameters)) is not None:
            return empty
        sleep(0.01 * (attempt + 1))
    return Claimed([], "all_leased", retry_after=1)


def held_by(project_id: int, annotator: User) -> list[HeldDocument]:
    """The annotator's live leases in this project, oldest first: a reloaded page shows the same document."""
    live = Lease.objects.live().answerable().filter(project=project_id, annotator=annotator)
    return held_documents(live.order_by("leased_at", "id").values_list(*HELD))


@transaction.atomic
def extend(token: str, annotator: User) -> datetime:
    """Hold the document for another full term from now. Raises LeaseStale, LeaseAtLimit or LeaseNotFound."""
    lease = _lock_lease(token, annotator)
    term = timedelta(minutes=lease.project.lease_minutes)
    latest = F("leased_at") + term * MAX_EXTENSION
    extended = Lease.objects.filter(pk=lease.pk, leased_until__lt=latest)
    if not extended.update(leased_until=Greatest("leased_until", Least(Now() + term, latest))):
        raise LeaseAtLimit
    return Lease.objects.values_list("leased_until", flat=True).get(pk=lease.pk)


@transaction.atomic
def defer(token: str, annotator: User, minutes: int = 60, key: str | None = None) -> None:
    """Not now: others may take the document; this annotator sees it again after `minutes`.

    Deferred again by the same minutes under the same token, it comes back when it would have.
    """
    if not 1 <= minutes <= 60 * 24 * 30:
        raise InvalidInput(_("Postpone a document by 1 minute to 30 days."))
    until = Now() + timedelta(minutes=minutes)
    give_back(
        token,
        annotator,
        Lease.State.DEFERRED,
        key,
        {"deferred_minutes": minutes},
        deferred_until=until,
    )


@transaction.atomic
def release(token: str, annotator: User, key: str | None = None) -> None:
    """Give the document back without a mark. Given back already under this token, it stays so."""
    give_back(token, annotator, Lease.State.RELEASED, key, {})


def _lock_member(parameters: dict[str, Any]) -> ClaimPolicy:
    """One claim of one annotator at a time; also the check that there is such a member."""
    rows = run(sql.LOCK_MEMBER, {name: parameters[name] for name in ("project", "annotator")})
    if not rows:
        raise NotAMember
    return ClaimPolicy(*rows[0])


def _take(parameters: dict[str, Any], count: int) -> list[HeldDocument]:
    """What comes back with a reply goes first, and alone; else the best-ranked, else any at random."""
    statement = sql.LOCK_REPLIED.replace("{count}", str(count))
    if rows := run(statement, parameters) if parameters["replied"] else []:
        missing = 0
    else:
        rows = run(sql.LOCK_RANKED.replace("{count}", str(count)), parameters)
        missing = count - len(rows)
    if missing:
        unranked = sql.LOCK_UNRANKED.replace("{count}", str(missing))
        rows += run(unranked, parameters | {"taken": [document for document, _, _ in rows]})
    if not rows:
        return []
    documents = [document for document, _, _ in rows]
    if any(is_overdue for _, _, is_overdue in rows):
        run(sql.EXPIRE_LOCKED, {"documents": documents})
    reasons = [json.dumps(_json(reason)) for _, reason, _ in rows]
    return held_documents(run(sql.TAKE_SLOTS, parameters | {"documents": documents, "reasons": reasons}))


def _why_empty(policy: ClaimPolicy, parameters: dict[str, Any]) -> Claimed | None:
    """The reason for an empty answer; None where a claimable document was only locked for the moment."""
    if policy.document_count == 0:
        return Claimed([], "no_documents")
    has_open, has_claimable, others_end_in = run(sql.EMPTY_STATE, parameters)[0]
    if has_claimable:
        return None
    if not has_open:
        return Claimed([], "complete")
    if others_end_in is not None:
        return Claimed([], "all_leased", retry_after=max(1, round(others_end_in)))
    return Claimed([], "none_for_you")


def _lock_lease(token: str, annotator: User) -> Lease:
    """The annotator's lease under this token, live, with its document locked.

    Raises LeaseNotFound, NotAMember, and LeaseStale once it ran out, whether or not somebody noticed.
    """
    lease, is_live_now = _lock_own_lease(token, annotator)
    if not is_live_now:
        raise LeaseStale
    return lease


def _lock_own_lease(token: str, annotator: User) -> tuple[Lease, bool]:
    """The annotator's lease, and whether it is live under this token; its document is locked.

    Raises LeaseNotFound and NotAMember.
    """
    lease_id, epoch = read_lease_token(token)
    locked = Document.objects.select_for_update(of=("self",), no_key=True).filter(leases=lease_id)
    if not locked.values_list("pk").first():
        raise LeaseNotFound
    own = Lease.objects.select_related("project", "document").filter(pk=lease_id, annotator=annotator)
    member = Membership.objects.filter(project=OuterRef("project"), user=annotator, removed_at=None)
    lease = own.annotate(is_member=Exists(member), is_live=is_live() & Q(epoch=epoch)).first()
    if lease is None:
        raise LeaseNotFound
    if not lease.is_member:
        raise NotAMember
    return lease, lease.is_live


def give_back(
    token: str,
    annotator: User,
    state: Lease.State,
    key: str | None,
    requested: dict[str, Any],
    **changes: Any,
) -> Lease | None:
    """End the lease in this state; None where the same request ended it before. Raises as `_lock_lease` does.

    requested : columns of the lease that say what else was asked for: with other values it is another request
    """
    lease, is_live_now = _lock_own_lease(token, annotator)
    if begin(annotator, lease.project_id, ENDINGS[state], key, token, requested).is_repeated:
        return None
    is_same_claim = lease.epoch == read_lease_token(token)[1]
    if is_same_claim and all(
        getattr(lease, name) == value for name, value in ({"state": state} | requested).items()
    ):
        return None
    if not is_live_now:
        raise LeaseStale
    Lease.objects.filter(pk=lease.pk).update(state=state, slot=None, **requested, **changes)
    return lease


def held_documents(rows: Iterable[Sequence[Any]]) -> list[HeldDocument]:
    """Rows in the order of HELD, as the statements return them."""
    return [
        HeldDocument(lease, epoch, until, _shown(reason), document, name, text, _json(metadata), *rest)
        for lease, epoch, until, reason, document, name, text, metadata, *rest in rows
    ]


def _shown(reason: Any) -> SelectionReason:
    return for_annotators(SelectionReason.from_json(_json(reason)))


def _json(value: Any) -> dict[str, Any]:
    """Django's connections hand JSON over as text."""
    return dict(json.loads(value)) if isinstance(value, str) else dict(value)
