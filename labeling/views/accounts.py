"""How does somebody sign in, sign out and change their password?"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import views as auth
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from labeling.forms.accounts import SignInForm


class SignIn(auth.LoginView):
    template_name = "labeling/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class SignOut(auth.LogoutView):
    """By POST only, so that no picture or link on another site signs people out."""


class ChangePassword(auth.PasswordChangeView):
    template_name = "labeling/change_password.html"
    success_url = reverse_lazy("labeling:projects")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, _("Your password is changed. Other browsers were signed out."))
        return super().form_valid(form)
