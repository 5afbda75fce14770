"""Export page: how a manager gets the labels out."""

from __future__ import annotations

from collections.abc import Iterator

from django import forms
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from labeling.annotations.models import Resolution
from labeling.exceptions import InvalidInput
from labeling.exchange import exporting
from labeling.exchange.exporting import ExportFormat, Scope
from labeling.projects.models import Membership
from labeling.web.access import for_managers
from labeling.web.components.forms import put_on

BROKEN_OFF = b"This file is incomplete: the export stopped here. Download it again.\n"  # programs read it too


class LabelExport(forms.Form):
    scope = forms.TypedChoiceField(
        choices=Scope.choices,
        coerce=Scope,
        initial=Scope.SETTLED,
        widget=forms.RadioSelect,
        label=gettext_lazy("Content"),
    )
    format = forms.TypedChoiceField(
        choices=ExportFormat.choices,
        coerce=ExportFormat,
        initial=ExportFormat.JSONL,
        widget=forms.RadioSelect,
        label=gettext_lazy("Format"),
    )


@require_GET  # a HEAD would read the whole project to say nothing
@for_managers
def labels(request: HttpRequest, member: Membership) -> HttpResponseBase:
    """The choice, and with it in the address the file."""
    form = LabelExport(request.GET or None)
    if form.is_valid():
        try:
            return _file(member, form.cleaned_data["scope"], form.cleaned_data["format"])
        except InvalidInput as error:
            put_on(form, error)
    context = {
        "member": member,
        "form": form,
        "settled": Resolution.objects.filter(project=member.project_id).count(),
    }
    return render(request, "labeling/export.html", context, status=422 if form.errors else 200)


def _file(member: Membership, scope: Scope, file_format: ExportFormat) -> StreamingHttpResponse:
    is_jsonl = file_format == ExportFormat.JSONL
    name = exporting.file_name(member.project, scope, file_format)
    return StreamingHttpResponse(
        _ended(exporting.export(member.project, scope, file_format)),
        content_type="application/x-ndjson" if is_jsonl else "text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _ended(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A file that breaks off says so in a last line that no reader takes for a row.

    The server ends the answer in good order either way, so a browser would keep half a file as a whole one.
    """
    try:
        yield from pieces
    except Exception:
        yield BROKEN_OFF
        raise
