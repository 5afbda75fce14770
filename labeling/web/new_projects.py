"""New project pages: from the export of another tool, or with classes of one's own."""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.exceptions import FileExpired, KeyReused, LabelingError
from labeling.exchange import project_files
from labeling.exchange.project_files import ProjectFile
from labeling.exchange.project_summaries import ProjectSummary
from labeling.formats.projects import READERS
from labeling.formats.records import BadRow
from labeling.guidelines import new_projects
from labeling.projects.models import Project
from labeling.web.access import charge, for_people, person
from labeling.web.components.forms import put_on
from labeling.web.imports import FILE_COST
from labeling.web.new_project_forms import NewProject, ProjectFileForm, ProjectFromFile

SHOWN_NAMES = 50  # of classes and annotators
SPLIT_NAMES = {
    "pool": gettext_lazy("Training"),
    "test": gettext_lazy("Test set"),
    "": gettext_lazy("Assigned at random"),
}


@for_people
def new(request: HttpRequest) -> HttpResponse:
    """The form for a project with classes of one's own, perhaps for a file that was uploaded already."""
    try:
        file = _file_of(request)
    except FileExpired as error:
        return _page(request, _empty_form(), problem=error.message, status=error.status)
    if file and (job := project_files.job_of(file)):
        return redirect("labeling:import_job", job.project_id, job.pk)
    form = NewProject(request.POST) if request.method == "POST" else _empty_form(request, file)
    if request.method == "POST" and form.is_valid():
        try:
            project = new_projects.create_once(person(request), **form.values())
        except KeyReused:
            form = NewProject.with_new_key(request.POST)
            form.add_error(
                None, _("This form has already created a project. Submit it again to create another.")
            )
        except (LabelingError, ValidationError) as error:
            put_on(form, error)
        else:
            messages.success(request, _("Project created. You are its manager."))
            return _redirect_to_import(request, project, file)
    return _page(request, form, file=file, status=422 if form.errors else 200)


@for_people
def upload(request: HttpRequest) -> HttpResponse:
    """Keep a file, and show what it holds."""
    if request.method != "POST":
        return redirect("labeling:new_project")
    form = ProjectFileForm(request.POST, request.FILES)
    if form.is_valid():
        charge(request, FILE_COST)
        try:
            file = project_files.store(form.cleaned_data["file"])
            return redirect("labeling:project_from_file", project_files.reference_to(file, person(request)))
        except LabelingError as error:
            put_on(form, error)
    return _page(request, _empty_form(), upload_form=form, status=422)


@for_people
def from_file(request: HttpRequest, reference: str) -> HttpResponse:
    """What a file holds, and the project that is created from it with one click."""
    try:
        file = project_files.file_of(person(request), reference)
    except FileExpired as error:
        return _page(request, _empty_form(), problem=error.message, status=error.status)
    if job := project_files.job_of(file):
        return redirect("labeling:import_job", job.project_id, job.pk)
    summary = project_files.summary_of(file)
    if summary is None or not summary.describes_project:
        return redirect(f"{reverse('labeling:new_project')}?{urlencode({'file': reference})}")
    form = ProjectFromFile(summary, _name_of(file, summary), request.POST or None)
    if request.method == "POST" and form.is_valid():
        charge(request, FILE_COST)
        try:
            job = project_files.create_project(person(request), file, summary, **form.values())
        except KeyReused:  # another click was faster, with another name
            return redirect("labeling:project_from_file", reference)
        except (LabelingError, ValidationError) as error:
            put_on(form, error)
        else:
            messages.success(request, _("Project created. You are its manager."))
            return redirect("labeling:import_job", job.project_id, job.pk)
    context = _summary_context(summary) | {"file": file, "form": form, "step": 1}
    return render(request, "labeling/project_from_file.html", context, status=422 if form.errors else 200)


def _page(
    request: HttpRequest,
    form: NewProject,
    *,
    file: ProjectFile | None = None,
    upload_form: ProjectFileForm | None = None,
    problem: str = "",
    status: int,
) -> HttpResponse:
    summary = project_files.summary_of(file) if file else None
    context = {
        "form": form,
        "upload_form": None if file else upload_form or ProjectFileForm(),
        "file": file,
        "tool": READERS[file.file_format].TOOL if file and file.is_project else "",
        "summary": summary,
        "problem": problem,
        "step": 1,
    }
    return render(request, "labeling/project_new.html", context, status=status)


def _empty_form(request: HttpRequest | None = None, file: ProjectFile | None = None) -> NewProject:
    initial: dict[str, Any] = {"creation_key": uuid.uuid4()}
    if request and file:
        name = _name_of(file, project_files.summary_of(file))
        initial |= {"file": request.GET["file"], "name": name[:100]}
    return NewProject(initial=initial)


def _file_of(request: HttpRequest) -> ProjectFile | None:
    """The file that was uploaded before this form. Raises NotFound, FileExpired."""
    reference = (request.POST if request.method == "POST" else request.GET).get("file", "")
    return project_files.file_of(person(request), reference) if reference else None


def _name_of(file: ProjectFile, summary: ProjectSummary | None) -> str:
    """What a project made of the file is called unless its manager changes it."""
    return (summary and " ".join(summary.outline.name.split())) or PurePath(file.name).stem


def _redirect_to_import(request: HttpRequest, project: Project, file: ProjectFile | None) -> HttpResponse:
    """To the columns of the file that was uploaded before, or to the upload of one."""
    if file:
        job = project_files.attach(person(request), project, file)
        if job.project_id == project.pk:
            return redirect("labeling:import_job", project.pk, job.pk)
    return redirect("labeling:import", project.pk)


def _summary_context(summary: ProjectSummary) -> dict[str, Any]:
    outline = summary.outline
    counts = dict(summary.class_counts)
    classes = [(label_class, counts.get(label_class.name, 0)) for label_class in outline.classes]
    named = [name for name, _count in summary.annotators if name]
    return {
        "summary": summary,
        "outline": outline,
        "kind": Project.Kind(outline.kind).label if outline.kind else "",
        "classes": classes[:SHOWN_NAMES],
        "class_count": len(classes),
        "annotators": summary.annotators[:SHOWN_NAMES],
        "annotator_count": len(named),
        "splits": [(SPLIT_NAMES.get(name, name), count) for name, count in summary.splits],
        "guideline": outline.guidelines[-1].text if outline.guidelines else "",
        "losses": [_(loss) for loss in outline.losses],
        "failure": summary.failure,
        "bad_rows": [
            {"line": row.line, "reason": _reason(row), "excerpt": row.excerpt} for row in summary.bad_rows
        ],
    }


def _reason(row: BadRow) -> str:
    return _(row.message) % row.values if row.values else _(row.message)
