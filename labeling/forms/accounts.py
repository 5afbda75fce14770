"""What does somebody enter to come in?"""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """One message for a wrong name and for a wrong password: nobody learns who has an account."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("This name and password do not fit together. Check both; capital letters matter."),
    }
