"""What a training uses besides the labels: the pool, the guideline, the graph, other models."""

from collections.abc import Callable

import numpy as np
import pytest
from django.contrib.auth.models import User

from labeling import worker
from labeling.documents.models import Document
from labeling.features import embedding_progress
from labeling.features.embeddings import enqueue_missing
from labeling.features.pipeline import current_store
from labeling.guidelines import versions
from labeling.guidelines.models import Guideline, LabelClass
from labeling.guidelines.versions import RuleText
from labeling.jobs import outbox
from labeling.jobs.models import Job
from labeling.learning.classifiers.auxiliary import AuxiliaryData
from labeling.learning.classifiers.committee import Committee
from labeling.learning.storage.feature_store import WORDS
from labeling.learning.text.sentence_embeddings import VERSION
from labeling.projects.models import Project
from labeling.training.auxiliary import auxiliary_data_for
from labeling.training.dataset import read_training_set
from labeling.training.model_files import model_folder
from tests.fixtures.trained_project import label_rightly, train

LINES = {
    "Refund": "money back, a return",
    "Billing": "invoice, card, tax",
    "Delivery": "parcel, courier, box",
}


@pytest.fixture
def write_guideline(joan: User) -> Callable[[Project], None]:
    """Joan says in a line what each class is."""

    def write(project: Project) -> None:
        ids = dict(LabelClass.objects.filter(project=project).values_list("name", "pk"))
        rules = {ids[name]: RuleText(line) for name, line in LINES.items()}
        versions.publish(project.pk, joan, body="", rules=rules, change=Guideline.Change.RULE)

    return write


def read(project: Project) -> AuxiliaryData:
    store = current_store(project)
    assert store is not None
    return auxiliary_data_for(project, store, read_training_set(project).classes)


def committee_of(project: Project) -> Committee:
    version = project.model_versions.ready().first()
    assert version is not None
    return Committee.load(model_folder(version))[0]


def embed_all(project: Project) -> None:
    outbox.enqueue(project.pk, Job.Kind.EMBED)
    while worker.run_job(project.pk, Job.Kind.EMBED):
        assert not Job.objects.failing().exists()


def test_the_unlabeled_pool_holds_no_test_document(untrained: Project) -> None:
    tests = set(Document.objects.test_set().filter(project=untrained).values_list("position", flat=True))
    auxiliary = read(untrained)
    assert len(auxiliary.unlabeled) == len(auxiliary.positions) == 90
    assert tests.isdisjoint(auxiliary.positions.tolist())


def test_a_class_is_described_by_its_definition_and_a_bare_name_says_nothing_to_counted_words(
    untrained: Project, write_guideline: Callable[[Project], None]
) -> None:
    assert read(untrained).described is None
    write_guideline(untrained)
    described = read(untrained).described
    assert described is not None
    assert len(described) == 3
    assert (described.presence().sum(axis=1) > 0).all()


def test_a_model_weighs_the_words_and_the_guideline_and_says_so(
    untrained: Project, ann: User, write_guideline: Callable[[Project], None]
) -> None:
    write_guideline(untrained)
    label_rightly(untrained, ann, 15)
    train(untrained)
    version = untrained.model_versions.ready()[0]
    assert set(version.metadata.experts or {}) == {"linear", "words", "guideline"}
    assert version.metadata.view == WORDS


def test_embeddings_and_their_graph_take_over_when_they_are_there(untrained: Project, ann: User) -> None:
    label_rightly(untrained, ann, 15)
    train(untrained)
    embed_all(untrained)
    store = current_store(untrained)
    assert store is not None
    assert store.view != WORDS
    assert store.graph is not None
    assert store.graph.count == untrained.document_count == 102
    assert len(store.graph.anchors) == 90  # no test document joins others
    train(untrained)
    assert {"neighbours", "guideline"} <= set(committee_of(untrained).names)
    assert untrained.model_versions.ready()[0].metadata.view == store.view


def test_a_model_of_words_goes_on_ranking_by_words_until_the_next_one(untrained: Project, ann: User) -> None:
    label_rightly(untrained, ann, 15)
    train(untrained)
    embed_all(untrained)
    before = untrained.generation
    outbox.enqueue(untrained.pk, Job.Kind.RANK)
    assert worker.run_job(untrained.pk, Job.Kind.RANK)
    assert not Job.objects.failing().exists()
    untrained.refresh_from_db()
    assert untrained.generation > before


def test_vectors_of_an_earlier_version_are_made_again_and_the_model_is_trained_on_them(
    untrained: Project, ann: User
) -> None:
    """A data folder from before: its vectors and its model stand under the earlier version's name."""
    label_rightly(untrained, ann, 15)
    embed_all(untrained)
    train(untrained)
    now = embedding_progress.embedding_folder(untrained.pk)
    earlier = "minilm-l6-8199be6f699a-1"
    now.rename(now.with_name(f"embeddings-{earlier}"))
    version = untrained.model_versions.ready()[0]
    version.facts |= {"view": earlier}
    version.save()
    Job.objects.all().delete()
    outbox.enqueue(untrained.pk, Job.Kind.RANK)
    assert worker.run_job(untrained.pk, Job.Kind.RANK)  # by words, until there is a model for what there is
    assert Job.objects.filter(project=untrained, kind=Job.Kind.TRAIN).exists()
    enqueue_missing()
    assert worker.run_job(untrained.pk, Job.Kind.EMBED)
    assert [path.name for path in now.parent.glob("embeddings-*")] == [now.name]
    assert worker.run_job(untrained.pk, Job.Kind.TRAIN)
    assert not Job.objects.failing().exists()
    assert untrained.model_versions.ready()[0].metadata.view == VERSION


def test_new_words_of_the_guideline_are_embedded_and_a_training_is_owed(
    untrained: Project, ann: User, write_guideline: Callable[[Project], None]
) -> None:
    label_rightly(untrained, ann, 15)
    train(untrained)
    embed_all(untrained)
    Job.objects.all().delete()
    write_guideline(untrained)
    assert read(untrained).described is None  # not yet: it is owed
    assert Job.objects.filter(kind=Job.Kind.EMBED).exists()
    embed_all(untrained)
    described = read(untrained).described
    assert described is not None
    assert np.abs(described.points()).sum(axis=1).min() > 0
    assert Job.objects.filter(kind=Job.Kind.TRAIN).exists()
    assert embedding_progress.progress(untrained) == embedding_progress.Progress(102, 102)
