"""Help: the documentation inside the service, the glossary, and the way to both from every page."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.projects.models import Project
from labeling.templatetags.labeling_navigation import SECTIONS
from labeling.web.components.glossary import TERMS, pattern

PAGES = [path.relative_to(settings.DOCUMENTATION) for path in sorted(settings.DOCUMENTATION.rglob("*.md"))]


@pytest.fixture
def reader(client: Client, joan: User) -> Client:
    client.force_login(joan)
    return client


def test_every_page_of_the_documentation_is_served_with_links_that_lead_somewhere(reader: Client) -> None:
    broken, anchors = [], {}
    for path in PAGES:
        address = reverse("labeling:help_page", args=[path.with_suffix("").as_posix()])
        page = reader.get(address)
        assert page.status_code == 200, address
        body = page.content.decode().partition("<article")[2]
        anchors[address] = set(re.findall(r'id="([^"]+)"', body))
        targets = re.findall(r'(?:href|src)="(/[^"#]*)(?:#[^"]*)?"', body)
        broken += [(path, target) for target in set(targets) if reader.get(target).status_code != 200]
    assert len(PAGES) > 30
    assert broken == []


def test_a_wide_table_scrolls_alone(reader: Client) -> None:
    page = reader.get(reverse("labeling:help_page", args=["how-to/come-from-another-tool"])).content.decode()
    assert page.count("<table>") == page.count('role="group" aria-label="Table"><table>') == 2
    assert page.count("</table></div>") == 2


@pytest.mark.parametrize(
    "name", ["../README", "../../etc/passwd", "pictures/../../run", "nothing", "%2e%2e/README"]
)
def test_nothing_outside_the_documentation_is_read(reader: Client, name: str) -> None:
    assert reader.get(f"/help/{name}/").status_code == 404


def test_strangers_sign_in_first(client: Client) -> None:
    assert client.get(reverse("labeling:help")).status_code == 302
    assert client.get(reverse("labeling:terms")).status_code == 302


def test_each_page_of_the_menu_leads_to_its_page_of_the_documentation(
    reader: Client, tickets: Project
) -> None:
    for section in SECTIONS:
        for item in section.pages:
            page = reader.get(reverse(item.name, args=[tickets.pk])).content.decode()
            assert f'href="{reverse("labeling:help_page", args=[item.help])}"' in page, item.name
            assert (settings.DOCUMENTATION / f"{item.help}.md").is_file(), item.help


def test_the_glossary_of_the_documentation_and_that_of_the_pages_are_one() -> None:
    text = (settings.DOCUMENTATION / "reference" / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^## (.+)\n\n(.+)$", text, re.M)
    assert rows == [(str(term.name), str(term.meaning)) for term in TERMS]


def test_no_two_terms_have_the_same_form_and_the_list_is_in_alphabetical_order() -> None:
    forms = [str(form).lower() for term in TERMS for form in (term.name, *term.forms)]
    assert len(forms) == len(set(forms))
    names = [str(term.name).lower() for term in TERMS]
    assert names == sorted(names)


def test_a_term_is_found_as_a_whole_and_in_its_longest_form() -> None:
    test_set = next(term for term in TERMS if term.slug == "test-set")
    match = pattern(test_set).search("3 of the test documents")
    assert match is not None
    assert match[0] == "test documents"
    assert pattern(test_set).search("attest set") is None


def test_the_script_reads_every_term_with_its_meaning(reader: Client) -> None:
    terms = reader.get(reverse("labeling:terms")).json()["terms"]
    assert len(terms) == len(TERMS)
    assert all(term["meaning"].endswith(".") and term["forms"] and term["slug"] for term in terms)
