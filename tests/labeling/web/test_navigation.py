"""Navigation: one name in menu and title, only pages that the reader may open, and old addresses lead on."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.projects.models import Project
from labeling.templatetags.labeling_navigation import SECTIONS

ROLES = ("joan", "carla", "ann")  # a manager, an adjudicator, an annotator
CURRENT = re.compile(r'<a href="([^"]+)"\s+aria-current="page">\s*([^<]+?)\s*</a>')
MOVED = {
    "mine/?page=2": "label/annotations/?page=2",
    "disputes/7/": "label/disputes/7/",
    "keys/": "label/shortcuts/",
    "guideline/1/to/2/": "guidelines/1/to/2/",
    "mix/": "settings/queue/",
    "tokens/": "settings/tokens/",
    "members/": "team/",
    "export/": "documents/export/",
    "savings/": "quality/cost-savings/",
    "report/": "quality/",
    "report/quality/?model=3": "quality/calibration/?model=3",
    "report/curves/": "quality/learning-curve/",
    "report/confusion/": "quality/confusion-matrix/",
    "report/distribution/": "quality/label-distribution/",
    "report/steering/": "quality/class-priorities/",
    "report/compare/": "quality/models/compare/",
    "report/models/": "quality/models/",
    "report/test-set/": "quality/test-set/",
    "report/classes.csv": "quality/classes.csv",
}


def menu(page: str) -> dict[str, str]:
    """The links of the menu, with their names."""
    (inside,) = re.findall(r'<nav id="project-navigation".*?</nav>', page, re.S)
    links = re.findall(r'<a href="([^"]+)"[^>]*>\s*([^<]+?)\s*</a>', inside)
    return dict(links)


@pytest.mark.parametrize("role", ROLES)
def test_the_menu_holds_the_pages_that_its_reader_may_open_and_no_other(
    client: Client, tickets: Project, request: pytest.FixtureRequest, role: str
) -> None:
    client.force_login(request.getfixturevalue(role))
    links = menu(client.get(reverse("labeling:project", args=[tickets.pk])).content.decode())
    addresses = {reverse(page.name, args=[tickets.pk]) for section in SECTIONS for page in section.pages}
    opened = {address for address in addresses if client.get(address).status_code == 200}
    assert set(links) == opened


def test_a_page_has_one_name_in_menu_and_title_and_is_marked_as_the_current_one(
    client: Client, tickets: Project, joan: User
) -> None:
    client.force_login(joan)
    for section in SECTIONS:
        for item in section.pages:
            address = reverse(item.name, args=[tickets.pk])
            page = client.get(address).content.decode()
            title = re.search(r"<title>\s*(.*?)\s*·", page, re.S)
            assert title, address
            assert title[1] == str(item.title), address
            assert {link for link, _name in CURRENT.findall(page)} == {address}, address


def test_a_page_inside_another_shows_the_way_back(client: Client, tickets: Project, joan: User) -> None:
    client.force_login(joan)
    document = tickets.documents.first()
    page = client.get(reverse("labeling:document", args=[tickets.pk, document.pk])).content.decode()
    (trail,) = re.findall(r'<nav class="trail".*?</nav>', page, re.S)
    assert re.findall(r'href="([^"]+)"', trail) == [reverse("labeling:documents", args=[tickets.pk])]
    assert not re.search(r'aria-current="page"', trail)


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_an_old_address_leads_to_the_new_one_for_good(client: Client, old: str, new: str) -> None:
    response = client.get(f"/projects/7/{old}")
    assert (response.status_code, response.headers["Location"]) == (301, f"/projects/7/{new}")


def test_a_form_that_was_open_before_the_move_is_sent_to_the_new_address(
    client: Client, tickets: Project, joan: User
) -> None:
    client.force_login(joan)
    response = client.post(f"/projects/{tickets.pk}/members/invite/", {"role": "annotator", "days": "7"})
    assert (response.status_code, response.headers["Location"]) == (
        308,
        f"/projects/{tickets.pk}/team/invite/",
    )
