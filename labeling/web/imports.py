"""Import pages: a file, a look at its first rows, a choice of columns, a report."""

from __future__ import annotations

import csv
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from labeling.documents.imports import ImportJob
from labeling.exceptions import InvalidInput, LabelingError, NotFound
from labeling.exchange import import_jobs, uploads
from labeling.exchange import undo as import_undo
from labeling.exchange.import_summaries import ImportSummary
from labeling.exchange.rejects import MAX_REJECTS_BYTES, suffix_of
from labeling.exchange.upload_files import rejects_path
from labeling.exchange.uploads import Preview
from labeling.formats.converters import CONVERTERS
from labeling.formats.outlines import ProjectOutline
from labeling.formats.projects import READERS
from labeling.formats.tables.csv_columns import metadata_field
from labeling.formats.tables.csv_rows import needs_escape
from labeling.guidelines.models import Guideline, LabelClass
from labeling.projects.models import Membership, Project
from labeling.web.access import charge, for_managers, person
from labeling.web.components.forms import put_on
from labeling.web.components.polling import is_update, live, render_live
from labeling.web.import_forms import Answers, ColumnChooser, Keep, Reading, UploadForm

SHOWN_BAD_ROWS = 50
SHOWN_MISSING = 50  # names of classes and columns
NOT_REPEATED = {"csrfmiddlewaretoken", "answers", "adds_classes", "back"}
FILE_COST = 50  # of a page's budget: to send a file, and to have it read
LOOK_COST = 10  # to read its start
RECENT_JOBS = 10


@for_managers
def upload(request: HttpRequest, member: Membership) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        charge(request, FILE_COST)
        try:
            job = uploads.store(member.project_id, person(request), form.cleaned_data["file"])
            return redirect("labeling:import_job", member.project_id, job.pk)
        except LabelingError as error:
            put_on(form, error)
    jobs = ImportJob.objects.filter(project=member.project_id).defer("bad_rows", "warnings")[:RECENT_JOBS]
    step = _step(member)
    allotted = LabelClass.objects.active().filter(project=member.project_id) if step else ()
    context = {"member": member, "form": form, "jobs": jobs, "step": step, "allotted": allotted}
    return render(request, "labeling/document_upload.html", context, status=422 if form.errors else 200)


@require_safe
@for_managers
def job(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    """The chooser before, the progress while, and the report after the file is read."""
    import_job = import_jobs.job_of(member.project_id, person(request), job_id)
    if import_job.state in (ImportJob.State.UPLOADED, ImportJob.State.FAILED):
        return HttpResponseClientRefresh() if is_update(request) else _chooser(request, member, import_job)
    is_silent = not import_job.is_over and uploads.is_silent(import_job)
    state = [import_job.state, import_job.bytes_read, import_job.imported, is_silent]
    context = {
        "member": member,
        "job": import_job,
        "may_be_undone": import_job.state in ImportJob.UNDOABLE,
        "step": _step(member),
        "bad_rows": [_bad_row(row) for row in import_job.bad_rows[:SHOWN_BAD_ROWS]],
        "warnings": [_bad_row(row) for row in import_job.warnings[:SHOWN_BAD_ROWS]],
        "added_classes": import_job.added_classes
        and LabelClass.objects.filter(pk__in=import_job.added_classes),
        "percent": min(100 * import_job.bytes_read // max(import_job.byte_count, 1), 100),
        "is_silent": is_silent,
        "live": live(request, state, is_busy=not is_silent),
        "next_step": _next_step(member),
        "has_rejects": import_job.is_over and rejects_path(import_job.pk).exists(),
        "max_rejects": MAX_REJECTS_BYTES,
    }
    page, part = "labeling/document_import.html", "labeling/_document_import.html"
    return render_live(request, page, part, context, is_over=import_job.is_over)


@require_POST
@for_managers
def start(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    import_job = import_jobs.job_of(member.project_id, person(request), job_id)
    charge(request, FILE_COST)
    reading = Reading(request.POST)
    if import_job.state not in (ImportJob.State.UPLOADED, ImportJob.State.FAILED) or not reading.is_valid():
        return redirect("labeling:import_job", member.project_id, job_id)
    file_format, encoding = reading.cleaned_data["format"], reading.cleaned_data["encoding"]
    try:
        columns = uploads.first_rows(import_job, file_format, encoding, **reading.dialect()).columns
        chooser = ColumnChooser(columns, *_known(member), request.POST) if columns else None
        if chooser and (not chooser.is_valid() or "back" in request.POST):
            status = 200 if chooser.is_valid() else 422
            return _chooser(request, member, import_job, chooser=chooser, status=status)
        choice = chooser.choice() if chooser else None
        answers = Answers(request.POST)
        if not answers.is_valid() and (choice or file_format in READERS):  # plain text carries no labels
            summary = uploads.summary(import_job, file_format, encoding, choice)
            if summary.with_label:
                return _summary(request, member, import_job, summary, chooser)
        uploads.start(
            member.project_id,
            person(request),
            job_id,
            file_format,
            encoding,
            choice,
            takes_answers=answers.cleaned_data.get("answers") != Answers.TEXTS,
            adds_classes=answers.cleaned_data.get("adds_classes", False),
        )
    except InvalidInput as error:
        return _chooser(request, member, import_job, problem=error.detail, status=422)
    return redirect("labeling:import_job", member.project_id, job_id)


@require_POST
@for_managers
def resume(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    uploads.resume(member.project_id, person(request), job_id)
    return redirect("labeling:import_job", member.project_id, job_id)


@require_POST
@for_managers
def cancel(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    uploads.cancel(member.project_id, person(request), job_id)
    return redirect("labeling:import_job", member.project_id, job_id)


@for_managers
def undo(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    """What undoing an import would remove, and doing it."""
    import_job = import_jobs.job_of(member.project_id, person(request), job_id)
    problem = ""
    if request.method == "POST":
        charge(request, FILE_COST)
        try:
            import_undo.undo(member.project_id, person(request), job_id)
            return redirect("labeling:import_job", member.project_id, job_id)
        except LabelingError as error:
            problem = error.message
    context = {
        "member": member,
        "job": import_job,
        "effect": import_undo.effect_of(import_job),
        "problem": problem,
        "may_be_undone": import_job.state in ImportJob.UNDOABLE,
    }
    return render(request, "labeling/import_undo.html", context, status=409 if problem else 200)


@require_POST
@for_managers
def discard(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    uploads.discard(member.project_id, person(request), job_id)
    return redirect("labeling:import", member.project_id)


@require_safe
@for_managers
def bad_rows(request: HttpRequest, member: Membership, job_id: UUID) -> HttpResponse:
    """The report as a table: rows left out, then rows stored without a part of them.

    Cells that a spreadsheet would run as a formula are escaped.
    """
    import_job = import_jobs.job_of(member.project_id, person(request), job_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="bad-rows.csv"'
    writer = csv.writer(response)
    writer.writerow(["line", "reason", "row", "stored"])
    for rows, is_stored in ((import_job.bad_rows, "no"), (import_job.warnings, "yes")):
        for shown in map(_bad_row, rows):
            cells = [shown["line"], _escaped(shown["reason"]), _escaped(shown["excerpt"]), is_stored]
            writer.writerow(cells)
    return response


@require_safe
@for_managers
def rejected_rows(request: HttpRequest, member: Membership, job_id: UUID) -> FileResponse:
    """The rows that could not be read, to be mended and imported again."""
    import_job = import_jobs.job_of(member.project_id, person(request), job_id)
    path = rejects_path(import_job.pk)
    if not path.exists():
        raise NotFound
    name = f"rejected-rows{suffix_of(import_job.file_format)}"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)


def _summary(
    request: HttpRequest,
    member: Membership,
    import_job: ImportJob,
    summary: ImportSummary,
    chooser: ColumnChooser | None,
) -> HttpResponse:
    """What the file would settle, before it does; all that was chosen before comes along."""
    requested = {name: value for name, value in request.POST.items() if name not in NOT_REPEATED}
    kept = chooser.kept_columns() if chooser else {}
    context = {
        "member": member,
        "job": import_job,
        "summary": summary,
        "form": Answers(),
        "requested": requested,
        "missing": summary.missing[:SHOWN_MISSING],
        "kept": [(metadata_field(name), Keep(keep).label) for name, keep in kept.items()][:SHOWN_MISSING],
        "step": _step(member),
    }
    return render(request, "labeling/document_summary.html", context)


def _chooser(
    request: HttpRequest,
    member: Membership,
    import_job: ImportJob,
    *,
    chooser: ColumnChooser | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    charge(request, LOOK_COST)
    requested = request.POST if request.method == "POST" else request.GET
    present = {"format": import_job.file_format, "encoding": import_job.encoding}
    reading = Reading(present | {name: requested[name] for name in Reading.base_fields if name in requested})
    preview = Preview(None, ())
    if reading.is_valid():
        file_format, encoding = reading.cleaned_data["format"], reading.cleaned_data["encoding"]
        try:
            preview = uploads.preview(import_job, file_format, encoding, **reading.dialect())
        except InvalidInput as error:
            problem = problem or error.detail
    if chooser is None and preview.columns:
        chooser = ColumnChooser(preview.columns, *_known(member))
    if preview.columns and preview.columns.dialect:
        reading.show_guess(preview.columns.dialect)
    context = {
        "member": member,
        "job": import_job,
        "reading": reading,
        "preview": preview,
        "chooser": chooser,
        "problem": problem or import_job.failure,
        "is_binary": import_job.file_format in CONVERTERS,
        "outline": preview.outline,
        "kind_problem": _kind_problem(member.project, preview.outline),
        "losses": [
            _(loss) for loss in (*import_job.losses, *(preview.outline.losses if preview.outline else ()))
        ],
        "can_start": reading.is_valid() and (preview.columns or preview.rows),
        "guesses_no_header": preview.columns
        and preview.columns.dialect
        and not preview.columns.dialect.has_header
        and reading.cleaned_data["has_header"] is None,
        "step": _step(member),
    }
    return render(request, "labeling/document_columns.html", context, status=status)


def _kind_problem(project: Project, outline: ProjectOutline | None) -> str:
    """A sentence where labels of the file cannot fit the project; empty where they can."""
    if outline is None or outline.kind in (None, project.kind):
        return ""
    if (outline.kind, project.kind) == (Project.Kind.SINGLE, Project.Kind.MULTI):
        return ""
    sentence = _(
        "The labels in the file are for {theirs}, but this project is for {ours}. Texts are imported; labels "
        "that do not fit are not. To keep all labels, create a new project from the file."
    )
    return sentence.format(theirs=Project.Kind(outline.kind).label, ours=Project.Kind(project.kind).label)


def _known(member: Membership) -> tuple[Project, frozenset[str]]:
    classes = LabelClass.objects.active().filter(project=member.project_id)
    return member.project, classes.normal_names()


def _step(member: Membership) -> int | None:
    """The second of four steps, as long as the project has no documents."""
    return None if member.project.present_count else 2


def _next_step(member: Membership) -> tuple[str, str]:
    """What a finished import leads to, and its address: a new project still lacks rules and people."""
    project = member.project
    if project.memberships.exclude(pk=member.pk).filter(removed_at=None).exists():
        return _("Go to the overview"), reverse("labeling:project", args=[project.pk])
    if Guideline.objects.filter(project=project, number__gt=1).exists():  # the first one is empty
        return _("Next: invite annotators"), f"{reverse('labeling:members', args=[project.pk])}?step=4"
    address = reverse("labeling:guideline_edit", args=[project.pk])
    return _("Next: guideline"), f"{address}?step=3"


def _bad_row(row: dict[str, Any]) -> dict[str, Any]:
    message = _(row["message"])
    return {
        "line": row["line"],
        "excerpt": row["excerpt"],
        "reason": message % row["values"] if row["values"] else message,
    }


def _escaped(cell: str) -> str:
    return f"'{cell}" if needs_escape(cell) else cell
