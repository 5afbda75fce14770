"""Which documents come to the front of the queue, and why? The mix of learning, with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Count, F, Q

from labeling.actions.duplicates import one_of_each_group
from labeling.actions.features import current_store
from labeling.actions.wishes import wishes_for
from labeling.learning.coldstart import start_head
from labeling.learning.committee import Committee
from labeling.learning.mix import HeadEntry, Share, Strategy
from labeling.learning.scoring import PoolScores, score_pool
from labeling.learning.selection import BATCH, HEAD_SIZE, select_head
from labeling.learning.store import FeatureStore
from labeling.models import Document, Lease, ModelVersion, Project
from labeling.models.labelled import labelled_documents

MOST_TEST_SHARE = 0.25  # of the head: measuring must not stop the learning
STARTED_SHARE = 0.5  # of the head: documents that somebody has begun wait for the others first
MOST_BATCH = 200  # labels between two rankings that a batch is planned for; more came by an import

Entry = tuple[int, dict[str, Any]]  # document, reason


@dataclass(frozen=True)
class Ranker:
    """A way to order a project's pool."""

    project: Project
    choose: Callable[[int, int], Sequence[HeadEntry]]  # seed, size: places of the pool, best first
    version: ModelVersion | None = None

    def head(self, seed: int) -> list[Entry]:
        """The next head: started documents, test documents and the chosen ones, woven by their shares."""
        started = _started(self.project, round(HEAD_SIZE * STARTED_SHARE))
        share = min(self.project.test_share, MOST_TEST_SHARE)
        test = _test_documents(self.project, round(HEAD_SIZE * share))
        chosen = self.choose(seed, HEAD_SIZE - len(started) - len(test))
        return woven([started, test, self._with_reasons(chosen)])

    def _with_reasons(self, chosen: Sequence[HeadEntry]) -> list[Entry]:
        positions = [entry.position for entry in chosen]
        found = Document.objects.filter(project=self.project, position__in=positions)
        documents = dict(found.values_list("position", "pk"))
        classes = self.version.classes if self.version else []
        return [
            (documents[entry.position], _reason(entry, classes, self.version))
            for entry in chosen
            if entry.position in documents
        ]


def start_ranker(project: Project) -> Ranker:
    """Without a model: typical documents, as different from each other as can be."""
    store = current_store(project)

    def choose(seed: int, size: int) -> Sequence[HeadEntry]:
        if store is None:
            return []
        eligible = np.flatnonzero(eligible_mask(project, len(store)))
        if project.strategy == Project.Strategy.RANDOM:
            return at_random(eligible, seed, size)
        return start_head(eligible, store.dense, size=size, batch=BATCH, seed=seed)

    return Ranker(project, choose)


def committee_ranker(project: Project, version: ModelVersion, committee: Committee) -> Ranker:
    """By the project's strategy, from what the committee says of every document of the pool."""
    store = current_store(project)
    if store is None or not committee.can_rank:
        return start_ranker(project)

    def choose(seed: int, size: int) -> Sequence[HeadEntry]:
        is_eligible = eligible_mask(project, len(store))
        if project.strategy == Project.Strategy.RANDOM:
            return at_random(np.flatnonzero(is_eligible), seed, size)
        scores = score_pool(store, committee)
        return _select(project, version, store, scores.keep(is_eligible[scores.positions]), seed, size)

    return Ranker(project, choose, version)


def _select(
    project: Project, version: ModelVersion, store: FeatureStore, scores: PoolScores, seed: int, size: int
) -> Sequence[HeadEntry]:
    strategy = Strategy(project.strategy)
    labelled = None
    if strategy is Strategy.HERDING:
        places = [d.position for d in labelled_documents(project.pk, "pool") if d.position < len(store)]
        labelled = np.array(places, dtype=np.int64)
    return select_head(
        scores,
        store.dense,
        len(version.classes),
        strategy=strategy,
        wishes=wishes_for(project, version.classes),
        size=size,
        batch=labels_between(project, version),
        labelled=labelled,
        seed=seed,
    )


def labels_between(project: Project, version: ModelVersion) -> int:
    """How many documents this team labels between two models: so many are chosen to go together."""
    before = project.model_versions.ready().filter(number__lt=version.number).first()
    seen = before.label_count if before else 0
    return min(max(version.label_count - seen, BATCH), MOST_BATCH)


def eligible_mask(project: Project, count: int) -> np.ndarray:
    """(count,) bool: open documents of the pool that nobody has begun, no two of them near-duplicates."""
    is_eligible = np.ones(count, dtype=bool)
    others = Document.objects.filter(project=project, position__lt=count).filter(
        ~Q(state=Document.State.OPEN) | Q(split=Document.Split.TEST)
    )
    is_eligible[list(others.values_list("position", flat=True))] = False
    begun = Lease.objects.filter(
        project=project, state=Lease.State.SUBMITTED, document__state=Document.State.OPEN
    )
    is_eligible[
        list(begun.filter(document__position__lt=count).values_list("document__position", flat=True))
    ] = False
    return one_of_each_group(project, is_eligible)


def _started(project: Project, most: int) -> list[Entry]:
    """Open documents that wait for further opinions, the oldest first."""
    begun = (
        Document.objects.pool()
        .filter(project=project, state=Document.State.OPEN)
        .filter(leases__state=Lease.State.SUBMITTED, leases__round=F("round"))
        .annotate(given=Count("leases"))
        .order_by("pk")
    )
    return [
        (pk, {"share": "overlap", "given": given, "wanted": project.overlap + extra})
        for pk, given, extra in begun.values_list("pk", "given", "extra_slots")[:most]
    ]


def _test_documents(project: Project, most: int) -> list[Entry]:
    """The test set grows along its random key, so that a small one is part of every larger one."""
    waiting = Document.objects.test_set().filter(project=project, state=Document.State.OPEN)
    found = waiting.order_by("random_key").values_list("pk", flat=True)[:most]
    return [(pk, {"share": "test"}) for pk in found]


def at_random(positions: np.ndarray, seed: int, size: int) -> list[HeadEntry]:
    """A uniform draw of these places, with the chance that each of them had."""
    drawn = np.random.default_rng(seed).permutation(positions)[:size]
    propensity = len(drawn) / max(len(positions), 1)
    return [HeadEntry(int(position), Share.RANDOM, propensity=propensity) for position in drawn]


def _reason(entry: HeadEntry, classes: Sequence[UUID], version: ModelVersion | None) -> dict[str, Any]:
    """What the queue remembers of an entry: enough to say why, and to judge the model by it later."""
    top = [
        [str(classes[number]), round(float(probability), 4)]
        for number, probability in zip(entry.classes, entry.probabilities, strict=True)
        if number >= 0
    ]
    reason: dict[str, Any] = {
        "share": str(entry.share),
        "informativeness": round(float(entry.informativeness), 4),
        "top": top or None,
        "class": None if entry.label_class is None else str(classes[entry.label_class]),
        "similar": entry.cluster_size,
        "propensity": entry.propensity and round(float(entry.propensity), 6),
        "model": version and version.number,
    }
    return {name: value for name, value in reason.items() if value is not None}


def woven(groups: Sequence[Sequence[Any]]) -> list[Any]:
    """All groups as one list, each spread evenly over it in its own order."""
    turns = [
        ((place + 0.5) / len(group), number, place)
        for number, group in enumerate(groups)
        for place in range(len(group))
    ]
    return [groups[number][place] for _, number, place in sorted(turns)]
