"""Queue mix page: what the queue is mixed from, and how a manager changes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from labeling.annotations.ground_truth import label_counts
from labeling.documents.models import Document
from labeling.exceptions import InvalidInput, LabelingError
from labeling.formatting import percent
from labeling.guidelines import classes
from labeling.guidelines.classes import checked_seed_words
from labeling.guidelines.models import LabelClass
from labeling.learning.query_strategies.mix import Mix
from labeling.projects.models import Membership, Project
from labeling.queue.models import QueueEntry
from labeling.steering import actions
from labeling.steering.actions import MIX_PARTS, SEED_SEARCH_THRESHOLD, mix_of
from labeling.steering.models import QueueMix
from labeling.web.access import for_managers, person
from labeling.web.components.forms import put_on


def _part(label: Any, help_text: Any) -> forms.IntegerField:
    return forms.IntegerField(min_value=0, max_value=100, label=label, help_text=help_text)


class MixForm(forms.Form):
    """The parts of the head, in percent."""

    random = _part(
        gettext_lazy("Random (%)"),
        gettext_lazy("Sampled with known probability: unbiased estimates, and it finds unexpected classes."),
    )
    weak_class = _part(
        gettext_lazy("Weak classes (%)"),
        gettext_lazy("Documents that may belong to classes with a low F1 or few labels."),
    )
    second_opinion = _part(
        gettext_lazy("Second opinions (max %)"),
        gettext_lazy("Labels that disagree with held-out predictions, sent to another annotator."),
    )
    seed_words = _part(
        gettext_lazy("Seed words (max %)"),
        gettext_lazy("Documents that contain the words below, for all classes together."),
    )

    @classmethod
    def of(cls, mix: Mix, data: Any = None) -> MixForm:
        """The form with the parts of now."""
        return cls(data, initial={name: round(100 * getattr(mix, name)) for name in MIX_PARTS})

    def clean(self) -> dict[str, Any]:
        parts = dict(super().clean() or {})
        whole = sum(parts.get(name, 0) for name in MIX_PARTS)
        if whole > 100:
            message = _("The shares add up to {whole}%. Lower them to at most 100%.")
            raise ValidationError(message.format(whole=whole))
        return parts


class SeedWords(forms.Form):
    """The seed words of all classes, changed together."""

    def __init__(self, classes: Iterable[LabelClass], data: Any = None) -> None:
        super().__init__(data)
        self.classes = list(classes)
        for label_class in self.classes:
            name = label_class.pk.hex
            self.fields[name] = forms.CharField(
                required=False,
                max_length=1_200,
                initial=", ".join(label_class.seed_words),
                label=label_class.name,
                widget=forms.TextInput(attrs={"autocomplete": "off", "aria-label": label_class.name}),
            )

    @property
    def rows(self) -> list[tuple[LabelClass, forms.BoundField]]:
        """Each class with its field."""
        return [(label_class, self[label_class.pk.hex]) for label_class in self.classes]

    def clean(self) -> dict[str, Any]:
        words: dict[str, Any] = {}
        for name, text in list((super().clean() or {}).items()):  # a refused one is taken out
            try:
                words[name] = checked_seed_words(str(text).split(","))
            except InvalidInput as error:
                self.add_error(name, error.detail)
        return words

    def changes(self) -> dict[UUID, list[str]]:
        """What differs from before, by class."""
        return {
            label_class.pk: self.cleaned_data[label_class.pk.hex]
            for label_class in self.classes
            if self.cleaned_data[label_class.pk.hex] != label_class.seed_words
        }


SHARES = {  # in the order of the page: the name of each share, and what it is for
    "random": (gettext_lazy("Random"), gettext_lazy("for unbiased evaluation")),
    "weak_class": (gettext_lazy("Weak classes"), gettext_lazy("classes with a low F1 or few labels")),
    "margin": (
        gettext_lazy("Uncertainty sampling"),
        gettext_lazy("documents the model is unsure about; gets the rest"),
    ),
    "second_opinion": (gettext_lazy("Second opinions"), gettext_lazy("labels that may be wrong")),
    "seed_words": (gettext_lazy("Seed words"), gettext_lazy("documents with the words below")),
    "focus": (gettext_lazy("Focus"), gettext_lazy("requested with “Label more”")),
    "disagreement": (gettext_lazy("Disagreement"), gettext_lazy("documents the committee disagrees on")),
    "herding": (gettext_lazy("Coverage"), gettext_lazy("uncertain documents, spread over the pool")),
    "cold_start": (gettext_lazy("Typical documents"), gettext_lazy("until there is a model")),
    "test": (gettext_lazy("Test set"), gettext_lazy("at the test-set share")),
    "overlap": (gettext_lazy("More annotations"), gettext_lazy("partly annotated documents")),
    "gold": (gettext_lazy("Gold"), gettext_lazy("known label; measures annotators")),
}


@dataclass(frozen=True)
class PartRow:
    """One share of the head: what is wanted, and what the order of now holds."""

    name: str
    purpose: str
    wanted: str  # percent; empty where the mix does not say
    entries: int
    part: float  # of the head, 0 to 1


@require_safe
@for_managers
def mixing(request: HttpRequest, member: Membership) -> HttpResponse:
    return _page(request, member)


@require_POST
@for_managers
def change_mix(request: HttpRequest, member: Membership) -> HttpResponse:
    form = MixForm.of(mix_of(member.project, _class_count(member)), request.POST)
    if not form.is_valid():
        return _page(request, member, status=422, form=form)
    try:
        actions.change_mix(member.project_id, person(request), **form.cleaned_data)
    except LabelingError as error:
        put_on(form, error)
        return _page(request, member, status=422, form=form)
    messages.success(request, _("Saved. The next ranking uses your composition."))
    return redirect("labeling:mixing", member.project_id)


@require_POST
@for_managers
def reset_mix(request: HttpRequest, member: Membership) -> HttpResponse:
    if actions.reset_mix(member.project_id, person(request)):
        messages.success(request, _("Reset. The next ranking uses the default composition."))
    return redirect("labeling:mixing", member.project_id)


@require_POST
@for_managers
def change_seed_words(request: HttpRequest, member: Membership) -> HttpResponse:
    form = SeedWords(_classes(member), request.POST)
    if not form.is_valid():
        return _page(request, member, status=422, seeds=form)
    changes = {pk: {"seed_words": words} for pk, words in form.changes().items()}
    try:
        classes.change_many(member.project_id, person(request), changes)
    except (LabelingError, ValidationError) as error:
        put_on(form, error)
        return _page(request, member, status=422, seeds=form)
    if changes:
        messages.success(request, _("Seed words saved. The next ranking uses them."))
    else:
        messages.info(request, _("Nothing changed."))
    return redirect("labeling:mixing", member.project_id)


def _page(request: HttpRequest, member: Membership, status: int = 200, **forms: Any) -> HttpResponse:
    mix = mix_of(member.project, _class_count(member))
    counts = label_counts(member.project_id)
    seeds = forms.get("seeds") or SeedWords(_classes(member))
    context = {
        "member": member,
        "parts": _parts(member.project),
        "margin": mix.margin,
        "own": QueueMix.objects.filter(project=member.project).select_related("changed_by").first(),
        "is_default_strategy": member.project.strategy == Project.Strategy.DEFAULT,
        "form": MixForm.of(mix),
        "seeds": seeds,
        "seed_rows": [(c, field, counts.get((c.pk, Document.Split.POOL), 0)) for c, field in seeds.rows],
        "few_labels": SEED_SEARCH_THRESHOLD,
    }
    return render(request, "labeling/mixing.html", context | forms, status=status)


def _parts(project: Project) -> list[PartRow]:
    entries = QueueEntry.objects.live(project).by_share()
    whole = max(sum(entries.values()), 1)
    target_shares: dict[str, str] = {}
    if project.strategy == Project.Strategy.DEFAULT:
        mix = mix_of(project, LabelClass.objects.active().filter(project=project).count())
        for share in ("random", "weak_class", "margin", "second_opinion", "seed_words"):
            written = percent(getattr(mix, share))
            is_most = share in ("second_opinion", "seed_words")
            target_shares[share] = _("at most {percent}").format(percent=written) if is_most else written
    return [
        PartRow(
            str(name),
            str(purpose),
            target_shares.get(share, ""),
            entries.get(share, 0),
            entries.get(share, 0) / whole,
        )
        for share, (name, purpose) in SHARES.items()
        if share in target_shares or entries.get(share)
    ]


def _classes(member: Membership) -> list[LabelClass]:
    return list(LabelClass.objects.active().filter(project=member.project_id))


def _class_count(member: Membership) -> int:
    return len(_classes(member))
