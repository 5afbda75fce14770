"""Questions: what annotators ask about a document, and what the adjudicator says."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from labeling.models.clock import Now
from labeling.models.documents import Document
from labeling.models.projects import Project


class QuestionQuerySet(models.QuerySet["Question"]):
    def waiting(self) -> QuestionQuerySet:
        """Not answered yet, the oldest first."""
        return self.filter(answered_at=None).order_by("pk")


class Question(models.Model):
    """What an annotator asks the adjudicators about one document, and their reply."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="questions", db_index=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="questions")
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=1000)
    asked_at = models.DateTimeField(db_default=Now())
    reply = models.CharField(max_length=1000, blank=True, db_default="")
    answerer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["project", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None, answerer=None, reply="")
                | Q(answered_at__isnull=False, answerer__isnull=False),
                name="an_answered_question_says_by_whom",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "id"], condition=Q(answered_at=None), name="waiting_questions"),
        ]

    def __str__(self) -> str:
        return f"question {self.pk} on {self.document_id}"
