"""Member forms: what is asked of and about people. Invitations, accounts and tokens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from labeling.models import ApiToken, Membership


class NewInvitation(forms.Form):
    role = forms.ChoiceField(choices=Membership.Role, label=gettext_lazy("Role"))
    days = forms.TypedChoiceField(
        coerce=int,
        choices=((1, gettext_lazy("1 day")), (7, gettext_lazy("7 days")), (30, gettext_lazy("30 days"))),
        initial=7,
        label=gettext_lazy("The link works for"),
    )


class Role(forms.Form):
    role = forms.ChoiceField(choices=Membership.Role)


class SignUp(forms.Form):
    """An account for somebody who was invited."""

    username = forms.CharField(
        max_length=150,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Your team sees it. Letters, digits and @ . + - _"),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        max_length=1000,
        strip=False,
        label=gettext_lazy("Password"),
        help_text=gettext_lazy("At least ten characters; a few words make a good one."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class NewToken(forms.Form):
    name = forms.CharField(
        max_length=100,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("Which program uses it, so that you know what stops when you revoke it."),
    )
    scope = forms.ChoiceField(
        choices=ApiToken.Scope, initial=ApiToken.Scope.ANNOTATE, label=gettext_lazy("It may")
    )
    answers = forms.ChoiceField(
        choices=ApiToken.Answers,
        initial=ApiToken.Answers.PERSON,
        required=False,  # existing clients do not send it
        widget=forms.RadioSelect,
        label=gettext_lazy("Who decides the answers it sends?"),
        help_text=gettext_lazy(
            "A machine's answers are marked as such. It gets no test or gold documents: those are for people."
        ),
    )
    days = forms.TypedChoiceField(
        coerce=int,
        choices=(
            (30, gettext_lazy("30 days")),
            (365, gettext_lazy("a year")),
            (0, gettext_lazy("until it is revoked")),
        ),
        initial=365,
        label=gettext_lazy("It works for"),
    )

    def clean_answers(self) -> str:
        return self.cleaned_data["answers"] or ApiToken.Answers.PERSON

    @classmethod
    def of(cls, member: Membership, data: Any = None) -> NewToken:
        """The form with the scopes that the member may give away."""
        form = cls(data)
        if not member.may_manage:
            read, annotate = ApiToken.Scope.READ, ApiToken.Scope.ANNOTATE
            form.fields["scope"] = forms.ChoiceField(
                choices=[(read.value, read.label), (annotate.value, annotate.label)],
                initial=annotate,
                label=cls.base_fields["scope"].label,
            )
        return form
