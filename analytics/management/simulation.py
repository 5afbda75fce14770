"""Steering simulation: do measured needs help the weakest class? Half of a test set steers, half measures.

Which half a test document is in, the hash of its text decides: the same in every run, steered or not. So
nothing is measured on the documents that chose.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.class_report.class_needs import measured_needs
from analytics.data.queries import HeldOut, held_out
from analytics.data.scores import scores
from analytics.metrics.classification import Report
from analytics.metrics.measures import Measure
from labeling import worker
from labeling.documents.models import Document
from labeling.jobs.models import Job
from labeling.learning.evaluation.scores import Quality, labels_to_reach
from labeling.management.simulation import Simulation
from labeling.management.truths import Truth
from labeling.predictions.models import ModelVersion
from labeling.projects.models import Project
from labeling.steering import class_needs
from labeling.training import run

TARGET_SHARE = 0.9  # of the F1 that the weakest class has with all labels


class SteeredSimulation(Simulation):
    """A simulation in which half of the test set may write needs, and the other half measures."""

    def __init__(self, truth: Truth, strategy: str, fit: run.CommitteeFit, is_steered: bool) -> None:
        super().__init__(truth, strategy, fit)
        self.is_steered = is_steered
        self.measured: list[list[float]] = []  # F1 of each class after each training, in the order of names
        Project.objects.filter(pk=self.project.pk).update(is_steered=is_steered)

    def train(self) -> tuple[Quality, float]:
        """Train as ever; then write the needs and order the queue by them."""
        trainings = len(self.measured)
        quality, seconds = super().train()
        if len(self.measured) == trainings:  # too few labels for a model
            self.measured.append([0.0] * len(self.truth.class_names))
        version = self.project.model_versions.ready().first()
        if not self.is_steered or version is None:
            return quality, seconds
        project = Project.objects.get(pk=self.project.pk)
        held = held_out(project, version)
        class_needs.write_measured(
            project.pk, measured_needs(project, version, held.take(np.flatnonzero(self._is_steering(held))))
        )
        worker.run_job(project.pk, Job.Kind.RANK)
        return quality, seconds

    def quality(self, version: ModelVersion) -> Quality:
        """On the half that measures."""
        held = held_out(self.project, version)
        report = scores(self.project.kind, held.take(np.flatnonzero(~self._is_steering(held))))
        self.measured.append(self._by_class(version, report))
        averages = report.accuracy, report.macro.f1, report.micro.f1
        return Quality(*(_number(measure) for measure in averages))

    def _by_class(self, version: ModelVersion, report: Report) -> list[float]:
        f1 = {pk: _number(scores.f1) for pk, scores in zip(version.classes, report.classes, strict=True)}
        return [f1.get(self.classes[name], 0.0) for name in self.truth.class_names]

    @staticmethod
    def _is_steering(held_out: HeldOut) -> NDArray[np.bool_]:
        documents = Document.objects.filter(pk__in=held_out.document_ids.tolist())
        hashes = dict(documents.values_list("pk", "content_hash"))
        return np.array([bytes(hashes[pk])[0] % 2 == 0 for pk in held_out.document_ids.tolist()], dtype=bool)


def weakest(
    names: list[str], labels: list[list[int]], curves: list[list[list[float]]], full: list[float], budget: int
) -> dict[str, object]:
    """How soon the weakest class is good enough.

    The weakest class is the one whose F1 is lowest with all labels; the target is `TARGET_SHARE` of that F1.
    Classes that all labels do not teach (F1 0) are left out. It can be told from one arm alone, steered
    or not; `./run bench steering` has both and takes the class that is lowest on the curve without steering.

    labels : by run and training; curves : F1 by run, training and class; full : by class
    returns : "mean" counts a run that never gets there as the whole budget, so it is then a lower bound

    >>> weakest(["a", "b"], [[10, 20]], [[[.5, .2], [.9, .5]]], [.9, .5], 20)
    {'class': 'b', 'target': 0.45, 'full_f1': 0.5, 'labels_to_target': [20], 'mean': 20.0, 'never': 0}
    """
    reachable = [index for index, f1 in enumerate(full) if f1 > 0]
    worst = min(reachable, key=lambda number: full[number])
    target = TARGET_SHARE * full[worst]
    reached = [
        labels_to_reach(counts, [f1[worst] for f1 in curve], target)
        for counts, curve in zip(labels, curves, strict=True)
    ]
    return {
        "class": names[worst],
        "target": round(target, 4),
        "full_f1": round(full[worst], 4),
        "labels_to_target": reached,
        "mean": round(float(np.mean([budget if count is None else count for count in reached])), 1),
        "never": sum(count is None for count in reached),
    }


def _number(measure: Measure) -> float:
    return measure.value or 0.0
