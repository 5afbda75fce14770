"""Queue mix API: what the queue is mixed from, in percent."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.api.edge.endpoints import Endpoint
from labeling.api.edge.fields import Input, WholeNumber
from labeling.api.edge.permissions import MANAGE, READ
from labeling.api.edge.schema import operation
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Project
from labeling.steering import actions
from labeling.steering.actions import mix_of
from labeling.steering.models import QueueMix

MAX_SHARE_HELP = "Maximum in percent; an unused part goes to weak classes and uncertainty sampling."


class MixIn(Input):
    """The shares in percent, at most 100 in total. Uncertainty sampling gets the rest."""

    random = WholeNumber(max_value=100, help_text="Sampled at random with known probability.")
    weak_class = WholeNumber(max_value=100, help_text="For classes with a low F1 or few labels.")
    second_opinion = WholeNumber(max_value=100, help_text=MAX_SHARE_HELP)
    seed_words = WholeNumber(max_value=100, help_text=MAX_SHARE_HELP)


class MixOut(serializers.Serializer[Any]):
    """The current queue composition in percent."""

    random = serializers.FloatField()
    weak_class = serializers.FloatField()
    margin = serializers.FloatField(help_text="Uncertainty sampling: the rest.")
    second_opinion = serializers.FloatField()
    seed_words = serializers.FloatField()
    is_default = serializers.BooleanField()


class QueueMixes(Endpoint):
    needs = {"GET": READ, "PUT": MANAGE, "DELETE": MANAGE}

    @operation("mix_get", answers={200: MixOut})
    def get(self, request: Request, project_id: int) -> Response:
        """Get the queue composition of the strategy `default`."""
        return Response(_shown(self.member.project))

    @operation(
        "mix_set",
        request=MixIn,
        answers={200: MixOut},
        errors=[422],
        examples={
            "More honest": {"random": 30, "weak_class": 30, "second_opinion": 10, "seed_words": 10},
        },
    )
    def put(self, request: Request, project_id: int) -> Response:
        """Set a custom queue composition. The queue is re-ranked within seconds."""
        actions.change_mix(project_id, self.caller, **MixIn.checked(request.data))
        return Response(_shown(self.member.project))

    @operation("mix_reset", answers={200: MixOut})
    def delete(self, request: Request, project_id: int) -> Response:
        """Reset the queue composition to the default."""
        actions.reset_mix(project_id, self.caller)
        return Response(_shown(self.member.project))


def _shown(project: Project) -> dict[str, Any]:
    mix = mix_of(project, LabelClass.objects.active().filter(project=project).count())
    names = ("random", "weak_class", "margin", "second_opinion", "seed_words")
    parts: dict[str, Any] = {name: round(100 * getattr(mix, name), 2) for name in names}
    return parts | {"is_default": not QueueMix.objects.filter(project=project).exists()}
