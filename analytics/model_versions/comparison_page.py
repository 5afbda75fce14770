"""Model comparison page: two models held against each other, document by document."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics.data.queries import HeldOut
from analytics.model_versions.comparison import Comparison, Outcome, asked_comparison
from analytics.model_versions.wording import changes, comparison_headline, outcome_names, verdict
from labeling.documents.models import Document
from labeling.guidelines.models import LabelClass
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Membership, Project
from labeling.training.model_status import HAS_MODEL, missing_model
from labeling.web.access import for_managers

PER_PAGE = 25
MAX_CHOICES = 200  # versions in the lists to choose from
LONGEST = 400  # characters of a text that are read for its beginning


@require_safe
@for_managers
def comparison(request: HttpRequest, member: Membership) -> HttpResponse:
    project = member.project
    compared = asked_comparison(request.GET.dict(), project)
    versions = list(ModelVersion.objects.ready().filter(project=project)[:MAX_CHOICES])
    shown: dict[str, Any] = {
        "member": member,
        "comparison": compared,
        "headline": comparison_headline(compared),
        "versions": versions if len(versions) > 1 else [],
        "status": HAS_MODEL if versions else missing_model(project),
    }
    if compared is not None:
        requested = request.GET.get("show", "")
        outcome = (
            Outcome(requested)
            if requested in {known_outcome.value for known_outcome in Outcome}
            else Outcome.FIXED
        )
        page = Paginator(compared.judged.documents(outcome), PER_PAGE).get_page(request.GET.get("page"))
        shown |= _told(compared, outcome) | {"page": page, "items": _items(project, compared, page)}
    return render(request, "analytics/model_versions/comparison.html", shown)


def _told(comparison: Comparison, outcome: Outcome) -> dict[str, Any]:
    differences = comparison.differences
    measures = [
        (_("accuracy"), differences.accuracy),
        (_("macro F1"), differences.macro_f1),
        (_("micro F1"), differences.micro_f1),
    ]
    pair = f"a={comparison.first.number}&b={comparison.second.number}"
    return {
        "choices": [("a", _("First"), comparison.first.number), ("b", _("Second"), comparison.second.number)],
        "measures": [(name, difference, verdict(difference)) for name, difference in measures],
        "rows": [(row, verdict(row.f1)) for row in comparison.rows],
        "changes": changes(comparison),
        "outcomes": [(value.value, name, comparison.counts[value]) for value, name in outcome_names()],
        "shown": outcome.value,
        "query": f"{pair}&show={outcome}",
    }


def _items(project: Project, comparison: Comparison, page: Page[Any]) -> list[dict[str, Any]]:
    """The documents of one page: text, label, and what both say."""
    judged, rows = comparison.judged, [int(row) for row in page]
    ids = [int(judged.document_ids[row]) for row in rows]
    texts = Document.objects.filter(project=project, pk__in=ids).in_bulk()
    classes = LabelClass.objects.filter(project=project).in_bulk(list(judged.first.classes))
    items = []
    for index, document in zip(rows, ids, strict=True):
        text = texts[document].text
        sides = ((judged.first, True), (judged.first, False), (judged.second, False))
        predicted = [_labels(side, index, text, classes, is_truth=is_truth) for side, is_truth in sides]
        items.append({"document": document, "text": text[:LONGEST], "said": predicted})
    return items


def _labels(
    held_out: HeldOut, row: int, text: str, classes: dict[Any, LabelClass], *, is_truth: bool
) -> list[tuple[LabelClass, str]]:
    """Classes of a document, with the words of each span."""
    spans = held_out.truth_spans if is_truth else held_out.predicted_spans
    if spans:
        return [(classes[held_out.classes[c]], text[start:end]) for start, end, c in sorted(spans[row])]
    flags = held_out.truth if is_truth else held_out.predicted
    return [(classes[held_out.classes[c]], "") for c in flags[row].nonzero()[0]]
