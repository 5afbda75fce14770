"""Labeling desk: one document in view and a few more ahead, held while somebody works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from labeling.db.prepared import run
from labeling.desk import sql
from labeling.desk.context import DeskContext, sit_down
from labeling.exceptions import LabelingError, NotAMember
from labeling.projects.models import Membership
from labeling.queue.claims import MAX_EXTENSION, Claimed, ClaimPolicy, HeldDocument, hand_out, held_documents
from labeling.queue.models import read_lease_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_PREFETCH = 30  # documents, and never more than half of what one person may hold


@dataclass(frozen=True)
class Desk:
    """The member, what stands around, and the documents in hand; where there are none, why."""

    member: Membership
    facts: DeskContext
    claimed: Claimed

    @property
    def documents(self) -> list[HeldDocument]:
        return self.claimed.documents


@transaction.atomic
def open_desk(
    project_id: int, annotator: User, *, count: int = 1, have: Sequence[int] | None = None, requested: int = 0
) -> Desk:
    """The documents in hand, the `requested` lease first, then those shown before; claimed anew where short.

    With `have`, the leases that the page has already, it is asked ahead: for at most MAX_PREFETCH more, while
    less than half of what one person may hold is in hand. Asking again takes no more. Raises NotAMember.
    """
    count = max(1, min(count, MAX_PREFETCH))
    at = sit_down(project_id, annotator.pk, have=have or (), requested=requested, limit=count)
    if at is None:
        raise NotAMember
    held = held_documents(at.held)
    project = at.member.project
    room = (project.lease_cap if have is None else max(1, project.lease_cap // 2)) - at.live
    if len(held) == count or (held and room <= 0):
        return Desk(at.member, at.facts, Claimed(held))
    policy = ClaimPolicy(
        project.overlap, project.lease_minutes, project.lease_cap, project.is_paused, project.present_count
    )
    parameters = {
        "project": project_id,
        "annotator": annotator.pk,
        "key": None,
        "asked": count,
        "guideline": at.guideline_id,
        "replied": at.replied,
        "is_machine": False,
    }
    claimed = hand_out(policy, parameters, count - len(held), room)
    return Desk(at.member, at.facts, Claimed([*held, *claimed.documents]) if held else claimed)


@transaction.atomic
def hold(
    project_id: int, annotator: User, *, shown: Sequence[str], waiting: Sequence[str], back: Sequence[str]
) -> list[int]:
    """Hold these leases for another full term, and give the unread ones `back`. Returns those that are lost.

    A lease's time counts from its first display: the first call that has it in `shown`. From there, or from
    its claim while it waits, it is extended to MAX_EXTENSION terms at most. A lease whose time ran out and
    that nobody took is held again. Raises NotAMember.
    """
    requested = {read: (token in shown) for token in (*waiting, *shown) if (read := _read(token))}
    given_back = [read for token in back if (read := _read(token)) and read not in requested]
    whose: dict[str, Any] = {"annotator": annotator.pk}
    all_of_them = {"project": project_id, "leases": [lease for lease, _ in (*requested, *given_back)]}
    if not run(sql.LOCK_HELD, whose | all_of_them):
        raise NotAMember
    if given_back:
        run(sql.GIVE_BACK, whose | _columns(given_back))
    if not requested:
        return []
    parameters = {"shown": list(requested.values()), "most": MAX_EXTENSION}
    kept = {lease for (lease,) in run(sql.HOLD, whose | _columns(list(requested)) | parameters)}
    return sorted({lease for lease, _ in requested} - kept)


def _columns(tokens: Sequence[tuple[int, int]]) -> dict[str, Any]:
    return {"leases": [lease for lease, _ in tokens], "epochs": [epoch for _, epoch in tokens]}


def _read(token: str) -> tuple[int, int] | None:
    """The lease and epoch; None for what this service did not sign."""
    try:
        return read_lease_token(token)
    except LabelingError:
        return None
