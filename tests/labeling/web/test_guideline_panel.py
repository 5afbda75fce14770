"""What stands beside the text: the rules, what changed since they were read, and the whole guideline."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from labeling.guidelines import versions
from labeling.guidelines.versions import RuleText
from labeling.projects.models import Membership, Project
from tests.elements import compact

PART = {"X-Desk": "part"}


@pytest.fixture
def annotator(client: Client, ann: User) -> Client:
    client.force_login(ann)
    return client


def url(project: Project, name: str, *more: int) -> str:
    return reverse(f"labeling:{name}", args=[project.pk, *more])


def publish(project: Project, joan: User, definition: str, note: str = "") -> int:
    refund = project.classes.get(name="Refund").pk
    rules = {refund: RuleText(definition)}
    return versions.publish(project.pk, joan, body="# All", rules=rules, change="rule", note=note).number


def beside(client: Client, project: Project) -> str:
    return client.get(url(project, "rules")).content.decode()


def read(project: Project, who: User) -> int:
    return Membership.objects.get(project=project, user=who).read_guideline


def test_whoever_never_read_it_is_told_so_once_and_sees_no_changes(annotator, tickets, joan, ann):
    assert "empty" in beside(annotator, tickets)
    publish(tickets, joan, "Wants money back.")
    page = beside(annotator, tickets)
    assert "You have not read the guideline yet." in page
    assert "tag warn" not in page
    annotator.get(url(tickets, "guideline"))
    assert read(tickets, ann) == 2
    assert "You have not read" not in beside(annotator, tickets)


def test_a_rule_that_changed_carries_what_was_read(annotator, tickets, joan, ann):
    publish(tickets, joan, "Wants money back.")
    annotator.get(url(tickets, "guideline"))
    publish(tickets, joan, "Wants all money back.", note="Fees are no refund.")
    page = beside(annotator, tickets)
    assert 'Changed since you last read it: <span dir="auto">Fees are no refund.</span>' in compact(page)
    assert page.count("tag warn") == 1
    assert "Wants money back." in page
    assert url(tickets, "guideline_diff", 2, 3) in page
    answer = annotator.post(url(tickets, "guideline_read"), {"number": "3"}, headers=PART).content.decode()
    assert "tag warn" not in answer
    assert read(tickets, ann) == 3


@pytest.mark.parametrize("number", ["", "-1", "9", "x", "99999999999999"])
def test_no_version_is_read_that_is_not_there(annotator, tickets, joan, ann, number: str):
    publish(tickets, joan, "Wants money back.")
    annotator.post(url(tickets, "guideline_read"), {"number": number})
    assert read(tickets, ann) == 0


def test_an_older_version_makes_nothing_unread(annotator, tickets, joan, ann):
    publish(tickets, joan, "Wants money back.")
    annotator.post(url(tickets, "guideline_read"), {"number": "2"})
    annotator.post(url(tickets, "guideline_read"), {"number": "1"})
    annotator.get(url(tickets, "guideline_version", 1))
    assert read(tickets, ann) == 2


def test_whoever_writes_a_version_has_read_it(tickets, joan):
    assert read(tickets, joan) == 0
    publish(tickets, joan, "Wants money back.")
    assert read(tickets, joan) == 2


def test_the_whole_guideline_and_what_changed_come_as_parts(annotator: Client, tickets: Project, joan: Any):
    publish(tickets, joan, "Wants <b>money</b> back.")
    whole = annotator.get(url(tickets, "guideline"), headers=PART).content.decode()
    assert ">All</h" in compact(whole)
    assert "Wants &lt;b&gt;money&lt;/b&gt; back." in whole
    assert "<header" not in whole
    changed = annotator.get(url(tickets, "guideline_diff", 1, 2), headers=PART).content.decode()
    assert "Changes from version 1 to 2" in changed
    assert "<header" not in changed
