"""Project pages: the projects that somebody works in, how one stands, and how another one is made."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from labeling.documents.metadata import ALL_FIELDS
from labeling.documents.metadata_fields import fields_of
from labeling.explanations.reasons import reason_sentence
from labeling.explanations.selection_reason import SelectionReason
from labeling.formatting import percent
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.evaluation.control_arm import LiveSavings
from labeling.predictions.models import ModelVersion
from labeling.project_overview import Day, Overview, ProjectCounts, overview, standings
from labeling.projects.estimators import installed_estimators
from labeling.projects.models import Membership, Project
from labeling.replay.wording import savings_sentence
from labeling.steering.actions import falls_back
from labeling.web.access import for_managers, for_members, for_people, person
from labeling.web.components.notices import notices
from labeling.web.components.polling import live, render_live


class PolicyForm(forms.Form):
    """What a manager may change while people are labeling."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    description = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label=gettext_lazy("Description"),
    )
    overlap = forms.IntegerField(
        min_value=1,
        max_value=32,
        label=gettext_lazy("Annotators per document (overlap)"),
        help_text=gettext_lazy(
            "Applies to documents that are not labeled yet. You are asked before labeled documents change."
        ),
    )
    strategy = forms.ChoiceField(
        choices=Project.Strategy,
        label=gettext_lazy("Query strategy"),
        help_text=gettext_lazy("Applies from the next ranking. Balanced suits almost every project."),
    )
    suggestion_policy = forms.ChoiceField(
        choices=Project.SuggestionPolicy,
        label=gettext_lazy("Pre-labels"),
        help_text=gettext_lazy(
            "Pre-labels save time but bias annotators toward the model's mistakes. What each annotator saw "
            "is stored with the annotation. Documents that evaluate the model or annotators never have "
            "pre-labels."
        ),
    )
    estimator = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Model of another package"),
        help_text=gettext_lazy(
            "Trained and measured like the built-in model, from the next training. If it fails, the built-in "
            "model is used, and this page says why."
        ),
    )
    estimator_use = forms.ChoiceField(choices=Project.EstimatorUse, label=gettext_lazy("Use that model"))
    lease_minutes = forms.IntegerField(
        min_value=1, max_value=1440, label=gettext_lazy("Lock time per document (minutes)")
    )
    confirms_choice = forms.BooleanField(
        required=False,
        label=gettext_lazy("Confirm with Enter"),
        help_text=gettext_lazy(
            "Slower, but you see your choice before it is saved. Otherwise one key"
            " saves and opens the next document."
        ),
    )
    allows_overlapping_spans = forms.BooleanField(required=False, label=gettext_lazy("Spans may overlap"))
    hidden_metadata = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Metadata hidden from annotators"),
        help_text=gettext_lazy(
            "Hide fields that would reveal the label. Managers still see them in reports and exports."
        ),
    )

    @classmethod
    def of(cls, project: Project, data: Any = None) -> PolicyForm:
        """The form with the project's present policy; each kind of project is asked what concerns it."""
        form = cls(data, initial={name: getattr(project, name) for name in cls.base_fields})
        if project.kind != Project.Kind.SPANS:
            del form.fields["allows_overlapping_spans"]
        if project.kind != Project.Kind.SINGLE:
            del form.fields["confirms_choice"]
        names = installed_estimators()
        if names or project.estimator:
            estimators = form.fields["estimator"]
            assert isinstance(estimators, forms.ChoiceField)
            existing = sorted({*names, project.estimator} - {""})
            estimators.choices = [("", _("None: the built-in model")), *((name, name) for name in existing)]
        else:
            del form.fields["estimator"], form.fields["estimator_use"]
        if fields := fields_of(project):
            titles = {ALL_FIELDS: _("All fields that are not explicitly shown")}
            chooser = form.fields["hidden_metadata"]
            assert isinstance(chooser, forms.MultipleChoiceField)
            chooser.choices = [(field, titles.get(field, field)) for field in fields]
        else:
            del form.fields["hidden_metadata"]
        return form

    def changes(self) -> dict[str, Any]:
        """What differs from before."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


BAR_HEIGHT = 40  # units of the small drawing of labels per day


@dataclass(frozen=True)
class ProjectRow:
    """One project in the list."""

    member: Membership
    standing: ProjectCounts


@dataclass(frozen=True)
class DayBar:
    """One day in the small drawing."""

    day: Day
    x: int
    y: int
    height: int


@dataclass(frozen=True)
class Entry:
    """One entry of the queue's head, ready to be read."""

    rank: int
    document_id: int
    name: str
    text_start: str
    why: str


@dataclass(frozen=True)
class Failing:
    """Work that the workers could not do so far, in words."""

    job: Job
    title: str
    next_attempt: str


@require_safe
@for_people
def project_list(request: HttpRequest) -> HttpResponse:
    members = list(
        Membership.objects.select_related("project")
        .filter(user=person(request), removed_at=None, project__archived_at=None)
        .order_by("project__name", "project")
    )
    counts = standings([member.project for member in members], person(request))
    rows = [ProjectRow(member, counts[member.project_id]) for member in members]
    context = {"rows": rows, "headline": _headline_of_list(rows)}
    return render(request, "labeling/project_list.html", context)


@require_safe
@for_members
def home(request: HttpRequest, member: Membership) -> HttpResponse:
    summary = overview(member)
    notices_shown = notices() if member.may_manage else []
    failing = [_failing(job) for job in summary.jobs if job.is_failing]
    context = {
        "member": member,
        "overview": summary,
        "headline": _headline(member, summary),
        "bars": _bars(summary.days),
        "answers": sum(day.answers for day in summary.days),
        "is_training": _has_state(summary, ModelVersion.State.TRAINING),
        "failing": failing,
        "notices": notices_shown,
        "has_failed": _has_state(summary, ModelVersion.State.FAILED)
        and not any(failed.job.kind == Job.Kind.TRAIN for failed in failing),
        "head": _head(summary),
        "steps_state": _steps_state(summary),
        "saved": _saved(summary),
        "has_fallen_back": _has_fallen_back(member, summary),
        "live": live(request, [*_state(member, summary), notices_shown], is_busy=_is_busy(summary)),
    }
    return render_live(request, "labeling/project_home.html", "labeling/_project_home.html", context)


@require_POST
@for_managers
def retry(request: HttpRequest, member: Membership, kind: str) -> HttpResponse:
    if kind in Job.Kind.values:
        outbox.retry(member.project_id, Job.Kind(kind))
        messages.success(request, _("Retry started."))
    return redirect("labeling:project", member.project_id)


def _state(member: Membership, summary: Overview) -> list[object]:
    """What the page tells that changes by itself."""
    return [
        member.project.is_paused,
        summary.standing,
        summary.days,
        [(run.number, run.state) for run in (summary.model, summary.latest_run) if run],
        [(job.kind, job.state, job.attempts, job.next_attempt_at) for job in summary.jobs],
        summary.status,
        summary.embeddings,
        [(job.pk, job.state) for job in summary.imports],
        [entry.document_id for entry in summary.head],
        summary.skippers,
        summary.comparison and (summary.comparison.pk, member.project.falls_back),
    ]


def _saved(summary: Overview) -> str:
    """What active learning has saved so far; empty before it was ever compared."""
    result = summary.comparison.result if summary.comparison else None
    return savings_sentence(LiveSavings.from_json(result)) if result else ""


def _has_fallen_back(member: Membership, summary: Overview) -> bool:
    return bool(summary.comparison and summary.comparison.level and falls_back(member.project))


def _steps_state(summary: Overview) -> str:
    """While this stays, the next steps that the page has loaded stay in it; then they are loaded again."""
    number = summary.model.number if summary.model else f"none-{summary.standing.settled}"
    failing = sum(job.is_failing for job in summary.jobs)
    return f"{number}-{summary.standing.disputed}-{summary.standing.questions}-{failing}"


def _is_busy(summary: Overview) -> bool:
    is_training = _has_state(summary, ModelVersion.State.TRAINING)
    return is_training or bool(summary.imports) or any(not job.next_attempt_at for job in summary.jobs)


def _failing(job: Job) -> Failing:
    """What failed how often, and when it is tried again. All of it goes on without anybody."""
    what = job.get_kind_display()
    if job.attempts:
        title = ngettext("{what}: failed", "{what}: failed {n} times in a row", job.attempts).format(
            what=what, n=job.attempts
        )
    else:
        title = ngettext(
            "{what}: interrupted", "{what}: interrupted {n} times in a row", job.interruptions
        ).format(what=what, n=job.interruptions)
    if job.next_attempt_at is None:
        return Failing(job, title, _("The workers are retrying."))
    minutes = max(1, ceil((job.next_attempt_at - timezone.now()).total_seconds() / 60))
    sentence = ngettext(
        "The workers retry automatically within a minute.",
        "The workers retry automatically within {n} minutes.",
        minutes,
    )
    return Failing(job, title, sentence.format(n=minutes))


def _headline_of_list(rows: list[ProjectRow]) -> str:
    """Where work waits."""
    waiting = [row for row in rows if row.standing.open and not row.member.project.is_paused]
    if not waiting:
        return _("Your projects")
    if len(rows) == 1:
        return _("Your project has documents to label")
    sentence = ngettext(
        "{n} of your {total} projects has documents to label",
        "{n} of your {total} projects have documents to label",
        len(waiting),
    )
    return sentence.format(n=len(waiting), total=len(rows))


def _headline(member: Membership, summary: Overview) -> str:
    """The finding that matters most, as the page's title."""
    standing = summary.standing
    if not standing.documents:
        return _("No documents yet")
    if member.project.is_paused:
        return _("Labeling is paused")
    if not standing.open and not standing.disputed:
        return _("Every document is labeled")
    if not standing.open and standing.disputed:
        return _("Only disputes are left")
    if not standing.settled:
        is_begun = summary.model is not None or any(day.answers for day in summary.days)
        return _("No documents labeled yet") if is_begun else _("Ready for the first label")
    share = percent(floor(100 * standing.settled / max(standing.to_settle, 1)) / 100)
    return _("{share} of the documents are labeled").format(share=share)


def _bars(days: list[Day]) -> list[DayBar]:
    highest = max([day.answers for day in days] or [0])
    heights = [
        -(-BAR_HEIGHT * day.answers // highest) if highest else 0 for day in days
    ]  # rounded up: 1 shows
    return [
        DayBar(day, 16 * index, BAR_HEIGHT - height, height)
        for index, (day, height) in enumerate(zip(days, heights, strict=True))
    ]


def _has_state(summary: Overview, state: ModelVersion.State) -> bool:
    return summary.latest_run is not None and summary.latest_run.state == state


def _head(summary: Overview) -> list[Entry]:
    names = {str(label_class.pk): label_class.name for label_class in summary.classes}
    return [
        Entry(
            rank,
            entry.document_id,
            str(entry.document),
            getattr(entry, "text_start", ""),
            reason_sentence(SelectionReason.from_json(entry.reason), names),
        )
        for rank, entry in enumerate(summary.head, start=1)
    ]
