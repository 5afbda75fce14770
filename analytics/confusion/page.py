"""Confusion matrix page: confused classes, turned into labels or a clearer rule."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from analytics.confusion.matrix import CellFilter, MatrixOptions, documents_of, laid_out
from analytics.confusion.report import AmbiguousPair, confusion_report
from analytics.confusion.rule_draft import rule_draft
from analytics.confusion.tables import classes_together
from analytics.confusion.wording import advice, confusion_headline, evidence, people
from analytics.data.links import test_set_address
from analytics.data.request_sizes import WANTED_LABELS
from labeling.exceptions import NotFound
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Membership
from labeling.web.access import for_managers, for_members
from labeling.web.guidelines import draft_page


@require_safe
@for_members
def confusion(request: HttpRequest, member: Membership) -> HttpResponse:
    report = confusion_report(member.project, request.GET.get("model"))
    query = {name: request.GET.get(name, "") for name in ("show", "unit", "only")}
    links = test_set_address(member, report.version)
    view = MatrixOptions.read(query["show"], query["unit"], query["only"])
    shown: dict[str, Any] = {
        "member": member,
        "report": report,
        "choice": report.choice,
        "retired": report.retired,
        "may_steer": member.may_manage and report.choice.is_in_use,
        "headline": confusion_headline(report),
        "view": view,
        "matrix": laid_out(report, report.counts, view) if report.counts else None,
        "choices": _choices(view, report.choice.query),
        "pairs": [_described(pair, member.project.kind) for pair in report.pairs if pair.model.is_clear],
        "faint": [_described(pair, member.project.kind) for pair in report.pairs if not pair.model.is_clear],
        "links": f"{links}&" if links else "",
        "together": classes_together(report),
        "wanted": WANTED_LABELS,
    }
    return render(request, "analytics/confusion/page.html", shown)


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
    text = ngettext(
        "The last section is a draft that quotes {n} document. It is not saved until you save it.",
        "The last section is a draft that quotes {n} documents. It is not saved until you save it.",
        len(examples),
    ).format(n=len(examples))
    if not len(examples):
        text = _(
            "The last section is a draft without examples, since there are none yet. It is not saved "
            "until you save it."
        )
    if examples.are_tested:
        text += " " + _(
            "The examples are from the test set, since the pool has none. Rephrase them, so that "
            "annotators do not learn the labels of test documents."
        )
    note = _("How to distinguish {first} and {second}").format(first=first.name, second=second.name)
    return draft_page(request, member, draft, note, text)


def _described(pair: AmbiguousPair, kind: str) -> dict[str, Any]:
    return {
        "pair": pair,
        "evidence": evidence(pair, kind),
        "people": people(pair),
        "advice": advice(pair),
        "forward": documents_of(kind, pair.first, pair.second),
        "backward": documents_of(kind, pair.second, pair.first),
    }


def _choices(view: MatrixOptions, model: str) -> list[tuple[str, list[tuple[str, str, bool]]]]:
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
            (
                (CellFilter.ALL, _("All")),
                (CellFilter.ERRORS, _("Errors")),
                (CellFilter.MATCHES, _("Matches")),
            ),
        ),
        (_("Numbers"), "unit", (("count", _("Counts")), ("share", _("Row %")))),
        (_("Classes"), "only", (("every", _("All")), ("confused", _("Confused only")))),
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
