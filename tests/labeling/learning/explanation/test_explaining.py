"""An explanation names words of the text, and those that really move the model."""

from dataclasses import replace

import numpy as np
import pytest

from labeling.learning.classifiers.auxiliary import AuxiliaryData
from labeling.learning.classifiers.external import ExternalModel
from labeling.learning.classifiers.fitting import fit_committee
from labeling.learning.explanation.attributions import Duel, column_attributions, text_attributions
from labeling.learning.explanation.explaining import MAX_WORDS, expert_views, explain
from labeling.learning.text import tfidf
from labeling.learning.text.rows import Rows
from labeling.learning.text.tfidf import Featurizer
from labeling.learning.text.words import Tokens, words
from tests.labeling.learning.conftest import COMMON, WORDS
from tests.labeling.learning.test_real_texts import read

LINES = ["football: goal, match, league", "money: market, bank, profit", "space: orbit, rocket, planet"]


def two_best(probabilities):
    return np.argsort(-probabilities, axis=1)[:, :2]


def lead(committee, featurizer, text, pair):
    """Log-odds of the first class of the pair against the second, of some text."""
    return np.diff(np.log(committee.probabilities(featurizer.transform([text]))[0][pair[::-1]]))[0]


def without(text, gone):
    return " ".join(word for word in words(text) if word not in gone)


@pytest.fixture(scope="module")
def committee(rows, labels, featurizer):
    auxiliary = AuxiliaryData(rows, np.arange(len(labels)), described=featurizer.transform(LINES))
    return fit_committee(rows.part(np.arange(60)), labels[:60], 3, auxiliary=auxiliary)


@pytest.fixture(scope="module")
def explained(committee, rows, texts, featurizer):
    return explain(rows, texts, committee, two_best(committee.probabilities(rows)), featurizer)


def test_only_words_of_the_text_are_named_and_few_of_them(explained, texts):
    for result, text in zip(explained, texts, strict=True):
        named = [word for word, _pull in result.words]
        assert len(named) <= MAX_WORDS
        assert set(named) <= set(words(text))
        pulls = [pull for _word, pull in result.words]
        assert pulls == sorted(pulls, reverse=True)
        assert all(pull > 0 for pull in pulls)


def test_words_of_the_class_pull_and_those_of_every_text_do_not(explained, committee, rows):
    best = committee.probabilities(rows).argmax(axis=1)
    named = [(word, number) for e, number in zip(explained, best, strict=True) for word, _ in e.words[:2]]
    assert np.mean([word in WORDS[number] for word, number in named]) > 0.95
    assert np.mean([word in COMMON for word, _ in named]) < 0.05


def test_removing_the_named_words_moves_the_probability_most(explained, committee, texts, rows, featurizer):
    pairs = two_best(committee.probabilities(rows))
    rng = np.random.default_rng(0)
    for number in range(60, 120):
        text, pair = texts[number], pairs[number]
        named = {word for word, _ in explained[number].words}
        others = sorted(set(words(text)) - named)
        drawn = set(rng.permutation(others)[: len(named)].tolist())
        before = lead(committee, featurizer, text, pair)
        named_gone = before - lead(committee, featurizer, without(text, named), pair)
        others_gone = before - lead(committee, featurizer, without(text, drawn), pair)
        assert named_gone > others_gone


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("trec6", 0.85), ("ag_news", 0.7)])
def test_on_real_texts_the_first_named_word_is_among_the_three_that_move_most(name, least):
    texts, labels = read(name)
    texts, labels = texts[:4_000], labels[:4_000]
    featurizer = Featurizer.learn(texts)
    rows = featurizer.transform(texts)
    drawn = np.random.default_rng(0).permutation(len(texts))
    auxiliary = AuxiliaryData(rows, np.arange(len(texts)))
    chosen = rows.part(drawn[:100])
    committee = fit_committee(chosen, labels[drawn[:100]], int(labels.max()) + 1, auxiliary=auxiliary)
    asked = drawn[100:200]
    pairs = two_best(committee.probabilities(rows.part(asked)))
    explained = explain(rows.part(asked), [texts[i] for i in asked], committee, pairs, featurizer)
    hits = []
    for number, pair, explanation in zip(asked, pairs, explained, strict=True):
        if explanation.words:
            held = sorted(set(words(texts[number])))
            left = [lead(committee, featurizer, without(texts[number], {word}), pair) for word in held]
            hits.append(explanation.words[0][0] in np.array(held)[np.argsort(left)[:3]])
    assert np.mean(hits) > least


def test_each_expert_that_has_an_opinion_is_heard_alone(committee, rows):
    opinions = committee.expert_probabilities(rows)
    for number, views in enumerate(expert_views(rows, committee)):
        for view in views:
            expert = committee.names.index(view.expert)
            assert view.label_class == opinions[expert, number].argmax()
            assert view.probability == pytest.approx(opinions[expert, number].max())
            assert view.weight == committee.weights[expert] > 0


def test_a_model_from_elsewhere_that_said_nothing_is_not_heard(rows, labels):
    log_probabilities = np.log(np.full((1, 3), 0.05, dtype=np.float32))
    log_probabilities[0, 2] = np.log(0.9)
    placed = Rows(rows.sparse, rows.dense, positions=np.arange(len(labels)))
    auxiliary = AuxiliaryData(
        placed, placed.positions, outside={"gpt": ExternalModel(3, np.array([7]), log_probabilities)}
    )
    committee = fit_committee(placed.part(np.arange(60)), labels[:60], 3, auxiliary=auxiliary)
    views = expert_views(placed.part(np.array([7, 8])), committee)
    assert [view.label_class for view in views[0] if view.expert == "gpt"] == [2]
    assert not [view for view in views[1] if view.expert == "gpt"]


def test_several_labels_are_explained_one_by_one(rows, labels, texts, featurizer):
    flags = np.eye(3, dtype=bool)[labels]
    auxiliary = AuxiliaryData(rows, np.arange(len(labels)))
    committee = fit_committee(rows.part(np.arange(90)), flags[:90], 3, auxiliary=auxiliary)
    pairs = two_best(committee.probabilities(rows))
    explained = explain(rows, texts, committee, pairs, featurizer)
    first = [(e.words[0][0], pair[0]) for e, pair in zip(explained, pairs, strict=True) if e.words]
    assert np.mean([word in WORDS[number] for word, number in first]) > 0.95


@pytest.mark.parametrize("read", [50_000, 30])  # columns that LSA reads: all, or a part of them
def test_what_the_dense_view_adds_is_shared_among_the_words_without_a_rest(read, monkeypatch, texts, labels):
    """Word by word it is as much as all at once; only the center, the usual text's vector, is no word's."""
    monkeypatch.setattr(tfidf, "MAX_TOPIC_COLUMNS", read)
    featurizer = Featurizer.learn(texts, dimensions=16)
    once = [" ".join(dict.fromkeys(text.split())) for text in texts]
    rows = featurizer.transform(once)
    committee = fit_committee(rows.part(np.arange(60)), labels[:60], 3)
    pair = two_best(committee.probabilities(rows))
    duel = Duel(rows, pair[:, 0], pair[:, 1])
    tokens = Tokens.of([words(text) for text in once])
    shared = column_attributions(duel, committee, featurizer, tokens)
    shared -= column_attributions(duel, committee, None, tokens)
    weights = committee.linear.dense_weights[featurizer.directions.shape[1] :]
    held = [np.isin(featurizer.words, row.indices) for row in (rows.sparse[[n]] for n in range(len(once)))]
    length = np.linalg.norm(
        [featurizer.vectors[is_held].sum(axis=0) - featurizer.center for is_held in held], axis=1
    )
    usual = duel.lead(
        committee.linear, (featurizer.center @ weights)[None].repeat(len(once), 0), np.arange(len(once))
    )
    total = np.bincount(duel.row, weights=shared, minlength=len(once))
    assert total - usual / length == pytest.approx(text_attributions(duel, committee), abs=1e-4)


def test_static_vectors_are_shared_among_the_words_too(texts, labels, static):
    """All that is taken from the sums of words, and belongs to none of them, is left out here."""
    learned = Featurizer.learn(texts, static=static, dimensions=16)
    assert learned.static is not None
    bare = replace(learned.static, center=0 * learned.static.center, mean=0 * learned.static.mean)
    featurizer = replace(learned, center=0 * learned.center, static=bare)
    once = [" ".join(dict.fromkeys(text.split())) for text in texts]
    rows = featurizer.transform(once)
    committee = fit_committee(rows.part(np.arange(60)), labels[:60], 3)
    pair = two_best(committee.probabilities(rows))
    duel = Duel(rows, pair[:, 0], pair[:, 1])
    tokens = Tokens.of([words(text) for text in once])
    shared = column_attributions(duel, committee, featurizer, tokens)
    shared -= column_attributions(duel, committee, None, tokens)
    total = np.bincount(duel.row, weights=shared, minlength=len(once))
    assert total == pytest.approx(text_attributions(duel, committee), abs=1e-4)


def test_a_dense_view_of_the_whole_text_is_told_as_one(committee, rows, texts):
    pairs = two_best(committee.probabilities(rows))
    explained = explain(rows, texts, committee, pairs)  # as if the dense view were of sentences
    assert np.mean([e.whole > 0 for e in explained]) > 0.9


def test_words_are_looked_for_in_the_first_texts_only(committee, rows, texts, featurizer):
    pairs = two_best(committee.probabilities(rows))
    explained = explain(rows, texts[:5], committee, pairs, featurizer)
    assert all(e.words for e in explained[:5])
    assert not any(e.words for e in explained[5:])
    assert all(e.views for e in explained)


def test_a_text_without_known_words_is_explained_by_nothing(committee, featurizer):
    rows = featurizer.transform(["", "zzzz"])
    explained = explain(rows, ["", "zzzz"], committee, two_best(committee.probabilities(rows)), featurizer)
    assert [e.words for e in explained] == [(), ()]
