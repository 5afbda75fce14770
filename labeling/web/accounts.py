"""Account pages: signing in, signing out, changing one's password, and the language of the pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from labeling.projects import accounts, tokens
from labeling.projects.accounts import Attempt
from labeling.projects.known_browsers import COOKIE_NAME, MAX_AGE, browser_id, with_name
from labeling.web.access import local_next
from labeling.web.client_address import client_address

SLOW_DOWN = gettext_lazy(
    "Too many wrong passwords. Wait 15 minutes, or use a browser that you have signed in with before."
)


class SignInForm(AuthenticationForm):
    """One message for a wrong name and for a wrong password: nobody learns who has an account."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": gettext_lazy("Wrong username or password. Both are case-sensitive."),
        "slow_down": SLOW_DOWN,
    }

    def clean(self) -> dict[str, Any]:
        attempt = attempt_of(self.request, str(self.cleaned_data.get("username") or ""))
        if not accounts.may_try(attempt):
            raise ValidationError(SLOW_DOWN, code="slow_down")
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            accounts.note_failure(attempt)
            raise
        if self.get_user() is not None:  # without a name or a password none was judged
            accounts.forget_failures(attempt)
        return cleaned


class ChangePasswordForm(PasswordChangeForm):
    """Whoever finds a browser signed in cannot guess its owner's password here either.

    Tokens do not hang on the password: they end only where the owner asks for it, who may have programs that
    go on. Without tokens nothing is asked.
    """

    ends_tokens = forms.BooleanField(label=gettext_lazy("Also revoke my API tokens"), required=False)

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.token_count = tokens.usable_of(self.user).count()
        if self.token_count:
            self.fields["ends_tokens"].help_text = ngettext(
                "You have %(count)d. It keeps working after a password change. Revoke it if someone "
                "else may know it.",
                "You have %(count)d. They keep working after a password change. Revoke them if "
                "someone else may know them.",
                self.token_count,
            ) % {"count": self.token_count}
        else:
            del self.fields["ends_tokens"]

    @property
    def effect(self) -> str:
        """What became of the tokens; "" where there were none."""
        if not self.token_count:
            return ""
        if self.cleaned_data["ends_tokens"]:
            return gettext("Your API tokens were revoked.")
        return gettext("Your API tokens still work.")

    @transaction.atomic
    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        if self.cleaned_data.get("ends_tokens"):
            tokens.revoke_all_of(user)
        return user

    def clean_old_password(self) -> str:
        attempt = attempt_of(self.request, self.user.get_username())
        if not accounts.may_try(attempt):
            raise ValidationError(SLOW_DOWN, code="slow_down")
        try:
            return super().clean_old_password()
        except ValidationError:
            accounts.note_failure(attempt)
            raise


def attempt_of(request: HttpRequest | None, name: str) -> Attempt:
    """A password that this request tries for this name."""
    if request is None:
        return Attempt(name, None)
    return Attempt(name, client_address(request), browser_id(request.COOKIES.get(COOKIE_NAME, ""), name))


class SignIn(auth.LoginView):
    template_name = "labeling/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        remember_browser(self.request, response, form.get_user().get_username())
        return response


class SignOut(auth.LogoutView):
    """By POST only, so that no picture or link on another site signs people out."""


class ChangePassword(auth.PasswordChangeView):
    template_name = "labeling/change_password.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("labeling:projects")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        changed = _("Password changed. Other browsers were signed out.")
        messages.success(self.request, f"{changed} {form.effect}".strip())
        return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in a cookie, for readers signed in or not. An unknown one changes nothing."""
    if request.POST.get("language") not in dict(settings.LANGUAGES):  # Django also knows others
        return redirect(local_next(request) or "/")
    response: HttpResponse = set_language(request)
    return response


def remember_browser(request: HttpRequest, response: HttpResponse, name: str) -> None:
    """From here, this name can be signed in also while strangers' guesses have locked it."""
    response.set_cookie(
        COOKIE_NAME,
        with_name(request.COOKIES.get(COOKIE_NAME, ""), name),
        max_age=MAX_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
