"""Documents API: which documents a project has, and how far each is."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Length
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotations import exclusion
from labeling.annotations.models import Resolution
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import AddressNumber
from labeling.api.edge.paging import PageFilters, page, page_of
from labeling.api.edge.permissions import MANAGE, READ
from labeling.api.edge.schema import operation
from labeling.api.imports import ImportDocuments
from labeling.api.labels import LabelOut
from labeling.documents.metadata import shown_metadata
from labeling.documents.models import Document
from labeling.exceptions import NotAllowed, NotFound
from labeling.projects.models import Membership
from labeling.ranking import gold

HIDDEN = "Null for annotators, who must not know which documents measure the model or themselves."
MAX_CHARACTERS = 5_000_000  # of text on a page; one longer document comes alone


class TextPageFilters(PageFilters):
    limit = AddressNumber(
        required=False,
        min_value=1,
        max_value=200,
        default=50,
        help_text="Documents per page, 1 to 200; fewer if their texts are long.",
    )


class DocumentFilters(TextPageFilters):
    state = serializers.ChoiceField(Document.State.choices, required=False)
    split = serializers.ChoiceField(Document.Split.choices, required=False)
    external_id = serializers.CharField(required=False, max_length=200, trim_whitespace=False)


class DocumentOut(serializers.ModelSerializer[Document]):
    """A text to be labeled."""

    metadata = serializers.SerializerMethodField(
        help_text="For everyone but managers, without the fields that the project hides from annotators."
    )
    split = serializers.SerializerMethodField(help_text=f"pool or test. {HIDDEN}")
    state = serializers.SerializerMethodField(help_text=f"open, disputed, resolved or excluded. {HIDDEN}")

    @extend_schema_field(serializers.DictField())
    def get_metadata(self, document: Document) -> dict[str, Any]:
        member: Membership = self.context["member"]
        return document.metadata if member.may_manage else shown_metadata(document.metadata, member.project)

    def get_split(self, document: Document) -> str | None:
        return document.split if self.context["may_adjudicate"] else None

    def get_state(self, document: Document) -> str | None:
        return document.state if self.context["may_adjudicate"] else None

    class Meta:
        model = Document
        fields: tuple[str, ...] = (
            "id",
            "external_id",
            "text",
            "metadata",
            "source",
            "split",
            "state",
            "created_at",
        )
        read_only_fields = fields


class ResolutionOut(serializers.ModelSerializer[Resolution]):
    """The final label of a document."""

    method = serializers.ChoiceField(Resolution.How.choices, source="how")
    annotation_id = serializers.IntegerField()
    labels = LabelOut(many=True, source="annotation.labels")

    class Meta:
        model = Resolution
        fields = ("method", "annotation_id", "labels", "resolved_at")
        read_only_fields = fields


class DocumentDetailOut(DocumentOut):
    """A document with its final label."""

    resolution = serializers.SerializerMethodField(
        help_text="Null while the document is not labeled, and for annotators, since labeling is blind."
    )

    is_gold = serializers.SerializerMethodField(
        help_text="Whether the document has a known label that measures annotators. Null for annotators."
    )

    class Meta(DocumentOut.Meta):
        fields = (*DocumentOut.Meta.fields, "is_gold", "resolution")
        read_only_fields = fields

    def get_is_gold(self, document: Document) -> bool | None:
        return document.is_gold if self.context["may_adjudicate"] else None

    @extend_schema_field(ResolutionOut(allow_null=True))
    def get_resolution(self, document: Document) -> Any:
        if not self.context["may_adjudicate"]:
            return None
        resolution = Resolution.objects.filter(document=document).select_related("annotation").first()
        return None if resolution is None else ResolutionOut(resolution).data


def text_page(documents: QuerySet[Document], key: str, limit: int) -> dict[str, Any]:
    """A page of documents that is short enough to send, whatever the length of the texts. Two statements."""
    sizes = list(documents.annotate(size=Length("text")).values_list("pk", key, "size")[: limit + 1])
    fitting, characters = 0, 0
    for _pk, _key, size in sizes[:limit]:
        characters += size
        if fitting and characters > MAX_CHARACTERS:
            break
        fitting += 1
    listing = page(sizes, fitting, key=lambda row: row[1]) if sizes else page(sizes, limit, key=lambda row: 0)
    return listing | {"results": list(documents.filter(pk__in=[row[0] for row in listing["results"]]))}


class Documents(ImportDocuments):
    needs = {"GET": READ, **ImportDocuments.needs}
    filters = DocumentFilters

    @operation("documents_list", answers={200: page_of(DocumentOut)}, filters=DocumentFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """List documents in the order of import. Annotators cannot filter by state or split."""
        if not self.member.may_adjudicate and self.requested.keys() & {"state", "split"}:
            raise NotAllowed(_("Annotators cannot filter by state or split. Leave these filters out."))
        conditions = {
            name: self.requested[name] for name in ("state", "split", "external_id") if name in self.requested
        }
        documents = Document.objects.filter(
            project=project_id, position__gt=self.requested.get("cursor", -1), **conditions
        ).order_by("position")
        listing = text_page(documents, "position", self.requested["limit"])
        context = {"may_adjudicate": self.member.may_adjudicate, "member": self.member}
        return Response(
            listing | {"results": DocumentOut(listing["results"], many=True, context=context).data}
        )


class DocumentEndpoint(Endpoint):
    """An address of one document: its answer is the document as it is now."""

    def answer(self, document_id: int) -> Response:
        document = Document.objects.filter(project=self.member.project_id, pk=document_id).first()
        if document is None:
            raise NotFound
        context = {"may_adjudicate": self.member.may_adjudicate, "member": self.member}
        return Response(DocumentDetailOut(document, context=context).data)


class OneDocument(DocumentEndpoint):
    needs = {"GET": READ}

    @operation("documents_get", answers={200: DocumentDetailOut})
    def get(self, request: Request, project_id: int, document_id: int) -> Response:
        """Read a document."""
        return self.answer(document_id)


class ExcludeDocument(DocumentEndpoint):
    needs = {"POST": MANAGE}

    @operation("documents_exclude", answers={200: DocumentDetailOut}, errors=[409])
    def post(self, request: Request, project_id: int, document_id: int) -> Response:
        """Take a document out: nobody labels it any more; what was said stays."""
        exclusion.exclude(project_id, self.caller, document_id)
        return self.answer(document_id)


class IncludeDocument(DocumentEndpoint):
    needs = {"POST": MANAGE}

    @operation("documents_include", answers={200: DocumentDetailOut}, errors=[409])
    def post(self, request: Request, project_id: int, document_id: int) -> Response:
        """Bring an excluded document back, settled as far as its answers go."""
        exclusion.include(project_id, self.caller, document_id)
        return self.answer(document_id)


class GoldDocument(DocumentEndpoint):
    needs = {"POST": MANAGE, "DELETE": MANAGE}

    @operation("documents_gold_mark", answers={200: DocumentDetailOut}, errors=[409])
    def post(self, request: Request, project_id: int, document_id: int) -> Response:
        """Make a settled document gold: its answer stays, and measures annotators who get it unknowingly."""
        gold.mark(project_id, self.caller, document_id)
        return self.answer(document_id)

    @operation("documents_gold_end", answers={200: DocumentDetailOut})
    def delete(self, request: Request, project_id: int, document_id: int) -> Response:
        """Take gold back: what else was said of the document settles it, or it is open again."""
        gold.unmark(project_id, self.caller, document_id)
        return self.answer(document_id)
