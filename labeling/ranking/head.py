"""Queue ranking: which documents come to the front, and why. The mix of learning, with its reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from django.db.models import Q

from labeling.annotations import second_opinions
from labeling.annotations.ground_truth import labeled_documents
from labeling.documents.models import Document
from labeling.explanations.selection_reason import NeedReason, SelectionReason
from labeling.features.pipeline import current_store
from labeling.guidelines.models import LabelClass
from labeling.learning.arrays.types import Flags
from labeling.learning.classifiers.committee import Committee
from labeling.learning.query_strategies.cold_start import start_head
from labeling.learning.query_strategies.head_builder import (
    BATCH,
    HEAD_SIZE,
    one_of_each_first,
    select_head,
)
from labeling.learning.query_strategies.mix import (
    CLASS_SHARES,
    HeadEntry,
    SeedWordMatches,
    SelectionTargets,
    Share,
    Strategy,
    interleave,
    spliced,
)
from labeling.learning.query_strategies.pool_scores import PoolScores, score_pool
from labeling.learning.query_strategies.seed_words import find_matches
from labeling.learning.storage.feature_store import FeatureStore
from labeling.learning.text.near_duplicates import Candidates
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.queue.models import Entry, Lease
from labeling.ranking import gold
from labeling.ranking.candidates import apart_from, candidates_of
from labeling.ranking.class_targets import described_needs, seed_words, selection_targets_for
from labeling.ranking.label_errors import review
from labeling.ranking.reserved import started_documents, test_documents
from labeling.steering import picks
from labeling.steering.actions import mix_in_use, mix_of

MAX_TEST_SHARE = 0.25  # of the head: measuring must not stop the learning
STARTED_SHARE = 0.5  # of the head: documents that somebody has begun wait for the others first
MIN_SECOND_OPINION_SHARE = 0.02  # of the head, for second opinions that wait where no more are asked
BATCHES_AHEAD = 2  # batches for which second opinions are asked: settled documents stay settled till then
MAX_BATCH_SIZE = 200  # labels between two rankings that a batch is planned for; more came by an import


@dataclass(frozen=True)
class Ranker:
    """A way to order a project's pool."""

    project: Project
    choose: Callable[[int, int], Sequence[HeadEntry]]  # seed, size: places of the pool, best first
    version: ModelVersion | None = None
    classes: Sequence[UUID] = ()  # the order of the class numbers
    label_errors: Callable[[], Mapping[int, float]] = (
        dict  # asks for second opinions: documents and posteriors
    )
    explain: Callable[[Sequence[Entry]], list[Entry]] = (
        list  # what the model predicts of what is chosen, and why
    )

    def head(self, seed: int) -> list[Entry]:
        """The next head: started documents, test documents and the chosen ones, woven by their shares.

        Second opinions and what a manager picked come at their shares from the first place on: they are few.
        """
        second_opinions.give_up(self.project)  # whoever asked for them, and whatever the strategy is
        label_errors = self.label_errors()
        picked = picks.waiting_entries(self.project, round(HEAD_SIZE * picks.SHARE))
        started = started_documents(self.project, round(HEAD_SIZE * STARTED_SHARE))
        share = min(self.project.test_share, MAX_TEST_SHARE)
        test = test_documents(self.project, round(HEAD_SIZE * share))
        second_opinion_share = (
            mix_in_use(self.project, len(self.classes)).second_opinion or MIN_SECOND_OPINION_SHARE
        )
        limit = round(HEAD_SIZE * second_opinion_share)
        second_opinions_due = second_opinions.waiting_entries(self.project, label_errors, limit, dict(picked))
        chosen = self.choose(
            seed, HEAD_SIZE - len(started) - len(test) - len(second_opinions_due) - len(picked)
        )
        mixed = interleave([started, test, self._with_reasons(chosen)])
        others = apart_from(picked, spliced(mixed, second_opinions_due, second_opinion_share))
        return self.explain(
            _with_parts(gold.served(self.project, spliced(others, picked, picks.SHARE), seed))
        )

    def _with_reasons(self, chosen: Sequence[HeadEntry]) -> list[Entry]:
        positions = [entry.position for entry in chosen]
        rows = Document.objects.filter(project=self.project, position__in=positions)
        documents = dict(rows.values_list("position", "pk"))
        needs = described_needs(self.project) if any(e.share is Share.WEAK_CLASS for e in chosen) else {}
        n_classes = len(self.classes)
        is_fallen = mix_in_use(self.project, n_classes) != mix_of(self.project, n_classes)
        return [
            (documents[entry.position], _reason(entry, self.classes, self.version, needs, is_fallen))
            for entry in chosen
            if entry.position in documents
        ]


def start_ranker(project: Project) -> Ranker:
    """Without a model: typical documents, as different from each other as can be, and seed words' matches."""
    store = current_store(project)
    classes = list(LabelClass.objects.active().filter(project=project).values_list("pk", flat=True))

    def choose(seed: int, size: int) -> Sequence[HeadEntry]:
        if store is None:
            return []
        candidates = open_candidates(project, len(store))
        if project.strategy == Project.Strategy.RANDOM:
            return at_random(candidates, seed, size)
        share = mix_in_use(project, len(classes)).seed_words

        def typical(is_candidate: Flags, count: int) -> Sequence[HeadEntry]:
            return start_head(
                np.flatnonzero(is_candidate),
                store.dense,
                size=count,
                batch=BATCH,
                seeds=_matches(project, classes, store, is_candidate, share),
                seed_share=share,
                seed=seed,
            )

        return one_of_each_first(candidates, size, typical)

    return Ranker(project, choose, classes=classes)


def committee_ranker(project: Project, version: ModelVersion, committee: Committee) -> Ranker:
    """By the project's strategy, from what the committee says of every document of the pool."""
    store = current_store(project, version.metadata.view)
    if store is None or not committee.can_rank:
        return start_ranker(project)

    def choose(seed: int, size: int) -> Sequence[HeadEntry]:
        candidates = open_candidates(project, len(store))
        if project.strategy == Project.Strategy.RANDOM:
            return at_random(candidates, seed, size)
        has_votes = project.strategy == Project.Strategy.DISAGREEMENT
        scores = score_pool(store, committee, has_votes=has_votes)
        return _select(project, version, store, scores, candidates, seed, size)

    def label_errors() -> Mapping[int, float]:
        if project.strategy != Project.Strategy.DEFAULT:
            return {}
        share = mix_in_use(project, len(version.classes)).second_opinion
        limit = round(share * BATCHES_AHEAD * labels_between(project, version))
        return review(project, version.classes, committee, store, limit)

    return Ranker(project, choose, version, version.classes, label_errors)


def all_selection_targets(
    project: Project, version: ModelVersion, store: FeatureStore, is_eligible: np.ndarray
) -> SelectionTargets:
    """What is asked of the head, with what seed words found where the strategy serves them.

    is_eligible : (n,) bool, n at least the documents of the store
    """
    selection_targets = selection_targets_for(project, version.classes)
    if project.strategy != Project.Strategy.DEFAULT:
        return selection_targets
    share = mix_in_use(project, len(version.classes)).seed_words
    return replace(selection_targets, seeds=_matches(project, version.classes, store, is_eligible, share))


def _matches(
    project: Project, classes: Sequence[UUID], store: FeatureStore, is_eligible: np.ndarray, share: float
) -> dict[int, SeedWordMatches]:
    """Documents that hold seed words of classes that are short of labels."""
    terms = seed_words(project, classes) if share else {}
    return find_matches(store, terms, is_eligible, round(10 * share * HEAD_SIZE)) if terms else {}


def _select(
    project: Project,
    version: ModelVersion,
    store: FeatureStore,
    scores: PoolScores,
    candidates: Candidates,
    seed: int,
    size: int,
) -> Sequence[HeadEntry]:
    strategy = Strategy(project.strategy)
    labeled = None
    if strategy is Strategy.HERDING:
        positions = [d.position for d in labeled_documents(project.pk, "pool") if d.position < len(store)]
        labeled = np.array(positions, dtype=np.int64)
    batch = labels_between(project, version)

    def best(is_candidate: Flags, count: int) -> Sequence[HeadEntry]:
        return select_head(
            scores.keep(is_candidate),
            store.dense,
            len(version.classes),
            strategy=strategy,
            selection_targets=all_selection_targets(project, version, store, is_candidate),
            size=count,
            batch=batch,
            labeled=labeled,
            seed=seed,
        )

    return one_of_each_first(candidates, size, best)


def labels_between(project: Project, version: ModelVersion) -> int:
    """How many documents this team labels between two models: so many are chosen to go together."""
    before = project.model_versions.ready().filter(number__lt=version.number).first()
    seen = before.label_count if before else 0
    return min(max(version.label_count - seen, BATCH), MAX_BATCH_SIZE)


def open_candidates(project: Project, count: int) -> Candidates:
    """Of the first `count` documents those of the pool that are open and that nobody has begun."""
    is_open = np.ones(count, dtype=bool)
    others = Document.objects.filter(project=project, position__lt=count).filter(
        ~Q(state=Document.State.OPEN) | Q(split=Document.Split.TEST)
    )
    is_open[list(others.values_list("position", flat=True))] = False
    is_open[Document.objects.removed_positions(project, count)] = False
    begun = Lease.objects.filter(
        project=project, state=Lease.State.SUBMITTED, document__state=Document.State.OPEN
    )
    is_open[list(begun.filter(document__position__lt=count).values_list("document__position", flat=True))] = (
        False
    )
    return candidates_of(project, is_open)


def at_random(candidates: Candidates, seed: int, size: int) -> list[HeadEntry]:
    """A uniform draw, one of each group of near-duplicates first, with the chance that each document had."""

    def sampled(is_candidate: Flags, count: int) -> list[HeadEntry]:
        positions = np.random.default_rng(seed).permutation(np.flatnonzero(is_candidate))
        propensity = min(count / len(positions), 1.0)
        return [
            HeadEntry(int(position), Share.RANDOM, propensity=propensity) for position in positions[:count]
        ]

    return one_of_each_first(candidates, size, sampled)


def _with_parts(head: Sequence[Entry]) -> list[Entry]:
    """The head, with what each weak class has of all of it told by the entries that are there for it."""
    counts = Counter(reason.label_class for _pk, reason in head if reason.share in CLASS_SHARES)
    part = {label_class: round(count / len(head), 4) for label_class, count in counts.items()}
    return [
        (pk, replace(reason, part=part[reason.label_class]) if reason.share == Share.WEAK_CLASS else reason)
        for pk, reason in head
    ]


def _reason(
    entry: HeadEntry,
    classes: Sequence[UUID],
    version: ModelVersion | None,
    needs: Mapping[UUID, NeedReason],
    is_fallen: bool,
) -> SelectionReason:
    """What the queue remembers of an entry: enough to say why it was chosen.

    needs : why weak classes get their share, where a report or a manager said so
    is_fallen : the random share is larger than usual
    """
    is_weak = entry.share is Share.WEAK_CLASS and entry.label_class is not None
    return SelectionReason(
        share=entry.share,
        informativeness=round(float(entry.informativeness), 4),
        label_class=None if entry.label_class is None else str(classes[entry.label_class]),
        is_rare_class=entry.is_rare_class,
        cluster_size=entry.cluster_size,
        seed_words=entry.seed_words,
        seconds=entry.seconds and round(entry.seconds, 1),
        propensity=entry.propensity and round(float(entry.propensity), 6),
        is_fallback=is_fallen and entry.share is Share.RANDOM,
        model=None if version is None else version.number,
        need=needs.get(classes[entry.label_class or 0]) if is_weak else None,
    )
