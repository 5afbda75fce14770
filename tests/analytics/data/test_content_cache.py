"""Does a process that has shown a report before show the same numbers as one that starts now?"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analytics.data import annotation_log, content_cache
from labeling.annotations import adjudication, imported, test_labels
from labeling.annotations.models import Resolution
from labeling.annotations.test_labels import labeled_test_set
from labeling.documents.models import Document
from labeling.guidelines import classes
from labeling.predictions import held_out
from labeling.predictions.models import HeldOutPrediction
from labeling.projects.models import Project
from tests.fixtures.people import fill, label
from tests.fixtures.trained_project import label_rightly, train

REPORTS = ("classes", "confusion", "quality", "slices", "distribution")


def forget() -> None:
    for kept in (content_cache._results, held_out._kept, test_labels._kept, annotation_log._kept):
        kept.clear()


def told(client: Client, project: Project) -> dict[str, Any]:
    return {
        name: json.loads(client.get(reverse(f"analytics_api:report_{name}", args=[project.pk])).content)
        for name in REPORTS
    }


@pytest.mark.slow
def test_every_report_is_the_same_as_one_that_remembers_nothing(
    untrained: Project, ann: User, joan: User, client: Client
) -> None:
    label_rightly(untrained, ann, 24)
    train(untrained)
    client.force_login(joan)
    tested = Document.objects.filter(project=untrained, split="test", state="resolved").first()
    assert tested is not None
    names = [label_class.name for label_class in untrained.classes.all()]

    def correct() -> None:
        adjudication.relabel(untrained.pk, tested.pk, joan, [label(untrained, names[0])], "By the rule")

    def correct_again() -> None:
        adjudication.relabel(untrained.pk, tested.pk, joan, [label(untrained, names[1])], "By the new rule")

    def rename() -> None:
        classes.change(untrained.pk, joan, untrained.classes.get(name=names[1]).pk, name="Goods")

    def predict_otherwise() -> None:
        stored = HeldOutPrediction.objects.filter(document=tested).latest("pk")
        HeldOutPrediction.objects.filter(pk=stored.pk).update(probabilities=stored.probabilities[::-1])

    def retire() -> None:
        classes.retire(untrained.pk, joan, untrained.classes.get(name="Goods").pk)

    seen = told(client, untrained)
    for change in (correct, correct_again, rename, predict_otherwise, lambda: train(untrained), retire):
        change()
        now = told(client, untrained)
        forget()
        assert now == told(client, untrained)
        assert now != seen
        seen = now


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_labels_of_the_test_set_are_those_of_now(
    kind: str, make_project: Callable[..., Project], ann: User, joan: User
) -> None:
    project = make_project(kind=kind)
    spans = ((0, 4), (5, 7)) if kind == "spans" else ((),)
    tests = fill(project, ["Where is my box?", "Send it back"], split="test")
    Project.objects.filter(pk=project.pk).update(grouped_count=project.document_count)

    def compare(count: int) -> None:
        kept = labeled_test_set(project.pk)
        test_labels._kept.clear()
        fresh = labeled_test_set(project.pk)
        for name in ("document_ids", "annotation_ids", "rows", "class_indices", "starts", "ends"):
            np.testing.assert_array_equal(getattr(kept, name), getattr(fresh, name))
        assert (kept.classes, kept.retired, len(kept.rows)) == (fresh.classes, fresh.retired, count)

    compare(0)
    for index, document in enumerate(tests, start=1):
        imported.record(project, [(document.pk, [label(project, "Refund", *span) for span in spans])])
        compare(index * len(spans))
    first = Resolution.objects.get(document=tests[0]).annotation_id
    adjudication.relabel(project.pk, tests[0].pk, joan, [label(project, "Billing", *spans[0])], "By the rule")
    compare(1 + len(spans))
    classes.add(project.pk, joan, "Goods")
    adjudication.relabel(project.pk, tests[1].pk, joan, [label(project, "Goods", *spans[0])], "By the rule")
    compare(2)
    Resolution.objects.filter(document=tests[0]).update(annotation=first)
    compare(1 + len(spans))
