"""Terms of the glossary, explained where they first stand on a page: on hover, by keyboard and by touch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from labeling.projects.models import Project
from labeling.web.components.glossary import TERMS, pattern

pytestmark = pytest.mark.browser
REPORTS = ("classes", "quality", "confusion", "distribution", "steering", "models")
# What is left of a page without what can be pressed, was written by people, or is explained already.
READABLE = """() => {
    const skipped = "a, button, select, option, textarea, input, summary, code, pre, kbd, svg, script, " +
        "style, dfn, .text, .manual, .prose, .desk, [dir=auto], [hidden], .hidden-visually, " +
        "[role=status]";
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const words = [];
    while (walker.nextNode())
        if (!walker.currentNode.parentElement.closest(skipped)) words.push(walker.currentNode.data);
    return words;
}"""


def test_each_term_is_explained_once_on_each_page_that_has_it(
    measured: Project, joan, open_as: Callable[..., Page]
) -> None:
    page = open_as(joan, reverse("analytics:classes", args=[measured.pk]))
    explained = 0
    for name in REPORTS:
        page.goto(reverse(f"analytics:{name}", args=[measured.pk]))
        expect(page.locator("dfn[data-term]").first).to_be_visible()
        marks = page.locator("dfn[data-term]").evaluate_all("all => all.map(one => one.dataset.term)")
        words = page.evaluate(READABLE)
        missing = {
            term.slug
            for term in TERMS
            if any(pattern(term).search(text) for text in words) and term.slug not in marks
        }
        assert missing == set(), name
        assert len(marks) == len(set(marks)), name
        explained += len(marks)
    assert explained > 3 * len(REPORTS)


def test_a_term_is_explained_on_hover_by_keyboard_and_by_touch(
    measured: Project, joan, open_as: Callable[..., Page]
) -> None:
    page = open_as(joan, reverse("analytics:quality", args=[measured.pk]), has_touch=True)
    mark = page.locator("dfn[data-term]").first
    tip = page.get_by_role("tooltip")
    mark.hover()
    expect(tip).to_have_text(str(mark.get_attribute("data-meaning")))
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()
    mark.focus()
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    page.locator("h1").first.click()
    mark.tap()
    expect(tip).to_be_visible()
