"""Small test sets: what a title may say of so few documents."""

from __future__ import annotations

from django.utils.translation import ngettext

from analytics.metrics.measures import MIN_HEADLINE_DOCUMENTS


def too_few_to_judge(documents: int) -> str:
    """The title of a report on fewer than MIN_HEADLINE_DOCUMENTS labeled test documents; "" for enough.

    >>> too_few_to_judge(30)
    ''
    """
    if documents >= MIN_HEADLINE_DOCUMENTS:
        return ""
    text = ngettext(
        "{n} labeled test document is too few to evaluate the model: {wanted} are needed",
        "{n} labeled test documents are too few to evaluate the model: {wanted} are needed",
        documents,
    )
    return text.format(n=documents, wanted=MIN_HEADLINE_DOCUMENTS)
