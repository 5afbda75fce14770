"""A tagger finds spans, and says of many texts at once what CRFsuite says of each."""

from itertools import pairwise

import numpy as np
import pycrfsuite
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labeling.learning.explanation.span_attributions import attribute_spans
from labeling.learning.sequence.bio_tags import Span, tags_of
from labeling.learning.sequence.crf import MODEL_FILE, NothingToLearn, SpanTagger, train_tagger
from labeling.learning.sequence.crf_features import PLACES, Describer
from labeling.learning.sequence.crf_weights import NotAModel, WeightTables, read_weights
from labeling.learning.sequence.cross_validation import cross_validate_spans
from labeling.learning.sequence.token_blocks import TokenBlock, segment_words
from labeling.learning.text.word_clusters import learn_clusters

WORDS = ["Aspirin", "causes", "pain", "B-12", "Café", "日本", "5mg", "the", "U.S.", "😀", "unseen", "Heparin"]
odd_texts = st.lists(st.sampled_from([*WORDS, "\n", " "]), max_size=30).map(" ".join)


def lesson(count=80, seed=0):
    """Sentences about drugs and what they cause, with both marked."""
    rng = np.random.default_rng(seed)
    names, harms = ["Aspirin", "Ibuprofen", "Codeine", "Heparin"], ["pain", "severe fever", "a rash"]
    texts, spans = [], []
    for _ in range(count):
        name, harm = names[rng.integers(4)], harms[rng.integers(3)]
        start = f"The drug {name} causes "
        texts.append(f"{start}{harm} in 5 patients.")
        spans.append([Span(9, 9 + len(name), "Drug"), Span(len(start), len(start) + len(harm), "Harm")])
    return texts, spans


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    texts, spans = lesson()
    path = tmp_path_factory.mktemp("crf")
    clusters = learn_clusters([words for text in texts for words in segment_words(text)], sizes=(4,))
    train_tagger(texts, spans, path, clusters)
    return path


@pytest.fixture(scope="module")
def tagger(folder):
    return SpanTagger.open(folder)


@pytest.fixture(scope="module")
def crfsuite(folder):
    opened = pycrfsuite.Tagger()
    opened.open(str(folder / MODEL_FILE))
    return opened


@pytest.fixture(scope="module")
def describer(tagger):
    return tagger._describer


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(odd_texts, min_size=1, max_size=6))
def test_many_texts_at_once_get_the_tags_and_probabilities_of_crfsuite(texts, folder, crfsuite, describer):
    tables = WeightTables.of(read_weights(folder / MODEL_FILE))
    block = TokenBlock.of_texts(texts, describer)
    decoded = tables.decode(block)
    segments = [words for text in texts for words in segment_words(text)]
    assert len(segments) == len(decoded.log_likelihoods)
    for number, words in enumerate(segments):
        first, behind = block.segments[number : number + 2]
        tags = crfsuite.tag(describer.tokens(words))
        assert [tables.tags[tag] for tag in decoded.tags[first:behind]] == tags
        assert np.exp(decoded.log_likelihoods[number]) == pytest.approx(crfsuite.probability(tags), abs=1e-4)
        chances = [crfsuite.marginal(tag, index) for index, tag in enumerate(tags)]
        assert decoded.chances[first:behind] == pytest.approx(chances, abs=1e-4)


def test_weights_are_those_that_crfsuite_prints(folder, crfsuite):
    weights, printed = read_weights(folder / MODEL_FILE), crfsuite.info()
    attributes = {name: row for row, name in enumerate(weights.attributes)}
    tags = {name: number for number, name in enumerate(weights.tags)}
    assert np.count_nonzero(weights.states) == len(printed.state_features)
    for (attribute, tag), weight in printed.state_features.items():
        assert weights.states[attributes[attribute], tags[tag]] == pytest.approx(weight, abs=1e-5)
    for (before, after), weight in printed.transitions.items():
        assert weights.transitions[tags[before], tags[after]] == pytest.approx(weight, abs=1e-5)


@pytest.mark.parametrize("held", [b"", b"lCRF", b"x" * 200, b"lCRF\0\0\0\0FOMC" + b"\xff" * 60])
def test_a_file_that_is_no_model_is_refused(tmp_path, held):
    (tmp_path / "m").write_bytes(held)
    with pytest.raises(NotAModel):
        read_weights(tmp_path / "m")


def test_half_a_model_is_refused(tmp_path, folder):
    whole = (folder / MODEL_FILE).read_bytes()
    (tmp_path / "m").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NotAModel):
        read_weights(tmp_path / "m")


def test_a_tagger_finds_what_it_was_shown(tagger):
    (tagged,) = tagger.tag(["The drug Aspirin causes pain in 5 patients."])
    assert tagged.spans == (Span(9, 16, "Drug"), Span(24, 28, "Harm"))
    assert min(tagged.probabilities) > 0.9
    assert tagged.log_likelihood <= 0
    assert tagged.n_tokens == 9


@pytest.mark.parametrize("odd", ["", "   ", "😀", "\n\n", "a" * 10_000, "x " * 30_000, "\ud800 lone"])
def test_a_tagger_answers_for_odd_texts(tagger, odd):
    (tagged,) = tagger.tag([odd])
    assert np.isfinite(tagged.log_likelihood)
    assert all(0 <= p <= 1 for p in tagged.probabilities)


def test_scores_are_those_of_the_tagged_texts(tagger, describer):
    texts = [*lesson(5, seed=3)[0], "", "Nothing Zyx-9 like\nThat Aspirin"]
    scores = tagger.score(TokenBlock.of_texts(texts, describer), ["Drug", "Harm"])
    for number, tagged in enumerate(tagger.tag(texts)):
        assert scores.log_likelihoods[number] == pytest.approx(tagged.log_likelihood)
        assert scores.token_counts[number] == tagged.n_tokens
        names = {span.label_class for span in tagged.spans}
        assert {["Drug", "Harm"][c] for c in scores.classes[number] if c >= 0} == names
        assert (scores.probabilities[number] > 0).sum() == len(names)


def test_every_class_that_was_found_is_named_the_surest_first(tagger, describer):
    names = ["Other", "Harm", "Another", "Drug"]
    scores = tagger.score(TokenBlock.of_texts(lesson(4)[0], describer), names)
    assert scores.classes.shape == scores.probabilities.shape == (4, 4)
    for classes, probabilities in zip(scores.classes.tolist(), scores.probabilities.tolist(), strict=True):
        assert set(classes) == {1, 3, -1}
        assert probabilities == sorted(probabilities, reverse=True)
        assert classes[2:] == [-1, -1]
        assert probabilities[2:] == [0, 0]


def test_a_class_that_is_no_more_is_not_named(tagger, describer):
    scores = tagger.score(TokenBlock.of_texts(lesson(2)[0], describer), ["Harm"])
    assert scores.classes.tolist() == [[0, -1], [0, -1]]


def test_an_unknown_text_is_less_likely_than_a_known_one(tagger):
    seen, unknown = tagger.tag(["The drug Aspirin causes pain.", "Nothing Zyx-9 like That"])
    assert unknown.log_likelihood < seen.log_likelihood


def test_texts_without_spans_teach_that_there_are_none(tmp_path):
    train_tagger(["nothing here", "nor here"], [[], []], tmp_path)
    assert SpanTagger.open(tmp_path).tag(["or here"])[0].spans == ()


def test_nothing_to_learn_is_said(tmp_path):
    with pytest.raises(NothingToLearn):
        train_tagger(["", " "], [[], []], tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_tagger_speaks_of_words_it_has_never_met(tagger):
    assert isinstance(Describer().tokens(["zzz"])[0], list)
    assert tagger.tag(["zzz zzz"])[0].n_tokens == 2


def test_what_words_add_is_all_that_sets_two_taggings_apart_but_moves_and_margins(
    tagger, crfsuite, describer
):
    """The likelihoods of CRFsuite differ by the words' pulls, the tags' own frequency and the moves."""
    text = "Aspirin and Codeine do harm ."
    predicted, held = [Span(0, 7, "Drug"), Span(12, 19, "Drug")], [Span(0, 7, "Harm"), Span(23, 27, "Harm")]
    ((tokens, led),) = tagger.attributions([text], [predicted], [held])
    names, tables = list(tagger._tables.tags), tagger._tables
    sides = [tags_of(tokens, spans) for spans in (predicted, held)]
    crfsuite.set(describer.tokens([text[start:end] for start, end in tokens]))
    apart = np.log(crfsuite.probability(sides[0])) - np.log(crfsuite.probability(sides[1]))

    def rest(tags):
        numbers = [names.index(tag) for tag in tags]
        moves = sum(tables.transitions[a, b] for a, b in pairwise(numbers))
        ends = [(n, index) for n in range(len(tags)) for index in PLACES if not 0 <= n + index < len(tags)]
        absent = sum(tables.absent[PLACES.index(index), numbers[n]] for n, index in ends)
        return moves + absent + tables.bias[numbers].sum()

    assert led.sum() + rest(sides[0]) - rest(sides[1]) == pytest.approx(apart, abs=1e-6)
    assert led[0] > 0  # Aspirin is a drug


def test_the_strongest_words_are_told_at_their_places(tagger):
    text = "The drug Aspirin causes a rash in 5 patients."
    (tagging,) = tagger.tag([text])
    assert [text[span.start : span.end] for span in tagging.spans] == ["Aspirin", "a rash"]
    (attributions,) = attribute_spans(tagger, [text], [tagging], [[tagging.spans[0]]])
    words = [text[pull.start : pull.end] for pull in attributions.towards]
    assert "rash" in words
    assert attributions.towards == tuple(sorted(attributions.towards))
    (nothing,) = attribute_spans(tagger, ["and"], tagger.tag(["and"]), [None])
    assert nothing == ((), ())


def test_each_document_is_held_out_once(tmp_path):
    texts, spans = lesson(40)
    counts = cross_validate_spans(texts, spans, ["Drug", "Harm"], tmp_path, seed=1)
    right, extra, missed = counts
    assert (right + missed).tolist() == [40, 40]
    assert (right > 35).all()
    assert (extra < 5).all()
    assert cross_validate_spans(texts[:5], spans[:5], ["Drug", "Harm"], tmp_path, seed=1).shape == (3, 0)
