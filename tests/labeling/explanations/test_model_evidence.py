"""What does a suggestion rest on? Told in plain sentences, and only where suggestions are told."""

from dataclasses import replace

import pytest

from labeling.api.claims import PUBLIC_NAMES, shown_reason
from labeling.explanations.model_evidence import INDEPENDENT, explanation
from labeling.explanations.selection_reason import ModelEvidence, SelectionReason

NAMES = {"a": "Refund", "b": "Billing"}
PUBLIC_OPINIONS = {PUBLIC_NAMES[key] for key in ("top", "likely", "experts", "words", "whole", "spans")}
STORED = {
    "share": "margin",
    "model": 3,
    "top": [["b", 0.5], ["a", 0.41]],
    "experts": [["linear", "b", 0.6], ["words", "b", 0.9], ["guideline", "a", 0.7]],
    "words": [["invoice", 1.4], ["card", 0.8]],
}
REASON = SelectionReason.from_json(STORED)


def of(stored: dict[str, object]) -> ModelEvidence:
    return ModelEvidence.from_json(stored)


def test_experts_that_differ_are_set_against_each_other() -> None:
    assert explanation(REASON.evidence, NAMES) == [
        "The existing labels and the word counts point to Billing, the class definitions point to Refund.",
        "These words point to Billing: invoice, card.",
    ]


def test_experts_that_agree_need_no_sentence() -> None:
    agreed = of(STORED | {"experts": [["linear", "b", 0.6], ["guideline", "b", 0.7]]})
    assert explanation(agreed, NAMES) == ["These words point to Billing: invoice, card."]


def test_a_model_from_elsewhere_goes_by_its_own_name() -> None:
    evidence = of({"top": [["b", 0.5]], "experts": [["linear", "b", 0.6], ["gpt {name}", "a", 0.9]]})
    sentence = "The existing labels point to Billing, gpt {name} points to Refund."
    assert explanation(evidence, NAMES) == [sentence]


def test_a_text_that_speaks_as_a_whole_is_said_to() -> None:
    assert explanation(of({"top": [["b", 0.5]], "whole": 2.1}), NAMES) == [
        "The text as a whole points to Billing."
    ]


@pytest.mark.parametrize("reason", [{"share": "margin"}, {"share": "cold_start", "experts": [], "words": []}])
def test_without_a_model_there_is_nothing_to_explain(reason: dict[str, object]) -> None:
    assert explanation(of(reason), NAMES) == []


def test_a_class_that_is_gone_is_not_spoken_of() -> None:
    assert explanation(REASON.evidence, {"a": "Refund"}) == []


def test_very_long_words_are_cut_and_right_to_left_words_set_apart() -> None:
    evidence = of({"top": [["b", 0.5]], "words": [["x" * 5_000, 1.0], ["שקל", 0.5]]})
    (sentence,) = explanation(evidence, NAMES)
    assert len(sentence) < 120
    assert "\u2068שקל\u2069" in sentence


def test_what_the_model_thinks_is_part_of_the_reason_only_where_suggestions_are_shown() -> None:
    assert shown_reason(REASON, NAMES, True)["explanation"] == explanation(REASON.evidence, NAMES)
    hidden = shown_reason(REASON, NAMES, False)
    assert PUBLIC_OPINIONS & set(shown_reason(REASON, NAMES, True)), "else nothing is shown anyway"
    assert not {*PUBLIC_OPINIONS, "explanation"} & set(hidden)
    assert not any(word in str(hidden) for word in ("Refund", "Billing", "invoice", "guideline"))


@pytest.mark.parametrize("share", INDEPENDENT)
def test_answers_that_measure_are_never_given_beside_a_suggestion(share: str) -> None:
    shown = shown_reason(replace(REASON, share=share), NAMES, True)
    assert not {*PUBLIC_OPINIONS, "explanation"} & set(shown)
