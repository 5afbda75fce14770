"""What does somebody enter to come in?"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from labeling.actions import accounts


class SignInForm(AuthenticationForm):
    """One message for a wrong name and for a wrong password: nobody learns who has an account."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("This name and password do not fit together. Check both; capital letters matter."),
        "slow_down": _("Too many wrong passwords. Wait a quarter of an hour, or ask a manager to help."),
    }

    def clean(self) -> dict[str, Any]:
        name, address = str(self.cleaned_data.get("username") or ""), self._address()
        if not accounts.may_try(name, address):
            raise ValidationError(self.error_messages["slow_down"], code="slow_down")
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            accounts.note_failure(name, address)
            raise
        accounts.forget_failures(name, address)
        return cleaned

    def _address(self) -> str | None:
        """Where the request came from. Behind a proxy of ours, what that proxy saw: the last of its list."""
        if self.request is None:
            return None
        forwarded = str(self.request.META.get("HTTP_X_FORWARDED_FOR", ""))
        if settings.TRUSTED_PROXY and forwarded:
            return forwarded.rpartition(",")[2].strip() or None
        return str(self.request.META.get("REMOTE_ADDR", "")) or None
