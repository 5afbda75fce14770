"""Which documents has a manager sent to the queue? Each pick is a set of them, labelled next at its share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.formats import number_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

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


@dataclass(frozen=True)
class Slice:
    """Documents that share something which can be read off them without a label.

    field, value : of the metadata; the value as `metadata_text` writes it. No field, any document
    least, below : of the text's length in characters; `below` may be open
    has_near_duplicate : whether another document says almost the same; None for both
    """

    field: str = ""
    value: str = ""
    least: int = 0
    below: int | None = None
    has_near_duplicate: bool | None = None

    def holds(self, metadata: Mapping[str, Any], characters: int, has_near_duplicate: bool = False) -> bool:
        """Whether a document with these facts belongs to the slice.

        >>> Slice("source", "mail", below=200).holds({"source": "mail"}, 140)
        True
        >>> Slice("urgent", "true").holds({"urgent": True}, 9), Slice("urgent", "").holds({}, 9)
        (True, False)
        """
        if self.field and (self.field not in metadata or metadata_text(metadata[self.field]) != self.value):
            return False
        if characters < self.least or (self.below is not None and characters >= self.below):
            return False
        return self.has_near_duplicate in (None, has_near_duplicate)

    @property
    def query(self) -> dict[str, str]:
        """Its parameters in an address; `read` reads them.

        >>> Slice("source", "mail", 100).query
        {'field': 'source', 'value': 'mail', 'least': '100'}
        """
        given = {
            "field": self.field,
            "value": self.value if self.field else None,
            "least": str(self.least or ""),
            "below": "" if self.below is None else str(self.below),
            "twins": {None: "", True: "1", False: "0"}[self.has_near_duplicate],
        }
        return {name: text for name, text in given.items() if text or (name == "value" and text is not None)}

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """The slice that an address names; what is no number is passed over.

        >>> Slice.read({"field": "source", "value": "mail", "least": "100", "below": "many"})
        Slice(field='source', value='mail', least=100, below=None, has_near_duplicate=None)
        """
        least, below = (_whole(query.get(name, "")) for name in ("least", "below"))
        twins = {"1": True, "0": False}.get(query.get("twins", ""))
        field = query.get("field", "")
        return cls(field, query.get("value", "") if field else "", least or 0, below, twins)

    def __str__(self) -> str:
        """In words; empty for all documents.

        >>> str(Slice("source", "mail", 100, 200)), str(Slice(least=1000)), str(Slice())
        ('source is mail and 100 to 199 characters', 'at least 1000 characters', '')
        """
        parts = [_("{field} is {value}").format(field=self.field, value=self.value)] if self.field else []
        least, last = number_format(self.least), number_format((self.below or 1) - 1)
        if self.below is not None and self.least:
            parts.append(_("{least} to {last} characters").format(least=least, last=last))
        elif self.below is not None:
            parts.append(_("at most {last} characters").format(last=last))
        elif self.least:
            parts.append(_("at least {least} characters").format(least=least))
        if self.has_near_duplicate is not None:
            parts.append(
                _("with a near-duplicate") if self.has_near_duplicate else _("without a near-duplicate")
            )
        return str(get_text_list(parts, _("and")))


def metadata_text(value: Any) -> str:
    """A value of the metadata as one text, equal for equal values.

    >>> metadata_text("mail"), metadata_text(3), metadata_text(True), metadata_text(None)
    ('mail', '3', 'true', 'null')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
