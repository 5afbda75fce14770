"""How much may one person ask of the service in a minute? A budget; each operation has its cost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from rest_framework.throttling import BaseThrottle

from labeling.api.permissions import Guarded, need_of

if TYPE_CHECKING:
    from rest_framework.request import Request

MINUTE = 60  # seconds


class BudgetThrottle(BaseThrottle):
    """A person's budget for a minute, whatever tokens they use, counted by each web process for itself.

    The count lives in the process's memory: it needs no Redis, and where it is lost the request is let in.
    """

    def allow_request(self, request: Request, view: Guarded) -> bool:  # type: ignore[override]
        need = need_of(request, view)
        key = f"api-budget:{request.user.pk}:{int(time.time() // MINUTE)}"
        cache.add(key, 0, timeout=2 * MINUTE)
        try:
            spent = cache.incr(key, need.cost)
        except ValueError:  # dropped from a full cache
            return True
        return bool(spent <= settings.API_BUDGET_PER_MINUTE)

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return MINUTE - time.time() % MINUTE
