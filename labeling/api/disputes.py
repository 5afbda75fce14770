"""Disputes API: where annotators disagree, and what the adjudicator decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotations import adjudication
from labeling.annotations.models import Annotation
from labeling.api.documents import DocumentOut, TextPageFilters, text_page
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, Text
from labeling.api.edge.paging import page_of
from labeling.api.edge.permissions import ADJUDICATE, REVIEW
from labeling.api.edge.schema import operation
from labeling.api.labels import LabelOut, LabelsIn, label_values
from labeling.documents.models import Document


class DecisionIn(Input):
    labels = LabelsIn()
    note = Text(required=False, allow_blank=True, max_length=1000, help_text="The reason for the decision.")


def _one_class(note: str) -> dict[str, Any]:
    return {"One class": {"labels": [{"class": "5f0c1d9e-6c1c-4f0e-9b7e-0a4f6a0f3b52"}], "note": note}}


class DisputedAnnotationOut(serializers.ModelSerializer[Annotation]):
    """One of the conflicting annotations."""

    annotator = serializers.CharField(source="annotator.username")
    labels = LabelOut(many=True)

    class Meta:
        model = Annotation
        fields = ("id", "annotator", "source", "labels", "note")
        read_only_fields = fields


class DisputeOut(DocumentOut):
    """A document that needs an adjudicator, with the conflicting annotations, if any."""

    annotations = serializers.SerializerMethodField()

    class Meta(DocumentOut.Meta):
        fields = (*DocumentOut.Meta.fields, "annotations")
        read_only_fields = fields

    @extend_schema_field(DisputedAnnotationOut(many=True))
    def get_annotations(self, document: Document) -> Any:
        return DisputedAnnotationOut(self.context["annotations"].get(document.pk, []), many=True).data


class DecisionOut(serializers.Serializer[Any]):
    annotation_id = serializers.IntegerField(source="pk")
    document_id = serializers.IntegerField()


def _counted_annotations(documents: list[Document]) -> dict[int, list[Annotation]]:
    """The counted answers of each document."""
    counted = Annotation.objects.filter(document__in=documents, filled_lease__isnull=False)
    answers: dict[int, list[Annotation]] = {}
    for annotation in counted.select_related("annotator").prefetch_related("labels").order_by("pk"):
        answers.setdefault(annotation.document_id, []).append(annotation)
    return answers


class Disputes(Endpoint):
    needs = {"GET": REVIEW}
    filters = TextPageFilters

    @operation("disputes_list", answers={200: page_of(DisputeOut)}, filters=TextPageFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """List disputed documents, oldest first, with their conflicting annotations."""
        waiting = Document.objects.disputed().filter(
            project=project_id, pk__gt=self.requested.get("cursor", 0)
        )
        listing = text_page(waiting, "pk", self.requested["limit"])
        context = {
            "annotations": _counted_annotations(listing["results"]),
            "may_adjudicate": self.member.may_adjudicate,
            "member": self.member,
        }
        return Response(
            listing | {"results": DisputeOut(listing["results"], many=True, context=context).data}
        )


class DisputeDecision(Endpoint):
    needs = {"POST": ADJUDICATE}

    @operation(
        "disputes_decide",
        request=DecisionIn,
        answers={201: DecisionOut},
        errors=[409, 422],
        examples=_one_class("The customer asks for money, not for the parcel."),
    )
    def post(self, request: Request, project_id: int, document_id: int) -> Response:
        """Set the final label of a disputed document. The annotations stay on record."""
        return _decided(adjudication.decide, self, request, document_id)


class Relabel(Endpoint):
    needs = {"POST": ADJUDICATE}

    @operation(
        "documents_relabel",
        request=DecisionIn,
        answers={201: DecisionOut},
        errors=[409, 422],
        examples=_one_class("By the rule of guideline 4."),
    )
    def post(self, request: Request, project_id: int, document_id: int) -> Response:
        """Relabel a document: replace its final label. All earlier annotations stay on record."""
        return _decided(adjudication.relabel, self, request, document_id)


def _decided(
    decide: Callable[..., Annotation], endpoint: Endpoint, request: Request, document_id: int
) -> Response:
    requested = DecisionIn.checked(request.data)
    labels, note = label_values(requested["labels"]), requested.get("note", "")
    decided = decide(endpoint.member.project_id, document_id, endpoint.caller, labels, note)
    return Response(DecisionOut(decided).data, status=201)
