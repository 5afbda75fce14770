"""External predictions: what models from elsewhere say. Taken in in bulk, kept by source, read as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext_noop

from labeling.db.clock import Now
from labeling.documents.models import Document
from labeling.exceptions import InvalidInput
from labeling.formats.names import normal_name
from labeling.formats.predictions import PredictionRow
from labeling.formats.records import BadRow, RowProblem, bad_row
from labeling.guidelines.models import LabelClass
from labeling.jobs.models import Job
from labeling.jobs.outbox import enqueue
from labeling.predictions.models import PredictionSource
from labeling.projects.members import manager_of
from labeling.projects.models import Project

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from labeling.learning.arrays.types import Floats, Integers

BATCH_SIZE = 10_000  # predictions in one transaction
MAX_SOURCES = 20  # of one project: each is an expert that the committee has to weigh
TOO_MANY_SOURCES = f"A project has at most {MAX_SOURCES} sources of predictions."
MAX_BAD_ROWS = 1_000  # the report names this many; it counts all
EXACT = 1e-9  # from 1: what the sum of many doubles may differ by
ROUNDING = 0.01  # probabilities of one class per document may add up to this much above 1

UPSERT = """
    INSERT INTO labeling_prediction (project_id, source_id, document_id, version, probabilities, created_at)
    SELECT DISTINCT ON (source, document) %(project)s, source, document, version, probabilities,
           labeling_now()
    FROM incoming_prediction ORDER BY source, document, place DESC
    ON CONFLICT (source_id, document_id) DO UPDATE
    SET version = excluded.version, probabilities = excluded.probabilities, created_at = excluded.created_at
"""
OF_SOURCE = """
    SELECT d.position, p.probabilities FROM labeling_prediction p
    JOIN labeling_document d ON d.id = p.document_id
    WHERE p.source_id = %(source)s ORDER BY d.position
"""


@dataclass
class Recorded:
    """What became of the predictions."""

    read: int = 0  # good and bad
    stored: int = 0
    bad: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)

    def refuse(self, row: BadRow) -> None:
        self.bad += 1
        if len(self.bad_rows) < MAX_BAD_ROWS:
            self.bad_rows.append(row)


def record(project_id: int, manager: User, rows: Iterable[PredictionRow | BadRow]) -> Recorded:
    """Store every good prediction in place of what its source said of the document before; safe to repeat.

    The next training weighs the sources anew. Raises NotAllowed, and InvalidInput in a project of spans.
    """
    project = manager_of(project_id, manager).project
    if project.kind == Project.Kind.SPANS:
        raise InvalidInput("Predictions are about whole documents; this project labels spans.")
    done = Recorded()
    rest = iter(rows)
    try:
        while chunk := list(islice(rest, BATCH_SIZE)):
            _record_some(project, chunk, done)
    finally:
        if done.stored and project.model_versions.ready().exists():
            enqueue(project_id, Job.Kind.TRAIN)
    return done


def external_predictions(
    project_id: int, classes: Sequence[UUID] | None = None
) -> dict[str, tuple[Integers, Floats]]:
    """What each source says: positions (n,) int64, rising, and probabilities (n, n_classes) float32.

    classes : the order of the columns; None for the active classes in theirs. Of a document that is not among
    the positions the source says nothing.
    """
    if classes is None:
        classes = list(LabelClass.objects.active().filter(project=project_id).values_list("pk", flat=True))
    predictions = {}
    for source in PredictionSource.objects.filter(project=project_id):
        positions, probabilities = _said_by(source)
        columns = [source.classes.index(c) if c in source.classes else -1 for c in classes]
        padded = np.pad(probabilities, ((0, 0), (0, 1)))  # column -1: a class that the source does not know
        if len(positions):
            predictions[source.name] = (positions, padded[:, columns])
    return predictions


@transaction.atomic
def forget(project_id: int, manager: User, source_id: int) -> bool:
    """Delete a source with all it said. Returns whether it was there. Raises NotAllowed."""
    project = manager_of(project_id, manager).project
    deleted, _by_table = PredictionSource.objects.filter(project=project_id, pk=source_id).delete()
    if deleted and project.model_versions.ready().exists():
        enqueue(project_id, Job.Kind.TRAIN)
    return bool(deleted)


def record_some(project: Project, rows: Sequence[PredictionRow]) -> Recorded:
    """The same for a few rows of whoever need not ask, within the transaction of the caller.

    Rows of sources beyond MAX_SOURCES are refused, each for itself.
    """
    done = Recorded()
    present = PredictionSource.objects.filter(project=project).values_list("name", flat=True)
    admitted = list(dict.fromkeys([*present, *(row.source for row in rows)]))[:MAX_SOURCES]
    for row in rows:
        if row.source not in admitted:
            done.refuse(bad_row(row.line, RowProblem(TOO_MANY_SOURCES), row.source))
    _record_some(project, [row for row in rows if row.source in admitted], done)
    return done


@transaction.atomic
def _record_some(project: Project, chunk: Sequence[PredictionRow | BadRow], done: Recorded) -> None:
    done.read += len(chunk)
    predictions = []
    for row in chunk:
        if isinstance(row, BadRow):
            done.refuse(row)
        else:
            predictions.append(row)
    documents = _documents(project, predictions)
    existing = LabelClass.objects.active().filter(project=project).order_by("position", "name")
    classes = {key: c.pk for c in existing for key in (normal_name(c.name), str(c.pk))}
    good = []
    for prediction in predictions:
        try:
            document = documents.get(prediction.document or prediction.external_id)
            if document is None:
                raise RowProblem(gettext_noop("This document is not in the project."))
            good.append((prediction, document, _checked(prediction, classes, project.kind)))
        except RowProblem as problem:
            done.refuse(bad_row(prediction.line, problem, prediction.external_id or str(prediction.document)))
    sources = _sources(
        project, {prediction.source for prediction, _, _ in good}, list(dict.fromkeys(classes.values()))
    )
    rows = [
        (
            sources[o.source].pk,
            document,
            o.version,
            _vector(o, probabilities, sources[o.source].classes, project.kind),
        )
        for o, document, probabilities in good
    ]
    done.stored += _store(project, rows)


def _documents(project: Project, predictions: Sequence[PredictionRow]) -> dict[int | str | None, int]:
    """Identifiers of the documents by what the predictions call them."""
    own = Document.objects.filter(project=project)
    numbers = own.filter(pk__in=[o.document for o in predictions if o.document is not None])
    names = own.filter(external_id__in=[o.external_id for o in predictions if o.external_id is not None])
    ids: dict[int | str | None, int] = {pk: pk for pk in numbers.values_list("pk", flat=True)}
    return ids | dict(names.values_list("external_id", "pk"))


def _checked(prediction: PredictionRow, classes: Mapping[str, UUID], kind: str) -> dict[UUID, float]:
    """The probabilities by class. Raises RowProblem."""
    probabilities = {}
    for name, probability in prediction.probabilities.items():
        label_class = classes.get(normal_name(name))
        if label_class is None:
            raise RowProblem(gettext_noop("“%(name)s” is not a class of this project."), name=name[:50])
        probabilities[label_class] = probability
    whole = sum(probabilities.values())
    if kind == Project.Kind.SINGLE and not 0 < whole <= 1 + ROUNDING:
        raise RowProblem(
            gettext_noop("In single-label classification, probabilities must add up to at most 1.")
        )
    return probabilities


def _vector(
    prediction: PredictionRow, probabilities: Mapping[UUID, float], classes: Sequence[UUID], kind: str
) -> list[float]:
    """In the order of the source's classes. Of one class per document, what is unsaid is shared evenly."""
    whole = sum(probabilities.values())
    others = len(classes) - len(probabilities)
    left = 0.0
    if kind == Project.Kind.SINGLE:
        is_complete = abs(1 - whole) <= EXACT  # keeps what was exported and imported again as it was
        left = 0.0 if is_complete or not others else max(0.0, 1 - whole) / others
        if not others and not is_complete:
            probabilities = {
                label_class: probability / whole for label_class, probability in probabilities.items()
            }
    return [round(probabilities.get(label_class, left), 6) for label_class in classes]


def _sources(project: Project, names: Iterable[str], classes: Sequence[UUID]) -> dict[str, PredictionSource]:
    """The sources of these names, made where they are new, each knowing all classes of now."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # two uploads take turns
    sources = {source.name: source for source in PredictionSource.objects.filter(project=project)}
    for name in sorted(set(names)):
        if name not in sources:
            if len(sources) >= MAX_SOURCES:
                raise InvalidInput(TOO_MANY_SOURCES)
            sources[name] = PredictionSource(project=project, name=name)
        source = sources[name]
        source.classes = [*source.classes, *(c for c in classes if c not in source.classes)]
        source.changed_at = Now()
        source.save()
    return sources


def _store(project: Project, rows: Sequence[tuple[int, int, str, list[float]]]) -> int:
    """Documents with a prediction stored; of two for one document the later one counts."""
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE TEMPORARY TABLE IF NOT EXISTS incoming_prediction (
                place bigint, source bigint, document bigint, version text, probabilities double precision[])
            ON COMMIT DELETE ROWS""")
        cursor.execute("DELETE FROM incoming_prediction")
        with cursor.copy("COPY incoming_prediction FROM STDIN") as copy:
            for index, row in enumerate(rows):
                copy.write_row((index, *row))
        cursor.execute(UPSERT, {"project": project.pk})
        return int(cursor.rowcount)


def _said_by(source: PredictionSource) -> tuple[Integers, Floats]:
    with connection.cursor() as cursor:
        cursor.execute(OF_SOURCE, {"source": source.pk})
        rows = cursor.fetchall()
    table = np.zeros((len(rows), len(source.classes)), dtype=np.float32)
    for row, (_position, probabilities) in enumerate(rows):
        table[row, : len(probabilities)] = probabilities
    return np.array([position for position, _ in rows], dtype=np.int64), table
