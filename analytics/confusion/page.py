"""Confusion page: what is taken for what, turned into labels or a clearer rule."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from analytics.confusion.matrix import Shown, View, documents_of, laid_out
from analytics.confusion.report import AmbiguousPair, ConfusionReport, confusion_report
from analytics.confusion.rule_draft import rule_draft
from analytics.confusion.wording import advice, evidence, headline, people
from analytics.data.links import test_set_address
from analytics.data.request_sizes import WANTED_LABELS
from analytics.edge.csv import csv_file, measure_cells, measure_columns
from labeling.exceptions import NotFound
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Membership, Project
from labeling.web.access import for_managers, for_members
from labeling.web.guidelines import draft_page

TABLES = ("matrix", "pairs", "together")


@require_safe
@for_members
def confusion(request: HttpRequest, member: Membership) -> HttpResponse:
    report = confusion_report(member.project, request.GET.get("model"))
    asked = {name: request.GET.get(name, "") for name in ("show", "unit", "only")}
    links = test_set_address(member, report.version)
    view = View.asked(asked["show"], asked["unit"], asked["only"])
    shown: dict[str, Any] = {
        "member": member,
        "report": report,
        "choice": report.choice,
        "retired": report.retired,
        "may_steer": member.may_manage and report.choice.is_in_use,
        "headline": headline(report),
        "view": view,
        "matrix": laid_out(report, report.counts, view) if report.counts else None,
        "choices": _choices(view, report.choice.query),
        "pairs": [_told(pair, member.project.kind) for pair in report.pairs if pair.model.is_clear],
        "faint": [_told(pair, member.project.kind) for pair in report.pairs if not pair.model.is_clear],
        "links": f"{links}&" if links else "",
        "together": _together(report),
        "wanted": WANTED_LABELS,
    }
    return render(request, "analytics/confusion/page.html", shown)


@require_safe
@for_members
def confusion_csv(request: HttpRequest, member: Membership) -> HttpResponse:
    """One of the tables as a file for spreadsheets: ?table=matrix, pairs or together."""
    report = confusion_report(member.project, request.GET.get("model"))
    table = request.GET.get("table", "")
    name = table if table in TABLES else TABLES[0]
    makers = {"matrix": _matrix_table, "pairs": _pairs_table, "together": _together_table}
    header, rows = makers[name](report)
    return csv_file(f"confusion-{name}-{member.project_id}", header, rows)


@require_safe
@for_managers
def draft_rule(request: HttpRequest, member: Membership, first_id: UUID, second_id: UUID) -> HttpResponse:
    """The guideline's editor with a section about two classes, drafted from documents that mix them up."""
    of_project = LabelClass.objects.active().filter(project=member.project_id)
    classes = of_project.in_bulk([first_id, second_id])
    if len(classes) < 2:
        raise NotFound
    first, second = classes[first_id], classes[second_id]
    draft, examples = rule_draft(member.project, first, second)
    told = ngettext(
        "The section at the end is a draft that quotes {n} document. Nothing is saved before you do.",
        "The section at the end is a draft that quotes {n} documents. Nothing is saved before you do.",
        len(examples),
    ).format(n=len(examples))
    if not len(examples):
        told = _("The section at the end is a draft without examples: none are known yet. Nothing is saved.")
    if examples.are_tested:
        told += " " + _(
            "They are of the test set, since the pool has none: say it in your own words, so that nobody "
            "who labels the test set has read its answers."
        )
    note = _("How {first} and {second} are told apart").format(first=first.name, second=second.name)
    return draft_page(request, member, draft, note, told)


def _told(pair: AmbiguousPair, kind: str) -> dict[str, Any]:
    return {
        "pair": pair,
        "evidence": evidence(pair, kind),
        "people": people(pair),
        "advice": advice(pair),
        "forward": documents_of(kind, pair.first, pair.second),
        "backward": documents_of(kind, pair.second, pair.first),
    }


def _choices(view: View, model: str) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Groups of links: what each is called, the query of the page then, and whether it is so now.

    model : the part of the query that names another model than the one in use
    """
    also = [model] if model else []
    now = {
        "show": view.shown.value,
        "unit": "share" if view.is_share else "count",
        "only": "confused" if view.is_confused_only else "every",
    }
    groups = (
        (
            _("Cells"),
            "show",
            ((Shown.ALL, _("all")), (Shown.ERRORS, _("errors")), (Shown.MATCHES, _("matches"))),
        ),
        (_("Numbers"), "unit", (("count", _("counts")), ("share", _("% of the row")))),
        (_("Classes"), "only", (("every", _("every class")), ("confused", _("only confused ones")))),
    )
    return [
        (
            title,
            [
                (
                    name,
                    "&".join([*(f"{k}={v}" for k, v in (now | {key: str(value)}).items()), *also]),
                    now[key] == value,
                )
                for value, name in options
            ],
        )
        for title, key, options in groups
    ]


def _together(report: ConfusionReport) -> list[tuple[LabelClass, LabelClass, int, int, float]]:
    """Classes that documents of the test set have together: both, documents, of the rarer, share of it."""
    if report.co_occurrence is None:
        return []
    counts, row_index = report.co_occurrence, []
    for number, first in enumerate(report.classes):
        for other in range(number + 1, len(report.classes)):
            both = int(counts[number, other])
            if both:
                rarer = int(min(counts[number, number], counts[other, other]))
                row_index.append((first, report.classes[other], both, rarer, both / rarer))
    return sorted(row_index, key=lambda row: -row[2])


def _matrix_table(report: ConfusionReport) -> tuple[list[str], list[list[object]]]:
    header = ["truth", "predicted", "count", "share_of_truth"]
    rows: list[list[object]] = []
    if report.counts is None:
        return header, rows
    counts = report.counts
    for row_index, truth in enumerate(report.classes):
        total = int(counts.true[row_index])
        numbers = [*counts.matrix[row_index].tolist()]
        names = [said.name for said in report.classes]
        if report.project.kind != Project.Kind.SINGLE:
            numbers, names = [*numbers, int(counts.missed_alone[row_index])], [*names, ""]
        rows += [
            [truth.name, said, number, round(number / total, 4) if total else ""]
            for said, number in zip(names, numbers, strict=True)
        ]
    if report.project.kind != Project.Kind.SINGLE:
        extra = zip(report.classes, counts.extra_alone.tolist(), strict=True)
        rows += [["", said.name, number, ""] for said, number in extra]
    return header, rows


def _pairs_table(report: ConfusionReport) -> tuple[list[str], list[list[object]]]:
    header = ["first", "second", "first_as_second", "second_as_first", "of_either", *measure_columns("share")]
    header += [
        "expected",
        "lift",
        "people_differ",
        "people_compared",
        *measure_columns("people_share"),
        "why",
    ]
    return header, [
        [
            pair.first.name, pair.second.name, pair.model.forward, pair.model.backward, pair.model.either,
            *measure_cells(pair.model.share), round(pair.model.expected, 2),
            measure_cells(pair.model.lift)[0], pair.splits, pair.comparisons,
            *measure_cells(pair.people), pair.verdict.value,
        ]
        for pair in report.pairs
    ]  # fmt: skip


def _together_table(report: ConfusionReport) -> tuple[list[str], list[list[object]]]:
    rows: list[list[object]] = [
        [first.name, second.name, both, rarer, round(share, 4)]
        for first, second, both, rarer, share in _together(report)
    ]
    return ["first", "second", "documents", "of_rarer", "share_of_rarer"], rows
