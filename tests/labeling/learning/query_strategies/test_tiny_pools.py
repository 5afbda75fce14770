"""Any pool that can be stored can be learned and ranked, however small, alike or empty of words it is."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labeling.learning.classifiers.auxiliary import AuxiliaryData
from labeling.learning.classifiers.committee import Committee
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.explanation.span_attributions import attribute_spans
from labeling.learning.query_strategies.annotation_cost import PER_TOKEN
from labeling.learning.query_strategies.cold_start import start_head
from labeling.learning.query_strategies.head_builder import select_head
from labeling.learning.query_strategies.mix import SelectionTargets, Strategy
from labeling.learning.query_strategies.pool_scores import PoolScores, score_pool
from labeling.learning.query_strategies.span_pool_scores import changed_tags, pool_scores
from labeling.learning.sequence.bio_tags import Span
from labeling.learning.sequence.crf import NothingToLearn, SpanTagger, train_tagger
from labeling.learning.sequence.crf_features import Describer
from labeling.learning.sequence.cross_validation import cross_validate_spans
from labeling.learning.sequence.token_blocks import segment_words
from labeling.learning.storage.feature_store import FeatureStore
from labeling.learning.storage.token_store import TokenStore
from labeling.learning.text.tfidf import Featurizer
from labeling.learning.text.word_clusters import learn_clusters
from tests.thorough import examples

CLASSES = ["A", "B", "C"]
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
NUMBERS = [f"{n * 7919:07d}" for n in range(1, 13)]  # no two share a word
NAMES = [
    "Ann Lee",
    "Bob Ray",
    "Cy Orr",
    "Di Poe",
    "Ed Fox",
    "Flo Kay",
    "Gus Hay",
    "Hal Roe",
    "Ida May",
    "Jo Coe",
]
MESSAGES = [
    "hi",
    "ok then",
    "where are you?",
    "thanks!",
    "see you",
    "no idea",
    "fine by me",
    "later",
    "what now",
    "yes",
]
SIGNS = ["!!!", "???", "…", "--", "§", "%", "&&", "##", "@@", "+"]
EMOJI = ["😀", "😀😀", "👍", "🎉", "❤️", "🏳️‍🌈", "👨‍👩‍👧", "🔥", "🔥", "💯"]
LONG = ["word " * 900, "w" * 9_000, "x y " * 900, "1 " * 2_000]
ALIKE = ["the same text"] * 10

one_text = st.sampled_from(
    [*MESSAGES, *SIGNS, *EMOJI, *LONG[:2], "\u200b", "日本語", "\n\n", "a\tb"]
) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
pools = st.sampled_from([NUMBERS, NAMES, MESSAGES, SIGNS, EMOJI, LONG, ALIKE]) | st.lists(
    one_text, min_size=1, max_size=12
)


def stored(texts, folder):
    """Features of a pool."""
    return FeatureStore.create(Path(folder, "features"), Featurizer.learn(texts)).append(0, texts)


def check_head(scores, store, n_classes, strategy, **options):
    """Every document has its place, whatever is asked for."""
    selection_targets = SelectionTargets(
        needs={0: 0.3}, focus={n_classes - 1: 0.2}, target_classes=frozenset({0})
    )
    head = select_head(
        scores,
        store.dense,
        n_classes,
        strategy=strategy,
        selection_targets=selection_targets,
        labeled=np.arange(1),
        **options,
    )
    assert sorted(entry.position for entry in head) == list(range(len(store)))


@pytest.mark.parametrize("is_multi", [False, True])
@settings(max_examples=examples(20))
@given(pools, st.integers(0, 99), st.sampled_from(Strategy), st.booleans(), st.booleans())
@example(NUMBERS, 1, Strategy.DEFAULT, True, False)
@example(NAMES, 1, Strategy.DISAGREEMENT, True, True)
@example(MESSAGES, 2, Strategy.DEFAULT, True, False)
@example(SIGNS, 1, Strategy.DEFAULT, True, True)
@example(ALIKE, 1, Strategy.HERDING, False, True)
@example(["one"], 1, Strategy.DEFAULT, True, True)
def test_any_pool_gets_a_model_with_sound_probabilities_and_an_order(
    is_multi, texts, seed, strategy, has_unlabeled, has_lines
):
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=len(texts)) if seed else np.zeros(len(texts), dtype=np.int64)
    if is_multi:
        labels = rng.random((len(texts), 3)) < 0.4
    with TemporaryDirectory(dir=MEMORY) as folder:
        store = stored(texts, folder)
        every = np.arange(len(texts))
        rows = store.take(every)
        lines = store.featurizer.transform(["A: hi there", "B", "?!"]) if has_lines else None
        unlabeled = every if has_unlabeled else every[:0]
        auxiliary = AuxiliaryData(store.take(unlabeled), unlabeled, described=lines)
        first = fit_committee(rows, labels, 3, auxiliary=auxiliary)
        fit_committee(rows, labels, 3, auxiliary=auxiliary, start=first).save(Path(folder, "model"), {})
        committee, _facts = Committee.load(Path(folder, "model"))
        probabilities = committee.probabilities(rows)
        assert np.isfinite(probabilities).all()
        assert ((probabilities >= 0) & (probabilities <= 1 + 1e-5)).all()
        if not is_multi:
            assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-4)
        assert np.isfinite(committee.expert_probabilities(rows)).all()
        scores = score_pool(store, committee, has_votes=True)
        assert np.isfinite([scores.margin, scores.disagreement]).all()
        check_head(scores, store, 3, strategy)
        first_places = start_head(every, store.dense)
        assert sorted(entry.position for entry in first_places) == every.tolist()


def marked(text, seed):
    """A few spans of a text, some over each other, some of white space alone."""
    rng = np.random.default_rng(seed)
    indices = [sorted(rng.integers(0, len(text) + 1, 2).tolist()) for _ in range(int(rng.integers(3)))]
    return [Span(start, end, CLASSES[seed % 3]) for start, end in indices if start < end]


@settings(max_examples=examples(25))
@given(pools, st.integers(0, 99), st.sampled_from(Strategy))
@example(NUMBERS, 1, Strategy.DEFAULT)
@example(SIGNS, 2, Strategy.DISAGREEMENT)
@example(EMOJI, 3, Strategy.DEFAULT)
@example(["\n\n", "a\nb"], 4, Strategy.DEFAULT)
def test_any_pool_of_spans_gets_a_tagger_and_an_order_or_is_known_to_hold_nothing(texts, seed, strategy):
    spans = [marked(text, seed + number) for number, text in enumerate(texts)]
    segments = [words for text in texts for words in segment_words(text)]
    clusters = learn_clusters(segments)
    with TemporaryDirectory(dir=MEMORY) as folder:
        tokens = TokenStore.create(Path(folder, "tokens"), clusters).append(0, texts, Describer(clusters))
        try:
            train_tagger(texts, spans, Path(folder, "model"), clusters)
        except NothingToLearn:
            assert not any(segments)
            return
        tagger = SpanTagger.open(Path(folder, "model"))
        tagged = tagger.tag(texts)
        for text, prediction in zip(texts, tagged, strict=True):
            assert np.isfinite(prediction.log_likelihood)
            assert all(0 <= span.start < span.end <= len(text) for span in prediction.spans)
            assert all(0 < probability <= 1 + 1e-9 for probability in prediction.probabilities)
        attribute_spans(tagger, texts, tagged, spans)
        cross_validate_spans(texts, spans, CLASSES, Path(folder, "folds"), clusters, seed=seed)
        parts = []
        for index, block in tokens.blocks():
            said = tagger.score(block, CLASSES)
            parts.append(
                pool_scores(index + np.arange(len(block)), said, PER_TOKEN, changed_tags(block, said, said))
            )
        scores = PoolScores.merge(parts)
        assert np.isfinite([scores.margin, scores.disagreement]).all()
        check_head(scores, stored(texts, folder), 3, strategy, is_of_spans=True)
