"""Projects API: which projects there are for the caller, and how a manager may change one."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotations import exclusion
from labeling.annotations.exclusion import OverlapEffect
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Filters, Input, Number, Text, WholeNumber, YesNo
from labeling.api.edge.paging import PageFilters, page, page_of
from labeling.api.edge.permissions import MANAGE_HEAVY, MANAGERS_READ, READ
from labeling.api.edge.schema import operation
from labeling.documents.metadata_fields import MAX_FIELD_CHARACTERS, MAX_FIELDS
from labeling.guidelines import models, new_projects
from labeling.projects.models import ApiToken, Project

OVERLAP = "Annotators per document."
LEASE_MINUTES = "Minutes until the lease of a document expires."
LEASE_CAP = "Maximum number of documents assigned to one annotator at a time."


class PolicyIn(Input):
    """Settings that can change at any time."""

    name = Text(required=False, max_length=100)
    description = Text(required=False, max_length=2000, allow_blank=True)
    overlap = WholeNumber(required=False, min_value=1, max_value=32, help_text=OVERLAP)
    lease_minutes = WholeNumber(required=False, min_value=1, max_value=1440, help_text=LEASE_MINUTES)
    lease_cap = WholeNumber(required=False, min_value=1, max_value=500, help_text=LEASE_CAP)
    strategy = serializers.ChoiceField(Project.Strategy.choices, required=False)
    suggestion_policy = serializers.ChoiceField(Project.SuggestionPolicy.choices, required=False)
    estimator = Text(
        required=False,
        max_length=100,
        allow_blank=True,
        help_text="Model of another package, by the name under which it is installed; empty for none.",
    )
    estimator_use = serializers.ChoiceField(
        Project.EstimatorUse.choices,
        required=False,
        help_text="`expert`: joins the built-in experts, with a learned weight. `alone`: decides wherever it "
        "has predictions; the only use in span labeling.",
    )
    confirms_choice = YesNo(
        required=False, help_text="Single-label classification: a key selects a class and Enter saves it."
    )
    allows_overlapping_spans = YesNo(required=False)
    hidden_metadata = serializers.ListField(
        child=Text(max_length=MAX_FIELD_CHARACTERS),
        max_length=MAX_FIELDS,
        required=False,
        help_text="Metadata fields that annotators do not see; `*` hides all that were not explicitly "
        "shown. A field that is removed from the list is shown from then on, whatever its "
        "values.",
    )
    is_paused = YesNo(
        required=False,
        help_text="No documents are assigned. Annotations of assigned documents are still accepted.",
    )


class PolicyChangeIn(PolicyIn):
    """Settings that can change at any time, and what happens to labeled documents."""

    reopens_settled = YesNo(
        required=False,
        help_text="With a larger overlap: labeled documents need the additional annotations too, and "
        "are unlabeled until then. Without it they stay labeled, and the new overlap applies "
        "to all other documents.",
    )


class OverlapFilters(Filters):
    """The overlap to try."""

    overlap = serializers.IntegerField(required=False, min_value=1, max_value=32, help_text=OVERLAP)


class OverlapEffectOut(serializers.Serializer[OverlapEffect]):
    """What a new overlap would change for documents with annotations."""

    overlap = serializers.IntegerField(help_text=OVERLAP)
    settled_with_fewer = serializers.IntegerField(
        help_text="Labeled documents with fewer annotations than that. They stay labeled, unless "
        "`reopens_settled` is true."
    )
    settled_test_documents = serializers.IntegerField(help_text="How many of them are in the test set.")
    settles = serializers.IntegerField(help_text="Unlabeled documents that already have enough annotations.")


class ProjectIn(PolicyIn):
    """A new project. Its task type and test set percentage cannot be changed later."""

    name = Text(max_length=100)
    kind = serializers.ChoiceField(Project.Kind.choices)
    class_names = serializers.ListField(
        child=Text(max_length=100), min_length=1, max_length=models.MAX_CLASSES
    )
    test_share = Number(
        required=False,
        min_value=0,
        max_value=0.9,
        help_text="Share of documents that are held out for testing.",
    )


class ProjectOut(serializers.ModelSerializer[Project]):
    """A labeling project."""

    document_count = serializers.IntegerField(source="present_count")

    class Meta:
        model = Project
        fields = (
            "id",
            "name",
            "description",
            "kind",
            "overlap",
            "lease_minutes",
            "lease_cap",
            "test_share",
            "strategy",
            "suggestion_policy",
            "estimator",
            "estimator_use",
            "confirms_choice",
            "allows_overlapping_spans",
            "is_paused",
            "hidden_metadata",
            "document_count",
            "created_at",
        )
        read_only_fields = fields


class Projects(Endpoint):
    """The caller's projects; a token has one."""

    needs = {"GET": READ, "POST": MANAGE_HEAVY}
    filters = PageFilters

    @operation("projects_list", answers={200: page_of(ProjectOut)}, filters=PageFilters)
    def get(self, request: Request) -> Response:
        """List your projects."""
        mine = Project.objects.of(self.caller).active().order_by("id")
        if isinstance(request.auth, ApiToken):
            mine = mine.filter(pk=request.auth.project_id)
        rows = mine.filter(pk__gt=self.requested.get("cursor", 0))[: self.requested["limit"] + 1]
        listing = page(list(rows), self.requested["limit"], key=lambda project: project.pk)
        return Response(listing | {"results": ProjectOut(listing["results"], many=True).data})

    @operation(
        "projects_create",
        request=ProjectIn,
        answers={201: ProjectOut},
        errors=[422],
        examples={"Tickets": {"name": "Tickets", "kind": "single", "class_names": ["Refund", "Delivery"]}},
    )
    def post(self, request: Request) -> Response:
        """Create a project and become its manager.

        Requires a session, since a token belongs to one project.
        """
        requested = ProjectIn.checked(request.data)
        project = new_projects.create(self.caller, **requested)
        return Response(ProjectOut(project).data, status=201)


class OneProject(Endpoint):
    needs = {"GET": READ, "PATCH": MANAGE_HEAVY}

    @operation("projects_get", answers={200: ProjectOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Get a project and its settings."""
        return Response(ProjectOut(self.member.project).data)

    @operation(
        "projects_change",
        request=PolicyChangeIn,
        answers={200: ProjectOut},
        errors=[409, 422],
        examples={
            "Pause": {"is_paused": True},
            "Model of another package": {"estimator": "mymodel", "estimator_use": "expert"},
            "Two annotators": {"overlap": 2},
            "Two annotators, also for labeled documents": {"overlap": 2, "reopens_settled": True},
        },
    )
    def patch(self, request: Request, project_id: int) -> Response:
        """Change settings, or pause or resume the project.

        With a larger overlap, labeled documents stay labeled unless `reopens_settled` is true; with
        a smaller one, documents that have enough annotations become labeled. `overlap-effect/`
        counts both before you change it.
        """
        changes: dict[str, Any] = PolicyChangeIn.changes(request.data)
        return Response(ProjectOut(exclusion.change(project_id, self.caller, **changes)).data)


class OverlapEffects(Endpoint):
    needs = {"GET": MANAGERS_READ}
    filters = OverlapFilters

    @operation("projects_overlap_effect", answers={200: OverlapEffectOut}, filters=OverlapFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """Count what a new overlap would change."""
        overlap = self.requested.get("overlap", self.member.project.overlap)
        effect = exclusion.overlap_effect(project_id, self.caller, overlap)
        return Response(OverlapEffectOut(effect).data)
