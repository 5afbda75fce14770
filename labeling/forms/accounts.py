"""What does somebody enter to come in?"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from labeling.actions import accounts
from labeling.actions.accounts import Attempt
from labeling.actions.known_browsers import COOKIE_NAME, browser_id
from labeling.forms.client_address import client_address

SLOW_DOWN = _(
    "Too many wrong passwords. Wait a quarter of an hour, or use a browser you signed in with before."
)


class SignInForm(AuthenticationForm):
    """One message for a wrong name and for a wrong password: nobody learns who has an account."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("This name and password do not fit together. Check both; capital letters matter."),
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
    """Whoever finds a browser signed in cannot guess its owner's password here either."""

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

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
