"""Is every model measured once, when it is new, and does nothing odd stop the others?"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.learning_curves import measure
from analytics.models import Measurement, TestSetVersion
from labeling.annotations.models import Annotation
from labeling.documents.models import Document
from labeling.guidelines import classes
from labeling.guidelines.models import LabelClass
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project
from tests.fixtures.people import Clock
from tests.fixtures.trained_project import label_rightly, train


def wrong_for(document: Document) -> LabelClass:
    """A class that the document does not have."""
    true = document.resolution.annotation.labels.values("label_class")
    return document.project.classes.exclude(pk__in=true).earliest("position")


def correct(document: Document, label_class: LabelClass) -> None:
    """Another annotation speaks for the document from now on."""
    resolution = document.resolution
    corrected = Annotation.objects.create(
        project=document.project,
        document=document,
        source="import",
        answer_hash=b"x",
        supersedes=resolution.annotation,
    )
    corrected.labels.create(label_class=label_class)
    resolution.annotation = corrected
    resolution.save()


def test_a_new_model_is_measured_once_with_the_labels_it_learned_from(measured: Project) -> None:
    assert measure.measure_due() == [measured]
    kept = Measurement.objects.get()
    assert kept.documents == len(kept.test_set.annotations) == Document.objects.test_set().count()
    assert sum(numbers["labels"] for numbers in kept.classes.values()) == 40
    assert sum(n["tp"] + n["fn"] for n in kept.classes.values()) == kept.documents
    assert sum(n["tp"] for n in kept.classes.values()) == kept.right
    value, low, high = kept.averages["macro_f1"]
    assert low <= value <= high
    version = ModelVersion.objects.get()
    assert measure.measure(version) == kept
    assert TestSetVersion.objects.count() == 1


def test_where_there_is_nothing_to_do_it_asks_twice(measured: Project, clock: Clock) -> None:
    measure.measure_due()
    clock.advance(minutes=1)
    with CaptureQueriesContext(connection) as asked:
        assert measure.measure_due() == []
    assert len(asked) == 2


def test_a_changed_answer_makes_news_and_with_the_next_model_another_test_set(
    measured: Project, ann: User, clock: Clock
) -> None:
    measure.measure_due()
    clock.advance(minutes=1)
    document = Document.objects.test_set().earliest("pk")
    correct(document, wrong_for(document))
    assert measure.measure_due() == [measured]
    label_rightly(measured, ann, 10)
    train(measured)
    assert measure.measure_due() == [measured]
    newest, first = TestSetVersion.objects.all()
    assert (newest.number, first.number) == (2, 1)
    assert len(set(newest.annotations) - set(first.annotations)) == 1


def test_models_of_long_ago_are_left_alone(measured: Project, ann: User) -> None:
    label_rightly(measured, ann, 10)
    train(measured)
    measure.measure_due()
    assert [kept.model_version.number for kept in Measurement.objects.all()] == [2]


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_odd_projects_are_passed_by(
    make_project: Callable[..., Project], joan: User, kind: str, clock: Clock
) -> None:
    """No test set, or a model of classes that are gone: no crash, and no measurement."""
    project = make_project(kind=kind)
    values: dict[str, Any] = {"project": project, "state": "ready"}
    ModelVersion.objects.create(number=1, classes=[], **values)
    assert measure.measure_due() == []
    odd = ModelVersion.objects.create(number=2, classes=[uuid4()], **values)
    document = project.documents.earliest("pk")
    Document.objects.filter(pk=document.pk).update(split="test")
    HeldOutPrediction.objects.create(model_version=odd, document=document, probabilities=[0.5], spans=[])
    classes.retire(project.pk, joan, project.classes.earliest("position").pk)
    assert measure.measure_due() == []
    assert not Measurement.objects.exists()
