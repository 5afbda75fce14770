"""Spans in a text, marked in a real browser: by keys, by pointer, in any script."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from labeling.models import Label, Project
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


def spans(project: Project) -> list[tuple[str, str]]:
    """(words, class) of each span that stands, cut from the stored text by its code points."""
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
