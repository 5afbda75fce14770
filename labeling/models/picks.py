"""Picked documents: what a manager has sent to the queue. Each pick is a set, labeled next at its share."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef

from labeling.models.clock import Now
from labeling.models.documents import Document
from labeling.models.projects import Project


class PickQuerySet(models.QuerySet["Pick"]):
    def standing(self) -> PickQuerySet:
        """Picks that nobody took back and that still have a document to be labelled."""
        waiting = PickedDocument.objects.filter(pick=OuterRef("pk"), document__state=Document.State.OPEN)
        return self.filter(Exists(waiting), ended_at=None)


class Pick(models.Model):
    """Documents that a manager wants labelled next, with the reason that annotators are shown."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="picks")
    reason = models.CharField(max_length=300)  # one sentence: "Long texts of Delivery"
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)  # when it was taken back

    objects = PickQuerySet.as_manager()

    class Meta:
        ordering = ["project", "-id"]

    def __str__(self) -> str:
        return self.reason


class PickedDocumentQuerySet(models.QuerySet["PickedDocument"]):
    def waiting(self) -> PickedDocumentQuerySet:
        """Those to be labelled, of picks that nobody took back."""
        return self.filter(pick__ended_at=None, document__state=Document.State.OPEN)


class PickedDocument(models.Model):
    """One document of a pick."""

    pick = models.ForeignKey(Pick, on_delete=models.CASCADE, related_name="picked", db_index=False)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    is_asked = models.BooleanField(default=False, db_default=False)  # was settled; opened for one more answer

    objects = PickedDocumentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["pick", "document"], name="one_place_per_pick_and_document"),
        ]

    def __str__(self) -> str:
        return f"{self.document_id} of pick {self.pick_id}"
