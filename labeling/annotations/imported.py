"""Imported labels: answers that came with their documents. They settle them, marked as what they are."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.db import transaction
from django.db.models import F

from labeling.annotations import sql
from labeling.annotations.models import Annotation, Label, Resolution
from labeling.annotations.resolution import DECIDED, ImportedVote, imported_winner
from labeling.annotations.validation import Answer, AnswerRules, LabelValue, answer_hash, checked
from labeling.db.prepared import run
from labeling.documents.imports import ImportJob
from labeling.documents.models import Document
from labeling.exceptions import InvalidAnswer
from labeling.formats.records import Json
from labeling.guidelines.models import Guideline, LabelClass
from labeling.projects.models import Project
from labeling.queue.models import QueueEntry

BATCH_SIZE = 1_000  # documents locked in one transaction


def record(
    project: Project,
    answers: Sequence[tuple[int, Sequence[LabelValue]]],
    source: Annotation.Source = Annotation.Source.IMPORT,
) -> int:
    """Settle open documents by (document id, labels) pairs known before. Returns how many it settled.

    Documents that people have settled or dispute are left alone. Raises InvalidAnswer, naming the place in
    `answers`; the thousands before it are stored then.
    """
    active = frozenset(LabelClass.objects.active().filter(project=project).values_list("id", flat=True))
    rules = AnswerRules(project.kind, project.allows_overlapping_spans, active)
    newest = Guideline.objects.filter(project=project).order_by("-number").first()
    settled = 0
    for first in range(0, len(answers), BATCH_SIZE):
        settled += _record_some(project, answers[first : first + BATCH_SIZE], first, source, rules, newest)
    return settled


@transaction.atomic
def _record_some(
    project: Project,
    answers: Sequence[tuple[int, Sequence[LabelValue]]],
    first: int,
    source: Annotation.Source,
    rules: AnswerRules,
    guideline: Guideline | None,
) -> int:
    open_documents = Document.objects.filter(
        project=project, state=Document.State.OPEN, pk__in=[pk for pk, _ in answers]
    )
    documents = {d.pk: d for d in open_documents.select_for_update(no_key=True).order_by("pk")}
    labels_given: dict[int, Answer] = {}
    for index, (document_id, labels) in enumerate(answers, start=first):
        if document_id not in documents:
            continue
        try:
            labels_given[document_id] = checked(labels, rules, documents[document_id].text)
        except InvalidAnswer as error:
            error.facts["item"] = index
            raise
    stored = Annotation.objects.bulk_create(
        Annotation(
            project=project,
            document_id=document_id,
            round=documents[document_id].round,
            source=source,
            guideline=guideline,
            answer_hash=answer_hash(answer),
        )
        for document_id, answer in labels_given.items()
    )
    _store_labels(stored, labels_given.values())
    how = DECIDED[source]
    Resolution.objects.bulk_create(
        Resolution(document_id=a.document_id, project=project, annotation=a, how=how) for a in stored
    )
    QueueEntry.objects.filter(document__in=labels_given).delete()
    is_gold = how == Resolution.How.GOLD
    Document.objects.filter(pk__in=labels_given).update(state=Document.State.RESOLVED, is_gold=is_gold)
    return len(labels_given)


@dataclass(frozen=True)
class ImportedAnswer:
    """What a row answers about its document.

    annotator : as the file names the person; None where it names nobody
    provenance : what else the file says of the annotation, by the names of our own export
    """

    document_id: int
    answer: Answer
    annotator: str | None = None
    provenance: Mapping[str, Json] = field(default_factory=dict)

    @cached_property
    def identity(self) -> tuple[str | None, bytes]:
        """What is equal when the same answer is imported again."""
        return self.annotator, answer_hash(self.answer)

    @property
    def is_counted(self) -> bool:
        """Whether it has a vote.

        The file may say that it was withdrawn, superseded, came too late, or was not final where it comes
        from.
        """
        if self.provenance.get("is_counted") is False or self.provenance.get("is_withdrawn") is True:
            return False
        return self.provenance.get("resolution", "") is not None

    @property
    def origin(self) -> dict[str, Json] | None:
        """What is kept of its annotator and provenance.

        >>> ImportedAnswer(1, (), "ann", {"annotator": 7, "seconds": 3}).origin
        {'annotator': 'ann', 'seconds': 3}
        """
        origin: dict[str, Json] = {} if self.annotator is None else {"annotator": self.annotator}
        # The key is the annotator's own: a provenance that uses it cannot say whose answer this is.
        return origin | {key: value for key, value in self.provenance.items() if key != "annotator"} or None


@dataclass
class Imported:
    """What became of the answers of some rows, by their indexes."""

    settled_count: int = 0  # documents that are settled by now; below 0 where more were opened again
    conflicting: list[int] = field(default_factory=list)  # another row says something else; kept
    settled: list[int] = field(default_factory=list)  # the document is settled already, otherwise; not kept
    closed: list[int] = field(default_factory=list)  # the document is disputed or excluded; not kept


def record_imported(job: ImportJob, answers: Sequence[ImportedAnswer]) -> Imported:
    """Keep the answers of an import's rows, and settle their documents by them.

    Each answer is an annotation of its own. A document is settled by the one that settled it where it comes
    from, else where more than half of its imported answers agree; else it is open. What was settled before
    this import stays as it is, and an answer that an earlier import brought is not stored again. The
    documents are locked by rising id. Call it in a transaction.
    """
    result = Imported()
    rows = _Rows(job, {answer.document_id for answer in answers})
    new = [answer for index, answer in enumerate(answers) if rows.accepts(index, answer, result)]
    numbers = _store(rows, new)
    for number, item in zip(numbers, new, strict=True):
        if item.is_counted:
            vote = ImportedVote(number, item.identity[1], is_final=bool(item.provenance.get("resolution")))
            rows.votes[item.document_id].append(vote)
    result.settled_count = _settle_imported(rows, {item.document_id for item in new})
    return result


def _store(rows: _Rows, items: Sequence[ImportedAnswer]) -> list[int]:
    """The annotations of the answers, in their order."""
    parameters = {
        "project": rows.job.project_id,
        "guideline": rows.guideline and rows.guideline.pk,
        "job": rows.job.pk,
        "documents": [item.document_id for item in items],
        "rounds": [rows.documents[item.document_id].round for item in items],
        "hashes": [item.identity[1] for item in items],
        "origins": [json.dumps(item.origin) if item.origin else None for item in items],
        "surplus": [not item.is_counted for item in items],
    }
    numbers = sorted(number for (number,) in run(sql.STORE_IMPORTED, parameters))
    values = [(number, value) for number, item in zip(numbers, items, strict=True) for value in item.answer]
    labels = {
        "annotations": [number for number, _ in values],
        "classes": [value.label_class for _, value in values],
        "starts": [value.start for _, value in values],
        "ends": [value.end for _, value in values],
    }
    run(sql.STORE_LABELS, labels)
    return numbers


class _Rows:
    """What is known of the documents that rows answer, read under their locks."""

    def __init__(self, job: ImportJob, document_ids: Iterable[int]) -> None:
        self.job = job
        self.guideline = Guideline.objects.filter(project=job.project_id).order_by("-number").first()
        locked = Document.objects.select_for_update(no_key=True).filter(pk__in=document_ids).order_by("pk")
        self.documents = {d.pk: d for d in locked.only("state", "round", "project_id", "is_gold")}
        self.votes: dict[int, list[ImportedVote]] = defaultdict(list)  # imported answers by document
        # those of them that other imports brought, by who gave them
        self.elsewhere: dict[int, set[tuple[str | None, bytes]]] = defaultdict(set)
        before = Annotation.objects.current().filter(
            document__in=self.documents, round=F("document__round"), source=Annotation.Source.IMPORT
        )
        fields = ("answer_hash", "origin", "document", "import_job", "is_surplus")
        for annotation in before.order_by("pk").only(*fields):
            if not annotation.is_surplus:
                self.votes[annotation.document_id].append(ImportedVote.of(annotation))
            if annotation.import_job_id != job.pk:
                annotator = (annotation.origin or {}).get("annotator")
                self.elsewhere[annotation.document_id].add((annotator, bytes(annotation.answer_hash)))
        settled = Resolution.objects.filter(document__in=self.documents).values_list(
            "document", "how", "annotation", "annotation__import_job", "annotation__answer_hash"
        )
        self.settled = {document: (*which, bytes(digest)) for document, *which, digest in settled}
        self.answers = {pk: {vote.answer_hash for vote in votes} for pk, votes in self.votes.items()}

    def accepts(self, index: int, item: ImportedAnswer, result: Imported) -> bool:
        """Whether this answer is kept; tells in `result` where that is not a matter of course."""
        document_id, (annotator, digest) = item.document_id, item.identity
        how, _annotation, import_job, settling = self.settled.get(document_id, (None, None, None, b""))
        if how is not None and (how != Resolution.How.IMPORTED or import_job != self.job.pk):
            if settling != digest:
                result.settled.append(index)
            return False
        if how is None and self.documents[document_id].state != Document.State.OPEN:
            result.closed.append(index)
            return False
        answers = self.answers.setdefault(document_id, set())
        if annotator is None and answers - {digest}:  # of several people it is no surprise
            result.conflicting.append(index)
        answers.add(digest)
        return item.identity not in self.elsewhere[document_id]


def _settle_imported(rows: _Rows, document_ids: Iterable[int]) -> int:
    """Settle each document by its imported answers, or open it; how many more are settled than before."""
    winners: dict[int, int] = {}
    opened: list[int] = []
    for document_id in document_ids:
        winner = imported_winner(rows.votes[document_id])
        if winner is not None:
            winners[document_id] = winner
        elif document_id in rows.settled:
            opened.append(document_id)
    Resolution.objects.filter(document__in=opened).delete()
    Document.objects.filter(pk__in=opened).update(state=Document.State.OPEN)
    new = {pk: annotation for pk, annotation in winners.items() if pk not in rows.settled}
    parameters = {"project": rows.job.project_id, "documents": [*new], "annotations": [*new.values()]}
    run(sql.RESOLVE_IMPORTED, parameters)
    for pk in winners.keys() - new.keys():
        if rows.settled[pk][1] != winners[pk]:
            Resolution.objects.filter(document=pk).update(annotation=winners[pk])
    QueueEntry.objects.filter(document__in=new).delete()
    Document.objects.filter(pk__in=new).update(state=Document.State.RESOLVED)
    return len(new) - len(opened)


def _store_labels(annotations: Iterable[Annotation], answers: Iterable[Answer]) -> None:
    Label.objects.bulk_create(
        Label(annotation=annotation, label_class_id=value.label_class, start=value.start, end=value.end)
        for annotation, answer in zip(annotations, answers, strict=True)
        for value in answer
    )
