"""Annotation list API: annotations with their labels, page by page, for an export or a mirror."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotations.models import Annotation
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import AddressNumber
from labeling.api.edge.paging import PageFilters, page, page_of
from labeling.api.edge.permissions import READ
from labeling.api.edge.schema import operation
from labeling.api.labels import LabelOut


class AnnotationFilters(PageFilters):
    document_id = AddressNumber(source="document", required=False, help_text="The document's number.")
    annotator = serializers.CharField(required=False, max_length=150, help_text="A username.")
    source = serializers.ChoiceField(Annotation.Source.choices, required=False)  # type: ignore[assignment]
    current = serializers.ChoiceField(
        ["true"], required=False, help_text="Only annotations that were neither replaced nor withdrawn."
    )


class AnnotationOut(serializers.ModelSerializer[Annotation]):
    """One annotation. Rows never change: a correction or an undo is a new row that supersedes the old one."""

    document_id = serializers.IntegerField()
    external_id = serializers.CharField(allow_null=True, help_text="Your ID of the document.")
    annotator = serializers.CharField(
        source="annotator_name", allow_null=True, help_text="Null for an imported label."
    )
    guideline = serializers.IntegerField(source="guideline_number", allow_null=True)
    supersedes = serializers.IntegerField(source="supersedes_id", allow_null=True)
    superseded_by = serializers.IntegerField(source="successor", allow_null=True)
    labels = LabelOut(many=True)
    origin = serializers.JSONField(
        allow_null=True,
        help_text="Of an imported annotation: its `annotator` as in the file, and what else the file says.",
    )

    class Meta:
        model = Annotation
        fields = (
            "id",
            "document_id",
            "external_id",
            "annotator",
            "source",
            "round",
            "labels",
            "guideline",
            "seconds",
            "note",
            "suggestion",
            "origin",
            "is_surplus",
            "is_withdrawal",
            "supersedes",
            "superseded_by",
            "created_at",
        )
        read_only_fields = fields


class ListAnnotations(Endpoint):
    needs = {"GET": READ}
    filters = AnnotationFilters

    @operation("annotations_list", answers={200: page_of(AnnotationOut)}, filters=AnnotationFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """List annotations, oldest first. Annotators see only their own, since labeling is blind."""
        conditions: dict[str, Any] = {
            field: self.requested[name]
            for name, field in (
                ("document", "document"),
                ("annotator", "annotator__username"),
                ("source", "source"),
            )
            if name in self.requested
        }
        rows = Annotation.objects.current() if "current" in self.requested else Annotation.objects.all()
        rows = rows.filter(project=project_id, pk__gt=self.requested.get("cursor", 0), **conditions).order_by(
            "pk"
        )
        if not self.member.may_adjudicate:
            rows = rows.filter(annotator=self.member.user_id)
        shown = rows.prefetch_related("labels").annotate(
            external_id=F("document__external_id"),
            annotator_name=F("annotator__username"),
            guideline_number=F("guideline__number"),
            successor=F("superseded_by__pk"),
        )
        listing = page(
            list(shown[: self.requested["limit"] + 1]), self.requested["limit"], key=lambda row: row.pk
        )
        return Response(listing | {"results": AnnotationOut(listing["results"], many=True).data})
