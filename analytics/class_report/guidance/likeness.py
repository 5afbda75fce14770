"""Distribution shift: is the test set like the pool? In length and kind of documents, and mix of classes."""

from __future__ import annotations

import numpy as np
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from analytics.class_report.guidance.finding import Finding, queue_test_documents, see
from analytics.class_report.guidance.representativeness import AttributeDifference, differences
from analytics.class_report.report import ClassReport
from analytics.data.content_cache import cached_by_content
from analytics.metrics.measures import Measure
from analytics.metrics.mismatch import mismatch
from labeling.formatting import percent
from labeling.projects.models import Project

SURE = 0.01  # p-value of a difference between mixes
MIN_SAMPLED = 30  # random documents of the pool, from which its mix is compared


def unrepresentative(report: ClassReport) -> list[Finding]:
    """Whether the measured documents differ from the pool in length or metadata."""
    if report.held_out is None:
        return []
    project, documents = report.project, report.held_out.document_ids
    differing = cached_by_content(
        lambda: differences(project, documents),
        # A document never changes.
        f"likeness {project.pk} {project.document_count} {project.removed_count} {get_language()}",
        documents,
    )
    return [_differs(project, difference) for difference in differing[:2]]


def _differs(project: Project, difference: AttributeDifference) -> Finding:
    what = (
        _("{field}: {value}").format(field=difference.field, value=difference.value)
        if difference.field
        else difference.value
    )
    return Finding(
        key="unrepresentative",
        title=_("The test set differs from the pool: {what}").format(what=what),
        text=_("{test} of the labeled test documents, but {pool} of the pool.").format(
            test=_share(difference.test), pool=_share(difference.pool)
        ),
        why=_("The numbers hold for documents like those in the test set. In use, documents will differ."),
        how_sure=_(
            "p = {p:.1g} (permutation test on a random sample, corrected for the number of fields)."
        ).format(p=difference.p_value),
        tone="warn",
        seriousness=55,
        actions=(see(project, _("View slices"), "slices"), queue_test_documents(project)),
    )


def different_mix(report: ClassReport) -> list[Finding]:
    """Whether the classes of the test set differ from those of random documents of the pool.

    A document counts once for each of its classes, however many spans of it there are.

    The other labels of the pool were chosen by the queue: they differ by design, and are not compared.
    """
    labeled, project = report.labeled, report.project
    sampled_of_pool = labeled.is_sampled & ~labeled.is_test
    if int(sampled_of_pool.sum()) < MIN_SAMPLED:
        return []
    test, pool = (
        np.bincount(labeled.class_indices[side[labeled.documents]], minlength=len(labeled.ledger.classes))
        for side in (labeled.is_test, sampled_of_pool)
    )
    tested = cached_by_content(lambda: mismatch(test, pool, seed=1, enough=SURE), "different mix", test, pool)
    if tested.p_value >= SURE:
        return []
    index = int(np.abs(tested.residuals).argmax())
    names = {row.label_class.pk: row.label_class.name for row in report.rows}
    name = names.get(labeled.ledger.classes[index], _("a retired class"))
    return [
        Finding(
            key="mismatch",
            title=_(
                "The test set and the pool have different class distributions, most of all for {name}"
            ).format(name=name),
            text=_("{test} of the test labels, but {pool} of the labels of random pool documents.").format(
                test=percent(test[index] / max(test.sum(), 1)), pool=percent(pool[index] / max(pool.sum(), 1))
            ),
            why=_(
                "Both are random samples, so something changed between them: the documents or the guideline."
            ),
            how_sure=_(
                "p = {p:.1g} (permutation test); effect size {v:.2f} (Cramér's V). Actively selected "
                "labels differ by design and are excluded."
            ).format(p=tested.p_value, v=tested.cramers_v),
            tone="warn",
            seriousness=45,
            actions=(see(project, _("View the label distribution"), "distribution"),),
        )
    ]


def _share(measure: Measure) -> str:
    if measure.value is None or measure.interval is None:
        return "—"
    return _("{share} ({low} to {high})").format(
        share=percent(measure.value), low=percent(measure.interval.low), high=percent(measure.interval.high)
    )
