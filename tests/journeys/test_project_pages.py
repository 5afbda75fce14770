"""Does a manager get from nothing to a labeling team, with the keyboard, on a phone, in light and dark?"""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from labeling.annotations import submit
from labeling.documents.imports import ImportJob
from labeling.jobs.models import Job
from labeling.predictions.models import ModelVersion
from labeling.projects import invitations, tokens
from labeling.projects.models import Project
from labeling.queue import claims
from labeling.steering.models import Focus
from tests.fixtures.people import label
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 3
TABLE = b"nr,comment,topic\n1,Bad and slow,Delivery\n2,Give my money back,Refund\n3,,Refund\n"


@pytest.fixture
def rich(tickets: Project, joan: User, ann: User) -> Project:
    """A project in which every page has something to show, some of it too long."""
    for name in ("Refund", "Billing"):
        held = claims.claim(tickets.pk, ann).documents[0]
        submit.submit(ann, submit.Submission(held.token, [label(tickets, name)], note=LONG))
    document = tickets.documents.latest("position")
    document.metadata = {"channel": "mail", LONG[:90]: LONG}
    document.save()
    tickets.description = LONG
    tickets.save()
    tickets.classes.filter(name="Delivery").update(name=LONG[:100], retired_at=None)
    Job.objects.create(project=tickets, kind="train", attempts=2, failure=LONG)
    ModelVersion.objects.create(project=tickets, number=1, state="ready", label_count=2)
    ModelVersion.objects.create(project=tickets, number=2, state="failed", failure=LONG)
    tokens.create(tickets.pk, joan, LONG[:100], "read")
    invitations.invite(tickets.pk, joan, "annotator")
    bad = [
        {
            "line": 3,
            "message": "The text is empty. Add text or remove the row.",
            "values": {},
            "excerpt": LONG[:80],
        }
    ]
    ImportJob.objects.create(
        project=tickets,
        created_by=joan,
        file_name=f"{LONG}.csv",
        byte_count=12_345,
        file_format="csv",
        state="done",
        imported=6,
        bad_row_count=1,
        bad_rows=bad,
    )
    ImportJob.objects.create(
        project=tickets, created_by=joan, file_name="b.csv", byte_count=99, file_format="csv", state="queued"
    )
    assert not Focus.objects.exists()
    return tickets


def paths(project: Project, joan: User) -> dict[str, str]:
    at = f"/projects/{project.pk}"
    done, queued = project.import_jobs.order_by("created_at")
    return {
        "list": "/",
        "new": "/projects/new/",
        "home": f"{at}/",
        "settings": f"{at}/settings/",
        "retire": f"{at}/settings/classes/{project.classes.earliest('position').pk}/retire/",
        "members": f"{at}/team/",
        "remove": f"{at}/team/{joan.pk}/remove/",
        "tokens": f"{at}/settings/tokens/",
        "documents": f"{at}/documents/",
        "document": f"{at}/documents/{project.documents.latest('position').pk}/",
        "labeled document": f"{at}/documents/{project.documents.earliest('position').pk}/",
        "upload": f"{at}/documents/import/",
        "report": f"{at}/documents/import/{done.pk}/",
        "progress": f"{at}/documents/import/{queued.pk}/",
    }


def violations(page: Page) -> list[str]:
    result = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['help']} {[n['html'][:120] for n in v['nodes']][:3]}" for v in result]


def test_nothing_is_wider_than_a_small_phone(open_as: Open, rich: Project, joan: User) -> None:
    page = open_as(joan, "/", viewport={"width": 320, "height": 640})
    wide = {}
    for name, path in paths(rich, joan).items():
        page.goto(path)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
            wide[name] = width
    assert wide == {}


def task_of_label_studio(number: int, text: str, *labels: tuple[int, str]) -> dict[str, object]:
    """A task of a JSON export: labels are pairs of an annotator's number and a choice."""
    annotations = [
        {
            "id": 10 * number + annotator,
            "completed_by": annotator,
            "was_cancelled": False,
            "result": [
                {"from_name": "topic", "to_name": "text", "type": "choices", "value": {"choices": [choice]}}
            ],
        }
        for annotator, choice in labels
    ]
    return {"id": number, "data": {"text": text}, "annotations": annotations, "predictions": []}


def test_from_an_export_of_label_studio_to_the_first_labeled_page(
    open_as: Open, joan: User, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    tasks = [
        task_of_label_studio(1, "I was charged twice.", (1, "Refund"), (2, "Refund")),
        task_of_label_studio(2, "My parcel is late.", (1, "Delivery")),
        task_of_label_studio(3, "Please send my money back."),
    ]
    export = {"name": "export.json", "mimeType": "application/json", "buffer": json.dumps(tasks).encode()}
    page = open_as(joan, "/")
    page.get_by_role("link", name="Create project").click()
    page.get_by_label("File", exact=True).set_input_files(export)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="3 documents from Label Studio")).to_be_visible()
    expect(page.get_by_text("Task type: Single-label classification")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Name").fill("Complaints")
    page.get_by_role("button", name="Create project and import").click()
    expect(page.get_by_role("heading", name="3 documents imported")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="3 documents imported")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Label", exact=True).click()
    expect(page.get_by_text("Please send my money back.")).to_be_visible()
    page.get_by_role("button", name="Refund").click()
    expect(page.get_by_role("heading", name="Everything is labeled")).to_be_visible()
    project = Project.objects.get(name="Complaints")
    assert project.annotations.filter(annotator=joan, filled_lease__isnull=False).count() == 1


def test_from_nothing_to_documents_and_an_invited_annotator(
    open_as: Open, joan: User, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    page = open_as(joan, "/")
    page.get_by_role("link", name="Create project").click()
    page.get_by_label("Name").fill("Complaints")
    page.get_by_label("Classes, one per line").fill("Refund\nBilling\nDelivery")
    page.get_by_role("button", name="Create project").click()

    page.get_by_label("File").set_input_files({"name": "mails.csv", "mimeType": "text/csv", "buffer": TABLE})
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Map the columns")).to_be_visible()
    assert violations(page) == []
    expect(page.get_by_label("Text", exact=True)).to_have_value("comment")
    expect(page.get_by_label("Label column")).to_have_value("topic")
    page.get_by_label("Label column").select_option("")
    page.get_by_role("button", name="Import documents").click()
    expect(page.get_by_role("heading", name="2 documents imported")).to_be_visible()
    expect(page.get_by_text("The text is empty. Add text or remove the row.")).to_be_visible()

    page.get_by_role("link", name="Next: guideline").click()
    steps = page.get_by_role("list", name="Project setup").get_by_role("listitem")
    expect(steps.filter(has_text="Guideline")).to_have_attribute("aria-current", "step")
    assert violations(page) == []
    page.get_by_label("Definition").first.fill("Wants money back.")
    page.get_by_role("button", name="Save and continue").click()
    expect(page.get_by_text("Version 2 saved.")).to_be_visible()
    expect(page.locator(".steps [aria-current]")).to_have_text("Team")
    page.get_by_role("button", name="Create invitation link").click()
    link = page.get_by_label("Invitation link").input_value()
    assert violations(page) == []

    guest = open_as(None, link)
    assert violations(guest) == []
    guest.get_by_label("Name").fill("zoe")
    guest.get_by_label("Password").fill("four quiet green words")
    guest.get_by_role("button", name="Create account and join").click()
    expect(guest.get_by_role("heading", name="Ready for the first label")).to_be_visible()
    guest.get_by_role("link", name="Label", exact=True).last.click()
    expect(guest.get_by_text("Bad and slow").or_(guest.get_by_text("Give my money back"))).to_be_visible()


def test_classes_are_changed_with_the_keyboard_alone(open_as: Open, tickets: Project, joan: User) -> None:
    page = open_as(joan, f"/projects/{tickets.pk}/settings/")
    page.get_by_label("Name: Refund").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("Money back")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Key: Refund")).to_be_focused()
    page.keyboard.type("m")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 class changed.")).to_be_visible()
    assert tickets.classes.filter(name="Money back", key="m").exists()


def test_every_page_works_without_javascript(
    open_as: Open, joan: User, tickets: Project, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    page = open_as(joan, f"/projects/{tickets.pk}/team/", java_script_enabled=False)
    page.get_by_role("button", name="Create invitation link").click()
    assert re.search(r"/join/.{40}", page.get_by_label("Invitation link").input_value())
    page.goto(f"/projects/{tickets.pk}/documents/import/")
    page.get_by_label("File").set_input_files(
        {"name": "a.jsonl", "mimeType": "text/plain", "buffer": b'{"text": "New one"}\n'}
    )
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Import documents").click()
    expect(page.get_by_role("heading", name="1 document imported")).to_be_visible()
    page.goto(f"/projects/{tickets.pk}/settings/")
    page.get_by_role("button", name="Pause labeling").click()
    expect(page.get_by_role("button", name="Resume labeling")).to_be_visible()


def test_the_header_takes_one_row_on_a_phone(open_as: Open, tickets: Project, ann: User) -> None:
    page = open_as(ann, f"/projects/{tickets.pk}/", viewport={"width": 390, "height": 844})
    header = page.locator("header.top")
    expect(header.get_by_role("link", name="Review Queue")).to_be_visible()
    expect(header.get_by_role("button", name="Menu")).to_be_visible()
    assert header.evaluate("(header) => header.getBoundingClientRect().height") < 60
