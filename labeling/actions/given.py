"""What becomes of answers that came with their documents? They settle them, marked as what they are."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from labeling.actions.answers import Answer, AnswerRules, LabelValue, answer_hash, checked
from labeling.actions.settling import DECIDED
from labeling.exceptions import InvalidAnswer
from labeling.models import (
    Annotation,
    Document,
    Guideline,
    Label,
    LabelClass,
    Project,
    QueueEntry,
    Resolution,
)

AT_ONCE = 1_000  # documents locked in one transaction


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
    for first in range(0, len(answers), AT_ONCE):
        settled += _record_some(project, answers[first : first + AT_ONCE], first, source, rules, newest)
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
    given: dict[int, Answer] = {}
    for place, (document_id, labels) in enumerate(answers, start=first):
        if document_id not in documents:
            continue
        try:
            given[document_id] = checked(labels, rules, documents[document_id].text)
        except InvalidAnswer as error:
            error.facts["item"] = place
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
        for document_id, answer in given.items()
    )
    Label.objects.bulk_create(
        Label(annotation=annotation, label_class_id=value.label_class, start=value.start, end=value.end)
        for annotation in stored
        for value in given[annotation.document_id]
    )
    how = DECIDED[source]
    Resolution.objects.bulk_create(
        Resolution(document_id=a.document_id, project=project, annotation=a, how=how) for a in stored
    )
    QueueEntry.objects.filter(document__in=given).delete()
    is_gold = how == Resolution.How.GOLD
    Document.objects.filter(pk__in=given).update(state=Document.State.RESOLVED, is_gold=is_gold)
    return len(given)
