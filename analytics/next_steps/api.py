"""Next steps as JSON: the same ranked list as on the page."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.class_report.api import FindingOut, finding_json
from analytics.next_steps.report import next_steps
from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.permissions import READ
from labeling.api.edge.schema import operation


class NextStepsOut(serializers.Serializer[Any]):
    """What to do next, most useful first. `actions` holds what the caller may do, the main one first."""

    steps = FindingOut(many=True)


class NextSteps(Endpoint):
    needs = {"GET": READ}

    @operation("reports_next_steps", answers={200: NextStepsOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Read what to do next in the project, as one ranked list."""
        return Response({"steps": [finding_json(step) for step in next_steps(self.member)]})
