"""Selection reasons as they are stored: what is written is read back, as are rows from before versions."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.explanations.selection_reason import (
    ClassProbability,
    ExpertPrediction,
    Measures,
    ModelEvidence,
    NeedReason,
    ReasonKey,
    Reply,
    SelectionReason,
    SuggestedSpan,
    WordAttribution,
)
from labeling.learning.query_strategies.mix import Share

REFUND, BILLING = "0b6c9b0e-6f1e-4c3f-9a56-1c0f5f6f7a01", "7d1d3c55-2f0b-4a43-8f0c-9f5b7f0a2b02"

numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 10_000)
texts = st.text(max_size=20)
probabilities = st.builds(ClassProbability, texts, numbers)
evidence = st.builds(
    ModelEvidence,
    top=st.none() | st.lists(probabilities, max_size=3).map(tuple),
    likely=st.none() | st.lists(probabilities, max_size=3).map(tuple),
    experts=st.none() | st.lists(st.builds(ExpertPrediction, texts, texts, numbers), max_size=3).map(tuple),
    words=st.lists(st.builds(WordAttribution, texts, numbers), max_size=3).map(tuple),
    whole_text=st.none() | numbers,
    spans=st.none()
    | st.lists(st.builds(SuggestedSpan, counts, counts, texts, numbers), max_size=3).map(tuple),
)
needs = st.just(NeedReason(is_by_hand=True)) | st.builds(
    NeedReason,
    is_by_hand=st.just(False),
    measure=st.sampled_from(["recall", "precision"]),
    interval=st.none() | st.tuples(numbers, numbers, numbers),
    support=counts,
)


def reasons(share: Share) -> st.SearchStrategy[SelectionReason]:
    return st.builds(
        SelectionReason,
        share=st.just(share),
        informativeness=st.none() | numbers,
        label_class=st.none() | texts,
        is_rare_class=st.booleans(),
        cluster_size=st.none() | counts,
        seed_words=st.lists(texts, max_size=3).map(tuple),
        seconds=st.none() | numbers,
        propensity=st.none() | numbers,
        model=st.none() | counts,
        need=st.none() | needs,
        part=st.none() | numbers,
        answers=st.none() | counts,
        overlap=st.none() | counts,
        posterior=st.none() | numbers,
        why=st.none() | texts,
        measures=st.none() | st.sampled_from(Measures),
        reply=st.none() | st.builds(Reply, texts, texts),
        evidence=evidence,
    )


@pytest.mark.parametrize("share", Share)
def test_what_is_stored_of_a_reason_is_read_back(share: Share) -> None:
    @given(reasons(share))
    def is_read_back(reason: SelectionReason) -> None:
        stored = reason.to_json()
        assert stored.keys() <= set(ReasonKey)
        assert None not in stored.values()
        assert SelectionReason.from_json(json.loads(json.dumps(stored))) == reason

    is_read_back()


# Rows as they were written before reasons had a version, one of each writer.
STORED: list[tuple[dict[str, Any], SelectionReason]] = [
    (
        {
            "model": 4,
            "top": [[REFUND, 0.412], [BILLING, 0.38]],
            "experts": [["linear", REFUND, 0.5], ["guideline", BILLING, 0.61]],
            "words": [["refund", 1.42], ["card", 0.8]],
            "whole": 0.73,
            "share": "margin",
            "informativeness": 0.968,
            "similar": 214,
        },
        SelectionReason(
            Share.MARGIN,
            informativeness=0.968,
            cluster_size=214,
            model=4,
            evidence=ModelEvidence(
                top=(ClassProbability(REFUND, 0.412), ClassProbability(BILLING, 0.38)),
                experts=(
                    ExpertPrediction("linear", REFUND, 0.5),
                    ExpertPrediction("guideline", BILLING, 0.61),
                ),
                words=(WordAttribution("refund", 1.42), WordAttribution("card", 0.8)),
                whole_text=0.73,
            ),
        ),
    ),
    (
        {
            "model": 2,
            "top": [],
            "experts": [],
            "likely": [],
            "share": "weak_class",
            "informativeness": 0.0,
            "class": REFUND,
            "sought": True,
            "need": {"measure": "recall", "numbers": [0.52, 0.41, 0.63], "of": 61},
            "part": 0.1834,
        },
        SelectionReason(
            Share.WEAK_CLASS,
            informativeness=0.0,
            label_class=REFUND,
            is_rare_class=True,
            model=2,
            need=NeedReason(False, "recall", (0.52, 0.41, 0.63), 61),
            part=0.1834,
            evidence=ModelEvidence(top=(), likely=(), experts=()),
        ),
    ),
    (
        {"share": "weak_class", "class": REFUND, "need": {"by_hand": True}, "part": 0.25},
        SelectionReason(Share.WEAK_CLASS, label_class=REFUND, need=NeedReason(is_by_hand=True), part=0.25),
    ),
    (
        {"share": "weak_class", "class": REFUND, "need": {"measure": "recall", "numbers": None, "of": 0}},
        SelectionReason(Share.WEAK_CLASS, label_class=REFUND, need=NeedReason(measure="recall")),
    ),
    (
        {
            "model": 1,
            "spans": [[0, 4, REFUND, 0.91]],
            "share": "margin",
            "informativeness": 0.5,
            "seconds": 12.5,
        },
        SelectionReason(
            Share.MARGIN,
            informativeness=0.5,
            seconds=12.5,
            model=1,
            evidence=ModelEvidence(spans=(SuggestedSpan(0, 4, REFUND, 0.91),)),
        ),
    ),
    (
        {"share": "random", "informativeness": 0.0, "propensity": 0.020134},
        SelectionReason(Share.RANDOM, informativeness=0.0, propensity=0.020134),
    ),
    (
        {"share": "seed_words", "informativeness": 0.0, "class": REFUND, "seed_words": ["money back"]},
        SelectionReason(
            Share.SEED_WORDS, informativeness=0.0, label_class=REFUND, seed_words=("money back",)
        ),
    ),
    (
        {"share": "gold", "informativeness": 0.0, "propensity": 0.02},
        SelectionReason(Share.GOLD, informativeness=0.0, propensity=0.02),
    ),
    (
        {"share": "overlap", "given": 1, "wanted": 2},
        SelectionReason(Share.OVERLAP, answers=1, overlap=2),
    ),
    ({"share": "overlap"}, SelectionReason(Share.OVERLAP)),
    ({"share": "test"}, SelectionReason(Share.TEST)),
    ({"share": "unranked"}, SelectionReason(Share.UNRANKED)),
    (
        {"share": "second_opinion", "given": 1, "posterior": 0.42},
        SelectionReason(Share.SECOND_OPINION, answers=1, posterior=0.42),
    ),
    (
        {"share": "picked", "why": "Long texts of Delivery"},
        SelectionReason(Share.PICKED, why="Long texts of Delivery"),
    ),
    ({"share": "picked", "independent": "test"}, SelectionReason(Share.PICKED, measures=Measures.MODEL)),
    ({"share": "picked", "independent": "again"}, SelectionReason(Share.PICKED, measures=Measures.PEOPLE)),
    (
        {"share": "margin", "reply": {"question": "Is a fee a refund?", "text": ""}},
        SelectionReason(Share.MARGIN, reply=Reply("Is a fee a refund?", "")),
    ),
]


@pytest.mark.parametrize(("stored", "reason"), STORED)
def test_a_row_from_before_versions_is_read_and_keeps_its_form(
    stored: dict[str, Any], reason: SelectionReason
) -> None:
    assert SelectionReason.from_json(stored) == reason
    assert reason.to_json() == stored | {"version": 1}


def test_keys_of_a_newer_version_are_passed_over() -> None:
    stored = {"version": 99, "share": "margin", "weather": "fair"}
    assert SelectionReason.from_json(stored) == SelectionReason(Share.MARGIN)


def test_a_model_that_chose_the_document_stays_named() -> None:
    evidence = ModelEvidence(top=(ClassProbability(REFUND, 0.9),))
    chosen = SelectionReason(Share.MARGIN, model=3).with_evidence(4, evidence)
    assert (chosen.model, chosen.evidence) == (3, evidence)
    assert SelectionReason(Share.TEST).with_evidence(4, evidence).model == 4
