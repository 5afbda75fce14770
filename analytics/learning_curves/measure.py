"""Model measurement: what each new model measured, on which test set. Written once: curves stay honest."""

from __future__ import annotations

import logging
from datetime import timedelta
from hashlib import blake2b
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef

from analytics.data.queries import HeldOut, held_out
from analytics.data.scores import scores
from analytics.metrics.classification import Report
from analytics.metrics.measures import Measure
from analytics.models import Measurement, TestSetVersion
from labeling.annotations.ground_truth import label_counts
from labeling.annotations.models import Annotation
from labeling.annotations.test_labels import labeled_test_set
from labeling.db.clock import Now
from labeling.documents.models import Document
from labeling.predictions.models import HeldOutPrediction, ModelVersion
from labeling.projects.models import Project

logger = logging.getLogger(__name__)

FRESH_SECONDS = 15  # three reminders: so long a changed test set is looked at, should one message be lost
LATEST = 500  # annotations of all projects, among which changes of test sets are looked for


def measure_due() -> list[Project]:
    """Measure models that nobody has measured, in two cheap statements where there are none.

    returns : projects with new numbers: a model was measured, or the labeled test set has just changed
    A project whose numbers cannot be had is logged and looked at again; the others do not wait for it.
    """
    news = {project.pk: project for project in _judged_anew()}
    for version in _unmeasured():
        try:
            if measure(version) is not None:
                news[version.project_id] = version.project
        except Exception:
            logger.exception("Model %s of project %s was not measured.", version.number, version.project_id)
    return list(news.values())


def measure(version: ModelVersion) -> Measurement | None:
    """What this model says of the labeled test set of now, kept for ever. Measuring twice is measuring once.

    returns : None where it says nothing of any labeled test document, or the project is gone
    """
    held = held_out(version.project, version)
    if not len(held):
        return None
    report = scores(version.project.kind, held)
    classes = _class_numbers(version, held, report)
    with transaction.atomic():
        if not Project.objects.select_for_update(no_key=True).filter(pk=version.project_id).exists():
            return None
        measurement, _ = Measurement.objects.get_or_create(
            model_version=version,
            defaults={
                "project_id": version.project_id,
                "test_set": _test_set_of_now(version.project_id),
                "documents": len(held),
                "right": round((report.accuracy.value or 0.0) * len(held)),
                "classes": classes,
                "averages": averages_of(report),
            },
        )
    return measurement


def averages_of(report: Report) -> dict[str, list[float | None] | None]:
    """Averages as a measurement keeps them: [value, low, high], or None where one is undefined."""
    named = {"macro_f1": report.macro.f1, "micro_f1": report.micro.f1, "accuracy": report.accuracy}
    return {name: _with_ends(measure) for name, measure in named.items()}


def _with_ends(measure: Measure) -> list[float | None] | None:
    if measure.value is None:
        return None
    interval = measure.interval
    ends: list[float | None] = [interval.low, interval.high] if interval else [None, None]
    return [None if end is None else round(end, 6) for end in (measure.value, *ends)]


def digest_of(annotations: list[int]) -> bytes:
    """Of a test set, by the annotations that speak for it: equal for equal test sets.

    >>> digest_of([1, 2]) == digest_of([1, 2]), digest_of([1, 2]) == digest_of([1, 3])
    (True, False)
    """
    return blake2b(np.array(annotations, dtype="<i8").tobytes(), digest_size=16).digest()


def _class_numbers(version: ModelVersion, held_out: HeldOut, report: Report) -> dict[str, Any]:
    learned = version.metadata.labels
    if learned is None:  # of a model from before labels were counted at its training
        counts = label_counts(version.project_id)
        learned = {str(pk): counts.get((pk, "pool"), 0) for pk in held_out.classes}
    return {
        str(pk): {
            "labels": learned.get(str(pk), 0),
            "tp": scores.true_positives,
            "fp": scores.false_positives,
            "fn": scores.false_negatives,
        }
        for pk, scores in zip(held_out.classes, report.classes, strict=True)
    }


def _test_set_of_now(project_id: int) -> TestSetVersion:
    """The newest version where nothing has changed since, else a new one. Needs the project to be locked."""
    annotations = sorted(labeled_test_set(project_id).annotation_ids.tolist())
    digest = digest_of(annotations)
    newest = (
        TestSetVersion.objects.filter(project=project_id).order_by("-number").defer("annotations").first()
    )
    if newest is not None and bytes(newest.digest) == digest:
        return newest
    return TestSetVersion.objects.create(
        project_id=project_id,
        number=1 + (newest.number if newest else 0),
        annotations=annotations,
        digest=digest,
    )


def _unmeasured() -> list[ModelVersion]:
    """Models that said something of a labeled document and were not measured, the oldest first.

    None older than a measured one: what it would have measured when it was new, nobody can tell any more.
    """
    of_project = Measurement.objects.filter(project=OuterRef("project"))
    later = of_project.filter(model_version__number__gt=OuterRef("number"))
    newer = ModelVersion.objects.ready().filter(project=OuterRef("project"), number__gt=OuterRef("number"))
    judged = HeldOutPrediction.objects.filter(
        model_version=OuterRef("pk"), document__resolution__isnull=False
    )
    versions = ModelVersion.objects.filter(
        Exists(of_project) | ~Exists(newer),  # never measured before: begin with the newest
        ~Exists(later),
        Exists(judged),
        state=ModelVersion.State.READY,
        measurement=None,
        project__archived_at=None,
    )
    return list(versions.select_related("project").order_by("project", "number"))


def _judged_anew() -> list[Project]:
    """Projects in which a document of the test set got another answer seconds ago."""
    latest = Annotation.objects.order_by("-pk").values("pk")[:LATEST]
    fresh = Annotation.objects.filter(
        pk__in=latest,
        document__split=Document.Split.TEST,
        created_at__gt=Now() - timedelta(seconds=FRESH_SECONDS),
    )
    return list(Project.objects.active().filter(pk__in=fresh.values("project")))
