"""Document languages: identified for the whole test set, and for a random part of the pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.conf.locale import LANG_INFO
from django.db.models import QuerySet
from django.db.models.functions import Left

from labeling.documents.models import Document, DocumentLanguage
from labeling.jobs.models import Job
from labeling.jobs.outbox import beat
from labeling.learning.text.languages import CHARACTERS, teller

MAX_SCANNED_DOCUMENTS = 20_000  # open documents: 200 of a language that one in a hundred has
BATCH_SIZE = 2_000
NAMED = frozenset(LANG_INFO)  # what pages have a name for


def tell(job: Job) -> None:
    """Tell the language of documents that came since the last time; resumable."""
    pool = Document.objects.pool().filter(project=job.project_id, state=Document.State.OPEN)
    sampled = pool.order_by("random_key")[:MAX_SCANNED_DOCUMENTS]
    test_set = Document.objects.test_set().filter(project=job.project_id)
    untold = [*_untold(test_set), *_untold(sampled)]
    if not untold:
        return
    language_of = teller(NAMED)
    for start in range(0, len(untold), BATCH_SIZE):
        _tell(job.project_id, untold[start : start + BATCH_SIZE], language_of)
        beat(job)


def _untold(documents: QuerySet[Document]) -> list[int]:
    rows = documents.values_list("pk", "told_language")
    return [pk for pk, language in rows if language is None]


def _tell(project_id: int, document_ids: Sequence[int], language_of: Callable[[str], str]) -> None:
    beginnings = Document.objects.filter(pk__in=document_ids).values_list("pk", Left("text", CHARACTERS))
    DocumentLanguage.objects.bulk_create(
        (
            DocumentLanguage(document_id=pk, project_id=project_id, language=language_of(beginning))
            for pk, beginning in beginnings
        ),
        ignore_conflicts=True,  # a run that was taken for dead may have got this far too
    )
