"""Suggested spans in a real browser: taken, dropped and changed by key and pointer, as the policy says."""

import pytest
from playwright.sync_api import expect

from labeling.annotations.models import Annotation
from tests.journeys.marking import (
    NEXT,
    TOLD,
    click,
    drag,
    is_marked,
    is_suggested,
    press,
    says,
    shows,
    spans,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_suggestions_are_taken_and_dropped_by_keys(suggest):
    page, project = suggest("shown")
    is_suggested(page, "Ann Keller", "Ostland", "Brunsfeld")
    says(page, "3")
    press(page, "a")
    says(page, "97%")
    press(page, "a", "x")
    is_marked(page, "Ann Keller")
    is_suggested(page, "Brunsfeld")
    press(page, "Control+z", "Shift+A")
    is_marked(page, "Ann Keller", "Ostland", "Brunsfeld")
    press(page, "Control+z", ".", "3", "Enter")  # another class than the suggested one
    shows(page, NEXT)
    assert spans(project) == [("Ann Keller", "Refund"), ("Brunsfeld", "Delivery")]
    kept = Annotation.objects.get().suggestion
    assert kept["policy"] == "shown"
    assert [span[:2] for span in kept["spans"]] == [[0, 10], [21, 28], [33, 42]]


def test_suggestions_are_taken_by_pointer_and_give_way_to_spans(suggest):
    page, project = suggest("shown")
    click(page, "Keller", 2)
    is_marked(page, "Ann Keller")
    click(page, "Ostland")
    page.get_by_role("button", name="Reject").click()
    is_suggested(page, "Brunsfeld")
    press(page, "Escape", "3")
    drag(page, "and Brunsfeld")
    is_suggested(page)
    press(page, "Enter")
    shows(page, NEXT)
    assert spans(project) == [("Ann Keller", "Refund"), ("and Brunsfeld", "Delivery")]


def test_after_the_first_answer_what_differs_is_shown(suggest):
    page, project = suggest("after")
    is_suggested(page)
    press(page, "ArrowRight", "1", "Enter")
    shows(page, TOLD)
    says(page, "Press Enter again to save")
    expect(page.locator("#text mark.is-suggested")).to_have_count(
        4
    )  # one of them lies over the word that is marked
    press(page, "a", "a", "Enter")
    shows(page, NEXT)
    assert spans(project) == [("Ann Keller", "Refund")]
    kept = Annotation.objects.get().suggestion
    assert kept["policy"] == "after"
    assert [span[:2] for span in kept["first"]] == [[0, 3]]


def test_preselected_spans_are_marked_already(suggest):
    page, project = suggest("preselected")
    is_marked(page, "Ann Keller", "Ostland", "Brunsfeld")
    press(page, ".", ".", "Delete", "Enter")
    shows(page, NEXT)
    assert [words for words, _ in spans(project)] == ["Ann Keller", "Brunsfeld"]
