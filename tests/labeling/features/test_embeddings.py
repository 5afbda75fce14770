"""Do all documents get their embedding, those that matter first, and does nothing wait for it?"""

from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import User

from labeling import worker
from labeling.documents.models import Document
from labeling.exceptions import StaleRun
from labeling.features import embeddings
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.storage.embedding_store import EmbeddingStore
from labeling.learning.text.sentence_embeddings import WIDTH, Embedder, embeddings_installed, load_embedder
from labeling.projects.models import Project
from labeling.queue.models import QueueEntry
from tests.fixtures.people import CLASSES, fill
from tests.fixtures.trained_project import label_rightly, train

EMBED = Job.Kind.EMBED
needs_the_extra = pytest.mark.skipif(
    not embeddings_installed(), reason="the extra is not installed: requirements/embeddings.lock"
)


class Recorder:
    """An embedder that writes down the texts of documents and gives all the same vector, or refuses."""

    def __init__(self, refused: str = "") -> None:
        self.texts: list[str] = []
        self.refused = refused

    def __call__(self) -> Embedder:
        return Embedder(self.tokenize, lambda tokens, mask: np.ones((*tokens.shape, WIDTH), dtype=np.float32))

    def tokenize(self, text: str) -> list[int]:
        if self.refused and self.refused in text:
            raise RuntimeError("This text cannot be taken.")
        if text not in CLASSES:
            self.texts.append(text)
        return [101, 102]


def run(project: Project, embedder: Callable[[], Embedder]) -> None:
    """One run, as a worker does it, with another embedder."""
    outbox.enqueue(project.pk, EMBED)
    job = outbox.start(project.pk, EMBED)
    assert job is not None
    embeddings.embed(job, embedder)
    outbox.finish(job)


def stored(project: Project) -> EmbeddingStore:
    store = embeddings.store_for(project)
    assert store is not None
    return store


@needs_the_extra
def test_a_worker_embeds_every_document_and_a_ranking_is_owed(shop: Project) -> None:
    assert embeddings.store_for(shop) is None
    assert embeddings.progress(shop) is None
    embeddings.enqueue_missing()
    assert worker.run_job(shop.pk, EMBED)
    assert embeddings.progress(shop) == embeddings.Progress(102, 102)
    assert Job.objects.filter(project=shop, kind=Job.Kind.RANK).exists()
    texts = list(shop.documents.order_by("position").values_list("text", flat=True))
    result, _ = stored(shop).take(np.arange(102))
    assert np.sum(result * load_embedder().embed(texts), axis=1).min() > 0.99
    embeddings.enqueue_missing()
    assert not Job.objects.filter(kind=EMBED).exists()


def test_where_there_is_a_model_a_training_is_owed(shop: Project, ann: User) -> None:
    label_rightly(shop, ann, 20)
    train(shop)
    run(shop, Recorder())
    assert Job.objects.filter(project=shop, kind=Job.Kind.TRAIN).exists()


def test_labeled_and_test_documents_come_first_then_the_head_then_a_sample(shop: Project, ann: User) -> None:
    fill(shop, [f"late document {number}" for number in range(300)])
    label_rightly(shop, ann, 20)
    shop.refresh_from_db()
    answered = set(shop.documents.filter(annotations__isnull=False).values_list("text", flat=True))
    tests = set(shop.documents.test_set().values_list("text", flat=True))
    ranked = QueueEntry.objects.live(shop).values_list("document__text", flat=True)
    head = list(
        dict.fromkeys(text for text in ranked if text not in answered | tests)
    )  # copies are made once
    recorder = Recorder()
    run(shop, recorder)
    urgent = len(answered | tests)
    assert set(recorder.texts[:urgent]) == answered | tests
    assert recorder.texts[urgent : urgent + len(head)] == head
    last = [int(text.split()[-1]) for text in recorder.texts if text.startswith("late document")]
    assert sorted(last) == list(range(300))
    assert abs(np.mean(last[:100]) - 150) < 30  # those done first are no end of the pool


def test_a_run_ends_after_its_time_and_owes_the_rest(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "RUN_SECONDS", 0)
    run(shop, Recorder())
    assert len(stored(shop)) == embeddings.TEXT_BATCH_SIZE
    assert Job.objects.get(project=shop, kind=EMBED).state == Job.State.QUEUED
    run(shop, Recorder())
    assert len(stored(shop)) == 102


def test_rankings_are_owed_as_the_vectors_grow_and_not_at_each_slice(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "TEXT_BATCH_SIZE", 4)
    monkeypatch.setattr(embeddings, "MIN_GROWTH", 10)
    told = []
    monkeypatch.setattr(embeddings, "enqueue", lambda project_id, kind: told.append(len(stored(shop))))
    run(shop, Recorder())
    assert told == [12, 24, 36, 56, 84, 102]


def test_new_documents_are_owed_and_excluded_ones_are_not(shop: Project) -> None:
    run(shop, Recorder())
    Job.objects.all().delete()
    fill(shop, ["one more", "and another"])
    Document.objects.filter(project=shop, text="and another").update(state=Document.State.EXCLUDED)
    if embeddings_installed():
        embeddings.enqueue_missing()
        assert Job.objects.get().kind == EMBED
    shop.refresh_from_db()
    recorder = Recorder()
    run(shop, recorder)
    assert recorder.texts == ["one more"]


def test_nothing_is_owed_without_the_extra(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labeling.learning.text.sentence_embeddings.EMBEDDINGS", ("no_such_package_at_all",))
    embeddings.enqueue_missing()
    assert not Job.objects.filter(kind=EMBED).exists()


def test_an_archived_project_is_left_alone_and_a_paused_one_is_prepared(shop: Project) -> None:
    Project.objects.update(archived_at="2026-01-01T00:00Z", is_paused=True)
    embeddings.enqueue_missing()
    assert not Job.objects.filter(kind=EMBED).exists()
    recorder = Recorder()
    run(shop, recorder)
    assert recorder.texts == []
    Project.objects.update(archived_at=None)
    run(shop, recorder)
    assert len(recorder.texts) == 102


def test_a_text_that_cannot_be_taken_stops_no_other(shop: Project, caplog: pytest.LogCaptureFixture) -> None:
    fill(shop, ["a poisoned text"])
    shop.refresh_from_db()
    run(shop, Recorder(refused="poisoned"))
    vectors, flags = stored(shop).take(np.arange(shop.document_count))
    assert flags.all()
    assert [bool(length) for length in np.linalg.norm(vectors, axis=1)] == [True] * 102 + [False]
    assert "has no embedding" in caplog.text
    assert "poisoned" not in caplog.text


def test_a_run_that_was_taken_over_ends(shop: Project) -> None:
    outbox.enqueue(shop.pk, EMBED)
    job = outbox.start(shop.pk, EMBED)
    assert job is not None
    Job.objects.filter(pk=job.pk).update(fence=None)
    with pytest.raises(StaleRun):
        embeddings.embed(job, Recorder())


def test_vectors_of_another_model_go_away(shop: Project) -> None:
    old = embeddings.embedding_folder(shop.pk).with_name("embeddings-of-before")
    EmbeddingStore.create(old, "before")
    run(shop, Recorder())
    assert not old.exists()
