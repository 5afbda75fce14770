"""Projects API: which projects there are for the caller, and how a manager may change one."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotations import exclusion
from labeling.annotations.exclusion import OverlapEffect
from labeling.api.endpoints import Endpoint
from labeling.api.fields import Filters, Input, Number, Text, WholeNumber, YesNo
from labeling.api.paging import PageFilters, page, page_of
from labeling.api.permissions import MANAGE_HEAVY, MANAGERS_READ, READ
from labeling.api.schema import operation
from labeling.documents.metadata_fields import MAX_FIELD_CHARACTERS, MAX_FIELDS
from labeling.guidelines import models, new_projects
from labeling.projects.models import ApiToken, Project

OVERLAP = "How many people label each document."
LEASE_MINUTES = "How long an annotator may hold a document."
LEASE_CAP = "How many documents one annotator may hold at a time."


class PolicyIn(Input):
    """What may change while people are labeling."""

    name = Text(required=False, max_length=100)
    description = Text(required=False, max_length=2000, allow_blank=True)
    overlap = WholeNumber(required=False, min_value=1, max_value=32, help_text=OVERLAP)
    lease_minutes = WholeNumber(required=False, min_value=1, max_value=1440, help_text=LEASE_MINUTES)
    lease_cap = WholeNumber(required=False, min_value=1, max_value=500, help_text=LEASE_CAP)
    strategy = serializers.ChoiceField(Project.Strategy.choices, required=False)
    suggestion_policy = serializers.ChoiceField(Project.SuggestionPolicy.choices, required=False)
    confirms_choice = YesNo(required=False, help_text="One class: a key chooses and Enter saves.")
    allows_overlapping_spans = YesNo(required=False)
    hidden_metadata = serializers.ListField(
        child=Text(max_length=MAX_FIELD_CHARACTERS),
        max_length=MAX_FIELDS,
        required=False,
        help_text="Fields of the metadata that are not shown to those who label; `*` for all that were not "
        "shown by choice. A field that is no longer among them is shown from then on, whatever its values.",
    )
    is_paused = YesNo(required=False, help_text="Nobody is given documents; answers are still taken.")


class PolicyChangeIn(PolicyIn):
    """What may change while people are labeling, and what it means for documents that are settled."""

    reopens_settled = YesNo(
        required=False,
        help_text="With a larger overlap: ask more annotators about settled documents too. They count as not "
        "settled until then. Without it they stay settled, and the overlap holds for the others.",
    )


class OverlapFilters(Filters):
    """The overlap to try."""

    overlap = serializers.IntegerField(required=False, min_value=1, max_value=32, help_text=OVERLAP)


class OverlapEffectOut(serializers.Serializer[OverlapEffect]):
    """What another overlap would do to documents that have answers."""

    overlap = serializers.IntegerField(help_text=OVERLAP)
    settled_with_fewer = serializers.IntegerField(
        help_text="Settled documents with fewer answers than that. They stay settled, or open again with "
        "`reopens_settled`."
    )
    settled_test_documents = serializers.IntegerField(help_text="Those of them that are in the test set.")
    settles = serializers.IntegerField(help_text="Open documents that have enough answers already.")


class ProjectIn(PolicyIn):
    """A new project: its kind and test share stay as they are given here."""

    name = Text(max_length=100)
    kind = serializers.ChoiceField(Project.Kind.choices)
    class_names = serializers.ListField(
        child=Text(max_length=100), min_length=1, max_length=models.MAX_CLASSES
    )
    test_share = Number(
        required=False, min_value=0, max_value=0.9, help_text="Of all documents, kept out of training."
    )


class ProjectOut(serializers.ModelSerializer[Project]):
    """One labeling effort."""

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
            "confirms_choice",
            "allows_overlapping_spans",
            "is_paused",
            "hidden_metadata",
            "document_count",
            "created_at",
        )
        read_only_fields = fields


class Projects(Endpoint):
    """The caller's projects; a token's is one."""

    needs = {"GET": READ, "POST": MANAGE_HEAVY}
    filters = PageFilters

    @operation("projects_list", answers={200: page_of(ProjectOut)}, filters=PageFilters)
    def get(self, request: Request) -> Response:
        """List the projects that you are a member of."""
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
        """Create a project and become its manager. Needs a session: a token ends at its own project."""
        requested = ProjectIn.checked(request.data)
        project = new_projects.create(self.caller, **requested)
        return Response(ProjectOut(project).data, status=201)


class OneProject(Endpoint):
    needs = {"GET": READ, "PATCH": MANAGE_HEAVY}

    @operation("projects_get", answers={200: ProjectOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Read a project and its policy."""
        return Response(ProjectOut(self.member.project).data)

    @operation(
        "projects_change",
        request=PolicyChangeIn,
        answers={200: ProjectOut},
        errors=[409, 422],
        examples={
            "Pause": {"is_paused": True},
            "Two opinions": {"overlap": 2},
            "Two opinions on settled documents too": {"overlap": 2, "reopens_settled": True},
        },
    )
    def patch(self, request: Request, project_id: int) -> Response:
        """Change the policy, or pause and resume the project.

        More overlap leaves settled documents settled unless `reopens_settled` says otherwise; less settles
        those that have enough answers. Read `overlap-effect/` first to know how many that are.
        """
        changes: dict[str, Any] = PolicyChangeIn.changes(request.data)
        return Response(ProjectOut(exclusion.change(project_id, self.caller, **changes)).data)


class OverlapEffects(Endpoint):
    needs = {"GET": MANAGERS_READ}
    filters = OverlapFilters

    @operation("projects_overlap_effect", answers={200: OverlapEffectOut}, filters=OverlapFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """Count what another overlap would change, before you change it."""
        overlap = self.requested.get("overlap", self.member.project.overlap)
        effect = exclusion.overlap_effect(project_id, self.caller, overlap)
        return Response(OverlapEffectOut(effect).data)
