"""Invitation links: who was asked to join, by a link that works once."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from labeling.models.clock import Now
from labeling.models.projects import Membership, Project


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def usable(self) -> InvitationQuerySet:
        """Neither used, withdrawn nor past its date, and made by somebody who still manages the project."""
        return self.filter(
            redeemed_at=None,
            revoked_at=None,
            expires_at__gt=Now(),
            project__archived_at=None,
            created_by__is_active=True,
            created_by__memberships__project=F("project"),
            created_by__memberships__role=Membership.Role.MANAGER,
            created_by__memberships__removed_at=None,
        )


class Invitation(models.Model):
    """A link that lets one person in. Only the digest of its secret is stored."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=15, choices=Membership.Role, default=Membership.Role.ANNOTATOR)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the secret, hexadecimal
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True, blank=True)
    redeemed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(redeemed_at=None, redeemed_by=None)
                | Q(redeemed_at__isnull=False, redeemed_by__isnull=False),
                name="a_used_invitation_names_who_used_it",
            ),
        ]
        verbose_name = _("invitation")

    def __str__(self) -> str:
        return f"invitation {self.pk} as {self.role}"

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()
