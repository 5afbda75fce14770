"""Which answers should somebody else confirm? Those that a model which never saw them speaks against."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
from django.db import transaction
from django.db.models import Count, F, Q

from labeling.actions.settling import settle
from labeling.learning.consensus import (
    DOUBTFUL_BELOW,
    annotator_accuracy,
    cross_fitted,
    evidence,
    given_prior,
    posterior,
    weakest_prior,
)
from labeling.models import Document, Lease, Project, Resolution
from labeling.models.doubtful import (
    MOST_LABELS,
    Confirmable,
    confirmable,
    labeler_count,
    proved_right,
    unanswerable,
)

if TYPE_CHECKING:
    from uuid import UUID

    from labeling.learning.arrays import Doubles
    from labeling.learning.committee import Committee
    from labeling.learning.store import FeatureStore

LEAST_LABELS = 50  # documents with a label from which a model is a witness at all
COUNTED = Count("leases", filter=Q(leases__state=Lease.State.SUBMITTED, leases__round=F("round")))


def review(
    project: Project, classes: Sequence[UUID], committee: Committee, store: FeatureStore, most: int
) -> dict[int, float]:
    """Ask for second opinions, so that at most `most` wait; take back those that nobody is left to give.

    Returns the posterior of the answer of each document that waits now. Where fewer than two people label, or
    fewer than `LEAST_LABELS` documents have a label, nothing is asked.
    """
    give_up(project)
    if project.kind == Project.Kind.SPANS or labeler_count(project.pk) < 2:
        return {}
    known = set(classes)
    found = [one for one in confirmable(project.pk) if one.classes <= known and one.position < len(store)]
    if len(found) < LEAST_LABELS:
        return {}
    chances = dict(zip(found, _posteriors(project, found, classes, committee, store).tolist(), strict=True))
    waiting = {one.document_id: chance for one, chance in chances.items() if one.is_asked}
    doubted = sorted(
        (one for one, chance in chances.items() if chance < DOUBTFUL_BELOW and not one.is_asked),
        key=lambda one: chances[one],
    )
    wanted = _with_few_tests(doubted, most - len(waiting), project.test_share)
    asked = ask(project.pk, [one.document_id for one in wanted])
    by_id = {one.document_id: chances[one] for one in wanted}
    return waiting | {pk: by_id[pk] for pk in asked}


@transaction.atomic
def ask(project_id: int, document_ids: Sequence[int]) -> list[int]:
    """Open settled documents for one more distinct annotator each. Returns those that now wait.

    Documents that are not settled by annotators, or by three of them, are left alone: safe to repeat. Until
    the further answer is there, the one that is there goes on training and counting.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=project_id)  # its overlap holds still
    locked = Document.objects.select_for_update(no_key=True, of=("self",)).filter(
        project=project,
        pk__in=document_ids,
        state=Document.State.RESOLVED,
        resolution__how__in=(Resolution.How.AGREED, Resolution.How.MAJORITY),
    )
    ids = [document.pk for document in locked.order_by("pk")]
    counted = dict(Document.objects.filter(pk__in=ids).annotate(n=COUNTED).values_list("pk", "n"))
    asked = [pk for pk in ids if 0 < counted[pk] < MOST_LABELS]
    Resolution.objects.filter(document__in=asked).delete()
    for answers in {counted[pk] for pk in asked}:
        Document.objects.filter(pk__in=[pk for pk in asked if counted[pk] == answers]).update(
            state=Document.State.OPEN, extra_slots=max(0, answers + 1 - project.overlap)
        )
    return asked


@transaction.atomic
def give_up(project: Project) -> int:
    """Settle documents by the answers they have, where no member is left for another. Returns how many."""
    ids = unanswerable(project.pk)
    if not ids:
        return 0
    overlap = Project.objects.select_for_update(no_key=True).get(pk=project.pk).overlap
    locked = Document.objects.select_for_update(no_key=True).filter(pk__in=ids, state=Document.State.OPEN)
    settled = 0
    for document in locked.order_by("pk"):
        counted = Document.objects.annotate(n=COUNTED).values_list("n", flat=True).get(pk=document.pk)
        if not overlap <= counted < overlap + document.extra_slots:
            continue
        document.extra_slots = counted - overlap
        Document.objects.filter(pk=document.pk).update(extra_slots=document.extra_slots)
        settle(document, counted)
        settled += 1
    return settled


@transaction.atomic
def take_back(project_id: int, document_ids: Collection[int]) -> int:
    """Give up second opinions on these documents that nobody gave or is about to give. Returns how many.

    The documents are settled by the answers they have; one that lost its answer meanwhile waits like others.
    """
    overlap = Project.objects.select_for_update(no_key=True).get(pk=project_id).overlap
    locked = Document.objects.select_for_update(no_key=True).filter(
        project=project_id, pk__in=document_ids, state=Document.State.OPEN, extra_slots__gt=0
    )
    taken = 0
    for document in locked.order_by("pk"):
        if Lease.objects.live().filter(document=document, round=document.round).exists():
            continue
        counted = Document.objects.annotate(n=COUNTED).values_list("n", flat=True).get(pk=document.pk)
        document.extra_slots = max(0, counted - overlap)
        Document.objects.filter(pk=document.pk).update(extra_slots=document.extra_slots)
        settle(document, overlap + document.extra_slots)
        taken += 1
    return taken


def waiting_entries(
    project: Project, chances: Mapping[int, float], most: int, besides: Collection[int] = ()
) -> list[tuple[int, dict[str, object]]]:
    """(document, reason) of those that wait for a second opinion, the most doubtful first.

    besides : documents that come for another reason
    """
    waiting = (
        Document.objects.filter(project=project, state=Document.State.OPEN, extra_slots__gt=0)
        .annotate(n=COUNTED)
        .filter(n__gt=0)
        .exclude(pk__in=besides)
        .order_by("pk")
    )
    rows = sorted(waiting.values_list("pk", "n")[:most], key=lambda row: chances.get(row[0], 1.0))
    return [(pk, _reason(given, chances.get(pk))) for pk, given in rows]


def _reason(given: int, chance: float | None) -> dict[str, object]:
    reason: dict[str, object] = {"share": "second_opinion", "given": given}
    return reason if chance is None else reason | {"posterior": round(chance, 4)}


def _with_few_tests(doubted: Sequence[Confirmable], most: int, test_share: float) -> list[Confirmable]:
    """The first `most`, with test documents only at their share of the pool."""
    wanted: list[Confirmable] = []
    tests_left = ceil(max(most, 0) * test_share)
    for one in doubted:
        if len(wanted) >= most:
            break
        if one.split == Document.Split.TEST:
            if not tests_left:
                continue
            tests_left -= 1
        wanted.append(one)
    return wanted


def _posteriors(
    project: Project,
    found: Sequence[Confirmable],
    classes: Sequence[UUID],
    committee: Committee,
    store: FeatureStore,
) -> Doubles:
    """(n,) chance that each answer is right: by who gave it, and by models that have not seen it."""
    place = {label_class: number for number, label_class in enumerate(classes)}
    flags = np.zeros((len(found), len(classes)), dtype=bool)
    for row, one in enumerate(found):
        flags[row, [place[label_class] for label_class in one.classes]] = True
    is_single = project.kind == Project.Kind.SINGLE
    labels = flags.argmax(axis=1) if is_single else flags
    rows = store.take(np.array([one.position for one in found], dtype=np.int64))
    is_pool = np.array([one.split == Document.Split.POOL for one in found])
    believed = np.zeros(flags.shape, dtype=np.float32)
    believed[is_pool] = cross_fitted(rows.part(np.flatnonzero(is_pool)), labels[is_pool], len(classes))
    if not is_pool.all():  # no model has learnt from test documents
        believed[~is_pool] = committee.probabilities(rows.part(np.flatnonzero(~is_pool)))
    prior = given_prior(believed, labels) if is_single else weakest_prior(believed, flags)
    n_choices = len(classes) if is_single else 2
    return posterior(prior, _said(project, found, n_choices), n_choices)


def _said(project: Project, found: Sequence[Confirmable], n_classes: int) -> Doubles:
    """(n,) what the annotators' own reliability says for each answer."""
    proved = proved_right(project.pk)
    people = sorted({person for one in found for person in one.annotators})
    right, compared = np.array([proved.get(person, (0, 0)) for person in people]).T
    each = dict(zip(people, evidence(annotator_accuracy(right, compared), n_classes), strict=True))
    return np.array([sum(each[person] for person in one.annotators) for one in found], dtype=np.float64)
