"""What does a hand do on a text? Keys and pointer over words of the label page, and what became of them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from labeling.annotations.models import Annotation, Label
from labeling.projects.models import Project
from tests.patience import wait_until

NEXT = "And the next one."  # the document behind the one that a test is about
TOLD = "Ann Keller drills in Ostland and Brunsfeld."  # three suggested spans
AT_REST: dict[str, Any] = {"reduced_motion": "reduce"}  # colors are looked at when they have arrived
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
    wait_until(lambda: Annotation.objects.filter(project=project).count() >= answers)
    labels = Label.objects.filter(annotation__project=project, annotation__superseded_by=None)
    rows = labels.select_related("annotation__document", "label_class").order_by("annotation", "start", "end")
    return [(v.annotation.document.text[v.start : v.end], v.label_class.name) for v in rows]


def units(text: str, words: str) -> tuple[int, int]:
    """Where words stand in a text, as the browser counts."""
    start = len(text[: text.index(words)].encode("utf-16-le")) // 2
    return start, start + len(words.encode("utf-16-le")) // 2


def boxes(page: Page, words: str) -> list[list[float]]:
    """x, y, width and height of each piece of these words on the page."""
    text = page.locator("#text").evaluate("(root) => root.textContent")
    evaluate: list[list[float]] = page.evaluate(BOXES, list(units(text, words)))
    return evaluate


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


def is_marked(page: Page, *words: str) -> None:
    expect(page.locator("#text mark:not(.is-suggested)")).to_have_text(list(words))


def says(page: Page, words: str) -> None:
    expect(page.locator("#span-said")).to_contain_text(words)


def is_suggested(page: Page, *words: str) -> None:
    expect(page.locator("#text mark.is-suggested")).to_have_text(list(words))
