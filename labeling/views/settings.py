"""Project settings pages: policy and classes, changed while people are labeling."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from labeling.actions import classes, policy
from labeling.actions.policy import OverlapEffect
from labeling.exceptions import LabelingError, NotFound
from labeling.forms.classes import ClassTable, NewClass
from labeling.forms.errors import put_on
from labeling.forms.projects import Policy
from labeling.models import LabelClass, Membership
from labeling.models.numbers import decimal
from labeling.views.access import for_managers, person


@require_safe
@for_managers
def settings(request: HttpRequest, member: Membership) -> HttpResponse:
    return _page(request, member)


@require_POST
@for_managers
def change_policy(request: HttpRequest, member: Membership) -> HttpResponse:
    form = Policy.of(member.project, request.POST)
    if not form.is_valid():
        return _page(request, member, status=422, policy=form)
    changes = form.changes()
    if "overlap" in changes and "settled" not in request.POST:
        effect = policy.overlap_effect(member.project_id, person(request), changes["overlap"])
        if effect.settled_with_fewer or effect.settles:
            context = _overlap_question(request, member, effect)
            return render(request, "labeling/overlap_confirm.html", context)
    reopens = request.POST.get("settled") == "reopen"
    try:
        policy.change(member.project_id, person(request), reopens_settled=reopens, **changes)
    except (LabelingError, ValidationError) as error:
        put_on(form, error)
        return _page(request, member, status=422, policy=form)
    if changes:
        labels = ", ".join(str(form.fields[name].label) for name in changes)
        messages.success(request, _("Changed: {labels}.").format(labels=labels))
    else:
        messages.info(request, _("Nothing was different, so nothing is changed."))
    return redirect("labeling:settings", member.project_id)


@require_POST
@for_managers
def pause(request: HttpRequest, member: Membership) -> HttpResponse:
    is_paused = request.POST.get("is_paused") == "yes"
    policy.change(member.project_id, person(request), is_paused=is_paused)
    if is_paused:
        messages.success(request, _("Labeling is paused: nobody gets another document until you resume it."))
    else:
        messages.success(request, _("Labeling goes on."))
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
    said = ngettext("{n} class is changed.", "{n} classes are changed.", count).format(n=count)
    messages.success(request, said)
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
            messages.success(request, _("“{name}” can be chosen from now on.").format(name=added.name))
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
        messages.success(request, _("“{name}” is retired.").format(name=label_class.name))
    return redirect("labeling:settings", member.project_id)


@require_POST
@for_managers
def restore_class(request: HttpRequest, member: Membership, class_id: UUID) -> HttpResponse:
    restored = classes.restore(member.project_id, person(request), class_id)
    messages.success(request, _("“{name}” can be chosen again.").format(name=restored.name))
    return redirect("labeling:settings", member.project_id)


def _page(request: HttpRequest, member: Membership, status: int = 200, **forms: Any) -> HttpResponse:
    active = _classes(member, is_active=True)
    context = {
        "member": member,
        "policy": Policy.of(member.project),
        "table": ClassTable(active, member.project.kind),
        "new_class": NewClass.after(active, member.project.kind),
        "retired": _classes(member, is_active=False),
        "test_percent": round(100 * member.project.test_share),
    }
    return render(request, "labeling/project_settings.html", context | forms, status=status)


def _classes(member: Membership, *, is_active: bool) -> list[LabelClass]:
    return list(LabelClass.objects.filter(project=member.project_id, retired_at__isnull=is_active))


def _overlap_question(request: HttpRequest, member: Membership, effect: OverlapEffect) -> dict[str, Any]:
    title = ngettext(
        "Ask {n} annotator about each document?", "Ask {n} annotators about each document?", effect.overlap
    )
    texts = [_("Today it is {n}.").format(n=member.project.overlap)]
    if effect.settles:
        settles = ngettext(
            "{n} open document has enough answers and becomes settled, or disputed.",
            "{n} open documents have enough answers and become settled, or disputed.",
            effect.settles,
        )
        texts.append(settles.format(n=decimal(effect.settles, 0)))
    texts.append(_("You can change it back at any time; no answer is lost."))
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
            "Nobody can choose it any more, and the next model does not learn it. Labels given so far stay, "
            "and you can restore the class."
        ),
        "action": _("Retire"),
        "back": reverse("labeling:settings", args=[member.project_id]),
    }
