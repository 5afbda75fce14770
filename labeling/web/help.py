"""Help: the documentation, served by the service itself, and the terms that pages explain."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from pathlib import Path

import pyromark
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from labeling.exceptions import NotFound
from labeling.web.access import for_people
from labeling.web.components.glossary import TERMS

PICTURES = {".png": "image/png", ".svg": "image/svg+xml"}
INDEX = "index"
_LINK = re.compile(r'(href|src)="(?![a-z][a-z+.-]*:|#|/)([^"#]*)(#[^"]*)?"')
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.S)


@for_people
def page(request: HttpRequest, name: str = INDEX) -> HttpResponse:
    """A page of the documentation, or a picture in it. Nothing outside its folder is read."""
    path = _file(name)
    if path.suffix in PICTURES:
        return HttpResponse(path.read_bytes(), content_type=PICTURES[path.suffix])
    title, body = _rendered(path, name)
    return render(request, "labeling/help.html", {"title": title, "body": body, "is_index": name == INDEX})


@for_people
def terms(request: HttpRequest) -> HttpResponse:
    """The glossary for the script that explains terms on pages."""
    response = JsonResponse({"terms": [term.to_json() for term in TERMS]})
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _file(name: str) -> Path:
    root: Path = settings.DOCUMENTATION
    path = (root / (name if Path(name).suffix in PICTURES else f"{name}.md")).resolve()
    if root.resolve() not in path.parents or not path.is_file():
        raise NotFound
    return path


@lru_cache(maxsize=64)  # the files belong to the version of the code
def _rendered(path: Path, name: str) -> tuple[str, SafeString]:
    """Title and HTML of a page. The documentation is ours, so its HTML is trusted."""
    html = pyromark.html(path.read_text(encoding="utf-8"), options=pyromark.Options.ENABLE_TABLES)
    folder = posixpath.dirname(name)
    html = _LINK.sub(lambda match: f'{match[1]}="{_address(folder, match[2])}{match[3] or ""}"', html)
    html = _HEADING.sub(lambda m: f'<h{m[1]} id="{slugify(strip_tags(m[2]))}">{m[2]}</h{m[1]}>', html)
    html = html.replace("<table>", '<div class="table" tabindex="0" role="group" aria-label="Table"><table>')
    html = html.replace("</table>", "</table></div>")
    title = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.S)
    return strip_tags(title[1]) if title else name, mark_safe(html)


def _address(folder: str, target: str) -> str:
    """The address of what a page links to; files outside the documentation have none here."""
    name = posixpath.normpath(posixpath.join(folder, target))
    if name.startswith(".."):
        return reverse("labeling:help")
    return reverse("labeling:help_page", args=[name.removesuffix(".md")])
