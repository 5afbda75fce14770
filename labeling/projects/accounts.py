"""User accounts: how a person gets one, and how guessing its password is made slow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from labeling.db.clock import Now
from labeling.formats.names import account_key
from labeling.projects.models import SignInFailure

WINDOW = timedelta(minutes=15)  # in which failures count; afterwards one may try again
RETENTION = timedelta(days=1)
MAX_FAILURES_PER_NAME_AND_ADDRESS = 10  # wrong passwords; a person who forgot needs fewer
MAX_FAILURES_PER_NAME = 50  # from everywhere: many machines on one account
MAX_FAILURES_PER_ADDRESS = 100  # for all names: one machine on many accounts, or an office behind one address
RESERVED_NAMES = (
    "admin",
    "administrator",
    "root",
    "system",
    "operator",
    "staff",
    "support",
    "moderator",
    "service",
    "reviewqueue",
    "import",
    "machine",
    "model",
    "gold",
    "adjudication",
    "anonymous",
)
_RESERVED_KEYS = frozenset(map(account_key, RESERVED_NAMES))
MAX_OF_KNOWN_BROWSER = 10  # for a name that signed in there before, whatever strangers tried meanwhile


@dataclass(frozen=True)
class Attempt:
    """A password that is tried: for which name, and where from."""

    name: str
    address: str | None  # None where nobody knows
    browser: str = ""  # of labeling.projects.known_browsers; "" for a stranger's

    @property
    def lower_name(self) -> str:
        return self.name.lower()[:150]


@transaction.atomic
def create(username: str, password: str) -> User:
    """A new account. Raises ValidationError for a name that is taken or looks so, and for a weak password."""
    user = User(username=User.normalize_username(username))
    user.full_clean(exclude=["password"])
    if User.objects.filter(username__iexact=user.username).exists():
        raise _name_taken()
    if is_lookalike(user.username):
        raise ValidationError(
            {"username": [_("This username looks like an existing one. Choose another one.")]}
        )
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


def is_lookalike(username: str) -> bool:
    """Whether people could take the name for somebody's. Two that sign up at once are not compared."""
    key = account_key(username)
    return any(
        account_key(name) == key for name in User.objects.values_list("username", flat=True).iterator()
    )


def is_reserved(username: str) -> bool:
    """Whether the name says that it speaks for the service, not for a person.

    >>> is_reserved("Admin"), is_reserved("\u0430dmin"), is_reserved("adam")
    (True, True, False)
    """
    return account_key(username) in _RESERVED_KEYS


def make_operator(user: User) -> None:
    """Let this person read how the service itself is; it opens no project to them."""
    User.objects.filter(pk=user.pk).update(is_staff=True)


def may_try(attempt: Attempt) -> bool:
    """Whether a password may be tried now. Says nothing about whether there is such a person."""
    recent = SignInFailure.objects.filter(at__gt=Now() - WINDOW, browser=attempt.browser)
    if attempt.browser:
        return recent.filter(name=attempt.lower_name).count() < MAX_OF_KNOWN_BROWSER
    of_name, of_address = Q(name=attempt.lower_name), Q(address=attempt.address)
    counts = recent.filter(of_name | of_address).aggregate(
        of_both=Count("pk", filter=of_name & of_address),
        of_name=Count("pk", filter=of_name),
        of_address=Count("pk", filter=of_address),
    )
    return bool(
        counts["of_both"] < MAX_FAILURES_PER_NAME_AND_ADDRESS
        and counts["of_name"] < MAX_FAILURES_PER_NAME
        # Clients of whom nobody knows the address are not one machine.
        and (attempt.address is None or counts["of_address"] < MAX_FAILURES_PER_ADDRESS)
    )


def note_failure(attempt: Attempt) -> None:
    """Remember a wrong password for a while."""
    SignInFailure.objects.create(name=attempt.lower_name, address=attempt.address, browser=attempt.browser)
    SignInFailure.objects.filter(at__lt=Now() - RETENTION).delete()


def forget_failures(attempt: Attempt) -> None:
    """The right password came: earlier slips from the same place no longer count."""
    same_place = Q(address=attempt.address, browser="")
    if attempt.browser:
        same_place |= Q(browser=attempt.browser)
    SignInFailure.objects.filter(same_place, name=attempt.lower_name).delete()


def _name_taken() -> ValidationError:
    return ValidationError({"username": [_("This username is taken. Choose another one.")]})
