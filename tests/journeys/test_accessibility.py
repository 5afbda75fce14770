"""Can everybody use the pages? axe-core finds nothing, in light and dark; nothing is wider than a phone."""

from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import Page

from labeling.actions import annotations, guidelines, queue
from labeling.models import Annotation, Document, Project
from tests.cast import label
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@dataclass(frozen=True)
class Scene:
    """A project in which every page has something to show."""

    project: Project
    annotation: Annotation
    disputed: Document

    def paths(self) -> dict[str, str]:
        at = f"/projects/{self.project.pk}"
        return {
            "label": f"{at}/label/",
            "mine": f"{at}/mine/",
            "correct": f"{at}/mine/{self.annotation.pk}/",
            "disputes": f"{at}/disputes/",
            "dispute": f"{at}/disputes/{self.disputed.pk}/",
            "guideline": f"{at}/guideline/",
            "older version": f"{at}/guideline/1/",
            "edit": f"{at}/guideline/edit/",
            "versions": f"{at}/guideline/versions/",
            "difference": f"{at}/guideline/1/to/2/",
            "mixing": f"{at}/mix/",
            "password": "/password/",
            "missing": f"{at}/mine/999999/",
        }


@pytest.fixture
def scene(request: pytest.FixtureRequest, make_project, joan: User, ann: User, bob: User) -> Scene:
    project = make_project(kind=request.param, overlap=2)
    refund, billing = project.classes.all()[:2]
    rules = {
        refund.pk: guidelines.Rule("Wants money back.", "Return it.", "Too dear."),
        billing.pk: guidelines.Rule(),
    }
    guidelines.publish(
        project.pk, joan, body="# Read\n\n[all](https://example.org) of it", rules=rules, change="rule"
    )
    span = (0, 6) if request.param == "spans" else ()
    for person, names in ((bob, ("Refund",)), (joan, ("Billing",))):
        held = queue.claim(project.pk, person).documents[0]
        labels = [label(project, name, *span) for name in names]
        annotations.submit(person, annotations.Submission(held.token, labels))
    for name in ("Refund", "Billing"):
        held = queue.claim(project.pk, joan).documents[0]
        annotations.submit(joan, annotations.Submission(held.token, [label(project, name, *span)]))
    latest = Annotation.objects.filter(annotator=joan).latest("pk")
    return Scene(project, latest, Document.objects.get(state="disputed"))


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['help']} {[n['html'][:120] for n in v['nodes']][:3]}" for v in found]


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("scene", ["single", "multi", "spans"], indirect=True)
def test_no_page_has_a_violation(open_as: Open, scene: Scene, joan: User, colours: str):
    page = open_as(joan, "/", color_scheme=colours)
    found = {}
    for name, path in scene.paths().items():
        page.goto(path)
        if wrong := violations(page):
            found[name] = wrong
    assert found == {}


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_signing_in_has_no_violation(open_as: Open, db: None, colours: str):
    page = open_as(None, "/sign-in/", color_scheme=colours)
    assert violations(page) == []
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    assert violations(page) == []


@pytest.mark.parametrize("scene", ["single", "spans"], indirect=True)
def test_nothing_is_wider_than_a_small_phone_or_a_large_zoom(open_as: Open, scene: Scene, joan: User):
    page = open_as(joan, "/", viewport={"width": 320, "height": 640})
    wide = {}
    for name, path in scene.paths().items():
        page.goto(path)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
            wide[name] = width
    assert wide == {}


@pytest.mark.parametrize("scene", ["spans"], indirect=True)
def test_the_marked_text_and_the_skip_form_have_no_violation(open_as: Open, scene: Scene, ann: User):
    page = open_as(ann, scene.paths()["label"])
    page.keyboard.press("ArrowRight")
    page.keyboard.press("1")
    page.keyboard.press("s")
    assert violations(page) == []
