"""Guideline pages: the rules, how they are changed, and what changed between two versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from labeling.exceptions import LabelingError, NotFound
from labeling.formats.markup import markdown
from labeling.formats.markup.differences import DiffLine, compare
from labeling.guidelines import versions as guidelines
from labeling.guidelines.models import ClassRule, Guideline, LabelClass
from labeling.guidelines.versions import RuleText
from labeling.projects.models import Membership
from labeling.web.access import for_managers, for_members, person

CHANGES = [
    (Guideline.Change.CLARIFICATION, Guideline.Change.CLARIFICATION.label),
    (Guideline.Change.RULE, Guideline.Change.RULE.label),
]


class GuidelineForm(forms.Form):
    """The version as a whole; `based_on` is the number of the version that is being edited."""

    body = forms.CharField(
        label=gettext_lazy("Guideline"),
        max_length=100_000,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=gettext_lazy(
            "Markdown: # heading, *emphasis*, **strong**, - list, [text](https://…), tables."
        ),
    )
    change = forms.ChoiceField(
        label=gettext_lazy("Type of change"),
        choices=CHANGES,
        initial=Guideline.Change.CLARIFICATION,
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=gettext_lazy("Change note, in one sentence"),
        max_length=300,
        required=False,
    )
    based_on = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class RuleForm(forms.Form):
    """What one class means."""

    definition = forms.CharField(
        label=gettext_lazy("Definition"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    examples = forms.CharField(
        label=gettext_lazy("Examples, one per line"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    counter_examples = forms.CharField(
        label=gettext_lazy("Counterexamples, one per line"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, label_class: LabelClass, data: Any, rule: ClassRule | None) -> None:
        initial = {
            name: getattr(rule, name) for name in ("definition", "examples", "counter_examples") if rule
        }
        super().__init__(data, initial=initial, prefix=label_class.pk.hex)
        self.label_class = label_class

    def rule(self) -> RuleText:
        return RuleText(**self.cleaned_data)


def rule_forms(
    classes: Sequence[LabelClass], rules: Mapping[UUID, ClassRule], data: Any = None
) -> list[RuleForm]:
    """One form a class, filled with what stands now or with what was sent."""
    return [RuleForm(label_class, data, rules.get(label_class.pk)) for label_class in classes]


@dataclass(frozen=True)
class Change:
    """What is different in one part: the text as a whole, or one class's rule."""

    label_class: LabelClass | None
    lines: list[DiffLine]


@require_safe
@for_members
def guideline(request: HttpRequest, member: Membership, number: int | None = None) -> HttpResponse:
    """The newest version, or the one with this number, as it was."""
    newest = _newest(member)
    shown = newest if number is None else _version(member, number)
    rules = _rules(shown)
    context = {
        "member": member,
        "guideline": shown,
        "newest": newest,
        "body": _html(shown.body if shown else ""),
        "rules": [(c, rules.get(c.pk)) for c in _classes(member) if c.pk in rules or c.retired_at is None],
    }
    if shown is not None and shown == newest and member.read_guideline < shown.number:
        guidelines.mark_read(member, shown.number)
    is_part = request.headers.get("X-Desk") == "part"
    return render(request, "labeling/_guideline.html" if is_part else "labeling/guideline.html", context)


@require_safe
@for_members
def versions(request: HttpRequest, member: Membership) -> HttpResponse:
    """All versions, the newest first."""
    listing = Guideline.objects.filter(project=member.project).select_related("author")
    listed = [(version, version.number - 1) for version in listing.defer("body")]
    return render(request, "labeling/guideline_versions.html", {"member": member, "versions": listed})


@require_safe
@for_members
def difference(request: HttpRequest, member: Membership, old: int, new: int) -> HttpResponse:
    """What changed from one version to another."""
    before, after = _version(member, old), _version(member, new)
    context = {
        "member": member,
        "before": before,
        "after": after,
        "changes": _changes(_classes(member), before, after),
    }
    is_part = request.headers.get("X-Desk") == "part"
    return render(request, "labeling/_guideline.html" if is_part else "labeling/guideline_diff.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_managers
def edit(request: HttpRequest, member: Membership) -> HttpResponse:
    """Write the next version; a preview shows it first."""
    newest = _newest(member)
    sent = request.POST if request.method == "POST" else None
    initial = {"body": newest.body if newest else "", "based_on": newest.number if newest else 0}
    classes = [c for c in _classes(member) if c.retired_at is None]
    form = GuidelineForm(sent, initial=initial)
    rules = rule_forms(classes, _rules(newest), sent)
    if sent is None:
        return _edit_page(request, member, form, rules)
    if not all([form.is_valid(), *(rule.is_valid() for rule in rules)]):
        return _edit_page(request, member, form, rules, status=422)
    if "preview" in sent:
        return _edit_page(request, member, form, rules, preview=_html(form.cleaned_data["body"]))
    try:
        saved = _publish(request, member, form, rules)
    except guidelines.GuidelineMoved as error:
        return _moved(request, member, rules, int(form.cleaned_data["based_on"]), error)
    except LabelingError as error:
        form.add_error(None, error.message)
    except ValidationError as error:
        form.add_error(None, error)
    else:
        messages.success(request, _("Version {n} saved. New annotations use it.").format(n=saved.number))
        return redirect(_way_on(member, _step(request)))
    return _edit_page(request, member, form, rules, status=422)


def draft_page(request: HttpRequest, member: Membership, section: str, note: str, text: str) -> HttpResponse:
    """The editor with a section at the end of the newest version that nobody has saved yet.

    note : what changes, in one sentence; text : what the manager should know of the draft
    """
    newest = _newest(member)
    body = f"{newest.body.rstrip()}\n\n{section}" if newest and newest.body.strip() else section
    initial = {"body": body, "based_on": newest.number if newest else 0, "note": note[:300]}
    classes = [c for c in _classes(member) if c.retired_at is None]
    rules = rule_forms(classes, _rules(newest))
    return _edit_page(request, member, GuidelineForm(initial=initial), rules, draft=text)


def _publish(
    request: HttpRequest, member: Membership, form: GuidelineForm, rules: list[RuleForm]
) -> Guideline:
    cleaned = form.cleaned_data
    return guidelines.publish(
        member.project_id,
        person(request),
        body=cleaned["body"],
        rules={rule.label_class.pk: rule.rule() for rule in rules},
        change=cleaned["change"],
        note=cleaned["note"],
        based_on=cleaned["based_on"],
    )


def _moved(
    request: HttpRequest,
    member: Membership,
    rules: list[RuleForm],
    based_on: int,
    error: guidelines.GuidelineMoved,
) -> HttpResponse:
    """Keep what was written, show what the other editor changed, and let the next save build on that."""
    newest, base = _newest(member), Guideline.objects.filter(project=member.project, number=based_on).first()
    sent = request.POST.copy()
    sent["based_on"] = str(newest.number if newest else 0)
    form = GuidelineForm(sent)
    form.add_error(None, error.message)
    changes = _changes(_classes(member), base, newest) if base and newest else []
    return _edit_page(request, member, form, rules, status=409, changes=changes, newest=newest)


def _edit_page(
    request: HttpRequest,
    member: Membership,
    form: GuidelineForm,
    rules: list[RuleForm],
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    step = _step(request)
    context = {"member": member, "form": form, "rules": rules, "step": step, **more}
    context["back"] = _way_on(member, step)
    return render(request, "labeling/guideline_edit.html", context, status=status)


def _step(request: HttpRequest) -> int | None:
    """The third of four steps, for whoever comes from the second: the project is new."""
    requested = request.POST if request.method == "POST" else request.GET
    return 3 if requested.get("step") == "3" else None


def _way_on(member: Membership, step: int | None) -> str:
    if step:
        return f"{reverse('labeling:members', args=[member.project_id])}?step={step + 1}"
    return reverse("labeling:guideline", args=[member.project_id])


def _newest(member: Membership) -> Guideline | None:
    versions = Guideline.objects.filter(project=member.project).select_related("author")
    return versions.order_by("-number").first()


def _version(member: Membership, number: int) -> Guideline:
    version = Guideline.objects.filter(project=member.project, number=number).select_related("author").first()
    if version is None:
        raise NotFound
    return version


def _classes(member: Membership) -> list[LabelClass]:
    return list(LabelClass.objects.filter(project=member.project))


def _rules(guideline: Guideline | None) -> dict[UUID, ClassRule]:
    return {rule.label_class_id: rule for rule in ClassRule.objects.filter(guideline=guideline)}


def _html(body: str) -> SafeString:
    return mark_safe(markdown.render(body))


def _changes(classes: list[LabelClass], before: Guideline, after: Guideline) -> list[Change]:
    old, new = _rules(before), _rules(after)
    changes = [Change(None, compare(before.body, after.body))]
    changes += [Change(c, compare(_rule_text(old.get(c.pk)), _rule_text(new.get(c.pk)))) for c in classes]
    return [change for change in changes if change.lines]


def _rule_text(rule: ClassRule | None) -> str:
    """A rule as lines, each marked with what it is, so that it can be compared."""
    if rule is None:
        return ""
    examples = [_("Example: {text}").format(text=line) for line in rule.examples.splitlines() if line.strip()]
    not_this = [
        _("Counterexample: {text}").format(text=line)
        for line in rule.counter_examples.splitlines()
        if line.strip()
    ]
    return "\n".join([*rule.definition.splitlines(), *examples, *not_this])
