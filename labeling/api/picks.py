"""Picks API: documents to label next. Those that a manager picks, or draws from a slice of the pool."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, LengthLimit, Number, Text, WholeNumber
from labeling.api.edge.permissions import MANAGE, MANAGERS_READ
from labeling.api.edge.schema import operation
from labeling.documents.models import Document
from labeling.documents.slices import MAX_FURTHER_CONDITIONS, Condition, Slice
from labeling.steering import picks
from labeling.steering.models import Pick

MAX_LISTED = 100  # the newest


class ConditionIn(Input):
    """A condition on one metadata field: a value, or a range of numbers."""

    field = Text(max_length=200)
    value = Text(required=False, allow_blank=True, allow_null=True, max_length=1000, trim_whitespace=False)
    gte = Number(source="least", required=False, allow_null=True, help_text="Greater than or equal to.")
    lt = Number(source="below", required=False, allow_null=True, help_text="Less than.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        true_labels = {name for name, value in attrs.items() if value is not None} - {"field"}
        if true_labels != {"value"} and (not true_labels or "value" in true_labels):
            raise serializers.ValidationError(_("Send a value or a range, not both."))
        return attrs


class SliceIn(Input):
    """Unlabeled documents of the pool that match the conditions; without conditions, all of them."""

    field = Text(
        required=False, allow_blank=True, max_length=200, help_text="A metadata field, with `value`."
    )
    value = Text(required=False, allow_blank=True, max_length=1000, trim_whitespace=False)
    min_characters = WholeNumber(source="least", required=False, help_text="Length of the text.")
    max_characters = LengthLimit(
        source="below", required=False, allow_null=True, help_text="Length of the text."
    )
    has_near_duplicate = serializers.BooleanField(required=False)
    conditions = serializers.ListField(
        source="also",
        child=ConditionIn(),
        required=False,
        max_length=MAX_FURTHER_CONDITIONS,
        help_text="Further conditions on metadata.",
    )


class PickIn(Input):
    reason = Text(max_length=300, help_text="One sentence, shown to annotators.")
    document_ids = serializers.ListField(
        child=WholeNumber(max_value=2**63 - 1),
        required=False,
        min_length=1,
        max_length=picks.MAX_PICKED_DOCUMENTS,
    )
    slice = SliceIn(required=False, help_text="Instead of `document_ids`, with `count`.")
    count = WholeNumber(required=False, min_value=1, max_value=picks.MAX_PICKED_DOCUMENTS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.keys() - {"reason"} not in ({"document_ids"}, {"slice", "count"}):
            raise serializers.ValidationError(_("Send document_ids, or slice and count."))
        return attrs


class PickOut(serializers.ModelSerializer[Pick]):
    """Documents to label next."""

    created_by = serializers.CharField(source="created_by.username")
    documents = serializers.IntegerField()
    pending = serializers.IntegerField(
        source="waiting", help_text="Documents that have not been labeled since."
    )

    class Meta:
        model = Pick
        fields = ("id", "reason", "created_by", "created_at", "documents", "pending")
        read_only_fields = fields


class PicksOut(serializers.Serializer[Any]):
    results = PickOut(many=True)


class PickedOut(serializers.Serializer[Any]):
    """The result of a pick."""

    id = serializers.IntegerField(allow_null=True, help_text="null if no document is pending.")
    pending = serializers.IntegerField()
    excluded = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Documents that were left out, by reason: unknown, gold, excluded, disputed, "
        "decided, nobody_left.",
    )


class Picks(Endpoint):
    needs = {"GET": MANAGERS_READ, "POST": MANAGE}

    @operation("picks_list", answers={200: PicksOut})
    def get(self, request: Request, project_id: int) -> Response:
        """List picks with pending documents, newest first."""
        return Response({"results": PickOut(_standing(project_id), many=True).data})

    @operation(
        "picks_add",
        request=PickIn,
        answers={201: PickedOut},
        errors=[422],
        examples={
            "These documents": {"document_ids": [17, 23], "reason": "Unclear since the rule changed"},
            "A slice": {"slice": {"field": "source", "value": "mail"}, "count": 50, "reason": "More mails"},
        },
    )
    def post(self, request: Request, project_id: int) -> Response:
        """Send documents to the front of the queue: a list, or some of a slice of the pool.

        Labeled documents are opened for one more annotation if an annotator is left who has not labeled them.
        The queue is re-ranked within seconds.
        """
        requested = PickIn.checked(request.data)
        reason = requested["reason"]
        if "slice" in requested:
            where = _slice(requested["slice"])
            done = picks.pick_from_pool(
                project_id, self.caller, where=where, count=requested["count"], reason=reason
            )
        else:
            done = picks.pick(project_id, self.caller, requested["document_ids"], reason)
        body = {"id": done.pick and done.pick.pk, "pending": done.waiting, "excluded": done.left_out}
        return Response(body, status=201)


class OnePick(Endpoint):
    needs = {"DELETE": MANAGE}

    @operation("picks_end", answers={204: None})
    def delete(self, request: Request, project_id: int, pick_id: int) -> Response:
        """Take a pick back. Second opinions that it asked for and that nobody gave are given up."""
        picks.end_pick(project_id, self.caller, pick_id)
        return Response(status=204)


def _slice(requested: dict[str, Any]) -> Slice:
    also = tuple(Condition(**value) for value in requested.pop("also", ()))
    return Slice(**requested, also=also)


def _standing(project_id: int) -> QuerySet[Pick]:
    is_open = Q(picked__document__state=Document.State.OPEN)
    counted = Pick.objects.standing().filter(project=project_id).select_related("created_by").order_by("-pk")
    return counted.annotate(documents=Count("picked"), waiting=Count("picked", filter=is_open))[:MAX_LISTED]
