"""Answer form: a page's fields as labels, whatever the kind of project."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms
from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from labeling.annotations.validation import LabelValue
from labeling.explanations.suggestions import Suggestion, seen
from labeling.projects.models import Project

MAX_SECONDS = 86_400.0
SUGGESTION_SALT = "labeling.suggestion"
NONE = "none"  # chosen at first: nothing
MAX_FIRST_CHOICES = 50  # classes chosen before the suggestion was seen
MAX_FIRST_SPANS = 500


class AnswerForm(forms.Form):
    """The labels are in `cleaned_data["labels"]`: single and multi send `label_class`, once for each chosen
    class; spans send `span_class`, `span_start` and `span_end` for each (a row left empty is none).
    """

    token = forms.CharField(max_length=200)
    key = forms.CharField(max_length=64, required=False)
    seconds = forms.CharField(max_length=30, required=False)
    suggestion = forms.CharField(max_length=20_000, required=False)
    note = forms.CharField(max_length=1000, required=False)

    def __init__(self, sent: QueryDict, kind: str = "") -> None:
        """Without a kind, the fields themselves tell which it is; what is stored is checked again anyway."""
        super().__init__(sent)
        self.sent = sent
        self.kind = kind or (Project.Kind.SPANS if "span_class" in sent else Project.Kind.MULTI)

    @property
    def complaint(self) -> str:
        """All that is wrong, as one text."""
        return " ".join(str(text) for texts in self.errors.values() for text in texts)

    def clean_seconds(self) -> float | None:
        """What the page measured; nonsense is no reason to refuse an answer."""
        try:
            seconds = float(self.cleaned_data["seconds"])
        except ValueError:
            return None
        return seconds if 0 <= seconds <= MAX_SECONDS else None

    def clean_suggestion(self) -> Any:
        """What was shown, as this service signed it when it showed it with this document."""
        salt = _salt(self.cleaned_data.get("token", ""))
        try:
            shown = signing.loads(self.cleaned_data["suggestion"], salt=salt)
        except signing.BadSignature:
            return None
        if "first_spans" in self.sent:
            return seen(shown, _first_spans(str(self.sent["first_spans"])))
        first_choices = self.sent.getlist("first")[:MAX_FIRST_CHOICES]
        first = [str(_class_id(value)) for value in first_choices if value != NONE] if first_choices else None
        return seen(shown, first)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["labels"] = self._spans() if self.kind == Project.Kind.SPANS else self._classes()
        return cleaned

    def _classes(self) -> list[LabelValue]:
        chosen = [_class_id(value) for value in self.sent.getlist("label_class")]
        if self.kind == Project.Kind.SINGLE and not chosen:
            raise forms.ValidationError(_("Choose a class."))
        return [LabelValue(label_class) for label_class in chosen]

    def _spans(self) -> list[LabelValue]:
        names = ("span_class", "span_start", "span_end")
        columns = [self.sent.getlist(name) for name in names]
        if len({len(column) for column in columns}) > 1:
            raise forms.ValidationError(_("A span needs a class, a start and an end."))
        rows = [[value.strip() for value in row] for row in zip(*columns, strict=True)]
        return [_span(*row) for row in rows if any(row)]


class ChoiceOfClasses(AnswerForm):
    """An answer without a lease: a correction, or an adjudicator's decision."""

    token = forms.CharField(max_length=200, required=False)


def signed_suggestion(shown: Suggestion, token: str) -> str:
    """For the hidden field: the page sends back what it showed with this lease, and cannot claim another."""
    return signing.dumps(shown.stored(), salt=_salt(token))


def _salt(token: str) -> str:
    """Of the lease alone: an answer that was taken back is given again under the lease's next token."""
    return f"{SUGGESTION_SALT}:{token.partition('-')[0]}"


def _first_spans(sent: str) -> list[list[Any]] | None:
    """[[start, end, class identifier], …] that was marked before the suggestion was seen; None for nonsense.

    >>> _first_spans("[[0, 4, \\"5a8e0bd6-6d45-4f66-9f0a-0cf7b2a6f6a2\\"]]")
    [[0, 4, '5a8e0bd6-6d45-4f66-9f0a-0cf7b2a6f6a2']]
    >>> _first_spans("[[0]]"), _first_spans("")
    (None, None)
    """
    try:
        rows = json.loads(sent)
        return [[int(start), int(end), str(UUID(key))] for start, end, key in rows[:MAX_FIRST_SPANS]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _class_id(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError as error:
        raise forms.ValidationError(_("Choose one of the project's classes.")) from error


def _span(label_class: str, start: str, end: str) -> LabelValue:
    if not (label_class and start.isdecimal() and end.isdecimal()) or len(start + end) > 18:
        raise forms.ValidationError(
            _("A span needs a class, a start and an end. Start and end are whole numbers.")
        )
    return LabelValue(_class_id(label_class), int(start), int(end))
