"""Throttles: how much one person may ask of the API in a minute. Each operation has its cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.throttling import BaseThrottle

from labeling.api.edge.permissions import Guarded, need_of
from labeling.projects import budgets

if TYPE_CHECKING:
    from rest_framework.request import Request


class BudgetThrottle(BaseThrottle):
    """A person's budget for a minute, whatever tokens they use, counted by each web process for itself."""

    def allow_request(self, request: Request, view: Guarded) -> bool:  # type: ignore[override]
        need = need_of(request, view)
        return budgets.spend("api", int(request.user.pk or 0), need.cost, settings.API_BUDGET_PER_MINUTE)

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return budgets.seconds_to_wait()
