"""Is a document settled by its answers? The one place that decides between open, disputed and resolved."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import connection

from labeling.models import Document, Resolution
from labeling.models import statements as sql


def settle(document: Document, wanted: int, latest: int | None = None) -> str:
    """Give the locked document the state that its counted answers call for, and return that state.

    Short of `wanted` answers it stays as it is. With all of them it is resolved when more than half agree,
    else disputed. `latest` is the only answer where one is wanted; it saves reading them.
    """
    if wanted == 1 and latest is not None:
        return _write(document, Document.State.RESOLVED, Resolution.How.AGREED, latest)
    with connection.cursor() as cursor:
        cursor.execute(sql.COUNTED_ANSWERS, {"document": document.pk, "round": document.round})
        answers = [(annotation, bytes(answer_hash)) for annotation, answer_hash in cursor.fetchall()]
    if len(answers) < wanted:
        return document.state
    votes = Counter(answer for _, answer in answers)
    winner, count = votes.most_common(1)[0]
    if count * 2 <= len(answers):
        return _write(document, Document.State.DISPUTED, None, None)
    how = Resolution.How.AGREED if count == len(answers) else Resolution.How.MAJORITY
    return _write(
        document, Document.State.RESOLVED, how, next(a for a, answer in answers if answer == winner)
    )


def resolve(document: Document, how: Resolution.How, annotation_id: int) -> str:
    """Settle the locked document by this annotation, whatever else was said."""
    return _write(document, Document.State.RESOLVED, how, annotation_id)


def _write(document: Document, state: str, how: str | None, annotation_id: int | None) -> str:
    document.check_move(state)
    facts: dict[str, Any] = {
        "document": document.pk,
        "project": document.project_id,
        "state": state,
        "how": how,
        "annotation": annotation_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.SETTLE, facts)
    return state
