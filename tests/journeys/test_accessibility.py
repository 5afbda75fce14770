"""Can everybody use every page? axe-core finds nothing, in light and dark; nothing is wider than a phone."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, Response, Route, ViewportSize

from labeling.projects.models import Project
from tests.fixtures.full_project import FullProject
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NO_PAGES = {
    "livez": "answers the orchestrator",
    "readyz": "answers the orchestrator",
    "deep_health": "answers an operator's program",
    "api:docs": "is Swagger's own page, which tests/journeys/test_api_page.py uses",
    "labeling:bad_rows": "is a file",
    "labeling:dataset_card": "is a file",
    "labeling:dataset_version_file": "is a file",
    "labeling:export_file": "is a file",
    "labeling:rejected_rows": "is a file",
    "labeling:rules": "is a part of the label page",
    "labeling:terms": "is the JSON that explains terms on pages",
}
BY_KIND = ("label", "mine", "correct", "dispute", "classes", "confusion", "quality", "test_set")
BY_ROLE = {"ann": ("project", "label", "classes", "settings"), "carla": ("project", "disputes", "mine")}
BY_EMPTINESS = (
    "project",
    "label",
    "classes",
    "confusion",
    "savings",
    "documents",
    "disputes",
    "mine",
    "guideline",
)
NARROW = ViewportSize(width=320, height=640)
WIDE = ViewportSize(width=1280, height=800)


def violations(page: Page) -> list[str]:
    """In light by all rules, in dark by that of colors: nothing else is different there."""
    page.emulate_media(color_scheme="light")
    result = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    page.emulate_media(color_scheme="dark")
    result += page.evaluate("axe.run({runOnly: ['color-contrast']}).then(found => found.violations)")
    page.emulate_media(color_scheme="light")
    return [f"{v['id']}: {v['help']} {[n['html'][:120] for n in v['nodes']][:3]}" for v in result]


class Visit:
    """Opens pages one after another and keeps what is wrong with each."""

    def __init__(self, page: Page) -> None:
        self.page, self.host = page, urlsplit(page.url).netloc
        self.wrong: dict[str, list[str]] = {}
        self.titles: dict[str, str] = {}  # of the pages so far, with their addresses
        self.seen: set[str] = set()
        self.elsewhere: list[str] = []
        page.on("request", lambda request: self._note(request.url))

    def see(self, name: str, path: str) -> None:
        answer = self.page.goto(path)
        assert answer is not None
        if self.page.url in self.seen:  # another address led there
            return
        self.seen.add(self.page.url)
        if rows := [*self._of_address(answer), *self.look()]:
            self.wrong[name] = rows

    def look(self) -> list[str]:
        """What is wrong with the page as it is now."""
        self.page.set_viewport_size(NARROW)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.set_viewport_size(WIDE)
        return violations(self.page) + ([f"{width} px wide"] if width > NARROW["width"] else [])

    def _of_address(self, answer: Response) -> list[str]:
        if not answer.headers["content-type"].startswith("text/html"):
            return ["is no page: give the reason in NO_PAGES"]
        if not answer.ok:  # says what went wrong, wherever it did
            return []
        path = urlsplit(self.page.url).path
        first = self.titles.setdefault(self.page.title(), path)
        return [] if first == path else [f"has the title of {first}"]

    def _note(self, url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != self.host:
            self.elsewhere.append(url)


@pytest.fixture
def visit_as(open_as: Open) -> Callable[[User | None], Visit]:
    """Without motion: a color on its way to another is measured as neither."""
    return lambda who: Visit(open_as(who, "/livez", viewport=WIDE, reduced_motion="reduce"))


def pages(full_project: FullProject, names: tuple[str, ...] = ()) -> dict[str, str]:
    """The addresses that a reader may open, not those that only take something; all, or the named ones."""
    result = {}
    client = Client()
    client.force_login(full_project.manager)
    for name, path in full_project.addresses().items():
        page, _, _ = name.removeprefix("labeling:").removeprefix("analytics:").partition(" ")
        is_asked = page in names or not names
        if not is_asked or name in NO_PAGES or name.endswith("_csv") or client.get(path).status_code == 405:
            continue
        result[name] = path
    return result


@pytest.mark.parametrize(("is_report", "least"), [(False, 30), (True, 10)], ids=["project", "reports"])
def test_every_page_of_a_manager(
    visit_as: Callable[[User | None], Visit],
    full_project: FullProject,
    joan: User,
    is_report: bool,
    least: int,
) -> None:
    visit = visit_as(joan)
    for name, path in pages(full_project).items():
        if name.startswith("analytics:") is is_report:
            visit.see(name, path)
    assert visit.wrong == {}
    assert visit.elsewhere == []
    assert len(visit.seen) > least


@pytest.mark.parametrize("full_project", ["multi", "spans"], indirect=True)
def test_what_differs_with_the_kind_of_answer(
    visit_as: Callable[[User | None], Visit], full_project: FullProject, joan: User
) -> None:
    visit = visit_as(joan)
    for name, path in pages(full_project, BY_KIND).items():
        visit.see(name, path)
    assert visit.wrong == {}


@pytest.mark.parametrize("name", BY_ROLE)
def test_what_differs_with_the_role(
    visit_as: Callable[[User | None], Visit], full_project: FullProject, carla: User, name: str
) -> None:
    visit = visit_as(User.objects.get(username=name))
    for page, path in pages(full_project, BY_ROLE[name]).items():
        visit.see(page, path)
    assert visit.wrong == {}


def test_a_project_in_which_nothing_is_yet(
    visit_as: Callable[[User | None], Visit], make_project: Callable[..., Project], joan: User, eve: User
) -> None:
    project = make_project(texts=())
    visit = visit_as(joan)
    for name in BY_EMPTINESS:
        space = "analytics" if name in ("classes", "confusion", "savings") else "labeling"
        visit.see(name, reverse(f"{space}:{name}", args=[project.pk]))
    assert visit.wrong == {}
    visit = visit_as(eve)
    visit.see("No projects", "/")
    assert visit.wrong == {}


def test_before_one_is_in(visit_as: Callable[[User | None], Visit], full_project: FullProject) -> None:
    visit = visit_as(None)
    visit.see("join", f"/join/{full_project.secret}/")
    visit.see("used", "/join/used/")
    visit.see("sign in", "/sign-in/")
    page = visit.page
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    assert (visit.look(), visit.wrong) == ([], {})


def test_the_pages_that_say_what_went_wrong(visit_as: Callable[[User | None], Visit], db: None) -> None:
    visit = visit_as(None)
    for status in ("400", "403", "403_csrf", "404", "500", "503"):
        body = render_to_string(f"{status}.html", {"is_reading": True})
        answer = partial(Route.fulfill, body=body, content_type="text/html")
        visit.page.route(f"**/wrong/{status}/", answer)
        visit.see(status, f"/wrong/{status}/")
    assert visit.wrong == {}


def test_forms_that_were_refused(
    visit_as: Callable[[User | None], Visit], full_project: FullProject, joan: User
) -> None:
    visit = visit_as(joan)
    page, at = visit.page, f"/projects/{full_project.project.pk}"
    for path, button in (
        ("/projects/new/", "Create project"),
        ("/password/", "Change password"),
        (f"{at}/settings/tokens/", "Create token"),
        (f"{at}/settings/", "Add class"),
    ):
        page.goto(path)
        page.evaluate("document.querySelectorAll('form').forEach(form => { form.noValidate = true })")
        page.get_by_role("button", name=button).click()
        page.locator(".errorlist").first.wait_for()
        assert visit.look() == [], path


@pytest.mark.parametrize("full_project", ["spans"], indirect=True)
def test_the_label_page_while_one_marks_and_skips(
    visit_as: Callable[[User | None], Visit], full_project: FullProject, ann: User
) -> None:
    visit = visit_as(ann)
    visit.page.goto(f"/projects/{full_project.project.pk}/label/")
    for key in ("ArrowRight", "1", "s"):
        visit.page.keyboard.press(key)
    assert visit.look() == []
