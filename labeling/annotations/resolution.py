"""Resolution: what was said of a document makes it open, disputed or resolved. The one place that does so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Q

from labeling.annotations import sql
from labeling.annotations.models import Annotation, Resolution
from labeling.db.prepared import run
from labeling.documents.models import Document
from labeling.explanations.selection_reason import SelectionReason
from labeling.projects.models import Membership
from labeling.queue.models import Lease

Counted = tuple[int, bytes]  # an annotation, and the hash of its answer
DECIDED = {
    Annotation.Source.ADJUDICATION: Resolution.How.ADJUDICATED,
    Annotation.Source.IMPORT: Resolution.How.IMPORTED,
    Annotation.Source.GOLD: Resolution.How.GOLD,
}
SKIPS_BEFORE_ADJUDICATION = 3  # this many people gave up on it: somebody has to look


@dataclass(frozen=True, slots=True)
class ImportedVote:
    """An imported annotation that counts, and whether it settled its document where it comes from."""

    annotation: int
    answer_hash: bytes
    is_final: bool

    @classmethod
    def of(cls, annotation: Annotation) -> ImportedVote:
        is_final = bool((annotation.origin or {}).get("resolution"))
        return cls(annotation.pk, bytes(annotation.answer_hash), is_final)


def imported_winner(votes: Sequence[ImportedVote]) -> int | None:
    """The annotation by which imported answers settle their document, in the order of their coming.

    >>> imported_winner([ImportedVote(1, b"a", False), ImportedVote(2, b"b", True)])
    2
    >>> imported_winner([ImportedVote(1, b"a", False), ImportedVote(2, b"b", False)]) is None
    True
    """
    final = [vote.annotation for vote in votes if vote.is_final]
    if final or not votes:
        return final[-1] if final else None
    return verdict([(vote.annotation, vote.answer_hash) for vote in votes]).annotation


@dataclass(frozen=True)
class ResolutionOutcome:
    """What settles a document; `how` and `annotation` are empty where nothing does."""

    state: str
    how: str | None = None
    annotation: int | None = None


STANDS = ResolutionOutcome(Document.State.RESOLVED)  # by what settles it already: a gold document


def settle(document: Document, target: int) -> str:
    """Give the locked document the state that its counted answers call for, and return that state.

    Short of `target` answers it stays as it is. With all of them it is resolved when more than half agree,
    else disputed; a gold document stays settled as it is, and leaves the queue.
    """
    return settle_all({document.pk: (document, target)})[document.pk]


def settle_all(
    documents: Mapping[int, tuple[Document, int]], existing: Mapping[int, list[Counted]] | None = None
) -> dict[int, str]:
    """The same for several locked documents, by their ids: (document, wanted). Returns their states.

    `existing` has all counted answers of some of them, which need not be read then.
    """
    answers = {pk: (existing or {}).get(pk, []) for pk in documents}
    unknown = [pk for pk, counted in answers.items() if not counted]
    for pk, annotation, answer_hash in run(sql.COUNTED_ANSWERS, {"documents": unknown}) if unknown else ():
        answers[pk].append((annotation, bytes(answer_hash)))
    verdicts = {
        pk: (document, STANDS if document.is_gold else verdict(answers[pk]))
        for pk, (document, target) in documents.items()
        if len(answers[pk]) >= target
    }
    write_all(verdicts)
    return {pk: verdicts[pk][1].state if pk in verdicts else d.state for pk, (d, _) in documents.items()}


def verdict(answers: Sequence[Counted]) -> ResolutionOutcome:
    """What so many answers say together, in the order of their slots.

    >>> verdict([(1, b"a"), (2, b"b"), (3, b"b")])
    ResolutionOutcome(state=Document.State.RESOLVED, how=Resolution.How.MAJORITY, annotation=2)
    >>> verdict([(1, b"a"), (2, b"b")]).state
    Document.State.DISPUTED
    """
    winner, count = Counter(answer for _, answer in answers).most_common(1)[0]
    if count * 2 <= len(answers):
        return ResolutionOutcome(Document.State.DISPUTED)
    how = Resolution.How.AGREED if count == len(answers) else Resolution.How.MAJORITY
    return ResolutionOutcome(
        Document.State.RESOLVED, how, next(a for a, answer in answers if answer == winner)
    )


def resolve(document: Document, how: Resolution.How, annotation_id: int) -> str:
    """Settle the locked document by this annotation, whatever else was said."""
    return _write(document, ResolutionOutcome(Document.State.RESOLVED, how, annotation_id))


def reconsider(document: Document, target: int, reason: SelectionReason | None = None) -> str:
    """Give the locked document the state that all that was ever said of it calls for, and return that state.

    For a document that comes back: one that was excluded, or lost an answer. A decision stands; else `target`
    answers settle it, else those who skipped it dispute it; else it is open, and with a `reason` it stands in
    front of the current order. A gold document stays as it is.
    """
    if document.is_gold:
        return document.state
    _reopen(document, reason)
    if decision := _decision(document):
        return resolve(document, DECIDED[Annotation.Source(decision.source)], decision.pk)
    if is_given_up(document):
        dispute(document)
    return settle(document, target)


def dispute(document: Document) -> str:
    """Hand the locked document to an adjudicator."""
    document.state = _write(document, ResolutionOutcome(Document.State.DISPUTED))
    return document.state


def is_given_up(document: Document) -> bool:
    """Did so many people skip the document that an adjudicator has to look?

    Three did; or in a smaller team at least one, and no member is left who could still answer.
    """
    leases = Lease.objects.filter(document=document, round=document.round)
    done = leases.final().values("annotator")
    team = Membership.objects.filter(project=document.project_id, removed_at=None)
    skipped = Q(leases__round=document.round, leases__state=Lease.State.SKIPPED)
    counted = Document.objects.filter(pk=document.pk).annotate(
        skips=Count("leases", filter=skipped), has_others=Exists(team.exclude(user__in=done))
    )
    skips, has_others = counted.values_list("skips", "has_others").get()
    return bool(skips >= SKIPS_BEFORE_ADJUDICATION or (skips > 0 and not has_others))


def _decision(document: Document) -> Annotation | None:
    """The answer of this round that settles it whatever annotators say: an adjudicator's, or a given one.

    Of several imported answers, the one that `imported_winner` names.
    """
    deciding = Annotation.objects.current().exclude(source__in=Annotation.ANNOTATORS).filter(is_surplus=False)
    answers = list(deciding.filter(document=document, round=document.round).order_by("pk"))
    if not answers or answers[-1].source != Annotation.Source.IMPORT:
        return answers[-1] if answers else None
    winner = imported_winner([ImportedVote.of(a) for a in answers if a.source == Annotation.Source.IMPORT])
    return next((a for a in answers if a.pk == winner), None)


def _reopen(document: Document, reason: SelectionReason | None) -> None:
    document.check_move(Document.State.OPEN)
    document.state = Document.State.OPEN
    parameters: dict[str, Any] = {
        "document": document.pk,
        "project": document.project_id,
        "reason": None if reason is None else json.dumps(reason.to_json()),
    }
    run(sql.REOPEN, parameters)


def _write(document: Document, reached: ResolutionOutcome) -> str:
    write_all({document.pk: (document, reached)})
    return reached.state


def write_all(verdicts: Mapping[int, tuple[Document, ResolutionOutcome]]) -> None:
    """Write what settles each of these locked documents, by their ids. Raises WrongState."""
    if not verdicts:
        return
    for document, reached in verdicts.values():
        document.check_move(reached.state)
    reached_all = [reached for _, reached in verdicts.values()]
    parameters = {
        "documents": list(verdicts),
        "states": [str(reached.state) for reached in reached_all],
        "hows": [reached.how and str(reached.how) for reached in reached_all],
        "annotations": [reached.annotation for reached in reached_all],
    }
    run(sql.SETTLE, parameters)
