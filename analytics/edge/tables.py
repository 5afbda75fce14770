"""Report tables: one report as rows of cells, for people as a file of the page, for programs by the API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from analytics.edge.csv import csv_file
from labeling.projects.models import Membership
from labeling.web.access import for_managers, for_members


@dataclass(frozen=True)
class Table:
    """One table; `name` is that of its file, without project and ending."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[object]]


TableReader = Callable[[Membership, Mapping[str, str]], Table]


@dataclass(frozen=True)
class ReportTable:
    """Where a table comes from, and who may have it.

    read : the table that a query asks for by `table`, `by`, `model` and the filters of the page
    """

    read: TableReader
    is_for_managers: bool = False


def download(member: Membership, table: ReportTable, query: Mapping[str, str]) -> HttpResponse:
    """The table as a CSV file. Raises what reading it raises."""
    content = table.read(member, query)
    return csv_file(f"{content.name}-{member.project_id}", content.header, content.rows)


def csv_page(table: ReportTable) -> Callable[..., HttpResponseBase]:
    """The view that gives a table to whoever reads the page."""

    def view(request: HttpRequest, member: Membership, **_address: Any) -> HttpResponse:
        return download(member, table, request.GET.dict())

    return require_safe((for_managers if table.is_for_managers else for_members)(view))
