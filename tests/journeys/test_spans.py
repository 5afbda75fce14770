"""Spans in a text, marked in a real browser: by keys, by pointer, in any script."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from labeling.models import Annotation, Label, Project
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEXT = "And the next one."
BOXES = """([start, end]) => {
    const root = document.getElementById("text");
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    let passed = 0;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const length = node.data.length;
        if (start >= passed && start < passed + length) range.setStart(node, start - passed);
        if (end > passed && end <= passed + length) range.setEnd(node, end - passed);
        passed += length;
    }
    const boxes = [...range.getClientRects()].filter((box) => box.width);
    return boxes.map(({ x, y, width, height }) => [x, y, width, height]);
}"""


def desk(project: Project) -> str:
    return f"/projects/{project.pk}/label/"


def shows(page: Page, text: str) -> None:
    expect(page.locator("#text")).to_have_text(text)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def spans(project: Project, answers: int = 1) -> list[tuple[str, str]]:
    """(words, class) of each span, cut from the stored text by its code points; waits for the answers.

    The next document is shown before the answer has arrived.
    """
    until = time.monotonic() + 10
    while Annotation.objects.filter(project=project).count() < answers and time.monotonic() < until:
        time.sleep(0.02)
    found = Label.objects.filter(annotation__project=project, annotation__superseded_by=None)
    rows = found.select_related("annotation__document", "label_class").order_by("annotation", "start", "end")
    return [(v.annotation.document.text[v.start : v.end], v.label_class.name) for v in rows]


def units(text: str, words: str) -> tuple[int, int]:
    """Where words stand in a text, as the browser counts."""
    start = len(text[: text.index(words)].encode("utf-16-le")) // 2
    return start, start + len(words.encode("utf-16-le")) // 2


def boxes(page: Page, words: str) -> list[list[float]]:
    """x, y, width and height of each piece of these words on the page."""
    text = page.locator("#text").evaluate("(root) => root.textContent")
    found: list[list[float]] = page.evaluate(BOXES, list(units(text, words)))
    return found


def drag(page: Page, words: str, *, until: str = "", by_characters: bool = False) -> None:
    """The pointer goes over these words (or to the end of `until`), with Shift or not."""
    first, last = boxes(page, words)[0], boxes(page, until or words)[-1]
    if by_characters:
        page.keyboard.down("Shift")
    page.mouse.move(first[0] + 0.5, first[1] + first[3] / 2)
    page.mouse.down()
    page.mouse.move(last[0] + last[2] / 2, last[1] + last[3] / 2, steps=2)
    page.mouse.move(last[0] + last[2] - 0.5, last[1] + last[3] / 2)
    page.mouse.up()
    if by_characters:
        page.keyboard.up("Shift")


def click(page: Page, words: str, times: int = 1) -> None:
    x, y, width, height = boxes(page, words)[0]
    page.mouse.move(x + width / 2, y + height / 2)
    for count in range(1, times + 1):
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)


def marked(page: Page) -> list[str]:
    """The words of each mark, pieces of one span apart."""
    return page.locator("#text mark:not(.is-suggested)").all_inner_texts()


def is_marked(page: Page, *words: str) -> None:
    expect(page.locator("#text mark:not(.is-suggested)")).to_have_text(list(words))


def says(page: Page, words: str) -> None:
    expect(page.locator("#span-said")).to_contain_text(words)


@pytest.fixture
def open_text(open_as: Open, make_project: Callable[..., Project], ann: User) -> Callable[..., Any]:
    """`open_text("One text.")`: the desk with this document, and another one behind it."""

    def opened(text: str, options: dict[str, Any] | None = None, **policy: Any) -> tuple[Page, Project]:
        project = make_project(kind="spans", texts=[text, NEXT], **policy)
        return open_as(ann, desk(project), **(options or {})), project

    return opened


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


FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"  # five code points, one sign
WAVE = "\N{WAVING HAND SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}"
FLAGS = "\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}" * 2
SHALOM, OLAM, TOV = "\u05e9\u05dc\u05d5\u05dd", "\u05e2\u05d5\u05dc\u05dd", "\u05d8\u05d5\u05d1"
BISMI = "\u0628\u0650\u0633\u0652\u0645\u0650"  # every letter with its vowel
HINDI = "\u0939\u093f\u0928\u094d\u0926\u0940"
CAFE = "cafe\N{COMBINING ACUTE ACCENT}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
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
    ],
    ids=[
        "emoji before", "joined emoji", "flags", "combining accent", "carriage returns", "over a line",
        "surrogates", "hebrew", "arabic with marks", "hindi", "blanks",
    ],
)  # fmt: skip
def test_what_is_dragged_over_is_what_is_stored(open_text, text: str, words: str):
    page, project = open_text(text)
    press(page, "1")
    drag(page, words)
    press(page, "Enter")
    shows(page, NEXT)
    assert spans(project) == [(words, "Refund")]


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
    says(page, "may not overlap")
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
        ("Ostland", "Billing"), ("Ostland", "Delivery"), ("Ostland Press", "Billing"),
        ("University of Ostland", "Refund"),
    ]  # fmt: skip


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
