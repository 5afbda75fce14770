"""Project settings pages: policy and classes, changed while people are labeling."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from labeling.annotations import exclusion
from labeling.annotations.exclusion import OverlapEffect
from labeling.exceptions import LabelingError, NotFound
from labeling.formats.names import normal_name
from labeling.formatting import decimal
from labeling.guidelines import classes
from labeling.guidelines.models import PALETTE, LabelClass
from labeling.guidelines.shortcuts import KEYS, action_keys, class_keys
from labeling.predictions.metadata import EstimatorRun
from labeling.projects.models import Membership, Project
from labeling.web.access import for_managers, person
from labeling.web.components.forms import put_on
from labeling.web.projects import PolicyForm

COLOR_NAMES = (
    gettext_lazy("Blue"),
    gettext_lazy("Orange"),
    gettext_lazy("Green"),
    gettext_lazy("Pink"),
    gettext_lazy("Sky"),
    gettext_lazy("Vermilion"),
    gettext_lazy("Olive"),
    gettext_lazy("Violet"),
    gettext_lazy("Navy"),
    gettext_lazy("Plum"),
    gettext_lazy("Sage"),
    gettext_lazy("Clay"),
    gettext_lazy("Slate"),
    gettext_lazy("Teal"),
    gettext_lazy("Rose"),
    gettext_lazy("Moss"),
)
COLORS = tuple(zip(PALETTE, COLOR_NAMES, strict=True))


class ClassForm(forms.Form):
    """One class in the table of classes."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    key = forms.CharField(
        required=False,
        max_length=1,
        label=gettext_lazy("Key"),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "size": 2}),
    )
    color = forms.ChoiceField(choices=COLORS, label=gettext_lazy("Color"))

    def __init__(self, label_class: LabelClass, kind: str, data: Any = None) -> None:
        self.label_class = label_class
        self.kind = kind
        initial = {"name": label_class.name, "key": label_class.key, "color": label_class.color}
        super().__init__(data, initial=initial, prefix=label_class.pk.hex)
        if label_class.color not in PALETTE:
            choices = [*COLORS, (label_class.color, label_class.color)]
            self.fields["color"] = forms.ChoiceField(choices=choices, label=_("Color"))
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{field.label}: {label_class.name}"
            field.widget.attrs["id"] = f"{name}-{label_class.pk.hex}"

    def clean_name(self) -> str:
        return normal_name(self.cleaned_data["name"])

    def clean_key(self) -> str:
        key = self.cleaned_data["key"].lower()
        return key if key == self.label_class.key else checked_key(key, self.kind)


class ClassTable:
    """All active classes, changed together: two of them may swap their keys."""

    def __init__(self, classes: Iterable[LabelClass], kind: str, data: Any = None) -> None:
        self.rows = [ClassForm(label_class, kind, data) for label_class in classes]
        self.errors: list[str] = []

    def is_valid(self) -> bool:
        are_valid = [row.is_valid() for row in self.rows]
        for name, text in (
            ("name", _("Another class has this name. Choose another name.")),
            ("key", _("Another class has this key.")),
        ):
            seen: set[str] = set()
            for row in self.rows:
                value = row.cleaned_data.get(name)
                if value and value in seen:
                    row.add_error(name, text)
                seen.add(value or "")
        return all(are_valid) and not any(row.errors for row in self.rows)

    def refuse(self, error: LabelingError | ValidationError) -> None:
        """Show what the action said above the table: somebody else changed the classes meanwhile."""
        texts = error.messages if isinstance(error, ValidationError) else [error.message]
        self.errors.extend(texts)

    def changes(self) -> dict[UUID, dict[str, str]]:
        """What differs from before, by class."""
        return {
            row.label_class.pk: {name: row.cleaned_data[name] for name in row.changed_data}
            for row in self.rows
            if row.changed_data
        }


class NewClass(forms.Form):
    """One more class."""

    name = forms.CharField(max_length=100, label=gettext_lazy("New class"))
    key = forms.CharField(
        required=False,
        max_length=1,
        label=gettext_lazy("Key"),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "size": 2}),
    )

    kind = Project.Kind.SINGLE

    @classmethod
    def after(cls, classes: Iterable[LabelClass], kind: str, data: Any = None) -> NewClass:
        """The form with the first free key in it."""
        taken = {label_class.key for label_class in classes}
        free = next((key for key in class_keys(kind) if key not in taken), "")
        form = cls(data, initial={"key": free}, prefix="new", auto_id="id_%s")
        form.kind = Project.Kind(kind)
        return form

    def clean_key(self) -> str:
        return checked_key(self.cleaned_data["key"], self.kind)


def checked_key(key: str, kind: str) -> str:
    """The key in small letters. Raises ValidationError where the desk of such a project cannot use it."""
    key = key.lower()
    reserved = action_keys(kind).values()
    if key and (key not in KEYS or key in reserved):
        raise forms.ValidationError(
            _("Use a digit or a letter other than {reserved}, which are reserved.").format(
                reserved=", ".join(reserved)
            )
        )
    return key


@require_safe
@for_managers
def settings(request: HttpRequest, member: Membership) -> HttpResponse:
    return _page(request, member)


@require_POST
@for_managers
def change_policy(request: HttpRequest, member: Membership) -> HttpResponse:
    form = PolicyForm.of(member.project, request.POST)
    if not form.is_valid():
        return _page(request, member, status=422, policy=form)
    changes = form.changes()
    if "overlap" in changes and "settled" not in request.POST:
        effect = exclusion.overlap_effect(member.project_id, person(request), changes["overlap"])
        if effect.settled_with_fewer or effect.settles:
            context = _overlap_question(request, member, effect)
            return render(request, "labeling/overlap_confirm.html", context)
    reopens = request.POST.get("settled") == "reopen"
    try:
        exclusion.change(member.project_id, person(request), reopens_settled=reopens, **changes)
    except (LabelingError, ValidationError) as error:
        put_on(form, error)
        return _page(request, member, status=422, policy=form)
    if changes:
        labels = ", ".join(str(form.fields[name].label) for name in changes)
        messages.success(request, _("Changed: {labels}.").format(labels=labels))
    else:
        messages.info(request, _("Nothing changed."))
    return redirect("labeling:settings", member.project_id)


@require_POST
@for_managers
def pause(request: HttpRequest, member: Membership) -> HttpResponse:
    is_paused = request.POST.get("is_paused") == "yes"
    exclusion.change(member.project_id, person(request), is_paused=is_paused)
    if is_paused:
        messages.success(request, _("Labeling paused. Annotators get no documents until you resume it."))
    else:
        messages.success(request, _("Labeling resumed."))
    return redirect("labeling:settings", member.project_id)


@require_POST
@for_managers
def change_classes(request: HttpRequest, member: Membership) -> HttpResponse:
    table = ClassTable(_classes(member, is_active=True), member.project.kind, request.POST)
    if not table.is_valid():
        return _page(request, member, status=422, table=table)
    try:
        count = classes.change_many(member.project_id, person(request), table.changes())
    except (LabelingError, ValidationError) as error:
        table.refuse(error)
        return _page(request, member, status=422, table=table)
    message = ngettext("{n} class changed.", "{n} classes changed.", count).format(n=count)
    messages.success(request, message)
    return redirect("labeling:settings", member.project_id)


@require_POST
@for_managers
def add_class(request: HttpRequest, member: Membership) -> HttpResponse:
    form = NewClass.after(_classes(member, is_active=True), member.project.kind, request.POST)
    if form.is_valid():
        try:
            added = classes.add(member.project_id, person(request), **form.cleaned_data)
        except (LabelingError, ValidationError) as error:
            put_on(form, error)
        else:
            messages.success(request, _("“{name}” added.").format(name=added.name))
            return redirect("labeling:settings", member.project_id)
    return _page(request, member, status=422, new_class=form)


@for_managers
def retire_class(request: HttpRequest, member: Membership, class_id: UUID) -> HttpResponse:
    label_class = LabelClass.objects.filter(project=member.project_id, pk=class_id).first()
    if label_class is None:
        raise NotFound
    if request.method != "POST":
        return render(request, "labeling/confirm.html", _retirement(member, label_class))
    try:
        classes.retire(member.project_id, person(request), class_id)
    except LabelingError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("“{name}” retired.").format(name=label_class.name))
    return redirect("labeling:settings", member.project_id)


@require_POST
@for_managers
def restore_class(request: HttpRequest, member: Membership, class_id: UUID) -> HttpResponse:
    restored = classes.restore(member.project_id, person(request), class_id)
    messages.success(request, _("“{name}” restored.").format(name=restored.name))
    return redirect("labeling:settings", member.project_id)


def _page(request: HttpRequest, member: Membership, status: int = 200, **forms: Any) -> HttpResponse:
    active = _classes(member, is_active=True)
    context = {
        "member": member,
        "policy": PolicyForm.of(member.project),
        "table": ClassTable(active, member.project.kind),
        "new_class": NewClass.after(active, member.project.kind),
        "retired": _classes(member, is_active=False),
        "test_share": member.project.test_share,
        "estimator_run": _failed_estimator(member.project),
    }
    return render(request, "labeling/project_settings.html", context | forms, status=status)


def _failed_estimator(project: Project) -> EstimatorRun | None:
    """What came of the chosen estimator in the newest training, where it failed."""
    newest = project.model_versions.ready().first() if project.estimator else None
    run = newest.metadata.estimator if newest else None
    return run if run is not None and run.failure and run.name == project.estimator else None


def _classes(member: Membership, *, is_active: bool) -> list[LabelClass]:
    return list(LabelClass.objects.filter(project=member.project_id, retired_at__isnull=is_active))


def _overlap_question(request: HttpRequest, member: Membership, effect: OverlapEffect) -> dict[str, Any]:
    title = ngettext(
        "Change to {n} annotator per document?", "Change to {n} annotators per document?", effect.overlap
    )
    texts = [_("The current number is {n}.").format(n=member.project.overlap)]
    if effect.settles:
        settles = ngettext(
            "{n} unlabeled document has enough annotations and becomes labeled or disputed.",
            "{n} unlabeled documents have enough annotations and become labeled or disputed.",
            effect.settles,
        )
        texts.append(settles.format(n=decimal(effect.settles, 0)))
    texts.append(_("You can change it back at any time. No annotation is lost."))
    return {
        "member": member,
        "effect": effect,
        "title": title.format(n=effect.overlap),
        "text": " ".join(texts),
        "action": _("Save"),
        "back": reverse("labeling:settings", args=[member.project_id]),
        "hidden": [(k, v) for k, v in request.POST.items() if k != "csrfmiddlewaretoken"],
    }


def _retirement(member: Membership, label_class: LabelClass) -> dict[str, Any]:
    return {
        "member": member,
        "title": _("Retire “{name}”?").format(name=label_class.name),
        "text": _(
            "Annotators can no longer choose it, and the next model does not predict it. Existing "
            "labels are kept, and you can restore the class."
        ),
        "action": _("Retire"),
        "back": reverse("labeling:settings", args=[member.project_id]),
    }
