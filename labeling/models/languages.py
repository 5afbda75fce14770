"""Identified languages: told by a machine, of test documents and of a random part of the pool."""

from __future__ import annotations

from django.conf.locale import LANG_INFO
from django.db import models
from django.utils.translation import get_language_info

from labeling.models.documents import Document
from labeling.models.projects import Project


class DocumentLanguage(models.Model):
    """What was told of one document; a document never changes, so it is told once."""

    document = models.OneToOneField(
        Document, on_delete=models.CASCADE, primary_key=True, related_name="told_language"
    )
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    language = models.CharField(max_length=3, blank=True)  # ISO 639; "" where nothing is sure enough

    class Meta:
        ordering = ["document"]
        indexes = [models.Index(fields=["project", "language"], name="documents_by_language")]

    def __str__(self) -> str:
        return f"{self.document_id}: {self.language or '?'}"

    @property
    def name(self) -> str:
        return language_name(self.language)


def language_name(code: str) -> str:
    """The language in the reader's own, or its code; empty where it was not told.

    >>> language_name("de"), language_name("xx"), language_name("")
    ('German', 'xx', '')
    """
    return str(get_language_info(code)["name_translated"]) if code in LANG_INFO else code
