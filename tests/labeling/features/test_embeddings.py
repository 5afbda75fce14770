"""Do all documents get their embedding, those that matter first, and does nothing wait for it?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User

from labeling import worker
from labeling.documents.models import Document
from labeling.exceptions import StaleRun
from labeling.features import embedding_progress, embeddings
from labeling.features.embedder import service_embedder
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.arrays.types import Floats, Integers
from labeling.learning.storage.embedding_store import EmbeddingStore
from labeling.learning.text.sentence_embeddings import WIDTH, Embedder
from labeling.projects.models import Project
from labeling.queue.models import QueueEntry
from tests.fixtures.people import CLASSES, fill
from tests.fixtures.trained_project import label_rightly, train

EMBED = Job.Kind.EMBED


@dataclass(frozen=True)
class Recorder(Embedder):
    """An embedder that writes down the texts of documents and gives all the same vector, or refuses."""

    run: Callable[[Integers], Floats] = field(default=lambda tokens: np.zeros((*tokens.shape, WIDTH)))
    texts: list[str] = field(default_factory=list)
    refused: str = ""

    def __call__(self) -> Embedder:
        return self

    def embed(self, texts: Sequence[str]) -> Floats:
        if self.refused and any(self.refused in text for text in texts):
            raise RuntimeError("This text cannot be taken.")
        self.texts.extend(text for text in texts if text not in CLASSES)
        return np.full((len(texts), WIDTH), WIDTH**-0.5, dtype=np.float32)


def run(project: Project, embedder: Callable[[], Embedder]) -> None:
    """One run, as a worker does it, with another embedder."""
    outbox.enqueue(project.pk, EMBED)
    job = outbox.start(project.pk, EMBED)
    assert job is not None
    embeddings.embed(job, embedder)
    outbox.finish(job)


def stored(project: Project) -> EmbeddingStore:
    store = embedding_progress.store_for(project)
    assert store is not None
    return store


@pytest.mark.slow
def test_a_worker_embeds_every_document_and_a_ranking_is_owed(untrained: Project) -> None:
    assert embedding_progress.store_for(untrained) is None
    assert embedding_progress.progress(untrained) is None
    embeddings.enqueue_missing()
    assert worker.run_job(untrained.pk, EMBED)
    assert embedding_progress.progress(untrained) == embedding_progress.Progress(102, 102)
    assert Job.objects.filter(project=untrained, kind=Job.Kind.RANK).exists()
    texts = list(untrained.documents.order_by("position").values_list("text", flat=True))
    result, _ = stored(untrained).take(np.arange(102))
    assert np.sum(result * service_embedder().embed(texts), axis=1).min() > 0.99
    embeddings.enqueue_missing()
    assert not Job.objects.filter(kind=EMBED).exists()


def test_where_there_is_a_model_a_training_is_owed(untrained: Project, ann: User) -> None:
    label_rightly(untrained, ann, 20)
    train(untrained)
    run(untrained, Recorder())
    assert Job.objects.filter(project=untrained, kind=Job.Kind.TRAIN).exists()


def test_labeled_and_test_documents_come_first_then_the_head_then_a_sample(
    untrained: Project, ann: User
) -> None:
    fill(untrained, [f"late document {number}" for number in range(300)])
    label_rightly(untrained, ann, 20)
    untrained.refresh_from_db()
    answered = set(untrained.documents.filter(annotations__isnull=False).values_list("text", flat=True))
    tests = set(untrained.documents.test_set().values_list("text", flat=True))
    ranked = QueueEntry.objects.live(untrained).values_list("document__text", flat=True)
    head = list(
        dict.fromkeys(text for text in ranked if text not in answered | tests)
    )  # copies are made once
    recorder = Recorder()
    run(untrained, recorder)
    urgent = len(answered | tests)
    assert set(recorder.texts[:urgent]) == answered | tests
    assert recorder.texts[urgent : urgent + len(head)] == head
    last = [int(text.split()[-1]) for text in recorder.texts if text.startswith("late document")]
    assert sorted(last) == list(range(300))
    assert abs(np.mean(last[:100]) - 150) < 30  # those done first are no end of the pool


def test_a_run_ends_after_its_time_and_owes_the_rest(
    untrained: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "RUN_SECONDS", 0)
    run(untrained, Recorder())
    assert len(stored(untrained)) == embeddings.TEXT_BATCH_SIZE
    assert Job.objects.get(project=untrained, kind=EMBED).state == Job.State.QUEUED
    run(untrained, Recorder())
    assert len(stored(untrained)) == 102


def test_rankings_are_owed_as_the_vectors_grow_and_not_at_each_slice(
    untrained: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "TEXT_BATCH_SIZE", 4)
    monkeypatch.setattr(embeddings, "MIN_GROWTH", 10)
    counts = []
    monkeypatch.setattr(embeddings, "enqueue", lambda project_id, kind: counts.append(len(stored(untrained))))
    run(untrained, Recorder())
    assert counts == [12, 24, 36, 56, 84, 102]


def test_new_documents_are_owed_and_excluded_ones_are_not(untrained: Project) -> None:
    run(untrained, Recorder())
    Job.objects.all().delete()
    fill(untrained, ["one more", "and another"])
    Document.objects.filter(project=untrained, text="and another").update(state=Document.State.EXCLUDED)
    embeddings.enqueue_missing()
    assert Job.objects.get().kind == EMBED
    untrained.refresh_from_db()
    recorder = Recorder()
    run(untrained, recorder)
    assert recorder.texts == ["one more"]


def test_nothing_is_owed_where_the_encoder_is_not_installed(
    untrained: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeling.learning.text.sentence_embeddings.PACKAGES", ("no_such_package_at_all",))
    embeddings.enqueue_missing()
    assert not Job.objects.filter(kind=EMBED).exists()


def test_turned_off_nothing_is_owed_and_what_was_owed_is_not_made(untrained: Project, settings: Any) -> None:
    settings.EMBEDDINGS = False
    embeddings.enqueue_missing()
    assert not Job.objects.filter(kind=EMBED).exists()
    recorder = Recorder()
    run(untrained, recorder)
    assert recorder.texts == []
    assert embedding_progress.progress(untrained) is None
    assert not Job.objects.filter(kind=EMBED).exists()


def test_an_archived_project_is_left_alone_and_a_paused_one_is_prepared(untrained: Project) -> None:
    Project.objects.update(archived_at="2026-01-01T00:00Z", is_paused=True)
    embeddings.enqueue_missing()
    assert not Job.objects.filter(kind=EMBED).exists()
    recorder = Recorder()
    run(untrained, recorder)
    assert recorder.texts == []
    Project.objects.update(archived_at=None)
    run(untrained, recorder)
    assert len(recorder.texts) == 102


def test_a_text_that_cannot_be_taken_stops_no_other(
    untrained: Project, caplog: pytest.LogCaptureFixture
) -> None:
    fill(untrained, ["a poisoned text"])
    untrained.refresh_from_db()
    run(untrained, Recorder(refused="poisoned"))
    vectors, flags = stored(untrained).take(np.arange(untrained.document_count))
    assert flags.all()
    assert [bool(length) for length in np.linalg.norm(vectors, axis=1)] == [True] * 102 + [False]
    assert "has no embedding" in caplog.text
    assert "poisoned" not in caplog.text


def test_a_run_that_was_taken_over_ends(untrained: Project) -> None:
    outbox.enqueue(untrained.pk, EMBED)
    job = outbox.start(untrained.pk, EMBED)
    assert job is not None
    Job.objects.filter(pk=job.pk).update(fence=None)
    with pytest.raises(StaleRun):
        embeddings.embed(job, Recorder())


def test_vectors_of_another_model_go_away(untrained: Project) -> None:
    old = embedding_progress.embedding_folder(untrained.pk).with_name("embeddings-of-before")
    EmbeddingStore.create(old, "before")
    run(untrained, Recorder())
    assert not old.exists()
