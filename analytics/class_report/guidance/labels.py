"""Label scarcity and imbalance: are there enough labels to learn from, and do they spread over classes?"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.class_report.guidance.finding import (
    Action,
    Finding,
    import_more,
    label_more,
    label_now,
    see,
)
from analytics.class_report.report import ClassReport, ClassReportRow
from analytics.metrics.classification import ClassScores
from labeling.formatting import percent
from labeling.guidelines.models import LabelClass

LEARNABLE_LABELS_THRESHOLD = 15  # below it a class can hardly be learned
RELIABLE_LABELS_THRESHOLD = 50  # from here on numbers of a class begin to hold
LEARNED_FROM = 100  # documents, below which a model as a whole has seen little
MAX_IMBALANCE = 10  # times as many labels of the largest class as of the smallest
MAX_NAMES = 5
MAX_FOCUSES = 3  # classes that one button asks for: more would each get too little


def scarce(report: ClassReport) -> list[Finding]:
    """Classes below either limit, as one finding."""
    if not report.labels:
        return []
    rows = sorted(report.rows, key=lambda row: row.train_labels)
    rows = [row for row in rows if not _is_surely_reached(report, row)]
    low = [row for row in rows if row.train_labels < RELIABLE_LABELS_THRESHOLD]
    return [_scarce(report, low)] if low else []


def _is_surely_reached(report: ClassReport, row: ClassReportRow) -> bool:
    """Whether the whole interval of its F1 is above the target: few labels were enough."""
    interval = row.scores.f1.interval if row.scores else None
    return report.is_judged and interval is not None and interval.low >= report.project.target_f1


def _scarce(report: ClassReport, rows: list[ClassReportRow]) -> Finding:
    few = [row for row in rows if row.train_labels < LEARNABLE_LABELS_THRESHOLD]
    limit = LEARNABLE_LABELS_THRESHOLD if len(few) == len(rows) else RELIABLE_LABELS_THRESHOLD
    missing = sum(limit - row.train_labels for row in rows)
    return Finding(
        key="few_labels" if few else "some_labels",
        title=_scarce_title(rows, few, limit),
        text=_scarce_text(rows, missing, limit),
        why=_("A class can hardly be learned from so few labels. Each additional one helps.")
        if few
        else _("The model knows these classes roughly, but its predictions of them are still unstable."),
        how_sure=_("Counted. The threshold of {limit} is a rule of thumb.").format(limit=limit),
        tone="bad" if few else "warn",
        seriousness=80 if few else 35,
        actions=(_more_of(report, rows),),
        label_class=rows[0].label_class,
    )


def _scarce_title(rows: list[ClassReportRow], few: list[ClassReportRow], limit: int) -> str:
    if len(rows) == 1:
        n, name = rows[0].train_labels, rows[0].label_class.name
        if not n:
            return _("{name} has no training labels").format(name=name)
        title = ngettext("{name} has {n} training label", "{name} has {n} training labels", n)
        return title.format(name=name, n=n)
    title = ngettext(
        "{n} class has fewer than {limit} training labels",
        "{n} classes have fewer than {limit} training labels",
        len(rows),
    ).format(n=len(rows), limit=limit)
    if len(few) in (0, len(rows)):
        return title
    return _("{sentence}, {few} of them fewer than {fewest}").format(
        sentence=title, few=len(few), fewest=LEARNABLE_LABELS_THRESHOLD
    )


def _scarce_text(rows: list[ClassReportRow], missing: int, limit: int) -> str:
    if len(rows) == 1:
        text = ngettext(
            "{n} more label would reach {limit}.", "{n} more labels would reach {limit}.", missing
        )
        return text.format(n=missing, limit=limit)
    counts = ", ".join(f"{row.label_class.name} {row.train_labels}" for row in rows[:MAX_NAMES])
    if len(rows) > MAX_NAMES:
        counts = _("{counts} and {n} more").format(counts=counts, n=len(rows) - MAX_NAMES)
    return ngettext(
        "{counts}: {n} more label would bring each to {limit}.",
        "{counts}: {n} more labels would bring each to {limit}.",
        missing,
    ).format(counts=counts, n=missing, limit=limit)


def _more_of(report: ClassReport, rows: list[ClassReportRow]) -> Action:
    unasked = [row.label_class for row in rows if row.focus is None]
    return label_more(report.project, unasked or [row.label_class for row in rows], MAX_FOCUSES)


def little_to_learn_from(report: ClassReport) -> list[Finding]:
    """Whether the model as a whole has seen too little."""
    if report.version is None or report.version.label_count >= LEARNED_FROM:
        return []
    n = report.version.label_count
    return [
        Finding(
            key="little_data",
            title=ngettext(
                "The model was trained on only {n} document", "The model was trained on only {n} documents", n
            ).format(n=n),
            text=_("It is worth evaluating from {limit} labeled documents.").format(limit=LEARNED_FROM),
            why=_("With so little data, the next ten labels can change every number on this page."),
            how_sure=_("Counted. Easy tasks need less, many classes need more."),
            tone="warn",
            seriousness=40,
            actions=(label_now(report.project), import_more(report.project)),
        )
    ]


def unbalanced(report: ClassReport) -> list[Finding]:
    """Whether one class has many times the labels of another."""
    ratio = report.imbalance.ratio.value
    if ratio is None or ratio <= MAX_IMBALANCE:
        return []
    smallest = min(report.rows, key=lambda row: row.train_labels)
    return [
        Finding(
            key="imbalance",
            title=_("The largest class has {ratio:.0f} times as many labels as {name}").format(
                ratio=ratio, name=smallest.label_class.name
            ),
            text=_(
                "The labels are as unbalanced as if there were only {effective:.1f} equal classes instead"
                " of {n}.{pool}"
            ).format(
                effective=report.imbalance.effective_classes.value or 0.0,
                n=len(report.rows),
                pool=_in_pool(smallest),
            ),
            why=_("A rare class is learned late and measured poorly, whatever the average says."),
            how_sure=_("Counted. If the class is equally rare in the pool, this is expected."),
            tone="warn",
            seriousness=20,
            actions=(
                label_more(report.project, [smallest.label_class]),
                see(report.project, _("View the label distribution"), "distribution"),
            ),
            label_class=smallest.label_class,
        )
    ]


def _in_pool(row: ClassReportRow) -> str:
    if row.prevalence is None or row.prevalence.value is None or row.prevalence.interval is None:
        return ""
    low, high = row.prevalence.interval.low, row.prevalence.interval.high
    return " " + _("{low} to {high} of the unlabeled documents are {name}.").format(
        low=percent(low), high=percent(high), name=row.label_class.name
    )


def weak(report: ClassReport) -> list[Finding]:
    """The two classes that are furthest below the project's target, and what is wrong with them."""
    return [_weak(report, row) for row in weak_rows(report)[:2]]


def weak_rows(report: ClassReport) -> list[ClassReportRow]:
    """Classes whose F1 on the test set is below the project's target, the lowest first.

    None while the test set is too small to judge a model by.
    """
    if not report.is_judged:
        return []
    target = report.project.target_f1
    measured = [(row.scores.f1.value, row) for row in report.rows if row.scores]
    low = [(value, row) for value, row in measured if value is not None and value < target]
    return [row for _value, row in sorted(low, key=lambda pair: pair[0])]


def _weak(report: ClassReport, row: ClassReportRow) -> Finding:
    scores, project = row.scores, report.project
    assert scores is not None and scores.f1.value is not None and scores.f1.interval is not None
    model = report.version.number if report.version else 0
    is_missed = scores.false_negatives >= scores.false_positives
    name, pk = row.label_class.name, row.label_class.pk
    wrong = (
        see(
            project,
            _("View the {n} missed").format(n=scores.false_negatives),
            "test_set",
            model=model,
            missed=pk,
        )
        if is_missed
        else see(
            project,
            _("View the {n} wrongly predicted").format(n=scores.false_positives),
            "test_set",
            model=model,
            extra=pk,
        )
    )
    is_sure = scores.f1.interval.high < project.target_f1
    return Finding(
        key="weak_class",
        title=_("{name} is below the target: F1 {f1:.2f} of {target:.2f}").format(
            name=name, f1=scores.f1.value, target=project.target_f1
        ),
        text=_mistakes(scores, name),
        why=_(
            "Users of the model will see these errors. Documents that may be {name} improve it most."
        ).format(name=name),
        how_sure=(
            _("Certain: the whole interval, {low:.2f} to {high:.2f}, is below the target.")
            if is_sure
            else _(
                "Not certain: the interval is {low:.2f} to {high:.2f}. More test documents would narrow it."
            )
        ).format(low=scores.f1.interval.low, high=scores.f1.interval.high),
        tone="bad" if is_sure else "warn",
        seriousness=70 if is_sure else 38,
        actions=(label_more(project, [row.label_class]), wrong),
        label_class=row.label_class,
    )


def _mistakes(scores: ClassScores, name: str) -> str:
    """How often a class is missed and wrongly given, without telling of what never happens."""
    missed, extra = scores.false_negatives, scores.false_positives
    lost = ngettext("{n} of {of} is missed", "{n} of {of} are missed", missed).format(
        n=missed, of=scores.support
    )
    if not missed:
        lost = _("None of {of} is missed").format(of=scores.support)
    elif missed == scores.support > 1:
        lost = _("All {of} are missed").format(of=scores.support)
    if not extra:
        return _("{lost}; nothing else is predicted as {name}.").format(lost=lost, name=name)
    added = ngettext(
        "{lost}, and {n} other is predicted as {name}.",
        "{lost}, and {n} others are predicted as {name}.",
        extra,
    )
    return added.format(lost=lost, n=extra, name=name)


def names_of(classes: list[LabelClass]) -> str:
    """The first few, in words."""
    return ", ".join(str(c.name) for c in classes[:MAX_NAMES]) + (" …" if len(classes) > MAX_NAMES else "")
