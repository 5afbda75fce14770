"""Does a label count at once in the report, although the model was trained before it?"""

from django.contrib.auth.models import User

from analytics.data.queries import held_out, latest_model
from labeling.annotations import adjudication, imported
from labeling.annotations.ground_truth import labeled_documents
from labeling.documents.models import Document
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from tests.fixtures.people import label
from tests.fixtures.trained_project import WORDS, label_rightly, train, truth
from tests.labeling.training.test_span_model import answer, marked

__all__ = ["marked"]


def model(project: Project) -> ModelVersion:
    version = latest_model(project)
    assert version is not None
    return version


def a_test_document(project: Project, state: str = "open") -> Document:
    return Document.objects.test_set().filter(project=project, state=state).order_by("-random_key")[0]


def right(project: Project) -> int:
    held = held_out(project, model(project))
    return int((held.truth == held.predicted).all(axis=1).sum())


def test_a_test_document_labeled_after_the_training_counts_at_once_and_so_does_its_correction(
    untrained: Project, ann: User, joan: User
) -> None:
    label_rightly(untrained, ann, 24)
    train(untrained)
    labeled = len(labeled_documents(untrained.pk, "test"))
    assert (
        model(untrained).facts["held_out"]["documents"]
        == labeled
        == len(held_out(untrained, model(untrained)))
    )
    document, before = a_test_document(untrained), right(untrained)
    name = truth(document.text)
    imported.record(untrained, [(document.pk, [label(untrained, name)])])
    assert len(held_out(untrained, model(untrained))) == labeled + 1
    assert right(untrained) == before + 1
    other = next(item for item in WORDS if item != name)
    adjudication.relabel(untrained.pk, document.pk, joan, [label(untrained, other)], "By the new rule")
    assert right(untrained) == before
    assert untrained.model_versions.count() == 1


def test_so_it_is_with_spans(marked: Project, ann: User) -> None:
    answer(marked, ann, 24)
    train(marked)
    before = len(held_out(marked, model(marked)))
    document = a_test_document(marked)
    imported.record(marked, [(document.pk, [label(marked, truth(document.text), 0, 3)])])
    assert len(held_out(marked, model(marked))) == before + 1
