"""Span cross-validation: how good a tagger is on unseen labels. Trained again, each time without a part.

Counted as the reports count spans: the same ends and the same class, or wrong. The labels of the pool were
chosen by the queue, so the counts may be off in either direction: they stand in while a test set is small.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from labeling.learning.arrays.types import Integers
from labeling.learning.sequence.bio_tags import Span
from labeling.learning.sequence.crf import NothingToLearn, SpanTagger, train_tagger
from labeling.learning.text.word_clusters import WordClusters

FOLDS = 3  # five took twice the time, and were nearer to a test set on two of three sets
MIN_DOCUMENTS = 12  # documents: with fewer a fold is hardly a sample


def cross_validate_spans(
    texts: Sequence[str],
    spans: Sequence[Sequence[Span]],
    classes: Sequence[str],
    folder: Path,
    clusters: WordClusters | None = None,
    *,
    seed: int,
) -> Integers:
    """Right, wrongly given and missed spans of each class, each document held out once.

    texts : n labeled documents; spans : n lists, empty where a text holds none
    classes : names in the order of their numbers
    folder : an empty one, for the models of the folds
    returns : (3, n_classes): true positives, false positives, false negatives; (3, 0) with too few documents
    """
    if len(texts) < MIN_DOCUMENTS:
        return np.zeros((3, 0), dtype=np.int64)
    number = {name: index for index, name in enumerate(classes)}
    counts = np.zeros((3, len(classes)), dtype=np.int64)
    fold_of = np.random.default_rng(seed).permutation(len(texts)) % FOLDS
    for fold in range(FOLDS):
        kept, held = np.flatnonzero(fold_of != fold).tolist(), np.flatnonzero(fold_of == fold).tolist()
        model = folder / f"fold{fold}"
        try:
            train_tagger([texts[n] for n in kept], [spans[n] for n in kept], model, clusters)
        except NothingToLearn:
            return np.zeros((3, 0), dtype=np.int64)
        predictions = SpanTagger.open(model).tag([texts[n] for n in held])
        for n, tagged in zip(held, predictions, strict=True):
            true, predicted = set(spans[n]), set(tagged.spans)
            for row, part in enumerate((true & predicted, predicted - true, true - predicted)):
                for span in part:
                    counts[row, number[span.label_class]] += 1
    return counts
