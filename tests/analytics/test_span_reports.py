"""Do projects of spans get the answers that other projects get? Bias, stopping, examples for a rule."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from django.contrib.auth.models import User

from analytics.class_report.bias import bias_report
from analytics.class_report.guidance.likeness import different_mix
from analytics.class_report.report import class_report
from analytics.confusion.rule_draft import examples
from analytics.learning_curves.stopping import stopping_advice
from labeling.predictions.prequential import prequential_spans
from labeling.projects.models import Project
from tests.fixtures.stored_predictions import store_span_predictions
from tests.fixtures.trained_project import train
from tests.labeling.training.test_span_model import answer, marked

__all__ = ["marked"]


def test_what_was_marked_before_the_answer_judges_the_model(marked: Project, ann: User) -> None:
    """The answers of `answer` are what a trained model marks too, in documents of both origins."""
    answer(marked, ann, 30)
    train(marked)
    answer(marked, ann, 25)
    counts = prequential_spans(marked.pk)
    assert len(counts) == 25
    assert sum(prediction.is_right for prediction in counts) > 15
    assert all(prediction.model == 1 for prediction in counts)
    report = bias_report(marked, list(marked.classes.all()))
    assert report.overall.n_sampled + report.overall.n_chosen == 25
    assert sum(row.recall.n_sampled + row.recall.n_chosen for row in report.classes) == 25
    assert stopping_advice(marked).kappas == ()


def test_a_rule_is_drafted_from_spans_that_are_taken_for_another_class(
    make_project: Callable[..., Project],
) -> None:
    project = make_project(kind="spans")
    store_span_predictions(project, [([("Refund", 0, 4)], [("Billing", 0, 4)]), ([("Refund", 0, 4)], [])])
    first, second = (project.classes.get(name=name) for name in ("Refund", "Billing"))
    shared = examples(project, first.pk, second.pk)
    assert (len(shared.first), len(shared.second), shared.are_tested) == (1, 0, True)


@pytest.mark.parametrize("kind", ["single", "multi", "spans"])
def test_another_mix_of_classes_in_the_test_set_is_found_in_every_kind(
    kind: str, make_project: Callable[..., Project]
) -> None:
    """Of 60 test documents nearly all have the first class, of 60 random ones of the pool nearly none."""
    report = class_report(make_project(kind=kind))
    documents, is_test = np.arange(120), np.arange(120) < 60
    mixed = replace(
        report.labeled,
        rows=documents,
        is_test=is_test,
        is_sampled=np.ones(120, dtype=bool),
        documents=documents,
        class_indices=np.where((documents % 10 == 0) ^ is_test, 0, 1),
        spans=np.full(120, 3 if kind == "spans" else 1),
    )
    (finding,) = different_mix(replace(report, labeled=mixed))
    assert "different class distributions" in finding.title
    assert different_mix(report) == []
