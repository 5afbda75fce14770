"""Finding: one thing to know, why it matters, how sure it is, and what can be done about it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.data.request_sizes import TEST_DOCUMENTS
from labeling.guidelines.models import LabelClass
from labeling.projects.models import Project


@dataclass(frozen=True)
class Action:
    """A button that does something, or a link to what there is to see. For managers."""

    name: str
    address: str
    is_post: bool = False
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Finding:
    """One thing to know.

    key : names the check, for machines
    text : the numbers
    why : why it matters
    how_sure : what the finding rests on
    tone : good, warn or bad
    seriousness : the more serious comes first
    actions : what can be done, the most helpful first
    """

    key: str
    title: str
    text: str
    why: str
    how_sure: str
    tone: str
    seriousness: int
    actions: tuple[Action, ...] = ()
    label_class: LabelClass | None = None


def label_more(project: Project, classes: Sequence[LabelClass], limit: int | None = None) -> Action:
    """Ask the queue for more of these classes, of the first `limit`; can be stopped on the same page."""
    first, *others = classes[:limit]
    n = len(others) + 1
    if not others:
        name = _("Label more {name}").format(name=first.name)
    elif n < len(classes):
        name = ngettext("Label more of the first class", "Label more of the first {n} classes", n).format(n=n)
    else:
        name = ngettext("Label more of this class", "Label more of these {n} classes", n).format(n=n)
    return Action(
        name,
        reverse("analytics:focus", args=[project.pk, first.pk]),
        is_post=True,
        fields=tuple(("also", str(label_class.pk)) for label_class in others),
    )


def queue_test_documents(project: Project) -> Action:
    """Bring test documents that nobody has labeled to the front; a pick like any other."""
    n = TEST_DOCUMENTS
    name = ngettext("Queue {n} test document", "Queue {n} test documents", n).format(n=n)
    return Action(name, reverse("analytics:queue_test", args=[project.pk]), is_post=True)


def label_now(project: Project) -> Action:
    return Action(_("Label"), reverse("labeling:label", args=[project.pk]))


def train_again(project: Project) -> Action:
    """Train on the current labels, as workers do anyway once there are enough new ones."""
    address = reverse("analytics:train_again", args=[project.pk])
    return Action(_("Retrain without them"), address, is_post=True)


def import_more(project: Project) -> Action:
    return Action(_("Import documents"), reverse("labeling:import", args=[project.pk]))


def draft_rule(project: Project, first: LabelClass, second: LabelClass) -> Action:
    """Opens the guideline's editor; nothing is saved before the manager does."""
    return Action(_("Draft a rule"), reverse("analytics:draft_rule", args=[project.pk, first.pk, second.pk]))


def see(project: Project, name: str, route: str, **filters: object) -> Action:
    """Open a page of the report, narrowed by what is asked."""
    query = f"?{urlencode(filters)}" if filters else ""
    return Action(name, reverse(f"analytics:{route}", args=[project.pk]) + query)
