"""Three tasks of a new user, done by the words of the pages alone, with their clicks counted."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from labeling.annotations import submit
from labeling.annotations.submit import Submission
from labeling.documents.models import Document
from labeling.guidelines.models import Guideline
from labeling.projects.models import Membership, Project
from labeling.queue import claims
from tests.fixtures.people import label
from tests.fixtures.stored_predictions import store_predictions
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


CONFUSED = [
    *[(["Refund"], ["Refund"])] * 6,
    *[(["Refund"], ["Billing"])] * 4,
    *[(["Billing"], ["Billing"])] * 10,
]


class Hand:
    """Somebody who clicks, and counts."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def link(self, name: str, **options: Any) -> None:
        self.click(self.page.get_by_role("link", name=name, **options).first)

    def button(self, name: str, **options: Any) -> None:
        self.click(self.page.get_by_role("button", name=name, **options).first)


@pytest.fixture
def labeled_file(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        rows.writerows(
            [f"Ticket {n}: I want my money back", ["Refund", "Billing"][n % 2]] for n in range(200)
        )
    return path


def test_a_labeled_csv_is_imported_and_a_test_set_held_out_in_eight_clicks(
    open_as: Open, tickets: Project, joan: User, labeled_file: Path
) -> None:
    hand = Hand(page := open_as(joan, "/"))
    hand.link("New project")
    page.get_by_label("Name").first.fill("Refunds")
    page.get_by_label("Classes").fill("Refund\nBilling")
    hand.click(page.get_by_text("More settings"))
    page.get_by_label("Test set (% of documents)").fill("20")
    hand.button("Create project")
    page.get_by_label("File").set_input_files(labeled_file)
    hand.button("Upload")
    expect(page.get_by_role("heading", name="Map the columns")).to_be_visible()
    hand.button("Import documents")
    expect(page.get_by_text("will count as labeled")).to_be_visible()
    hand.button("Import documents")
    expect(page.get_by_role("heading", name="200 documents imported")).to_be_visible()
    project = Project.objects.get(name="Refunds")
    assert Document.objects.filter(project=project, state="resolved").count() == 200
    assert 20 <= Document.objects.filter(project=project, split="test").count() <= 60
    assert hand.clicks <= 8


def test_two_confused_classes_are_explained_and_acted_on_in_six_clicks(
    open_as: Open, tickets: Project, joan: User
) -> None:
    store_predictions(tickets, CONFUSED)
    hand = Hand(page := open_as(joan, f"/projects/{tickets.pk}/"))
    navigation = page.get_by_role("navigation", name="Project")
    hand.click(navigation.get_by_role("link", name="Quality"))
    hand.click(page.get_by_role("navigation", name="Section").get_by_role("link", name="Confusion matrix"))
    expect(page.get_by_role("heading", name="Refund and Billing are confused most often")).to_be_visible()
    hand.link("View 4 Refund errors")
    expect(page.get_by_role("heading", level=1)).to_contain_text("4 of 20")
    page.go_back()
    hand.link("Draft a rule")
    hand.button("Save")
    assert hand.clicks <= 6
    assert Guideline.objects.filter(project=tickets).count() == 2


def test_a_person_is_taken_in_and_seen_to_label_in_six_clicks(
    open_as: Open, tickets: Project, joan: User
) -> None:
    hand = Hand(page := open_as(joan, f"/projects/{tickets.pk}/"))
    hand.click(page.get_by_role("navigation", name="Project").get_by_role("link", name="Team"))
    hand.button("Create invitation link")
    link = page.get_by_label("Invitation link").input_value()
    guest = open_as(None, link)
    guest.get_by_label("Name").fill("dora")
    guest.get_by_label("Password").fill("four quiet green words")
    guest.get_by_role("button", name="Create account and join").click()
    dora = Membership.objects.get(project=tickets, user__username="dora").user
    held = claims.claim(tickets.pk, dora).documents[0]
    submit.submit(dora, Submission(held.token, [label(tickets, "Refund")]))
    hand.click(page.get_by_role("navigation", name="Project").get_by_role("link", name="Team"))
    row = page.get_by_role("row").filter(has_text="dora")
    expect(row).to_contain_text("ago")
    assert hand.clicks <= 6
