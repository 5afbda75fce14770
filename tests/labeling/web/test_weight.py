"""How much does a page load besides its text? Scripts and style sheets, compressed, with what they import."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client

from tests.fixtures.full_project import FullProject, routes

MAX_BYTES = 60_000  # of any page
MAX_BYTES_OF_LISTS = 31_000  # of all but the pages on which one answers: most of it is htmx
ANSWERING = {"labeling:label", "labeling:correct", "labeling:dispute"}
ASSET = re.compile(r'(?:href|src)="/static/([^"]+\.(?:css|js))"')
IMPORT = re.compile(r'(?:from|import)\s*\(?"\./([^"]+)"')


def with_imports(name: str, seen: set[str]) -> set[str]:
    if name in seen:
        return seen
    seen.add(name)
    for below in IMPORT.findall(_read(name).decode()) if name.endswith(".js") else ():
        with_imports(str(Path(name).parent / below), seen)
    return seen


def _read(name: str) -> bytes:
    result = finders.find(name)
    assert isinstance(result, str), name
    return Path(result).read_bytes()


@pytest.mark.slow
def test_no_page_loads_more_than_a_phone_takes_in_a_blink(
    full_project: FullProject, client: Client, joan: User
) -> None:
    client.force_login(joan)
    weights = {}
    for route in routes():
        page = client.get(full_project.addresses()[route.name])
        if route.name == "api:docs" or not page["Content-Type"].startswith("text/html"):
            continue
        assets: set[str] = set()
        for name in ASSET.findall(page.content.decode()):
            with_imports(name, assets)
        if assets:
            weights[route.name] = sum(len(gzip.compress(_read(name))) for name in assets)
    assert len(weights) > 25
    most = {name: MAX_BYTES if name in ANSWERING else MAX_BYTES_OF_LISTS for name in weights}
    assert {name: bytes_ for name, bytes_ in weights.items() if bytes_ > most[name]} == {}
