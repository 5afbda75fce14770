"""Do guesses stand in for embeddings where these take long, and do features learn of static vectors?"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
import pytest
from django.contrib.auth.models import User

from labeling import worker
from labeling.exceptions import StaleRun
from labeling.features import distilled_view, embedding_progress, encoding, pipeline, static_words
from labeling.features.editions import edition_folder
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.arrays.types import Floats, Integers
from labeling.learning.storage.feature_store import DISTILLED, DISTILLED_MAP, WORDS
from labeling.learning.text.sentence_embeddings import WIDTH, Embedder
from labeling.learning.text.static_vectors import StaticVectors
from labeling.projects.models import Project
from labeling.training.registry import ranker_in_use
from tests.fixtures.people import fill
from tests.fixtures.trained_project import label_rightly, train


def direction(word: str) -> Floats:
    return np.random.default_rng(crc32(word.encode())).standard_normal(WIDTH).astype(np.float32)


@dataclass(frozen=True)
class WordEmbedder(Embedder):
    """An embedder that adds up a direction for each word, so that what it says can be guessed; or noise."""

    run: Callable[[Integers], Floats] = field(default=lambda tokens: np.zeros((*tokens.shape, WIDTH)))
    is_noise: bool = False
    texts: list[str] = field(default_factory=list)

    def __call__(self) -> Embedder:
        return self

    def embed(self, texts: Sequence[str]) -> Floats:
        self.texts.extend(texts)
        vectors = np.stack([sum(map(direction, text.split()), direction("")) for text in texts])
        if self.is_noise:
            vectors[:] = np.random.default_rng(len(self.texts)).standard_normal(vectors.shape)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def static_words_made(untrained: Project) -> None:
    StaticVectors.of(np.eye(26, 8, dtype=np.float32) + 0.1, "abcdefghijklmnopqrstuvwxyz").save(
        static_words.static_folder()
    )


@pytest.fixture
def large(untrained: Project, static_words_made: None, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of 102 documents that counts as large, with static vectors in its features."""
    monkeypatch.setattr(encoding, "MIN_POOL", 50)
    pipeline.enqueue_outdated()
    assert worker.run_job(untrained.pk, Job.Kind.FEATURIZE)
    untrained.refresh_from_db()
    return untrained


def distill(project: Project, embedder: WordEmbedder) -> None:
    outbox.enqueue(project.pk, Job.Kind.EMBED)
    job = outbox.start(project.pk, Job.Kind.EMBED)
    assert job is not None
    encoding.distill(job, project, embedder)
    outbox.finish(job)


def view(project: Project) -> str:
    store = pipeline.current_store(project)
    assert store is not None
    return store.view


def test_features_of_before_are_made_anew_and_the_old_ones_serve_until_then(
    untrained: Project, static_words_made: None, ann: User
) -> None:
    label_rightly(untrained, ann, 20)
    train(untrained)
    untrained.refresh_from_db()
    old = pipeline.current_store(untrained)
    assert old is not None
    assert not old.has_static_words
    edition = untrained.feature_edition
    pipeline.enqueue_outdated()
    assert ranker_in_use(untrained).version is not None, "the model reads the old edition"
    assert worker.run_job(untrained.pk, Job.Kind.FEATURIZE)
    untrained.refresh_from_db()
    new = pipeline.current_store(untrained)
    assert new is not None
    assert (untrained.feature_edition, new.has_static_words, len(new)) == (edition + 1, True, len(old))
    assert Job.objects.filter(project=untrained, kind=Job.Kind.TRAIN).exists()
    train(untrained)
    assert ranker_in_use(untrained).version is not None
    pipeline.enqueue_outdated()
    assert not Job.objects.filter(project=untrained, kind=Job.Kind.FEATURIZE).exists(), "they are made once"


def test_guesses_of_all_documents_come_from_a_sample(
    large: Project, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "sample_size", lambda count: 60)
    tests = set(large.documents.test_set().values_list("text", flat=True))
    embedder = WordEmbedder()
    distill(large, embedder)
    assert len(embedder.texts) == 60
    assert not tests & set(embedder.texts)
    store = pipeline.current_store(large)
    assert store is not None
    assert store.view.startswith(DISTILLED)
    assert store.distillation.cosine > 0.5
    texts = list(large.documents.order_by("position").values_list("text", flat=True))
    guessed = store.dense(np.arange(len(store)))
    assert np.sum(guessed * WordEmbedder().embed(texts), axis=1).mean() > 0.7
    assert store.graph is not None
    lines = store.transform(["refund of money", ""])
    assert lines is not None
    assert lines.dense.any(axis=1).tolist() == [True, False]
    assert Job.objects.filter(project=large, kind=Job.Kind.RANK).exists()
    label_rightly(large, ann, 20)
    train(large)
    version = large.model_versions.ready().first()
    assert version is not None
    assert version.metadata.view == store.view
    assert ranker_in_use(large).version == version


def test_documents_that_come_later_are_guessed_with_their_features(large: Project) -> None:
    distill(large, WordEmbedder())
    fill(large, ["refund of the money", "the card was charged twice"])
    outbox.enqueue(large.pk, Job.Kind.FEATURIZE)
    assert worker.run_job(large.pk, Job.Kind.FEATURIZE)
    large.refresh_from_db()
    store = pipeline.current_store(large)
    assert store is not None
    assert len(store) == large.document_count
    assert store.dense(np.arange(len(store)))[-2:].any(axis=1).all()


def test_bad_guesses_are_not_used_and_not_made_again(large: Project) -> None:
    distill(large, WordEmbedder(is_noise=True))
    assert view(large) == WORDS
    again = WordEmbedder()
    distill(large, again)
    assert (view(large), again.texts) == (WORDS, [])


def test_embeddings_replace_guesses_when_nearly_all_are_there(large: Project) -> None:
    distill(large, WordEmbedder())
    guessed = view(large)
    assert embedding_progress.store_for(large) is not None, "the sample is kept"
    embedder = WordEmbedder()
    outbox.enqueue(large.pk, Job.Kind.EMBED)
    job = outbox.start(large.pk, Job.Kind.EMBED)
    assert job is not None
    encoding.encode(job, embedder)
    assert view(large).startswith("minilm")
    store = pipeline.current_store(large, guessed)
    assert store is not None
    assert store.view == guessed, "a model that was fitted on guesses still reads them"


def test_a_killed_run_goes_on_where_it_stopped(large: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "TEXT_BATCH_SIZE", 10)
    beats = iter([True, True, False])

    def beat(job: Job) -> None:
        if not next(beats, True):
            raise StaleRun

    monkeypatch.setattr(encoding, "beat", beat)
    first = WordEmbedder()
    with pytest.raises(StaleRun):
        distill(large, first)
    Job.objects.filter(kind=Job.Kind.EMBED).delete()
    second = WordEmbedder()
    distill(large, second)
    whole = WordEmbedder()
    shutil.rmtree(edition_folder(large.pk, large.feature_edition) / DISTILLED_MAP)
    shutil.rmtree(embedding_progress.embedding_folder(large.pk))
    distill(large, whole)
    assert first.texts + second.texts == whole.texts
    assert view(large).startswith(DISTILLED)


def test_a_small_project_has_no_guesses(untrained: Project, static_words_made: None) -> None:
    pipeline.enqueue_outdated()
    worker.run_job(untrained.pk, Job.Kind.FEATURIZE)
    untrained.refresh_from_db()
    distill(untrained, WordEmbedder())
    store = pipeline.current_store(untrained)
    assert store is not None
    assert not (store.root / DISTILLED_MAP).exists()
    assert distilled_view.distilled_vectors(store) is None


def test_static_vectors_are_made_once_by_the_embedder(untrained: Project) -> None:
    calls: list[int] = []

    def load() -> Embedder:
        calls.append(1)
        return WordEmbedder(lambda tokens: np.ones((*tokens.shape, 300), dtype=np.float32))

    assert static_words.static_vectors() is None
    static_words.make_static_vectors(load)
    static_words.make_static_vectors(load)
    assert len(calls) == 1
    assert static_words.static_vectors() is not None
