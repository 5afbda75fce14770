"""How does a person get an account, and how is guessing its password made slow?"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from labeling.models import Now, SignInFailure

WINDOW = timedelta(minutes=15)  # in which failures count; afterwards one may try again
KEPT = timedelta(days=1)
MOST_OF_NAME_AND_ADDRESS = 10  # wrong passwords; a person who forgot needs fewer
MOST_OF_NAME = 50  # from everywhere: many machines on one account
MOST_OF_ADDRESS = 100  # for all names: one machine on many accounts, or an office behind one address


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


def make_operator(user: User) -> None:
    """Let this person read how the service itself is; it opens no project to them."""
    User.objects.filter(pk=user.pk).update(is_staff=True)


def may_try(name: str, address: str | None) -> bool:
    """Whether a password may be tried now. Says nothing about whether there is such a person."""
    name = name.lower()
    recent = SignInFailure.objects.filter(Q(name=name) | Q(address=address), at__gt=Now() - WINDOW)
    counts = recent.aggregate(
        of_both=Count("pk", filter=Q(name=name, address=address)),
        of_name=Count("pk", filter=Q(name=name)),
        of_address=Count("pk", filter=Q(address=address)),
    )
    return bool(
        counts["of_both"] < MOST_OF_NAME_AND_ADDRESS
        and counts["of_name"] < MOST_OF_NAME
        and counts["of_address"] < MOST_OF_ADDRESS
    )


def note_failure(name: str, address: str | None) -> None:
    """Remember a wrong password for a while."""
    SignInFailure.objects.create(name=name.lower()[:150], address=address)
    SignInFailure.objects.filter(at__lt=Now() - KEPT).delete()


def forget_failures(name: str, address: str | None) -> None:
    """The right password came: earlier slips from the same place no longer count."""
    SignInFailure.objects.filter(name=name.lower(), address=address).delete()


def _name_taken() -> ValidationError:
    return ValidationError({"username": [_("Somebody has this name already; choose another one.")]})
