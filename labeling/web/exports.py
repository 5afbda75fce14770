"""Export page: how a manager gets the labels out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from labeling.annotations.models import Resolution
from labeling.exceptions import InvalidInput
from labeling.exchange import export_files
from labeling.exchange.downloads import download
from labeling.exchange.export_files import FileFormat, file_format, format_keys
from labeling.exchange.exporting import ExportFormat, Scope
from labeling.projects.models import Membership
from labeling.web.access import for_managers
from labeling.web.components.forms import put_on


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
        self.fields["format"].choices = [  # type: ignore[attr-defined]
            (each.key, each.name) for each in formats if not each.extra
        ]


@require_GET  # a HEAD would read the whole project to say nothing
@for_managers
def labels(request: HttpRequest, member: Membership) -> HttpResponseBase:
    """The choice, and with it in the address the file."""
    form = LabelExport(request.GET or None)
    if form.is_valid():
        try:
            return file_response(member, form.cleaned_data["scope"], file_format(form.cleaned_data["format"]))
        except InvalidInput as error:
            put_on(form, error)
    context = {
        "member": member,
        "form": form,
        "formats": export_files.formats_of_project(member.project),
        "settled": Resolution.objects.filter(project=member.project_id).count(),
    }
    return render(request, "labeling/export.html", context, status=422 if form.errors else 200)


def file_response(member: Membership, scope: Scope, chosen: FileFormat) -> StreamingHttpResponse:
    """The file as it is written. Raises InvalidInput."""
    name = export_files.file_name(member.project, scope, chosen)
    return download(export_files.export_file(member.project, scope, chosen.key), name, chosen.content_type)
