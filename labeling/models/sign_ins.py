"""Failed sign-ins: attempts of the last minutes, so that guessing passwords is slow."""

from __future__ import annotations

from django.db import models

from labeling.models.clock import Now


class SignInFailure(models.Model):
    """One wrong password, by the name that was tried and the address it came from."""

    name = models.CharField(max_length=150)  # in small letters, whether there is such a person or not
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(
        max_length=22, blank=True, db_default=""
    )  # one that the name had signed in with
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["name", "at"], name="failures_by_name"),
            models.Index(fields=["address", "at"], name="failures_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.name} from {self.address}"
