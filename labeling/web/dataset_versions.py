"""Dataset version pages: freeze the data, download and compare what was frozen."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from labeling.exceptions import InvalidInput, LabelingError, NotFound
from labeling.exchange import data_cards, dataset_versions, export_jobs
from labeling.exchange.downloads import download
from labeling.exchange.export_files import FileFormat, file_format, format_keys
from labeling.exchange.models import Content, DatasetVersion
from labeling.projects.models import Membership
from labeling.web.access import charge, for_managers, person
from labeling.web.components.forms import put_on
from labeling.web.exports import files_address

FREEZE_COST = 50  # of a page's budget: a worker reads the whole project
COMPARE_COST = 20
SHOWN_CHANGES = 100


class VersionForm(forms.ModelForm):
    class Meta:
        model = DatasetVersion
        fields = ("name", "note", "content")
        labels = {
            "name": gettext_lazy("Name"),
            "note": gettext_lazy("Note"),
            "content": gettext_lazy("Content"),
        }
        help_texts = {"name": gettext_lazy("What it is for, such as a paper or a release.")}
        widgets = {"note": forms.Textarea(attrs={"rows": 2}), "content": forms.RadioSelect}


@for_managers
def versions(request: HttpRequest, member: Membership) -> HttpResponse:
    """All versions, and the form that freezes the next one."""
    initial = {"content": Content.ANNOTATORS}
    form = VersionForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        charge(request, FREEZE_COST)
        try:
            version = dataset_versions.create(member.project_id, person(request), **form.cleaned_data)
            return redirect("labeling:dataset_version", member.project_id, version.number)
        except (LabelingError, ValidationError) as error:
            put_on(form, error)
    kept = DatasetVersion.objects.kept().filter(project=member.project_id).select_related("created_by")
    context = {"member": member, "form": form, "versions": kept}
    return render(request, "labeling/dataset_versions.html", context, status=422 if form.errors else 200)


@require_safe
@for_managers
def version(request: HttpRequest, member: Membership, version_number: int) -> HttpResponse:
    shown = dataset_versions.version_of(member.project_id, person(request), version_number)
    is_frozen = shown.state == DatasetVersion.State.READY
    frozen = DatasetVersion.objects.frozen().filter(project=member.project_id)
    context = {
        "member": member,
        "version": shown,
        "labeled": sum(shown.statistics["labeled"].values()) if is_frozen else 0,
        "methods": data_cards.methods(shown) if is_frozen else "",
        "formats": _formats() if is_frozen else [],
        "others": frozen.exclude(pk=shown.pk).order_by("-number") if is_frozen else [],
        "bytes_written": 0 if shown.is_over else dataset_versions.bytes_written(shown),
    }
    return render(request, "labeling/dataset_version.html", context)


@require_http_methods(["GET", "POST"])
@for_managers
def version_file(
    request: HttpRequest, member: Membership, version_number: int, file_format_key: str
) -> HttpResponseBase:
    """The version in one of the formats that need no package; sent by POST, a worker writes it in any."""
    if request.method == "POST":
        charge(request, FREEZE_COST)
        export_jobs.create(member.project_id, person(request), file_format_key, version_number=version_number)
        return redirect(files_address(member.project_id))
    frozen = dataset_versions.version_of(member.project_id, person(request), version_number)
    if file_format_key not in format_keys() or file_format(file_format_key).extra:
        raise NotFound
    chosen = file_format(file_format_key)
    pieces = dataset_versions.download(frozen, chosen.key)
    name = dataset_versions.file_name(frozen, chosen.key, chosen.suffix)
    return download(pieces, name, chosen.content_type)


@require_GET
@for_managers
def data_card(request: HttpRequest, member: Membership, version_number: int) -> HttpResponse:
    """The data card as a Markdown file."""
    frozen = dataset_versions.version_of(member.project_id, person(request), version_number)
    if frozen.state != DatasetVersion.State.READY:
        raise NotFound
    name = f"project-{frozen.project_id}-version-{frozen.number}.md"
    return HttpResponse(
        data_cards.data_card(frozen),
        content_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_safe
@for_managers
def difference(
    request: HttpRequest, member: Membership, version_number: int, other_number: int
) -> HttpResponse:
    """What changed from the first version to the second."""
    old, new = (
        dataset_versions.version_of(member.project_id, person(request), number)
        for number in (version_number, other_number)
    )
    charge(request, COMPARE_COST)
    problem, result = "", None
    try:
        result = dataset_versions.compare_in_request(old, new)
    except InvalidInput as error:
        problem = error.detail
    context = {
        "member": member,
        "old": old,
        "new": new,
        "problem": problem,
        "difference": result,
        "changes": result.changes[:SHOWN_CHANGES] if result else [],
        "is_cut": result is not None and len(result.changes) > SHOWN_CHANGES,
    }
    return render(request, "labeling/dataset_difference.html", context)


@for_managers
def delete(request: HttpRequest, member: Membership, version_number: int) -> HttpResponse:
    """Asks first, then deletes the file of a version."""
    shown = dataset_versions.version_of(member.project_id, person(request), version_number)
    if request.method == "POST":
        dataset_versions.delete(member.project_id, person(request), version_number)
        return redirect("labeling:dataset_versions", member.project_id)
    return render(request, "labeling/dataset_version_delete.html", {"member": member, "version": shown})


def _formats() -> list[FileFormat]:
    """Every format; the page links those that it streams, and has a button for those of a worker."""
    return [file_format(key) for key in format_keys()]
