"""Spans in every script: what is marked on the page is, code point by code point, what is stored."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.journeys.conftest import Open
from tests.journeys.marking import NEXT, desk, drag, is_marked, press, shows, spans

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"  # five code points, one sign
WAVE = "\N{WAVING HAND SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}"
FLAGS = "\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}" * 2
SHALOM, OLAM, TOV = "\u05e9\u05dc\u05d5\u05dd", "\u05e2\u05d5\u05dc\u05dd", "\u05d8\u05d5\u05d1"
BISMI = "\u0628\u0650\u0633\u0652\u0645\u0650"  # every letter with its vowel
HINDI = "\u0939\u093f\u0928\u094d\u0926\u0940"
CAFE = "cafe\N{COMBINING ACUTE ACCENT}"


SCRIPTS = [  # a text, and words in it
    (f"{FAMILY} says {WAVE} Anna now", "Anna"),
    (f"before {FAMILY} after", FAMILY),
    (f"go {FLAGS} go", FLAGS),
    (f"{FLAGS} {CAFE} noir", CAFE),
    ("one\r\ntwo\r\n\r\nthree four", "three"),
    ("one\r\ntwo\r\nthree", "two\r\nthree"),
    ("\N{MATHEMATICAL BOLD CAPITAL A}\N{MATHEMATICAL BOLD CAPITAL B} then Kelso", "Kelso"),
    (f"{SHALOM} {OLAM}", OLAM),
    (f"{BISMI} \u0642\u0627\u0644 Ann", BISMI),
    (f"{HINDI} \u092d\u093e\u0937\u093e", HINDI),
    ("  spaces first", "spaces"),
]


def test_what_is_dragged_over_is_what_is_stored(open_as: Open, make_project, ann: User):
    """Emoji, flags, accents, line ends of two signs, words from right to left."""
    project = make_project(kind="spans", texts=[text for text, _ in SCRIPTS])
    page = open_as(ann, desk(project))
    press(page, "1")
    for number, (text, words) in enumerate(SCRIPTS):
        shows(page, text)
        spans(project, number)  # what is told of saving has come and gone
        drag(page, words)
        expect(page.locator("#text mark")).to_have_text([words])
        press(page, "Enter")
    assert spans(project, len(SCRIPTS)) == [(words, "Refund") for _, words in SCRIPTS]


def test_by_characters_no_sign_is_cut(open_text):
    """Shift and the pointer, then Shift+Alt and arrows: emoji, flags and accents stay whole."""
    page, project = open_text(f"go {FLAGS}{FAMILY}! {CAFE}s")
    press(page, "ArrowRight", "ArrowRight", "Shift+Alt+ArrowRight", "Shift+Alt+ArrowLeft", "1")
    press(page, "Escape", "ArrowRight", "ArrowRight", "ArrowRight", "Shift+Alt+ArrowLeft", "2")
    is_marked(page, FLAGS[:2], CAFE)
    press(page, "Enter")
    shows(page, NEXT)
    assert spans(project) == [(FLAGS[:2], "Refund"), (CAFE, "Billing")]


def test_arrows_follow_the_direction_of_reading(open_text):
    page, project = open_text(f"{SHALOM} {OLAM} {TOV}")
    press(page, "ArrowLeft", "Shift+ArrowLeft", "1", "Escape", "ArrowLeft", "2", "Enter")
    shows(page, NEXT)
    assert [len(words) for words, _ in spans(project)] == [9, 3]


def test_words_of_scripts_without_spaces(open_text):
    """Words as the browser's dictionary cuts them, not single signs."""
    page, project = open_text("\u6771\u4eac\u90fd\u306b\u4f4f\u3093\u3067\u3044\u307e\u3059\u3002")
    press(page, "ArrowRight", "1", "Enter")
    shows(page, NEXT)
    assert len(spans(project)[0][0]) >= 2
