"""Where does a number lead? Addresses of the documents behind it, for those who may see them."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from labeling.models import Membership, ModelVersion


def test_set_address(member: Membership, version: ModelVersion | None, **asked: object) -> str:
    """The test set as this model saw it, narrowed by what is asked; empty where the reader may not see it.

    asked : of the page's filters, such as truth, predicted, missed, extra
    """
    address = report_address("test_set", member.project_id) if member.may_manage and version else ""
    return f"{address}?{urlencode({'model': version.number, **asked})}" if address and version else ""


def report_address(name: str, project_id: int) -> str:
    """Of a page of the report; empty while the service has none of this name."""
    try:
        return reverse(f"analytics:{name}", args=[project_id])
    except NoReverseMatch:
        return ""
