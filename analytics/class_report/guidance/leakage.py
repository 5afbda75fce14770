"""Data leakage: has the model seen the answers? Exact copies of test documents, kept out or not."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.class_report.guidance.finding import Finding, see, train_again
from analytics.class_report.guidance.leakage_queries import Leaks, leaks
from analytics.class_report.report import ClassReport
from analytics.data.content_cache import cached_by_content


def leaked(report: ClassReport) -> list[Finding]:
    """Copies of test documents: those that were kept out of training, and those that were not."""
    if report.version is None or report.held_out is None:
        return []
    version, documents, project = report.version, report.held_out.document_ids, report.project
    leaked_texts = cached_by_content(
        lambda: leaks(version, documents.tolist()),
        f"leaks {version.pk} {project.document_count} {project.removed_count} {project.grouped_count}",
        report.labels,
        documents,
    )
    return [*_learned(report, leaked_texts), *_kept_out(report, leaked_texts)]


def _learned(report: ClassReport, leaks: Leaks) -> list[Finding]:
    if not leaks.learned:
        return []
    title = ngettext(
        "The model was trained on {n} copy of a test document",
        "The model was trained on {n} copies of test documents",
        leaks.learned,
    ).format(n=leaks.learned)
    return [
        Finding(
            key="leak",
            title=title,
            text=ngettext(
                "{n} of {of} test documents was imported after its copy was used for training.",
                "{n} of {of} test documents were imported after their copies were used for training.",
                leaks.measured,
            ).format(n=leaks.measured, of=report.test_documents),
            why=_("The model has seen these labels, so the numbers are too high."),
            how_sure=_("Certain: the texts are identical, character by character."),
            tone="bad",
            seriousness=100,
            actions=(train_again(report.project),),
        )
    ]


def _kept_out(report: ClassReport, leaks: Leaks) -> list[Finding]:
    if not leaks.kept_out:
        return []
    title = ngettext(
        "{n} labeled document is a copy of a test document and was excluded from training",
        "{n} labeled documents are copies of test documents and were excluded from training",
        leaks.kept_out,
    ).format(n=leaks.kept_out)
    return [
        Finding(
            key="kept_out",
            title=title,
            text=_("So copies do not inflate the numbers."),
            why=_("Copies in both the training set and the test set are a common cause of inflated numbers."),
            how_sure=_("Certain: the texts are identical, character by character."),
            tone="good",
            seriousness=5,
            actions=(see(report.project, _("View the test set"), "test_set"),),
        )
    ]
