"""Label Studio reader: JSON and JSON_MIN exports, with the labeling configuration if it lies beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from labeling.formats.bundles import Bundle
from labeling.formats.fields import (
    WITHOUT_ID,
    WITHOUT_LABEL,
    OptionalFields,
    check_id,
    check_split,
    check_text,
)
from labeling.formats.heads import head_of
from labeling.formats.outlines import OutlineClass, ProjectOutline
from labeling.formats.predictions import UNSAID_CONFIDENCE
from labeling.formats.readers.label_studio_config import LabelingConfig, parse_config
from labeling.formats.readers.label_studio_results import (
    Object,
    annotations_of,
    answer_of,
    labels_of,
    list_of,
    numbered_predictions,
    shown_predictions,
    spans_of,
)
from labeling.formats.readers.label_studio_survey import Layout, Survey
from labeling.formats.readers.label_studio_tasks import task_file, tasks
from labeling.formats.records import (
    BadRow,
    Json,
    Record,
    RecordAnnotation,
    RecordPrediction,
    RowProblem,
    UnreadableFile,
    bad_row,
    gettext_noop,
)

TOOL = "Label Studio"
WITHOUT_PREDICTION = gettext_noop("The document was imported without a prediction: %(reason)s")

_ID_KEYS = ("ext_id", "external_id", "doc_id", "document_id", "id")
_ANNOTATOR_KEYS = ("email", "username", "id")


def recognizes(bundle: Bundle) -> bool:
    """A JSON list of tasks, or of rows with the number of their annotation."""
    return task_file(bundle) is not None


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    """One document for each task with the annotations of all; its ID is in the data, or the task's number."""
    layout = _survey(bundle).layout()
    for number, task, raw in _tasks(bundle):
        try:
            if isinstance(task, RowProblem):
                raise task
            yield _record(layout, task, number)
        except RowProblem as problem:
            yield bad_row(number, problem, raw)


def outline(bundle: Bundle) -> ProjectOutline:
    survey = _survey(bundle)
    layout = survey.layout()
    losses = survey.losses(layout)
    if _file(bundle)[1]:
        losses.append("JSON_MIN lacks skipped annotations, ground truths and predictions. JSON has them.")
    classes = {c.name: c for control in survey.config.controls if control.name == layout.control
               for c in control.classes}  # fmt: skip
    usage = survey.usages.get(layout.control)
    for name in usage.names if usage else ():
        classes.setdefault(name, OutlineClass(name))
    return ProjectOutline(
        TOOL,
        PurePosixPath(bundle.filename).stem,
        layout.kind,
        classes=tuple(classes.values()),
        allows_overlapping_spans=bool(usage and usage.overlaps),
        losses=tuple(losses),
    )


def _tasks(bundle: Bundle) -> Iterator[tuple[int, Object | RowProblem, bytes]]:
    name, is_min = _file(bundle)
    return tasks(bundle, name, is_min=is_min)


def _file(bundle: Bundle) -> tuple[str, bool]:
    file = task_file(bundle)
    if file is None:
        raise UnreadableFile(gettext_noop("The file has no tasks of Label Studio."))
    return file


def _survey(bundle: Bundle) -> Survey:
    names = [name for name in bundle.names if name.lower().endswith(".xml")]
    survey = Survey(parse_config(head_of(bundle, names[0])) if names else LabelingConfig())
    for _, task, _ in _tasks(bundle):
        if isinstance(task, dict):
            survey.add(task)
    return survey


def _record(layout: Layout, task: Object, number: int) -> Record:
    data = task.get("data")
    if not isinstance(data, dict):
        raise RowProblem(gettext_noop('The task has no "data" with a text.'))
    text = check_text(data.get(layout.text_key), layout.text_key)
    metadata = {key: value for key, value in data.items() if key != layout.text_key}
    if meta := task.get("meta"):
        metadata.setdefault("meta", meta)
    fields = OptionalFields()
    external_id = next((metadata.pop(key) for key in _ID_KEYS if _is_id(metadata.get(key))), task.get("id"))
    try:
        split = check_split(metadata.get("split"))
        metadata.pop("split", None)
    except RowProblem:
        split = None
    annotations = [_annotation(layout, annotation, text, fields) for annotation in annotations_of(task)]
    return Record(
        number,
        text,
        fields.read(WITHOUT_ID, check_id, external_id),
        metadata,
        split=split,
        annotations=tuple(annotation for annotation in annotations if annotation),
        predictions=tuple(_predictions(layout, task, text, fields)),
        problems=tuple(fields.problems),
    )


def _annotation(layout: Layout, value: Object, text: str, fields: OptionalFields) -> RecordAnnotation | None:
    """None where the labels cannot be taken."""
    answer = answer_of(value.get("result"), layout.control, layout.kind)
    provenance = _provenance(value, answer.others)
    annotator = _annotator(value.get("completed_by", value.get("annotator")))
    if value.get("was_cancelled") is True:
        return RecordAnnotation(annotator, provenance={"is_skipped": True} | provenance)
    if layout.kind == "spans":
        spans = fields.read(WITHOUT_LABEL, spans_of, answer.results, text)
        return None if spans is None else RecordAnnotation(annotator, spans=spans, provenance=provenance)
    labels = fields.read(WITHOUT_LABEL, labels_of, answer.results)
    return None if labels is None else RecordAnnotation(annotator, labels, provenance=provenance)


def _provenance(value: Object, others: Mapping[str, Json]) -> Object:
    provenance: Object = {}
    for key in ("created_at", "updated_at"):
        if isinstance(value.get(key), str):
            provenance[key] = value[key]
    seconds = value.get("lead_time")
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and seconds >= 0:
        provenance["seconds"] = seconds
    if value.get("ground_truth") is True:
        provenance["resolution"] = "gold"
    if others:
        provenance["controls"] = dict(others)
    return provenance


def _annotator(value: Json) -> str | None:
    """Who annotated: a number, an address, or an object with one of them."""
    if isinstance(value, dict):
        value = next((value[key] for key in _ANNOTATOR_KEYS if value.get(key)), None)
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        return None
    return str(value)


def _predictions(
    layout: Layout, task: Object, text: str, fields: OptionalFields
) -> Iterator[RecordPrediction]:
    listed = [item for item in list_of(task.get("predictions")) if isinstance(item, dict)]
    shown = shown_predictions(task)
    listed += [shown[number] for number in sorted(numbered_predictions(task) & shown.keys())]
    for value in listed:
        if prediction := fields.read(WITHOUT_PREDICTION, _prediction, layout, value, text):
            yield prediction


def _prediction(layout: Layout, value: Object, text: str) -> RecordPrediction:
    answer = answer_of(value.get("result"), layout.control, layout.kind)
    version = value.get("model_version")
    model = str(version)[:100] if isinstance(version, str | int) and version != "" else TOOL
    if layout.kind == "spans":
        return RecordPrediction(model, spans=spans_of(answer.results, text))
    probabilities: dict[str, float] = {}
    for result in answer.results:
        score = _score(value.get("score") if result.score is None else result.score)
        probabilities.update(dict.fromkeys(labels_of([result]), score))
    return RecordPrediction(model, probabilities=probabilities)


def _score(value: Json) -> float:
    if value is None:
        return UNSAID_CONFIDENCE
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise RowProblem(gettext_noop("A probability must be a number from 0 to 1."))
    return float(value)


def _is_id(value: Json) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""
