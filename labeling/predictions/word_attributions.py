"""Word attributions: the words that decided what the model says of the test set. Kept for who reviews it.

Reading a model's files would cost a page more time than it has, so the words are looked for when the model is
new: first in the documents that it gets wrong, then in those that it is least sure of. A prediction keeps
{"towards": place of the class in question, "against": place of the one held against it (the label where
that is another class, else the runner-up; -1 where a document may have several classes), "words": [[word,
nats], …] that pull to the first class, "others": those that pull to the second one, or away}.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db.models.functions import Left

from labeling.annotations.ground_truth import LabeledDocument
from labeling.documents.models import Document
from labeling.learning.arrays.class_index import ClassIndex
from labeling.learning.arrays.types import Doubles, Flags, Floats, Integers
from labeling.learning.classifiers.committee import Committee
from labeling.learning.explanation.attributions import Duel
from labeling.learning.explanation.explaining import MAX_CHARACTERS, pulling_words
from labeling.learning.storage.feature_store import WORDS, FeatureStore
from labeling.predictions.models import ModelVersion

MAX_TOTAL_CHARACTERS = 400_000  # characters of one model's test documents, each twice: half a second
BATCH_SIZE = 500  # documents


def truth_flags(version: ModelVersion, documents: Sequence[LabeledDocument]) -> Flags:
    """(n, n_classes) the labels of these documents; classes that the model does not know have no column."""
    return ClassIndex.of(version.classes).matrix([document.classes for document in documents])


def attributions_of(
    committee: Committee,
    store: FeatureStore,
    positions: Sequence[tuple[int, int]],
    probabilities: Floats,
    truth: Flags,
) -> dict[int, dict[str, Any]]:
    """What is kept of each test document's words; none of those for which there is no time.

    positions : (document, position) of n documents, the labeled ones first
    probabilities : (n, n_classes)
    truth : (m, n_classes) labels of the first m
    """
    if not positions or committee.n_classes < 2:
        return {}
    is_several = committee.link == "sigmoid"
    towards, against, order = duels(probabilities, committee.decide(probabilities), truth, is_several)
    attributions: dict[int, dict[str, Any]] = {}
    read = 0
    for first in range(0, len(order), BATCH_SIZE):
        rows = order[first : first + BATCH_SIZE]
        ids = [positions[row][0] for row in rows]
        texts = dict(Document.objects.filter(pk__in=ids).values_list("pk", Left("text", MAX_CHARACTERS)))
        sizes = read + np.cumsum([len(texts[pk]) for pk in ids])
        rows = rows[: int(np.searchsorted(sizes, MAX_TOTAL_CHARACTERS, side="right"))]
        read = int(sizes[-1])
        attributions |= _told(committee, store, positions, rows, towards[rows], against[rows], texts)
        if read >= MAX_TOTAL_CHARACTERS:
            break
    return attributions


def duels(
    probabilities: Floats | Doubles, decided: Flags, truth: Flags, is_several: bool
) -> tuple[Integers, Integers, Integers]:
    """For each document the class in question and the one held against it; and the order to look in.

    Of several classes the one that the model is furthest off with; -1 is held against it.

    >>> odds = np.array([[0.7, 0.2, 0.1], [0.5, 0.4, 0.1]])
    >>> duels(odds, odds >= 0.5, np.array([[True, False, False], [False, False, True]]), is_several=False)
    (array([0, 0]), array([1, 2]), array([1, 0]))
    """
    labeled = len(truth)
    numbers = np.arange(len(probabilities))
    if is_several:
        off = np.array(probabilities, dtype=np.float64)  # where nothing is wrong, the most probable class
        missed = decided[:labeled] != truth
        off[:labeled][missed] = 1 + np.abs(off[:labeled] - 0.5)[missed]
        towards = off.argmax(axis=1)
        against = np.full(len(towards), -1)
        is_wrong = np.zeros(len(towards), dtype=bool)
        is_wrong[:labeled] = (decided[:labeled] != truth).any(axis=1)
        doubt = -np.abs(probabilities - 0.5).min(axis=1)
    else:
        ranked = np.argsort(-probabilities, axis=1)
        towards, against = ranked[:, 0], ranked[:, 1].copy()
        is_wrong = np.zeros(len(towards), dtype=bool)
        is_wrong[:labeled] = truth.any(axis=1) & ~truth[numbers[:labeled], towards[:labeled]]
        against[is_wrong] = truth[is_wrong[:labeled]].argmax(axis=1)
        doubt = -(probabilities[numbers, ranked[:, 0]] - probabilities[numbers, ranked[:, 1]])
    return towards, against, np.lexsort((-doubt, ~is_wrong))


def _told(
    committee: Committee,
    store: FeatureStore,
    positions: Sequence[tuple[int, int]],
    rows: Integers,
    towards: Integers,
    against: Integers,
    texts: dict[int, str],
) -> dict[int, dict[str, Any]]:
    if not len(rows):
        return {}
    ids = [positions[row][0] for row in rows]
    kept = store.take(np.array([positions[row][1] for row in rows], dtype=np.int64))
    featurizer = store.featurizer if store.view == WORDS else None
    read = [texts[pk] for pk in ids]
    to_first, to_other = (
        pulling_words(read, committee, duel, featurizer)
        for duel in (Duel(kept, towards, against), Duel(kept, against, towards))
    )
    return {
        pk: {
            "towards": int(towards[number]),
            "against": int(against[number]),
            "words": [[word, round(nats, 2)] for word, nats in to_first[number]],
            "others": [[word, round(nats, 2)] for word, nats in to_other[number]],
        }
        for number, pk in enumerate(ids)
    }
