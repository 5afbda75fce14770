"""Spans in a text, marked in a real browser: by keys and by pointer, by tokens and by characters."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.journeys.conftest import Open
from tests.journeys.marking import NEXT, boxes, click, desk, drag, is_marked, press, says, shows, spans

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_words_by_arrow_keys(open_text):
    page, project = open_text("I was charged twice, please return it.")
    press(page, "ArrowRight", "ArrowRight", "ArrowRight", "Shift+ArrowRight")
    says(page, "charged twice")
    press(page, "1")
    is_marked(page, "charged twice")
    press(page, "ArrowRight", "2")
    is_marked(page, "charged twice", "please")
    press(page, "Backspace", "ArrowRight", "Shift+ArrowRight", "3", "Enter")
    shows(page, NEXT)
    assert spans(project) == [("charged twice", "Refund"), ("return it", "Delivery")]


def test_lines_by_arrow_keys_and_the_page_follows(open_text):
    lines = [f"Line {n} tells of Kelso." for n in range(60)]
    page, project = open_text("\n".join([*lines[:2], "", *lines[2:]]))
    press(page, "ArrowRight", *["ArrowDown"] * 58, "ArrowUp", "1")
    expect(page.locator("#text mark")).to_be_in_viewport()
    press(page, "ArrowRight", "2", "Enter")
    shows(page, NEXT)
    assert spans(project) == [("Line", "Refund"), ("57", "Billing")]


def test_a_drag_takes_whole_words_and_no_final_punctuation(open_text):
    page, project = open_text("Send the parcel (a box) to “Northmoor Energy”, please.")
    press(page, "3")
    expect(page.get_by_role("button", name="Delivery")).to_have_attribute("aria-pressed", "true")
    drag(page, "rthmoor Ener")
    drag(page, "(a box) ")
    drag(page, "cel ")
    is_marked(page, "parcel", "a box", "Northmoor Energy")
    press(page, "Enter")
    shows(page, NEXT)
    assert [words for words, _ in spans(project)] == ["parcel", "a box", "Northmoor Energy"]


def test_shift_takes_characters(open_text):
    page, project = open_text("The gateway's cafe\N{COMBINING ACUTE ACCENT}s, please.")
    press(page, "1")
    drag(page, "gate", by_characters=True)
    drag(page, "s, ", by_characters=True)
    is_marked(page, "gate", "s,")
    press(page, "Enter")
    shows(page, NEXT)
    assert [words for words, _ in spans(project)] == ["gate", "s,"]


def test_two_clicks_take_a_token_and_three_a_sentence(open_text):
    page, project = open_text("Northmoor's shares fell. Analysts at Harlow called it expected. So it was.")
    press(page, "2")
    click(page, "Northmoor", 2)
    is_marked(page, "Northmoor")
    click(page, "Harlow", 3)
    is_marked(page, "Northmoor", "Analysts at Harlow called it expected")
    press(page, "Control+z")
    is_marked(page, "Northmoor")
    press(page, "Control+z", "Control+y", "Enter")
    shows(page, NEXT)
    assert spans(project) == [("Northmoor", "Billing")]


def test_the_edges_of_a_span_move_by_keys(open_text):
    page, project = open_text("The old Northmoor Energy Group board met.")
    press(page, "ArrowRight", "ArrowRight", "ArrowRight", "1")
    is_marked(page, "Northmoor")
    press(page, "}", "}", "[", "]")
    is_marked(page, "Northmoor Energy Group")
    press(page, "{", "[", "[")
    is_marked(page, "The old Northmoor Energy")
    press(page, "]", "Shift+ArrowRight", "Shift+Alt+ArrowLeft")
    is_marked(page, "old Northmoor Energy Grou")
    press(page, "Control+z", "Control+z", "Control+z")
    is_marked(page, "The old Northmoor Energy")
    press(page, "Control+y", "Enter")
    shows(page, NEXT)
    assert spans(project) == [("old Northmoor Energy", "Refund")]


def test_a_span_that_one_goes_to_changes_its_class_or_goes(open_text):
    page, project = open_text("Kelso and Ostland and Brunsfeld met.")
    for _ in range(3):
        press(page, "ArrowRight", "1", "ArrowRight")
    is_marked(page, "Kelso", "Ostland", "Brunsfeld")
    press(page, ".", "2")  # after the last one comes the first one again
    expect(page.locator("mark[aria-current]")).to_have_text("Kelso")
    says(page, "Kelso")
    says(page, "Billing")
    click(page, "Ostland")
    expect(page.locator("mark[aria-current]")).to_have_text("Ostland")
    press(page, "Delete")
    press(page, "Enter")
    shows(page, NEXT)
    assert spans(project) == [("Kelso", "Billing"), ("Brunsfeld", "Refund")]


def test_spans_do_not_overlap_where_the_project_says_so(open_text):
    page, project = open_text("Send it to Kelso Energy, please.")
    press(page, "1")
    drag(page, "Kelso")
    press(page, "2")  # the picked class changes, the span that was dragged does not
    drag(page, "Energy", until="please")
    drag(page, "to Kelso")
    says(page, "cannot overlap")
    assert page.evaluate("getSelection().toString()") == "to Kelso"
    is_marked(page, "Kelso", "Energy, please")
    press(page, "Escape", "Enter")
    shows(page, NEXT)
    assert spans(project) == [("Kelso", "Refund"), ("Energy, please", "Billing")]


def test_spans_nest_and_cross_where_the_project_allows_it(open_text):
    page, project = open_text(
        "The University of Ostland Press office said so.", allows_overlapping_spans=True
    )
    for words, key in (
        ("University of Ostland", "1"),
        ("Ostland Press", "2"),
        ("Ostland", "3"),
        ("Ostland", "2"),
    ):
        press(page, key)
        drag(page, words)
    expect(page.locator("#span-list summary")).to_have_text("Spans: 4")
    lines = page.locator("mark").evaluate_all("(marks) => marks.map((mark) => mark.dataset.level)")
    assert set(lines) == {"0", "1", "2", "3"}
    press(page, "Escape", "Enter")
    shows(page, NEXT)
    assert sorted(spans(project)) == [
        ("Ostland", "Billing"),
        ("Ostland", "Delivery"),
        ("Ostland Press", "Billing"),
        ("University of Ostland", "Refund"),
    ]


def test_the_same_words_are_marked_everywhere_in_one_step(open_text):
    page, project = open_text("Kelso Energy. At Kelso, kelso and Kelsos: Kelso Energy, Kelso.")
    click(page, "At Kelso"[3:])
    press(page, "Escape", "ArrowLeft", "ArrowLeft")
    drag(page, "Kelso Energy")
    press(page, "2")
    says(page, "Kelso Energy")
    expect(page.locator("[data-deed=same]")).to_contain_text("1 more of")
    press(page, "e")
    is_marked(page, "Kelso Energy", "Kelso Energy")
    press(page, "Escape")
    drag(page, "Kelso, kelso", until="Kelso,")
    press(page, "1", "e")
    is_marked(page, "Kelso Energy", "Kelso", "Kelso Energy", "Kelso")
    press(page, "Control+z")
    is_marked(page, "Kelso Energy", "Kelso", "Kelso Energy")
    press(page, "Control+Shift+Z", "Enter")
    shows(page, NEXT)
    assert [words for words, _ in spans(project)] == ["Kelso Energy", "Kelso", "Kelso Energy", "Kelso"]


def test_thirty_documents_by_keys_alone(open_as: Open, make_project, ann: User):
    texts = [f"Ann {n} met Kelso{n} Energy in Ostland." for n in range(30)]
    project = make_project(kind="spans", texts=texts)
    page = open_as(ann, desk(project))
    for n, text in enumerate(texts):
        shows(page, text)
        press(page, "ArrowRight", "3", *["ArrowRight"] * 3, "Shift+ArrowRight", "1", "Shift+ArrowLeft")
        if n % 10 == 9:
            press(page, "Control+z")
        press(page, "Enter")
    expect(page.get_by_text("Everything is labeled")).to_be_visible()
    press(page, "u")
    shows(page, texts[29])
    is_marked(page, "Ann", "Kelso29 Energy")
    press(page, "u")
    shows(page, texts[28])
    is_marked(page, "Ann", "Kelso28")
    press(page, "Delete", ",", "2", "Enter", "Enter")
    expect(page.get_by_text("Everything is labeled")).to_be_visible()
    rows = spans(project, answers=34)
    assert len(rows) == 60
    for n in range(28):
        words = f"Kelso{n} Energy" if n % 10 == 9 else f"Kelso{n}"
        assert rows[2 * n : 2 * n + 2] == [("Ann", "Delivery"), (words, "Refund")]


def test_what_can_be_taken_back_here_goes_before_the_last_answer(open_text):
    page, project = open_text("Kelso and Ostland.")
    press(page, "ArrowRight", "1", "Enter")
    shows(page, NEXT)
    press(page, "ArrowRight", "2", "Control+z")
    is_marked(page)
    shows(page, NEXT)
    press(page, "Control+z")
    shows(page, "Kelso and Ostland.")
    is_marked(page, "Kelso")
    press(page, "ArrowRight", "ArrowRight", "2")
    is_marked(page, "Kelso", "Ostland")
    press(page, "Enter")
    shows(page, NEXT)
    assert ("Ostland", "Billing") in spans(project, answers=3)


def test_a_finger_taps_the_first_and_the_last_word(open_text):
    page, project = open_text(
        "Send it to Kelso Energy Group, please.", {"has_touch": True, "is_mobile": True}
    )

    def tap(words: str) -> None:
        x, y, width, height = boxes(page, words)[0]
        page.touchscreen.tap(x + width / 2, y + height / 2)

    tap("Kelso")
    tap("Group")
    says(page, "Kelso Energy Group")
    page.get_by_role("button", name="Billing").tap()
    is_marked(page, "Kelso Energy Group")
    page.get_by_role("button", name="End earlier").tap()
    is_marked(page, "Kelso Energy")
    tap("Send")
    page.get_by_role("button", name="Refund").tap()
    is_marked(page, "Send", "Kelso Energy")
    page.get_by_role("button", name="Save and next").tap()
    shows(page, NEXT)
    assert spans(project) == [("Send", "Refund"), ("Kelso Energy", "Billing")]
