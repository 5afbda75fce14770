"""Project pages: the projects that somebody works in, how one stands, and how another one is made."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from math import ceil

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from labeling.actions import new_projects, owed
from labeling.actions.overview import Day, Overview, Standing, overview, standings
from labeling.exceptions import KeyReused, LabelingError
from labeling.forms.errors import put_on
from labeling.forms.projects import NewProject
from labeling.models import Membership, ModelVersion, OwedWork
from labeling.models.reasons import reason_sentence
from labeling.views.access import for_managers, for_members, for_people, person
from labeling.views.live import live, render_live
from labeling.views.notices import notices

BAR_HEIGHT = 40  # units of the small drawing of labels per day


@dataclass(frozen=True)
class Row:
    """One project in the list."""

    member: Membership
    standing: Standing


@dataclass(frozen=True)
class Bar:
    """One day in the small drawing."""

    day: Day
    x: int
    y: int
    height: int


@dataclass(frozen=True)
class Entry:
    """One entry of the queue's head, ready to be read."""

    place: int
    document_id: int
    name: str
    text_start: str
    why: str


@dataclass(frozen=True)
class Failing:
    """Work that the workers could not do so far, in words."""

    work: OwedWork
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
    found = standings([member.project for member in members], person(request))
    rows = [Row(member, found[member.project_id]) for member in members]
    context = {"rows": rows, "headline": _headline_of_list(rows)}
    return render(request, "labeling/project_list.html", context)


@for_people
def new(request: HttpRequest) -> HttpResponse:
    form = NewProject(request.POST or None, initial={"creation_key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        try:
            project = new_projects.create_once(person(request), **form.values())
        except KeyReused:
            form = NewProject.with_new_key(request.POST)
            form.add_error(
                None, _("This form has made a project already. Send it again to make this one too.")
            )
        except (LabelingError, ValidationError) as error:
            put_on(form, error)
        else:
            messages.success(request, _("The project is made, and you are its manager."))
            return redirect("labeling:import", project.pk)
    return render(
        request, "labeling/project_new.html", {"form": form, "step": 1}, status=422 if form.errors else 200
    )


@require_safe
@for_members
def home(request: HttpRequest, member: Membership) -> HttpResponse:
    found = overview(member)
    told = notices() if member.may_manage else []
    failing = [_failing(work) for work in found.work if work.is_failing]
    context = {
        "member": member,
        "found": found,
        "headline": _headline(member, found),
        "bars": _bars(found.days),
        "answers": sum(day.answers for day in found.days),
        "is_training": _has_state(found, ModelVersion.State.TRAINING),
        "failing": failing,
        "notices": told,
        "has_failed": _has_state(found, ModelVersion.State.FAILED)
        and not any(one.work.kind == OwedWork.Kind.TRAIN for one in failing),
        "head": _head(found),
        "steps_state": _steps_state(found),
        "live": live(request, [*_state(member, found), told], is_busy=_is_busy(found)),
    }
    return render_live(request, "labeling/project_home.html", "labeling/_project_home.html", context)


@require_POST
@for_managers
def retry(request: HttpRequest, member: Membership, kind: str) -> HttpResponse:
    if kind in OwedWork.Kind.values:
        owed.retry(member.project_id, OwedWork.Kind(kind))
        messages.success(request, _("The workers try it again."))
    return redirect("labeling:project", member.project_id)


def _state(member: Membership, found: Overview) -> list[object]:
    """What the page tells that changes by itself."""
    return [
        member.project.is_paused,
        found.standing,
        found.days,
        [(run.number, run.state) for run in (found.model, found.latest_run) if run],
        [(work.kind, work.state, work.attempts, work.next_attempt_at) for work in found.work],
        found.status,
        found.embeddings,
        [(job.pk, job.state) for job in found.imports],
        [entry.document_id for entry in found.head],
        found.skippers,
    ]


def _steps_state(found: Overview) -> str:
    """While this stays, the next steps that the page has loaded stay in it; then they are loaded again."""
    number = found.model.number if found.model else f"none-{found.standing.settled}"
    failing = sum(work.is_failing for work in found.work)
    return f"{number}-{found.standing.disputed}-{found.standing.questions}-{failing}"


def _is_busy(found: Overview) -> bool:
    is_training = _has_state(found, ModelVersion.State.TRAINING)
    return is_training or bool(found.imports) or any(not work.next_attempt_at for work in found.work)


def _failing(work: OwedWork) -> Failing:
    """What failed how often, and when it is tried again. All of it goes on without anybody."""
    what = work.get_kind_display()
    if work.attempts:
        title = ngettext("{what}: failed", "{what}: failed {n} times in a row", work.attempts).format(
            what=what, n=work.attempts
        )
    else:
        title = _("{what}: interrupted {n} times in a row").format(what=what, n=work.interruptions)
    if work.next_attempt_at is None:
        return Failing(work, title, _("The workers are trying again."))
    minutes = max(1, ceil((work.next_attempt_at - timezone.now()).total_seconds() / 60))
    sentence = ngettext(
        "The workers try again by themselves within a minute.",
        "The workers try again by themselves within {n} minutes.",
        minutes,
    )
    return Failing(work, title, sentence.format(n=minutes))


def _headline_of_list(rows: list[Row]) -> str:
    """Where work waits."""
    waiting = [row for row in rows if row.standing.open and not row.member.project.is_paused]
    if not waiting:
        return _("No documents wait in your projects")
    if len(rows) == 1:
        return _("Documents wait in your project")
    return _("Documents wait in {n} of your {total} projects").format(n=len(waiting), total=len(rows))


def _headline(member: Membership, found: Overview) -> str:
    """The finding that matters most, as the page's title."""
    standing = found.standing
    if not standing.documents:
        return _("There is nothing to label yet")
    if member.project.is_paused:
        return _("Labeling is paused")
    if not standing.open and not standing.disputed:
        return _("Every document is settled")
    if not standing.open and standing.disputed:
        return _("Only disputes are left")
    if not standing.settled:
        is_begun = found.model is not None or any(day.answers for day in found.days)
        return _("No document is settled yet") if is_begun else _("Ready for the first label")
    share = 100 * standing.settled // max(standing.to_settle, 1)
    return _("{share} % of the documents are settled").format(share=share)


def _bars(days: list[Day]) -> list[Bar]:
    most = max([day.answers for day in days] or [0])
    heights = [-(-BAR_HEIGHT * day.answers // most) if most else 0 for day in days]  # rounded up: 1 shows
    return [
        Bar(day, 16 * place, BAR_HEIGHT - height, height)
        for place, (day, height) in enumerate(zip(days, heights, strict=True))
    ]


def _has_state(found: Overview, state: ModelVersion.State) -> bool:
    return found.latest_run is not None and found.latest_run.state == state


def _head(found: Overview) -> list[Entry]:
    names = {str(label_class.pk): label_class.name for label_class in found.classes}
    return [
        Entry(
            place,
            entry.document_id,
            str(entry.document),
            getattr(entry, "text_start", ""),
            reason_sentence(entry.reason, names),
        )
        for place, entry in enumerate(found.head, start=1)
    ]
