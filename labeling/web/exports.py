"""Export page: how a manager gets the labels out, at once or by a worker."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from labeling.annotations.models import Resolution
from labeling.exceptions import InvalidInput
from labeling.exchange import export_files, export_jobs
from labeling.exchange.downloads import download, stored_file
from labeling.exchange.export_files import FileFormat, file_format, format_keys
from labeling.exchange.exporting import ExportFormat, Scope
from labeling.projects.models import Membership
from labeling.web.access import charge, for_managers, person
from labeling.web.components.forms import put_on
from labeling.web.components.polling import Live, is_update, live

WORKER_COST = 50  # of a page's budget: a worker reads the whole project


class LabelExport(forms.Form):
    scope = forms.TypedChoiceField(
        choices=Scope.choices,
        coerce=Scope,
        initial=Scope.SETTLED,
        widget=forms.RadioSelect,
        label=gettext_lazy("Content"),
    )
    format = forms.ChoiceField(
        initial=ExportFormat.JSONL, widget=forms.RadioSelect, label=gettext_lazy("Format")
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        formats = map(file_format, format_keys())
        self.fields["format"].choices = [(each.key, each.name) for each in formats]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])  # a HEAD would read the whole project to say nothing
@for_managers
def labels(request: HttpRequest, member: Membership) -> HttpResponseBase:
    """The choice, and with it in the address the file; sent by POST, a worker writes it."""
    if is_update(request):
        return render(request, "labeling/_export_files.html", _files(request, member))
    form = LabelExport(request.POST if request.method == "POST" else request.GET or None)
    if form.is_valid():
        scope, chosen = form.cleaned_data["scope"], file_format(form.cleaned_data["format"])
        try:
            if request.method == "POST":
                charge(request, WORKER_COST)
                export_jobs.create(member.project_id, person(request), chosen.key, scope=scope)
                return redirect(files_address(member.project_id))
            if not chosen.extra:
                return file_response(member, scope, chosen)
            form.add_error("format", _("A worker writes this format. Use the button “Create file”."))
        except InvalidInput as error:
            put_on(form, error)
    context = _files(request, member) | {
        "form": form,
        "formats": export_files.formats_of_project(member.project),
        "settled": Resolution.objects.filter(project=member.project_id).count(),
    }
    return render(request, "labeling/export.html", context, status=422 if form.errors else 200)


@require_GET
@for_managers
def written(request: HttpRequest, member: Membership, file_id: UUID) -> StreamingHttpResponse:
    """A file that a worker has written."""
    export_file = export_jobs.file_of(member.project_id, person(request), file_id)
    return stored_file(export_jobs.existing_path(export_file), export_jobs.file_name(export_file))


@require_POST
@for_managers
def delete(request: HttpRequest, member: Membership, file_id: UUID) -> HttpResponse:
    """Cancel or delete a file of a worker."""
    export_jobs.delete(member.project_id, person(request), file_id)
    return redirect(files_address(member.project_id))


def files_address(project_id: int) -> str:
    """Where the page lists the files of workers."""
    return reverse("labeling:export", args=[project_id]) + "#files"


def file_response(member: Membership, scope: Scope, chosen: FileFormat) -> StreamingHttpResponse:
    """The file as it is written. Raises InvalidInput."""
    name = export_files.file_name(member.project, scope, chosen)
    return download(export_files.export_file(member.project, scope, chosen.key), name, chosen.content_type)


def _files(request: HttpRequest, member: Membership) -> dict[str, Any]:
    """The files of workers for the part of the page that keeps itself up to date while one is written."""
    files = export_jobs.files_of(member.project_id, person(request))
    is_busy = any(not each.is_over for each in files)
    state = [(each.pk, each.state, each.rows_written) for each in files]
    asking = live(request, state, is_busy=True)
    return {
        "member": member,
        "files": [(each, file_format(each.file_format)) for each in files],
        "retention_hours": export_jobs.RETENTION_HOURS,
        "is_busy": is_busy,
        "live": asking if is_busy else Live(asking.seen, 0),
    }
