"""Queue mix form: parts in percent, and words that find rare classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.actions.classes import checked_seed_words
from labeling.actions.steering import MIX_PARTS
from labeling.exceptions import InvalidInput
from labeling.learning.mix import Mix
from labeling.models import LabelClass


def _part(label: Any, help_text: Any) -> forms.IntegerField:
    return forms.IntegerField(min_value=0, max_value=100, label=label, help_text=help_text)


class MixForm(forms.Form):
    """The parts of the head, in per cent."""

    random = _part(
        gettext_lazy("At random, %"),
        gettext_lazy("Drawn with a known chance: honest numbers, and classes that nobody thought of."),
    )
    weak_class = _part(
        gettext_lazy("Weak classes, %"),
        gettext_lazy("Documents that may belong to classes with a low F1 or few labels."),
    )
    second_opinion = _part(
        gettext_lazy("Second opinions, at most %"),
        gettext_lazy("Answers that a model which never saw them speaks against, for somebody else."),
    )
    seed_words = _part(
        gettext_lazy("Seed words, at most %"),
        gettext_lazy("Documents that hold the words below, of all such classes together."),
    )

    @classmethod
    def of(cls, mix: Mix, data: Any = None) -> MixForm:
        """The form with the parts of now."""
        return cls(data, initial={name: round(100 * getattr(mix, name)) for name in MIX_PARTS})

    def clean(self) -> dict[str, Any]:
        parts = dict(super().clean() or {})
        whole = sum(parts.get(name, 0) for name in MIX_PARTS)
        if whole > 100:
            message = _("The parts make {whole} % together; lower some of them to at most 100 %.")
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
