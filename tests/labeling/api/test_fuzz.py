"""Does any body make the service fail? Random JSON at every operation that writes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labeling.projects.models import Project
from tests.labeling.api.conftest import Caller
from tests.labeling.api.test_permissions import MATRIX, ROUTES, World, address, world
from tests.thorough import examples

__all__ = ["world"]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["", "\x00", "\ud800", "x" * 300, "\uff11", "Refund", "rule"])
)
KEYS = st.sampled_from([
    "name", "kind", "class_names", "overlap", "test_share", "is_paused", "key", "color", "position", "body",
    "rules", "change", "based_on", "note", "documents", "text", "id", "label", "labels", "spans", "split",
    "metadata", "count", "token", "reason", "minutes", "class", "start", "end", "seconds", "suggestion",
    "annotations", "target_labels",
]) | st.text(max_size=5)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
WRITES = sorted(row for row in MATRIX if row[1] != "GET")


def mutated(body: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """A body that is right but for one value, somewhere in it."""
    if not isinstance(body, (dict, list)) or not body or draw(st.integers(0, 3)) == 0:
        return draw(JSON)
    index = draw(st.sampled_from(sorted(body) if isinstance(body, dict) else range(len(body))))
    changed = dict(body) if isinstance(body, dict) else list(body)
    changed[index] = mutated(body[index], draw)
    return changed


@pytest.mark.parametrize(("name", "method"), WRITES)
def test_no_body_makes_an_operation_fail(world: World, joan: User, name: str, method: str) -> None:
    caller = Caller(joan)
    right = MATRIX[name, method][1](world, joan)
    path = address(ROUTES[name, method], world, joan, world.project.pk)

    @settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def throw(data: st.DataObject) -> None:
        cache.clear()
        body = mutated(right, data.draw) if data.draw(st.booleans()) else data.draw(JSON)
        with transaction.atomic():
            response = caller.send(method, path, body)
            transaction.set_rollback(True)
        assert response.status_code < 500, response.content
        if response.status_code >= 400:
            assert response["Content-Type"] == "application/problem+json"

    throw()
    assert Project.objects.count() == 1
