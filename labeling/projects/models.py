"""Projects: which labeling efforts there are, and who may do what in them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from labeling.db.clock import Now

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class ProjectQuerySet(models.QuerySet["Project"]):
    def of(self, user: User) -> ProjectQuerySet:
        """Projects that this person is a member of; others do not exist for them."""
        return self.filter(memberships__user=user, memberships__removed_at=None)

    def active(self) -> ProjectQuerySet:
        return self.filter(archived_at=None)


class Project(models.Model):
    """One labeling effort: members, classes, guideline, documents and policy."""

    class Kind(models.TextChoices):
        SINGLE = "single", _("Single-label classification")
        MULTI = "multi", _("Multi-label classification")
        SPANS = "spans", _("Span labeling (NER)")

    class Strategy(models.TextChoices):
        DEFAULT = "default", _("Balanced (recommended): weak classes, uncertainty, random")
        MARGIN = "margin", _("Uncertainty sampling")
        DISAGREEMENT = "disagreement", _("Committee disagreement")
        RANDOM = "random", _("Random")
        HERDING = "herding", _("Coverage (50 classes or more)")

    class SuggestionPolicy(models.TextChoices):
        HIDDEN = "hidden", _("Hidden")
        AFTER = "after", _("Shown after the first choice")  # nobody leans on it, and slips are caught
        SHOWN = "shown", _("Shown")
        PRESELECTED = "preselected", _("Preselected")  # fastest where the model is good; most biased

    class EstimatorUse(models.TextChoices):
        EXPERT = "expert", _("As one expert among the built-in ones")
        ALONE = "alone", _("Alone, wherever it has predictions")

    name = models.CharField(max_length=100)
    description = models.TextField(blank=True, max_length=2000)
    kind = models.CharField(max_length=10, choices=Kind)
    overlap = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(32)]
    )
    most_overlap = models.PositiveSmallIntegerField(
        default=0, db_default=0
    )  # that it ever had before: answers counted then stay counted
    lease_minutes = models.PositiveSmallIntegerField(
        default=15, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    lease_cap = models.PositiveSmallIntegerField(
        default=100, validators=[MinValueValidator(1), MaxValueValidator(500)]
    )  # live leases of one annotator: enough for batches, too few to hoard
    test_share = models.FloatField(
        default=0.1, validators=[MinValueValidator(0.0), MaxValueValidator(0.9)]
    )  # of all documents, 0 to 1; the range [0, test_share) of the random key
    strategy = models.CharField(max_length=15, choices=Strategy, default=Strategy.DEFAULT)
    suggestion_policy = models.CharField(
        max_length=15, choices=SuggestionPolicy, default=SuggestionPolicy.HIDDEN
    )
    confirms_choice = models.BooleanField(
        default=False, db_default=False
    )  # one class: a key chooses and Enter saves, instead of both at once
    allows_overlapping_spans = models.BooleanField(default=False)
    # Fields of the metadata; those in neither list are seen. Here and not in a table of their own, so that no
    # claim needs another statement.
    hidden_metadata = ArrayField(models.CharField(max_length=200), default=list, blank=True, db_default=[])
    shown_metadata = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, db_default=[]
    )  # by a manager's choice, whatever their values look like
    is_paused = models.BooleanField(default=False)
    is_steered = models.BooleanField(default=True, db_default=True)  # by the needs that reports write
    falls_back = models.BooleanField(
        default=True, db_default=True
    )  # towards random sampling, while the queue proves worse than it
    target_f1 = models.FloatField(
        default=0.8, db_default=0.8, validators=[MinValueValidator(0.1), MaxValueValidator(1.0)]
    )  # that every class shall reach on the test set
    estimator = models.CharField(
        max_length=100, blank=True, default="", db_default=""
    )  # of an installed package, by the name that it announces; empty: the built-in model alone
    estimator_use = models.CharField(
        max_length=10, choices=EstimatorUse, default=EstimatorUse.EXPERT, db_default=EstimatorUse.EXPERT
    )
    promoted_model = models.ForeignKey(
        "labeling.ModelVersion", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )  # ranks and suggests until somebody goes back to the newest; empty: the newest does
    generation = models.BigIntegerField(default=0)  # the queue's current order; only ever grows
    feature_edition = models.PositiveIntegerField(default=0)  # which features the ranking reads; 0: none yet
    document_count = models.BigIntegerField(default=0)  # that ever came; also the next one's position
    removed_count = models.BigIntegerField(default=0, db_default=0)  # of them, with imports that were undone
    # Removed by the time that the features which the ranking reads were learned.
    features_removed_count = models.BigIntegerField(default=0, db_default=0)
    grouped_count = models.BigIntegerField(default=0, db_default=0)  # documents compared with those before
    created_at = models.DateTimeField(db_default=Now())
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(overlap__gte=1, overlap__lte=32), name="overlap_from_1_to_32"),
            models.CheckConstraint(
                condition=Q(test_share__gte=0, test_share__lte=0.9), name="test_share_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(target_f1__gte=0.1, target_f1__lte=1), name="target_f1_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def present_count(self) -> int:
        """Documents that are here."""
        return self.document_count - self.removed_count


class Membership(models.Model):
    """The role of one person in one project."""

    class Role(models.TextChoices):
        ANNOTATOR = "annotator", _("Annotator")  # labels documents
        ADJUDICATOR = "adjudicator", _("Adjudicator")  # labels, and decides disputes
        MANAGER = "manager", _("Manager")  # all of it, and the project itself

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=15, choices=Role, default=Role.ANNOTATOR)
    read_guideline = models.PositiveIntegerField(default=0, db_default=0)  # the latest number they have read
    keys = models.JSONField(default=dict, blank=True, db_default={})  # own keys: {class or desk action: key}
    created_at = models.DateTimeField(db_default=Now())
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["project", "user__username"]
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.project_id}: {self.role}"

    @property
    def may_manage(self) -> bool:
        return self.role == self.Role.MANAGER

    @property
    def may_adjudicate(self) -> bool:
        return self.role in (self.Role.MANAGER, self.Role.ADJUDICATOR)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> ApiTokenQuerySet:
        """Neither revoked nor past its date, and its person still a member of the project."""
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=Now()),
            revoked_at=None,
            user__is_active=True,
            user__memberships__project=F("project"),
            user__memberships__removed_at=None,
        )


class ApiToken(models.Model):
    """A machine's key to one project, acting for one member. Only its digest is stored."""

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        ANNOTATE = "annotate", _("Read and annotate")
        MANAGE = "manage", _("Full access: everything its owner can do")

    class Answers(models.TextChoices):
        PERSON = "person", _("Its owner: a person makes each annotation")
        MACHINE = "machine", _("A machine: a model or script makes the annotations")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.ANNOTATE)
    answers = models.CharField(
        max_length=10, choices=Answers, default=Answers.PERSON, db_default=Answers.PERSON
    )  # whose they are
    prefix = models.CharField(max_length=12)  # shown in lists, so that people tell tokens apart
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the token, hexadecimal
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    @property
    def is_machine(self) -> bool:
        return self.answers == self.Answers.MACHINE

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()


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
