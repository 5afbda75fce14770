"""How does somebody sign in, sign out and change their password?"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import views as auth
from django.forms import Form
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class SignIn(auth.LoginView):
    """One message for a wrong name and for a wrong password: nobody learns who has an account."""

    template_name = "labeling/sign_in.html"
    redirect_authenticated_user = True

    def get_form(self, form_class: type | None = None) -> Form:
        form = super().get_form(form_class)
        form.error_messages["invalid_login"] = gettext_lazy(
            "This name and password do not fit together. Check both; capital letters matter."
        )
        return form


class SignOut(auth.LogoutView):
    """By POST only, so that no picture or link on another site signs people out."""


class ChangePassword(auth.PasswordChangeView):
    template_name = "labeling/change_password.html"
    success_url = reverse_lazy("labeling:projects")

    def form_valid(self, form: Form) -> HttpResponse:
        messages.success(self.request, _("Your password is changed. Other browsers were signed out."))
        return super().form_valid(form)
