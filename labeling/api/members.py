"""Members API: who belongs to the project, and as what."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.paging import PageFilters, page, page_of
from labeling.api.edge.permissions import READ
from labeling.api.edge.schema import operation
from labeling.projects.models import Membership


class MemberOut(serializers.ModelSerializer[Membership]):
    """A member's role in the project."""

    user_id = serializers.IntegerField()
    username = serializers.CharField(source="user.username")
    joined_at = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Membership
        fields = ("user_id", "username", "role", "joined_at")
        read_only_fields = fields


class Members(Endpoint):
    needs = {"GET": READ}
    filters = PageFilters

    @operation("members_list", answers={200: page_of(MemberOut)}, filters=PageFilters)
    def get(self, request: Request, project_id: int) -> Response:
        """List members and their roles."""
        members = Membership.objects.filter(
            project=project_id, removed_at=None, user_id__gt=self.requested.get("cursor", 0)
        )
        rows = members.select_related("user").order_by("user_id")[: self.requested["limit"] + 1]
        listing = page(list(rows), self.requested["limit"], key=lambda member: member.user_id)
        return Response(listing | {"results": MemberOut(listing["results"], many=True).data})
