"""Can everybody mark spans? Without single keys, colors or a pointer; axe-core finds nothing."""

import json

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from labeling.annotations.models import Annotation
from labeling.guidelines.models import PALETTE
from labeling.projects.models import Membership
from tests.journeys.marking import AT_REST, drag, is_marked, press, says, shows
from tests.journeys.test_accessibility import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_keys_of_spans_are_told_and_can_be_turned_off(open_text, ann: User):
    page, _ = open_text("Kelso and Ostland.")
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("Move the start of the current span")
    press(page, "Escape", "ArrowRight", "1")
    Membership.objects.filter(user=ann).update(keys={"off": True})
    page.reload()
    shows(page, "Kelso and Ostland.")
    press(page, "ArrowRight")
    says(page, "Kelso")
    page.get_by_role("button", name="Refund").click()
    is_marked(page, "Kelso")
    press(page, "}", "Shift+ArrowRight")
    is_marked(page, "Kelso and")
    press(page, "Delete")
    is_marked(page)
    assert not Annotation.objects.exists()


CONTRAST = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const ground = getComputedStyle(document.body).backgroundColor;
    const light = (colors) => {
        for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
        const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
        const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        const [r, g, b] = parts.map(linear);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const mark = document.querySelector("#text mark");
    return COLORS.flatMap((color) => ["true", "false"].map((current) => {
        mark.style.setProperty("--c", color);
        mark.setAttribute("aria-current", current);
        const [own, name] = [getComputedStyle(mark), getComputedStyle(mark, "::after")];
        const washed = light([ground, own.backgroundColor]);
        const [line, words] = [light([own.borderBottomColor]), light([name.color])];
        const ratios = [ratio(line, light([ground])), ratio(line, washed), ratio(words, washed)];
        return [`${color} ${current}`, ...ratios];
    }));
}"""


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_lines_and_names_have_contrast_in_every_color(open_text, colors: str):
    """Lines at least 3:1, names 4.5:1, whatever color a manager chose."""
    page, _ = open_text("Send it to Kelso.", {"color_scheme": colors, **AT_REST})
    press(page, "1")
    drag(page, "Kelso")
    is_marked(page, "Kelso")
    script = CONTRAST.replace("COLORS", json.dumps([*PALETTE, "#ffff00", "#000000", "#ffffff"]))
    for color, on_page, on_wash, name in page.evaluate(script):
        assert (on_page >= 3, on_wash >= 3, name >= 4.5) == (True, True, True), (
            color,
            on_page,
            on_wash,
            name,
        )


def test_crossing_spans_have_no_violation_and_are_read_with_their_class(open_text):
    page, _ = open_text("The University of Ostland Press met.", AT_REST, allows_overlapping_spans=True)
    press(page, "2")
    drag(page, "Ostland Press")
    press(page, "1")
    drag(page, "University of Ostland")
    expect(page.locator("#text mark")).to_have_count(4)
    assert violations(page) == []  # one is at hand
    page.locator("#span-list summary").click()
    press(page, "Escape", "ArrowRight")
    assert violations(page) == []  # the list is open, a word is selected
    assert page.locator("#text").aria_snapshot().count(", Refund") == 1


def test_suggestions_have_no_violation(suggest):
    page, _ = suggest("shown", **AT_REST)
    assert violations(page) == []
    press(page, "a")
    assert violations(page) == []


def test_spans_need_no_colors_at_all(suggest):
    """Forced colors: lines stay, dashed for suggestions, thicker at hand."""
    page, _ = suggest("shown", forced_colors="active")
    press(page, "a", "a")
    expect(page.locator("#text mark").first).to_have_css("border-bottom-style", "solid")
    styles = page.locator("#text mark").evaluate_all(
        "(marks) => marks.map(getComputedStyle).map((one) => [one.borderBottomStyle, one.borderBottomWidth])"
    )
    assert styles == [["solid", "2px"], ["dashed", "3px"], ["dashed", "2px"]]
