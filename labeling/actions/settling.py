"""Is a document settled by what was said of it? The one place that makes it open, disputed or resolved."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from django.db import connection

from labeling.models import Annotation, Document, Lease, Membership, Resolution
from labeling.models import statements as sql

SKIPS_BEFORE_ADJUDICATION = 3  # this many people gave up on it: somebody has to look


def settle(document: Document, wanted: int, latest: int | None = None) -> str:
    """Give the locked document the state that its counted answers call for, and return that state.

    Short of `wanted` answers it stays as it is. With all of them it is resolved when more than half agree,
    else disputed. `latest` is the only answer where one is wanted; it saves reading them.
    """
    if wanted == 1 and latest is not None:
        return _write(document, Document.State.RESOLVED, Resolution.How.AGREED, latest)
    with connection.cursor() as cursor:
        cursor.execute(sql.COUNTED_ANSWERS, {"document": document.pk, "round": document.round})
        answers = [(annotation, bytes(answer_hash)) for annotation, answer_hash in cursor.fetchall()]
    if len(answers) < wanted:
        return document.state
    votes = Counter(answer for _, answer in answers)
    winner, count = votes.most_common(1)[0]
    if count * 2 <= len(answers):
        return _write(document, Document.State.DISPUTED, None, None)
    how = Resolution.How.AGREED if count == len(answers) else Resolution.How.MAJORITY
    return _write(
        document, Document.State.RESOLVED, how, next(a for a, answer in answers if answer == winner)
    )


def resolve(document: Document, how: Resolution.How, annotation_id: int) -> str:
    """Settle the locked document by this annotation, whatever else was said."""
    return _write(document, Document.State.RESOLVED, how, annotation_id)


def reconsider(document: Document, wanted: int, reason: dict[str, Any] | None = None) -> str:
    """Give the locked document the state that all that was ever said of it calls for, and return that state.

    For a document that comes back: one that was excluded, or lost an answer. A decision stands; else `wanted`
    answers settle it, else those who skipped it dispute it; else it is open, and with a `reason` it stands in
    front of the current order.
    """
    _reopen(document, reason)
    if decision := _decision(document):
        is_given = decision.source != Annotation.Source.ADJUDICATION
        how = Resolution.How.IMPORTED if is_given else Resolution.How.ADJUDICATED
        return resolve(document, how, decision.pk)
    if is_given_up(document):
        dispute(document)
    return settle(document, wanted)


def dispute(document: Document) -> str:
    """Hand the locked document to an adjudicator."""
    document.state = _write(document, Document.State.DISPUTED, None, None)
    return document.state


def is_given_up(document: Document) -> bool:
    """Did so many people skip the document that an adjudicator has to look?

    Three did; or in a smaller team at least one, and no member is left who could still answer.
    """
    leases = Lease.objects.filter(document=document, round=document.round)
    skips = leases.filter(state=Lease.State.SKIPPED).count()
    if not 0 < skips < SKIPS_BEFORE_ADJUDICATION:
        return skips > 0
    done = leases.filter(state__in=(Lease.State.SKIPPED, Lease.State.SUBMITTED)).values("annotator")
    team = Membership.objects.filter(project=document.project_id, removed_at=None)
    return not team.exclude(user__in=done).exists()


def _decision(document: Document) -> Annotation | None:
    """The answer of this round that settles it whatever annotators say: an adjudicator's, or a given one."""
    deciding = Annotation.objects.current().exclude(source=Annotation.Source.PERSON)
    return deciding.filter(document=document, round=document.round).order_by("-pk").first()


def _reopen(document: Document, reason: dict[str, Any] | None) -> None:
    document.check_move(Document.State.OPEN)
    document.state = Document.State.OPEN
    facts: dict[str, Any] = {
        "document": document.pk,
        "project": document.project_id,
        "reason": None if reason is None else json.dumps(reason),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.REOPEN, facts)


def _write(document: Document, state: str, how: str | None, annotation_id: int | None) -> str:
    document.check_move(state)
    facts: dict[str, Any] = {
        "document": document.pk,
        "project": document.project_id,
        "state": state,
        "how": how,
        "annotation": annotation_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.SETTLE, facts)
    return state
