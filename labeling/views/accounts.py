"""Account pages: signing in, signing out, and changing one's password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from labeling.actions.known_browsers import COOKIE_NAME, MAX_AGE, with_name
from labeling.forms.accounts import ChangePasswordForm, SignInForm


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
        changed = _("Your password is changed. Other browsers were signed out.")
        messages.success(self.request, f"{changed} {form.told}".strip())
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
