"""Span ranking: which documents of a span project come to the front, by uncertainty per second of work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from labeling.annotations.ground_truth import labeled_documents
from labeling.annotations.models import Annotation
from labeling.features.editions import edition_folder
from labeling.features.pipeline import current_store
from labeling.features.tokens import current_tokens
from labeling.jobs.models import Job
from labeling.jobs.outbox import enqueue
from labeling.learning.arrays.types import Flags, Integers
from labeling.learning.query_strategies.annotation_cost import Cost, fit_cost
from labeling.learning.query_strategies.head_builder import one_of_each_first, select_head
from labeling.learning.query_strategies.mix import HeadEntry, Share, Strategy
from labeling.learning.query_strategies.pool_scores import PoolScores
from labeling.learning.query_strategies.span_pool_scores import changed_tags, pool_scores
from labeling.learning.sequence.crf import SpanTagger
from labeling.learning.storage.feature_store import FeatureStore
from labeling.learning.storage.token_store import TokenStore
from labeling.learning.text.near_duplicates import Candidates
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.ranking.head import Ranker, all_selection_targets, at_random, labels_between, open_candidates

MAX_SCORED_DOCUMENTS = 100_000  # documents for one order; of a larger pool random blocks, others every time
MEASURED = 2_000  # answers, the latest, that tell how long a text takes


def tagger_ranker(
    project: Project,
    version: ModelVersion,
    tagger: SpanTagger,
    earlier: Callable[[], SpanTagger | None],
) -> Ranker:
    """By the project's strategy; doubt counts by the second of work that it takes to remove it.

    earlier : opens the tagger before this one, for the strategy that looks at what has changed since

    Documents whose tokens are not made yet are left out; these are owed, and a ranking after them.
    """
    tokens = current_tokens(edition_folder(project.pk, project.feature_edition))

    def choose(seed: int, size: int) -> Sequence[HeadEntry]:
        count = len(tokens) if tokens else 0
        if count < project.document_count:
            enqueue(project.pk, Job.Kind.FEATURIZE)
        store = current_store(project)
        if not tokens or store is None or project.strategy == Project.Strategy.RANDOM:
            return at_random(open_candidates(project, count or project.document_count), seed, size)
        candidates = open_candidates(project, max(count, len(store)))
        # Of the last ones the tokens or the features are still being made.
        candidates.is_open[min(count, len(store)) :] = False
        before = earlier() if project.strategy == Project.Strategy.DISAGREEMENT else None
        return _chosen(project, version, tagger, before, tokens, store, candidates, seed, size)

    return Ranker(project, choose, version, version.classes)


def measured_cost(project: Project, tokens: TokenStore) -> Cost:
    """What a text costs this project's annotators, from the seconds that the page measured."""
    answers = Annotation.objects.filter(
        project=project,
        source=Annotation.Source.PERSON,
        seconds__gt=0,
        document__position__lt=len(tokens),
    ).order_by("-pk")
    rows = list(answers.values_list("seconds", "document__position")[:MEASURED])
    seconds = np.array([seconds_taken for seconds_taken, _ in rows], dtype=np.float64)
    return fit_cost(
        seconds, tokens.token_counts(np.array([position for _, position in rows], dtype=np.int64))
    )


def _chosen(
    project: Project,
    version: ModelVersion,
    tagger: SpanTagger,
    earlier: SpanTagger | None,
    tokens: TokenStore,
    store: FeatureStore,
    candidates: Candidates,
    seed: int,
    size: int,
) -> list[HeadEntry]:
    cost = measured_cost(project, tokens)
    scores, share = _scores(version, tagger, earlier, tokens, cost, seed)
    batch, labeled = labels_between(project, version), _labeled(project, min(len(tokens), len(store)))

    def best(is_candidate: Flags, count: int) -> Sequence[HeadEntry]:
        return select_head(
            scores.keep(is_candidate[scores.positions]),
            store.dense,
            len(version.classes),
            strategy=Strategy(project.strategy),
            selection_targets=all_selection_targets(project, version, store, is_candidate),
            is_of_spans=True,
            size=count,
            batch=batch,
            labeled=labeled,
            seed=seed,
        )

    head = one_of_each_first(candidates, size, best)
    seconds = cost.seconds(tokens.token_counts(np.array([entry.position for entry in head], dtype=np.int64)))
    return [_with_cost(entry, float(n), share) for entry, n in zip(head, seconds, strict=True)]


def _with_cost(entry: HeadEntry, seconds: float, share: float) -> HeadEntry:
    """The classes that were found are no rivals of each other: they are not told as such."""
    plain = replace(entry, classes=(), probabilities=())
    if entry.share is Share.RANDOM:  # drawn from the blocks that were looked at, which were drawn too
        return replace(plain, propensity=(entry.propensity or 0.0) * share)
    return replace(plain, seconds=seconds) if entry.share is Share.MARGIN else plain


def sampled_blocks(n_documents: int, block_documents: int, seed: int) -> Integers:
    """Numbers of the blocks to look at, ascending: all, or random ones that hold `MAX_SCORED_DOCUMENTS`."""
    n_blocks = -(-n_documents // block_documents)
    max_blocks = -(-MAX_SCORED_DOCUMENTS // block_documents)
    return np.sort(np.random.default_rng(seed).permutation(n_blocks)[:max_blocks])


def _scores(
    version: ModelVersion,
    tagger: SpanTagger,
    earlier: SpanTagger | None,
    tokens: TokenStore,
    cost: Cost,
    seed: int,
) -> tuple[PoolScores, float]:
    """Scores of the blocks that there is time for, and the share of blocks that these are."""
    names = [label_class.hex for label_class in version.classes]
    sampled = sampled_blocks(len(tokens), tokens.shard_rows, seed)
    parts = []
    for first, block in tokens.blocks(sampled.tolist()):
        predicted = tagger.score(block, names)
        changed = None if earlier is None else changed_tags(block, predicted, earlier.score(block, names))
        parts.append(pool_scores(first + np.arange(len(block)), predicted, cost, changed))
    return PoolScores.merge(parts), len(sampled) / tokens.n_shards


def _labeled(project: Project, count: int) -> Integers:
    """Places of the labeled documents: herding keeps away from them."""
    positions = [d.position for d in labeled_documents(project.pk, "pool") if d.position < count]
    return np.array(positions, dtype=np.int64)
