"""Report links: where a number leads. Addresses of the documents behind it, for those who may see them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from labeling.predictions.models import ModelVersion
from labeling.projects.models import Membership


def test_set_address(member: Membership, version: ModelVersion | None, **filters: object) -> str:
    """The test set as this model saw it, narrowed by what is asked; empty where the reader may not see it.

    filters : of the page's filters, such as truth, predicted, missed, extra
    """
    if version is None or not member.may_manage:
        return ""
    address = reverse("analytics:test_set", args=[member.project_id])
    return f"{address}?{urlencode({'model': version.number, **filters})}"
