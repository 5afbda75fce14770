"""Terms of the glossary, explained where they first stand on a page: on hover, by keyboard and by touch."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import expect

from labeling.projects.models import Project
from labeling.web.components.glossary import TERMS, pattern
from tests.fixtures.people import TEXTS
from tests.journeys.conftest import Open
from tests.journeys.test_labeling import desk, press, shows

pytestmark = pytest.mark.browser
REPORTS = ("classes", "quality", "confusion", "distribution", "steering", "models")
# What is left of a page without what can be pressed, was written by people, or is explained already.
READABLE = """() => {
    const skipped = "a, button, select, option, textarea, input, summary, code, pre, kbd, svg, script, " +
        "style, dfn, .text, .manual, .prose, [dir=auto], .hidden-visually, [role=status]";
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const words = [];
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!element.closest(skipped) && element.checkVisibility()) words.push(walker.currentNode.data);
    }
    return words;
}"""


def test_each_term_is_explained_once_on_each_page_that_has_it(
    measured: Project, joan: User, open_as: Open
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
    measured: Project, joan: User, open_as: Open
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


def test_a_panel_of_the_labeling_page_explains_its_terms_when_it_opens(
    open_as: Open, tickets: Project, ann: User
) -> None:
    page = open_as(ann, desk(tickets))
    expect(page.locator("dfn[data-term=guideline]")).to_be_visible()
    term = page.locator("dfn[data-term=adjudicator]")
    expect(term).to_have_count(0)
    page.locator("[data-panel=ask] > summary").click()
    expect(term).to_be_visible()
    expect(page.locator("#question")).to_be_focused()
    term.hover()
    expect(page.get_by_role("tooltip")).to_have_text(str(term.get_attribute("data-meaning")))


def test_each_document_has_its_terms_and_the_keys_and_the_focus_stay_where_they_were(
    open_as: Open, tickets: Project, ann: User
) -> None:
    page = open_as(ann, desk(tickets))
    for text in TEXTS[1:3]:
        page.locator("[data-panel=note] > summary").click()
        term = page.locator("dfn[data-term=annotation]")
        term.hover()
        expect(page.get_by_role("tooltip")).to_be_visible()
        press(page, "Escape", "1")
        shows(page, text)
        expect(page.get_by_role("tooltip")).to_be_hidden()
        expect(page.locator("dfn[data-term=guideline]")).to_have_count(1)
        expect(page.locator("#document")).to_be_focused()
        press(page, "Tab")
        expect(page.locator("#classes .class").first).to_be_focused()


def test_a_term_that_was_closed_with_its_panel_is_explained_where_it_is_visible(
    measured: Project, joan: User, open_as: Open
) -> None:
    page = open_as(joan, reverse("analytics:quality", args=[measured.pk]))
    expect(page.locator("dfn[data-term]").first).to_be_visible()
    page.evaluate(
        """() => document.querySelector("main").innerHTML =
            "<details id=one><summary>One</summary><p>An accuracy of 90%.</p></details>" +
            "<details id=other><summary>Other</summary><p>Accuracy, too.</p></details>" """
    )
    term = page.locator("dfn[data-term=accuracy]")
    page.locator("#one summary").click()
    expect(page.locator("#one").locator(term)).to_be_visible()
    page.locator("#one summary").click()
    page.locator("#other summary").click()
    expect(page.locator("#other").locator(term)).to_be_visible()
    expect(term).to_have_count(1)
