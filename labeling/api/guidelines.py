"""Guidelines API: what the guideline says, what it said before, and how its next version comes to be."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Identifier, Input, Text, WholeNumber
from labeling.api.edge.paging import PageFilters, page, page_of
from labeling.api.edge.permissions import MANAGE, READ
from labeling.api.edge.schema import operation
from labeling.exceptions import NotFound, UnknownClass
from labeling.guidelines import versions as guidelines
from labeling.guidelines.models import ClassRule, Guideline, LabelClass

CHANGES = [choice for choice in Guideline.Change.choices if choice[0] != Guideline.Change.FIRST]


class RuleIn(Input):
    """The rule for one class in this version. Examples are listed one per line."""

    definition = Text(required=False, allow_blank=True, max_length=2000, trim_whitespace=False)
    examples = Text(required=False, allow_blank=True, max_length=5000, trim_whitespace=False)
    counter_examples = Text(required=False, allow_blank=True, max_length=5000, trim_whitespace=False)

    def get_fields(self) -> dict[str, Any]:
        return {"class": Identifier(help_text="ID of the class."), **super().get_fields()}


class GuidelineIn(Input):
    """The complete next version: nothing is copied from the previous one."""

    body = Text(allow_blank=True, max_length=100_000, trim_whitespace=False, help_text="Markdown.")
    rules = serializers.ListField(child=RuleIn(), max_length=500, required=False)
    change = serializers.ChoiceField(CHANGES)
    note = Text(required=False, allow_blank=True, max_length=300, help_text="What changed, in one sentence.")
    based_on = WholeNumber(
        required=False,
        help_text="The number of the version you edited. The request is refused if there is a newer one.",
    )


class RuleOut(serializers.ModelSerializer[ClassRule]):
    class Meta:
        model = ClassRule
        fields = ("definition", "examples", "counter_examples")
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.UUIDField(source="label_class_id"), **super().get_fields()}


class VersionOut(serializers.ModelSerializer[Guideline]):
    """A version of the guideline, without its text."""

    author = serializers.CharField(source="author.username", allow_null=True, default=None)

    class Meta:
        model = Guideline
        fields: tuple[str, ...] = ("number", "change", "note", "author", "created_at")
        read_only_fields = fields


class GuidelineOut(VersionOut):
    """A version of the guideline with its text and rules."""

    rules = RuleOut(many=True)

    class Meta(VersionOut.Meta):
        fields = (*VersionOut.Meta.fields, "body", "rules")
        read_only_fields = fields


def _full(versions: QuerySet[Guideline]) -> Response:
    guideline = versions.select_related("author").prefetch_related("rules").first()
    if guideline is None:
        raise NotFound
    return Response(GuidelineOut(guideline).data)


def _rules(project_id: int, requested: list[dict[str, Any]]) -> dict[UUID, guidelines.RuleText]:
    """The rules by class. Raises UnknownClass that names the place of a class from elsewhere."""
    existing = set(LabelClass.objects.filter(project=project_id).values_list("pk", flat=True))
    rules: dict[UUID, guidelines.RuleText] = {}
    for index, rule in enumerate(requested):
        class_id = rule.pop("class")
        if class_id not in existing or class_id in rules:
            reason = "Name each class of this project at most once, and none of another project."
            raise UnknownClass(errors=[{"path": f"rules[{index}].class", "reason": reason}])
        rules[class_id] = guidelines.RuleText(**rule)
    return rules


class Guidelines(Endpoint):
    needs = {"GET": READ, "POST": MANAGE}
    filters = PageFilters

    @operation("guidelines_list", answers={200: page_of(VersionOut)}, filters=PageFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """List versions, oldest first."""
        versions = Guideline.objects.filter(project=project_id, number__gt=self.requested.get("cursor", 0))
        rows = (
            versions.select_related("author").defer("body").order_by("number")[: self.requested["limit"] + 1]
        )
        listing = page(list(rows), self.requested["limit"], key=lambda version: version.number)
        return Response(listing | {"results": VersionOut(listing["results"], many=True).data})

    @operation(
        "guidelines_publish",
        request=GuidelineIn,
        answers={201: GuidelineOut},
        errors=[409, 422],
        examples={
            "Clearer words": {
                "body": "Label what the customer *wants*, not how they feel.",
                "change": "clarification",
                "note": "One sentence on feelings",
                "based_on": 1,
            }
        },
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Publish a new version. New annotations carry its number."""
        requested = GuidelineIn.checked(request.data)
        requested["rules"] = _rules(project_id, requested.get("rules", []))
        published = guidelines.publish(project_id, self.caller, **requested)
        return Response(GuidelineOut(published).data, status=201)


class CurrentGuideline(Endpoint):
    needs = {"GET": READ}

    @operation("guidelines_current", answers={200: GuidelineOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Get the current version."""
        return _full(Guideline.objects.filter(project=project_id).order_by("-number"))


class OneGuideline(Endpoint):
    needs = {"GET": READ}

    @operation("guidelines_get", answers={200: GuidelineOut})
    def get(self, request: Request, project_id: int, number: int) -> Response:
        """Get a version by its number."""
        return _full(Guideline.objects.filter(project=project_id, number=number))
