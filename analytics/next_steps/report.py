"""Next steps of a project: one ranked list of what to do now, whatever page is open."""

from __future__ import annotations

from dataclasses import replace

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.class_report.guidance.finding import Action, Finding, import_more, label_now
from analytics.class_report.guidance.ranked import findings
from analytics.class_report.report import ClassReport, class_report
from analytics.learning_curves.stopping import sentences, stopping_advice, title
from labeling.formatting import decimal
from labeling.jobs.models import Job
from labeling.learning.evaluation import stopping_criteria
from labeling.project_overview import ProjectCounts, standings
from labeling.projects.models import Membership
from labeling.training.model_status import ModelState

FAILING_WORK = "work_failing"


def next_steps(member: Membership) -> list[Finding]:
    """What to do next in the project, the most useful first; never empty.

    The findings of the class report, of the model in use, among what waits for people. The first action of a
    step is its main one; those that the member may not do are left out.
    """
    project = member.project
    standing = standings([project], member.user)[project.pk]
    if not standing.documents:
        return [_no_documents(member)]
    report = class_report(project)
    rows = findings(report)
    if not member.may_manage:
        rows = [replace(finding, actions=()) for finding in rows]
    steps = [*_failing(member), *_waiting(member, standing), *_first_model(member, report), *rows]
    return [*sorted(steps, key=lambda step: -step.seriousness), _go_on(member, report, standing)]


def _no_documents(member: Membership) -> Finding:
    return Finding(
        key="no_documents",
        title=_("Import documents"),
        text=_("Import texts to start labeling: CSV, JSON, JSONL or plain text."),
        why="",
        how_sure="",
        tone="warn",
        seriousness=100,
        actions=(import_more(member.project),) if member.may_manage else (),
    )


def _failing(member: Membership) -> list[Finding]:
    """Work that the workers could not do so far."""
    return [
        Finding(
            key=FAILING_WORK,
            title=_("{what}: failed").format(what=job.get_kind_display()),
            text=job.failure or _("No error message was recorded."),
            why=_("The queue, model or reports that depend on it are out of date."),
            how_sure=_("Workers keep retrying automatically, at growing intervals."),
            tone="bad",
            seriousness=95,
            actions=(
                Action(
                    _("Retry now"),
                    reverse("labeling:retry_work", args=[member.project_id, job.kind]),
                    is_post=True,
                ),
            )
            if member.may_manage
            else (),
        )
        for job in Job.objects.filter(project=member.project_id)
        if job.is_failing
    ]


def _waiting(member: Membership, standing: ProjectCounts) -> list[Finding]:
    """People who wait for an adjudicator."""
    address = reverse("labeling:disputes", args=[member.project_id])
    steps = []
    if standing.questions:
        name = ngettext("Reply to {n} question", "Reply to {n} questions", standing.questions)
        steps.append(
            _for_adjudicators(
                member,
                key="questions",
                title=name.format(n=decimal(standing.questions, 0)),
                text=_("Annotators asked about a document and are waiting for a reply."),
                seriousness=84,
                action=Action(_("Reply"), f"{address}#questions"),
            )
        )
    if standing.disputed:
        name = ngettext("Resolve {n} dispute", "Resolve {n} disputes", standing.disputed)
        steps.append(
            _for_adjudicators(
                member,
                key="disputes",
                title=name.format(n=decimal(standing.disputed, 0)),
                text=_(
                    "Annotators disagree. Disputed documents are not used for training until they are"
                    " resolved."
                ),
                seriousness=82,
                action=Action(_("Resolve"), address),
            )
        )
    return steps


def _for_adjudicators(
    member: Membership, *, key: str, title: str, text: str, seriousness: int, action: Action
) -> Finding:
    return Finding(
        key=key,
        title=title,
        text=text,
        why="",
        how_sure=_("Counted."),
        tone="warn",
        seriousness=seriousness,
        actions=(action,) if member.may_adjudicate else (),
    )


def _first_model(member: Membership, report: ClassReport) -> list[Finding]:
    """What labels a model lacks. What fails is told by `_failing`, and the workers' turn asks for nothing."""
    status = report.choice.status
    if status.state not in (ModelState.TOO_FEW_LABELS, ModelState.ONE_CLASS):
        return []
    return [
        Finding(
            key="first_model",
            title=status.title,
            text=status.text,
            why=_(
                "A model ranks the queue, makes suggestions and can be evaluated. Without one, the queue "
                "selects diverse texts."
            ),
            how_sure=_("Counted."),
            tone="warn",
            seriousness=88,
            actions=(label_now(member.project),),
        )
    ]


def _go_on(member: Membership, report: ClassReport, standing: ProjectCounts) -> Finding:
    """What is left when nothing is wrong: label on, or stop."""
    advice = stopping_advice(member.project)
    is_done = not standing.open or advice.standing == stopping_criteria.TrendStatus.STABILIZED
    if not standing.open:
        text = _("Every document is labeled. Import more to continue.")
        actions = (import_more(member.project),) if member.may_manage else ()
    else:
        text = ngettext("{n} document is unlabeled.", "{n} documents are unlabeled.", standing.open)
        text = text.format(n=decimal(standing.open, 0))
        actions = (label_now(member.project),)
    return Finding(
        key="stop" if is_done else "keep_labeling",
        title=title(advice, report.is_target_reached) if report.version else _("Keep labeling"),
        text=text,
        why=" ".join(sentences(advice)) if report.version else "",
        how_sure=_("This is advice only: labeling never stops automatically."),
        tone="good",
        seriousness=0,
        actions=actions,
    )
