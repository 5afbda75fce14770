"""Project navigation: its sections and their pages, and which of them a member may open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling.projects.models import Membership

register = template.Library()


@dataclass(frozen=True)
class Page:
    """A page of the navigation. Its title is also what the page calls itself.

    name : of its address
    parts : names of the addresses that lie inside it, such as a document inside the documents
    needs : what a member must be allowed, a field of Membership; empty for everybody
    group : the question that pages of a section answer together
    takes_model : shows any kept model, and so leads to the same model on other pages
    help : the page of the documentation that explains it
    """

    name: str
    title: Promise
    parts: tuple[str, ...] = ()
    needs: str = ""
    group: Promise | str = ""
    takes_model: bool = False
    help: str = ""

    def current_at(self, here: str) -> str:
        """As aria-current has it: "page" on the page itself, "true" inside it, else nothing."""
        return "page" if here == self.name else "true" if here in self.parts else ""

    def is_for(self, member: Membership) -> bool:
        return not self.needs or bool(getattr(member, self.needs))


@dataclass(frozen=True)
class Section:
    """A word of the menu, and the pages behind it; the first that a member may open is where it leads."""

    title: Promise
    pages: tuple[Page, ...]


MANAGE, ADJUDICATE = "may_manage", "may_adjudicate"
GOOD, WRONG, NEXT, MODELS = _("How good?"), _("Where wrong?"), _("What next?"), _("Which model?")
SECTIONS = (
    Section(_("Overview"), (Page("labeling:project", _("Overview"), help="tutorial/first-project"),)),
    Section(
        _("Label"),
        (
            Page("labeling:label", _("Label"), help="how-to/label-by-keyboard"),
            Page(
                "labeling:mine", _("My annotations"), ("labeling:correct",), help="how-to/label-by-keyboard"
            ),
            Page(
                "labeling:disputes",
                _("Disputes"),
                ("labeling:dispute", "labeling:relabel"),
                ADJUDICATE,
                help="how-to/ask-the-adjudicator",
            ),
            Page("labeling:my_keys", _("Keyboard shortcuts"), help="how-to/label-by-keyboard"),
        ),
    ),
    Section(
        _("Documents"),
        (
            Page(
                "labeling:documents",
                _("Documents"),
                ("labeling:document", "labeling:exclude_document", "labeling:mark_gold"),
                MANAGE,
                help="reference/states",
            ),
            Page(
                "labeling:import",
                _("Import"),
                ("labeling:import_job", "labeling:undo_import"),
                MANAGE,
                help="how-to/import-documents",
            ),
            Page("labeling:export", _("Export"), (), MANAGE, help="how-to/export-labels"),
            Page(
                "labeling:dataset_versions",
                _("Dataset versions"),
                (
                    "labeling:dataset_version",
                    "labeling:dataset_difference",
                    "labeling:delete_dataset_version",
                ),
                MANAGE,
                help="how-to/freeze-datasets",
            ),
        ),
    ),
    Section(
        _("Guidelines"),
        (
            Page(
                "labeling:guideline",
                _("Guideline"),
                ("labeling:guideline_edit", "labeling:guideline_version"),
                help="tutorial/first-project",
            ),
            Page(
                "labeling:guideline_versions",
                _("Versions"),
                ("labeling:guideline_diff",),
                help="tutorial/first-project",
            ),
        ),
    ),
    Section(
        _("Quality"),
        (
            Page(
                "analytics:classes",
                _("Class report"),
                group=GOOD,
                takes_model=True,
                help="how-to/read-the-report",
            ),
            Page(
                "analytics:quality",
                _("Calibration"),
                group=GOOD,
                takes_model=True,
                help="how-to/read-the-report",
            ),
            Page("analytics:curves", _("Learning curve"), group=GOOD, help="how-to/compare-models"),
            Page(
                "analytics:confusion",
                _("Confusion matrix"),
                ("analytics:draft_rule",),
                group=WRONG,
                takes_model=True,
                help="how-to/read-the-report",
            ),
            Page(
                "analytics:test_set",
                _("Test set"),
                (),
                MANAGE,
                WRONG,
                takes_model=True,
                help="how-to/review-the-test-set",
            ),
            Page(
                "analytics:slices", _("Slices"), group=WRONG, takes_model=True, help="how-to/find-weak-slices"
            ),
            Page("analytics:next_steps", _("Next steps"), group=NEXT, help="how-to/read-the-report"),
            Page(
                "analytics:distribution", _("Label distribution"), group=NEXT, help="how-to/read-the-report"
            ),
            Page("analytics:steering", _("Class priorities"), group=NEXT, help="how-to/steer"),
            Page("analytics:models", _("Models"), (), MANAGE, MODELS, help="how-to/compare-models"),
            Page("analytics:compare", _("Compare models"), (), MANAGE, MODELS, help="how-to/compare-models"),
            Page(
                "analytics:savings", _("Cost savings"), (), MANAGE, MODELS, help="how-to/see-what-was-saved"
            ),
        ),
    ),
    Section(
        _("Team"),
        (Page("labeling:members", _("Team"), ("labeling:remove_member",), MANAGE, help="how-to/add-people"),),
    ),
    Section(
        _("Settings"),
        (
            Page(
                "labeling:settings",
                _("Settings"),
                ("labeling:retire_class", "labeling:change_policy"),
                MANAGE,
                help="reference/settings",
            ),
            Page("labeling:mixing", _("Queue composition"), (), MANAGE, help="how-to/steer"),
            Page("labeling:tokens", _("API tokens"), help="how-to/label-by-api"),
        ),
    ),
)


@dataclass(frozen=True)
class Link:
    """A word that leads somewhere; `current` is "page" where the reader is there, "true" where inside it."""

    title: Promise
    address: str
    current: str = ""


@dataclass(frozen=True)
class Navigation:
    """What a member sees: the sections, the pages of the current one by group, the way to a page inside."""

    sections: list[tuple[Link, list[Link]]] = field(default_factory=list)
    groups: list[tuple[Promise | str, list[Link]]] = field(default_factory=list)
    trail: list[Link] = field(default_factory=list)
    help: str = ""


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any]) -> Navigation:
    """The navigation of the project whose `member` is in the context, on the page of the request."""
    request: HttpRequest = context["request"]
    member: Membership = context["member"]
    here = request.resolver_match.view_name if request.resolver_match else ""
    model = getattr(context.get("choice"), "query", "")
    page_here = next(
        (p for s in SECTIONS for p in s.pages if here == p.name or here in p.parts), SECTIONS[0].pages[0]
    )
    result = Navigation(help=page_here.help)
    for section, pages in _open_to(member):
        links = [Link(page.title, _address(page, member, model), page.current_at(here)) for page in pages]
        is_here = any(link.current for link in links)
        current = links[0].current or ("true" if is_here else "")
        result.sections.append((Link(section.title, links[0].address, current), links))
        if not is_here:
            continue
        if len(links) > 1:
            paired = zip(pages, links, strict=True)
            groups = groupby(paired, key=lambda pair: str(pair[0].group))
            result.groups.extend(
                (group, [link for _page, link in group_links]) for group, group_links in groups
            )
        inside = [link for page, link in zip(pages, links, strict=True) if here in page.parts]
        result.trail.extend(_trail(section, links[0], inside))
    return result


def _open_to(member: Membership) -> Iterator[tuple[Section, list[Page]]]:
    for section in SECTIONS:
        if pages := [page for page in section.pages if page.is_for(member)]:
            yield section, pages


def _address(page: Page, member: Membership, model: str) -> str:
    address = reverse(page.name, args=[member.project_id])
    return f"{address}?{model}" if model and page.takes_model else address


def _trail(section: Section, first: Link, inside: list[Link]) -> list[Link]:
    """The section and the page that a page lies in; empty on a page of the menu itself."""
    if not inside:
        return []
    start = [] if str(inside[0].title) == str(section.title) else [Link(section.title, first.address)]
    return [*start, inside[0]]
