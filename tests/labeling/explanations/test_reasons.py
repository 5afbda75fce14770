"""Why does this document come? Each share says it in one sentence, and hides what it must."""

from dataclasses import replace

import pytest

from labeling.api.claims import shown_reason
from labeling.explanations.reasons import SENTENCES, reason_sentence
from labeling.explanations.selection_reason import SelectionReason

NAMES = {"a": "Refund", "b": "Billing"}
TOP = [["a", 0.41], ["b", 0.38]]


@pytest.mark.parametrize("share", SENTENCES)
def test_every_share_has_a_sentence_even_without_its_numbers(share: str) -> None:
    sentence = reason_sentence(SelectionReason(share), NAMES)
    assert sentence.endswith(".")
    assert reason_sentence(SelectionReason.from_json({"share": share, "class": "a", "top": TOP}), {}, False)


def test_seed_words_are_named_with_their_class() -> None:
    reason = SelectionReason.from_json(
        {"share": "seed_words", "class": "a", "seed_words": ["refund", "money back"], "top": TOP}
    )
    sentence = "Matches the seed words “refund, money back” of Refund, which has few labels."
    assert reason_sentence(reason, NAMES) == sentence
    assert reason_sentence(reason, NAMES, shows_classes=False) == sentence  # a manager's wish is no secret
    assert "top_classes" not in shown_reason(reason, NAMES, False)


def test_a_class_with_few_labels_is_told_from_one_in_doubt() -> None:
    reason = SelectionReason.from_json({"share": "weak_class", "class": "a", "top": TOP})
    assert "Refund is a weak class that needs more labels" in reason_sentence(reason, NAMES)
    sought = reason_sentence(replace(reason, is_rare_class=True), NAMES)
    assert sought == "Refund has few labels, and this document is among the most likely (probability 41%)."
    assert "Refund" not in reason_sentence(replace(reason, is_rare_class=True), NAMES, shows_classes=False)
    assert "class" not in shown_reason(replace(reason, is_rare_class=True), NAMES, False)


def test_a_weak_class_of_spans_is_found_in_the_text_and_not_the_text_itself() -> None:
    reason = SelectionReason.from_json({"share": "weak_class", "class": "a", "spans": [[0, 4, "a", 0.9]]})
    sentence = "Refund is a weak class that needs more labels, and the model predicts it in this text."
    assert reason_sentence(reason, NAMES) == sentence
    assert "Refund" not in reason_sentence(reason, NAMES, shows_classes=False)


def test_a_second_opinion_says_how_sure_the_first_is_and_not_what_it_was() -> None:
    reason = SelectionReason.from_json({"share": "second_opinion", "given": 1, "posterior": 0.42})
    assert reason_sentence(reason, NAMES) == (
        "Selected for a second opinion: the current label is correct with probability 42%."
    )


def test_a_focus_names_its_class_only_where_suggestions_are_shown() -> None:
    """That this very document may belong there is what the model thinks."""
    reason = SelectionReason.from_json({"share": "focus", "class": "a", "top": TOP})
    assert "Refund" in reason_sentence(reason, NAMES)
    assert "Refund" not in reason_sentence(reason, NAMES, shows_classes=False)
    assert not {"top", "class"} & set(shown_reason(reason, NAMES, False))
