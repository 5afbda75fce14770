"""Datasets: a project as the outline and records that every export format is written from."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import connection

from labeling.documents.models import Document
from labeling.exchange import dataset_sql as sql
from labeling.exchange.models import Content
from labeling.explanations.selection_reason import ReasonKey
from labeling.explanations.suggestions import describe_suggestion
from labeling.formats.dataset_lines import PROVENANCE_KEYS, TOOL
from labeling.formats.outlines import (
    DatasetFeatures,
    Kind,
    OutlineClass,
    OutlineGuideline,
    OutlineRule,
    ProjectOutline,
)
from labeling.formats.records import Json, Record, RecordAnnotation, RecordPrediction, Span
from labeling.guidelines.models import Guideline
from labeling.predictions.models import PredictionSource
from labeling.projects.models import Project

DOCUMENT_BATCH_SIZE = 1_000  # of one page; its annotations are read with one statement more
MAX_BATCH_BYTES = 8_000_000  # of text and metadata: long documents make smaller pages


def outline_of_project(project: Project) -> ProjectOutline:
    """The project with all guideline versions and classes, as a dataset describes it."""
    guidelines = tuple(_guidelines(project))
    definitions = {rule.label_class: rule.definition for each in guidelines[-1:] for rule in each.rules}
    classes = tuple(
        OutlineClass(
            label_class.name,
            definitions.get(label_class.name, ""),
            label_class.color,
            "" if label_class.retired_at else label_class.key,
            label_class.retired_at is None,
            tuple(label_class.seed_words),
        )
        for label_class in project.classes.all()
    )
    return ProjectOutline(
        TOOL,
        project.name,
        cast(Kind, project.kind),
        project.description,
        classes,
        guidelines,
        project.allows_overlapping_spans,
        is_complete=True,
    )


def features_of_project(project: Project, content: Content = Content.ANNOTATORS) -> DatasetFeatures:
    """What the project's data contain, by which a format tells what it cannot hold."""
    parameters = {"project": project.pk, "overlapping": project.allows_overlapping_spans}
    names = tuple(project.classes.values_list("name", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(sql.FEATURES, parameters)
        row = cast(tuple[Any, ...], cursor.fetchone())
    documents, unlabeled, annotators, per_document, *flags = row
    is_final = content == Content.FINAL
    metadata, splits, overlaps, no_class, provenance, predictions, guideline = flags
    return DatasetFeatures(
        cast(Kind, project.kind),
        documents=documents,
        unlabeled=unlabeled,
        annotators=annotators,
        per_document=min(per_document, 1) if is_final else per_document,
        has_metadata=metadata,
        has_splits=splits,
        has_overlapping_spans=overlaps,
        has_no_class=no_class,
        has_predictions=predictions,
        has_provenance=provenance,
        has_guideline=guideline,
        class_names=names,
    )


def records_of_project(project: Project, content: Content = Content.ANNOTATORS) -> Iterator[Record]:
    """Every document that is not excluded, in the order of its position, a page at a time.

    Each page is read by two statements, and a third if there are predictions. A change in the meantime is
    read or not; no document comes twice.
    """
    names = {str(pk): name for pk, name in project.classes.values_list("pk", "name")}
    sources = _sources(project)
    position = -1
    number = 0
    while page := _fetched(
        sql.DOCUMENTS,
        {
            "project": project.pk,
            "after": position,
            "count": DOCUMENT_BATCH_SIZE,
            "bytes": MAX_BATCH_BYTES,
            "excluded": Document.State.EXCLUDED,
        },
    ):
        ids = [row[0] for row in page]
        annotations = _annotations(ids, content, project.kind, names)
        predictions = _predictions(ids, sources, names) if sources else {}
        position = page[-1][1]
        for document, _position, external_id, text, metadata, split in page:
            number += 1
            yield Record(
                number,
                text,
                external_id,
                {} if metadata == "{}" else json.loads(metadata),
                split=split,
                annotations=tuple(annotations.get(document, ())),
                predictions=tuple(predictions.get(document, ())),
            )


def _guidelines(project: Project) -> Iterator[OutlineGuideline]:
    versions = Guideline.objects.filter(project=project).select_related("author").order_by("number")
    for version in versions.prefetch_related("rules__label_class"):
        rules = sorted(version.rules.all(), key=lambda rule: rule.label_class.position)
        yield OutlineGuideline(
            version.body,
            version.note,
            version.created_at.isoformat(),
            version.author_name,
            version.change,
            tuple(
                OutlineRule(rule.label_class.name, rule.definition, rule.examples, rule.counter_examples)
                for rule in rules
            ),
        )


class _Row(NamedTuple):
    """An annotation as its statement gives it; the fields of provenance from `created_at` on."""

    document: int
    username: str | None
    origin: str | None
    names: list[str] | None
    starts: list[int] | None
    ends: list[int] | None
    provenance: tuple[Any, ...]


def _annotations(
    documents: Sequence[int], content: Content, kind: str, names: dict[str, str]
) -> dict[int, list[RecordAnnotation]]:
    """The annotations by document, in the order in which they were made."""
    by_document: dict[int, list[RecordAnnotation]] = defaultdict(list)
    parameters: dict[str, Any] = {"documents": list(documents), "only_final": content == Content.FINAL}
    parameters |= {"share": ReasonKey.SHARE, "propensity": ReasonKey.PROPENSITY}
    for document, username, origin, labels, starts, ends, *provenance in _fetched(
        sql.ANNOTATIONS, parameters
    ):
        row = _Row(document, username, origin, labels, starts, ends, tuple(provenance))
        by_document[document].append(_annotation(row, kind, names))
    return by_document


def _annotation(row: _Row, kind: str, names: dict[str, str]) -> RecordAnnotation:
    provenance: dict[str, Json] = dict(zip(PROVENANCE_KEYS, row.provenance, strict=True))
    if provenance["suggestion"] is not None:
        shown = json.loads(str(provenance["suggestion"]))
        provenance["suggestion"] = describe_suggestion(shown, names)
    annotator = row.username
    if row.origin is not None:
        origin = json.loads(row.origin)
        annotator = origin.pop("annotator", annotator)
        provenance = _provenance_of_import(provenance, origin)
    labels = tuple(row.names or ())
    if kind != Project.Kind.SPANS:
        return RecordAnnotation(annotator, labels, None, provenance)
    spans = tuple(map(Span, row.starts or (), row.ends or (), labels))
    return RecordAnnotation(annotator, None, spans, provenance)


def _provenance_of_import(here: Mapping[str, Json], origin: Mapping[str, Json]) -> dict[str, Json]:
    """What the file stated of an annotation, unless it has changed here since."""
    provenance = dict(here) | dict(origin)
    if here["resolution"] != "imported" or not provenance["resolution"]:
        provenance["resolution"] = here["resolution"]
    if here["is_withdrawn"]:
        provenance |= {"is_withdrawn": True, "is_counted": False}
    return provenance


class _Source(NamedTuple):
    name: str
    classes: list[UUID]


def _sources(project: Project) -> dict[int, _Source]:
    sources = PredictionSource.objects.filter(project=project)
    return {source.pk: _Source(source.name, source.classes) for source in sources}


def _predictions(
    documents: Sequence[int], sources: Mapping[int, _Source], names: dict[str, str]
) -> dict[int, list[RecordPrediction]]:
    """What external models predicted, by document, the models by name."""
    order = {name: index for index, name in enumerate(names.values())}
    by_document: dict[int, list[RecordPrediction]] = defaultdict(list)
    for document, source, version, values in _fetched(sql.PREDICTIONS, {"documents": list(documents)}):
        model = sources[source]
        named = sorted(
            (
                (names[str(label_class)], value)
                for label_class, value in zip(model.classes, values, strict=False)
            ),
            key=lambda item: order[item[0]],
        )
        probabilities = {name: value for name, value in named if value} or dict(named)
        by_document[document].append(RecordPrediction(model.name, version, probabilities))
    return by_document


def _fetched(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
