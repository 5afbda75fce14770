"""Queue entries: the ranked head of the pool, and who holds or has filled which slot of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Count, F, Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from labeling.db.clock import Now
from labeling.documents.models import Document
from labeling.exceptions import LeaseNotFound
from labeling.explanations.selection_reason import ReasonKey, SelectionReason
from labeling.guidelines.models import Guideline
from labeling.projects.models import Project
from labeling.queue.lease_clock import LeaseNow

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Entry = tuple[int, SelectionReason]  # document, reason


class QueueEntryQuerySet(models.QuerySet["QueueEntry"]):
    def live(self, project: Project) -> QueueEntryQuerySet:
        """The project's current order, best first."""
        return self.filter(project=project, generation=project.generation).order_by("rank")

    def by_share(self) -> dict[str, int]:
        """How many entries each share has."""
        counted = (
            self.order_by().values_list(KT(f"reason__{ReasonKey.SHARE}")).annotate(entries=models.Count("pk"))
        )
        return {str(share): int(entries) for share, entries in counted}

    def by_share_and_class(self) -> dict[tuple[str, str | None], int]:
        """How many entries each share has for each class that it asks for, None where for no one class."""
        named = self.order_by().values_list(
            KT(f"reason__{ReasonKey.SHARE}"), KT(f"reason__{ReasonKey.CLASS}")
        )
        return {
            (share, label_class): n for share, label_class, n in named.annotate(entries=models.Count("pk"))
        }


class QueueEntry(models.Model):
    """A document's place in the ranked head of the pool, with its reason."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    generation = models.BigIntegerField()
    rank = models.IntegerField()  # 0 first
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="queue_entries")
    reason = models.JSONField(default=dict)  # a SelectionReason

    objects = QueueEntryQuerySet.as_manager()

    class Meta:
        ordering = ["project", "generation", "rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "generation", "document"], name="one_entry_per_document_and_generation"
            ),
            models.CheckConstraint(
                condition=Q(reason__has_key=ReasonKey.SHARE.value), name="an_entry_says_its_share"
            ),
        ]
        indexes = [models.Index(fields=["project", "generation", "rank"], name="entries_in_order")]

    def __str__(self) -> str:
        return f"{self.document_id} at {self.rank} of {self.generation}"


class Claim(models.Model):
    """One call that took leases, remembered by its client-made key so that a retry takes no more."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    key = models.CharField(max_length=64)
    count = models.PositiveIntegerField(null=True)  # of documents that were asked for; null in old rows
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "annotator", "key"], name="one_claim_per_key"),
        ]

    def __str__(self) -> str:
        return self.key


def is_live() -> Q:
    """Of a lease that somebody works on now."""
    return Q(state=Lease.State.LIVE, leased_until__gt=LeaseNow())


def answer_count() -> Count:
    """Of a document: the answers that count, those of the round that it is in."""
    return Count("leases", filter=Q(leases__state=Lease.State.SUBMITTED, leases__round=F("round")))


class LeaseQuerySet(models.QuerySet["Lease"]):
    def holding(self) -> LeaseQuerySet:
        """Leases that occupy a slot now: submitted, or live and not yet past their time."""
        return self.filter(Q(state=Lease.State.SUBMITTED) | is_live())

    def live(self) -> LeaseQuerySet:
        """Leases that somebody works on now."""
        return self.filter(is_live())

    def answerable(self) -> LeaseQuerySet:
        """Leases on documents that take answers: open ones, and gold ones for ever."""
        return self.filter(Q(document__state=Document.State.OPEN) | Q(document__is_gold=True))

    def overdue(self) -> LeaseQuerySet:
        """Leases that ran out and still occupy their slot."""
        return self.filter(state=Lease.State.LIVE, leased_until__lte=LeaseNow())

    def final(self) -> LeaseQuerySet:
        """Leases whose annotators do not get the document again in this round."""
        return self.filter(state__in=(Lease.State.SUBMITTED, Lease.State.SKIPPED))

    def counted(self) -> LeaseQuerySet:
        """Leases with an answer that counts: of the round that its document is in."""
        return self.filter(state=Lease.State.SUBMITTED, round=F("document__round"))

    def of(self, user: User) -> LeaseQuerySet:
        return self.filter(annotator=user)


class Lease(models.Model):
    """A dated hold on a slot of a document. Rows are written only under a lock on the document's row."""

    class State(models.TextChoices):
        LIVE = "live", _("Active")  # the annotator works on it until leased_until
        SUBMITTED = "submitted", _("Submitted")  # its annotation fills the slot
        SKIPPED = "skipped", _("Skipped")  # never again for this annotator
        DEFERRED = "deferred", _("Postponed")  # not before deferred_until for this annotator
        RELEASED = "released", _("Released")  # given back without a mark
        EXPIRED = "expired", _("Expired")  # ran out, and the slot was wanted

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="leases", db_index=False)
    round = models.PositiveSmallIntegerField(default=0)
    slot = models.PositiveSmallIntegerField(null=True)  # 0 to overlap - 1; empty when nothing is held
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="leases", db_index=False
    )
    state = models.CharField(max_length=10, choices=State, default=State.LIVE)
    epoch = models.PositiveIntegerField(default=1)  # fences late writers: one more on every claim
    leased_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField()
    shown_at = models.DateTimeField(null=True)  # first display under this epoch, where the page said so
    deferred_until = models.DateTimeField(null=True)
    deferred_minutes = models.PositiveIntegerField(null=True)  # as asked for: the same again is a retry
    skip_reason = models.CharField(max_length=300, blank=True, db_default="")
    # Claims are forgotten after a month without a word to their leases, of which that would write every row.
    claim = models.ForeignKey(
        Claim, on_delete=models.DO_NOTHING, null=True, related_name="leases", db_constraint=False
    )
    guideline = models.ForeignKey(
        Guideline, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    annotation = models.OneToOneField(
        "labeling.Annotation", on_delete=models.PROTECT, null=True, related_name="filled_lease"
    )  # the one that counts for this slot
    reason = models.JSONField(default=dict)  # a SelectionReason, copied from its queue entry

    objects = LeaseQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["document", "round", "slot"], name="one_lease_per_slot"),
            models.UniqueConstraint(
                fields=["document", "round", "annotator"], name="one_lease_per_annotator_and_round"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("live", "submitted"), slot__isnull=False)
                | Q(state__in=("skipped", "deferred", "released", "expired"), slot__isnull=True),
                name="a_slot_is_held_or_filled_or_free",
            ),
            models.CheckConstraint(
                condition=Q(state="submitted", annotation__isnull=False)
                | (~Q(state="submitted") & Q(annotation__isnull=True)),
                name="a_submitted_lease_has_its_annotation",
            ),
            models.CheckConstraint(
                condition=Q(state="deferred", deferred_until__isnull=False) | ~Q(state="deferred"),
                name="a_deferred_lease_has_a_date",
            ),
            models.CheckConstraint(condition=Q(slot=None) | Q(slot__lt=48), name="a_slot_is_below_48"),
        ]
        indexes = [
            models.Index(
                fields=["project", "leased_until"], condition=Q(state="live"), name="live_leases_by_end"
            ),
            models.Index(fields=["project", "annotator", "state"], name="leases_by_annotator"),
            models.Index(
                fields=["project", "document"],
                include=["annotation", "slot", "round"],
                condition=Q(state="submitted"),
                name="answers_of_documents",
            ),
            # The latest answers of one project: without it they are looked for among those of all projects.
            models.Index(
                fields=["project", "annotation"], condition=Q(state="submitted"), name="answers_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"lease {self.pk}: {self.state}"


_signer = signing.Signer(salt="labeling.lease", sep=".")


def lease_token(lease_id: int, epoch: int) -> str:
    """The proof of one claim. Signed, so that nobody can make one; a later claim's token replaces it."""
    return _signer.sign(f"{lease_id}-{epoch}")


def read_lease_token(token: str) -> tuple[int, int]:
    """(lease id, epoch) of a token. Raises LeaseNotFound for any text that this service did not sign."""
    try:
        lease_id, epoch = _signer.unsign(token).split("-")
    except (signing.BadSignature, ValueError) as error:
        raise LeaseNotFound from error
    return int(lease_id), int(epoch)
