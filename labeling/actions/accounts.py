"""How does a person get an account? By a name that nobody has, in whatever capitals, and a good password."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _


@transaction.atomic
def create(username: str, password: str) -> User:
    """A new account. Raises ValidationError for a name that is taken and for a weak password."""
    user = User(username=User.normalize_username(username))
    user.full_clean(exclude=["password"])
    if User.objects.filter(username__iexact=user.username).exists():
        raise _name_taken()
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:  # somebody took the name since we looked
        raise _name_taken() from error
    return user


def _name_taken() -> ValidationError:
    return ValidationError({"username": [_("Somebody has this name already; choose another one.")]})
