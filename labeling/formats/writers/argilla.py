"""Argilla writer: a zip that Dataset.from_disk reads, with records and settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from uuid import UUID, uuid5

from labeling.formats.outlines import DatasetFeatures, ProjectOutline
from labeling.formats.readers.argilla import ANNOTATORS_FILE
from labeling.formats.records import (
    BadRow,
    Json,
    Record,
    RecordAnnotation,
    RecordPrediction,
    RowProblem,
    Span,
    bad_row,
    gettext_noop,
)
from labeling.formats.writers.complete_annotations import complete_annotations
from labeling.formats.writers.losses import losses_of_annotators
from labeling.formats.writers.zip_stream import zip_pieces

TOOL = "Argilla"
SUFFIX = ".zip"

MIN_SUGGESTED = 0.5  # the probability from which a class of a multi-label project is suggested
ONE_SUGGESTION = gettext_noop("Predictions of further models are left out.")
NO_CLASS = gettext_noop("Annotations without a class are left out.")
METADATA_AS_TEXT = gettext_noop("Lists and objects in the metadata are written as text.")
_USERS = UUID("5d2c1b0e-6f0a-4a57-9d65-7a3f0c1f2b44")  # the namespace of names that become user IDs
_DISTRIBUTION: dict[str, Json] = {"strategy": "overlap", "min_submitted": 1}
_QUESTION = {"single": "label", "multi": "labels", "spans": "spans"}
_TYPES = {"single": "label_selection", "multi": "multi_label_selection", "spans": "span"}


def losses(features: DatasetFeatures) -> list[str]:
    """Splits and provenance, the probabilities of all classes, and annotations without a class."""
    sentences = losses_of_annotators(
        ["annotators", "metadata", "overlaps", "predictions", "guideline", "no_class"], features
    )
    if features.has_no_class and features.kind != "spans":
        sentences.append(NO_CLASS)
    if features.has_guideline:
        sentences.append(gettext_noop("Of the guidelines, the newest version is written."))
    if features.has_predictions:
        sentences.append(
            gettext_noop(
                "Predictions become suggestions: the most probable classes of one model, without its version."
            )
        )
    return sentences


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """records.json, .argilla/settings.json and dataset.json; annotators become user IDs, which
    annotators.json translates."""
    users: dict[str, str] = {}
    yield from zip_pieces(_members(outline, records, users, on_loss))


def _members(
    outline: ProjectOutline,
    records: Iterable[Record],
    users: dict[str, str],
    on_loss: Callable[[BadRow], None],
) -> Iterator[tuple[str, bytes | Iterable[bytes]]]:
    yield ".argilla/settings.json", _encoded(_settings(outline))
    yield ".argilla/dataset.json", _encoded(_dataset(outline))
    yield "records.json", _records(outline, records, users, on_loss)
    yield ANNOTATORS_FILE, _encoded(dict(users))


def _records(
    outline: ProjectOutline,
    records: Iterable[Record],
    users: dict[str, str],
    on_loss: Callable[[BadRow], None],
) -> Iterator[bytes]:
    separator = b"["
    for record in records:
        yield separator + _encoded(_row(outline, record, users, on_loss))
        separator = b",\n"
    yield b"[]" if separator == b"[" else b"]"


def _row(
    outline: ProjectOutline, record: Record, users: dict[str, str], on_loss: Callable[[BadRow], None]
) -> dict[str, Json]:
    question = _QUESTION[outline.kind or "multi"]
    responses: list[Json] = []
    for annotation in complete_annotations(record, on_loss):
        value = _response(outline, annotation)
        if value is None:
            on_loss(bad_row(record.line, RowProblem(NO_CLASS), record.text))
            continue
        responses.append({"value": value, "user_id": _user(annotation.annotator, users)})
    if len(record.predictions) > 1:
        on_loss(bad_row(record.line, RowProblem(ONE_SUGGESTION), record.text))
    suggestions = [_suggestion(outline, prediction) for prediction in record.predictions[:1]]
    return {
        "id": record.external_id,
        "fields": {"text": record.text},
        "metadata": _metadata(record, on_loss),
        "suggestions": {question: suggestions[0]} if suggestions else {},
        "responses": {question: responses} if responses else {},
        "vectors": {},
        "status": "completed" if responses else "pending",
        "_server_id": None,
    }


def _response(outline: ProjectOutline, annotation: RecordAnnotation) -> Json:
    """The value of a response; None without a class, which Argilla's server refuses."""
    if outline.kind == "spans":
        return _spans(annotation.spans or ())
    labels = list(annotation.labels or ())
    if outline.kind == "single":
        return labels[0] if labels else None
    return [*labels] or None


def _spans(spans: Iterable[Span]) -> list[Json]:
    return [{"start": span.start, "end": span.end, "label": span.label} for span in spans]


def _suggestion(outline: ProjectOutline, prediction: RecordPrediction) -> dict[str, Json]:
    if outline.kind == "spans":
        return {"value": _spans(prediction.spans or ()), "score": None, "agent": prediction.model}
    ranked = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    if outline.kind == "single":
        label, score = ranked[0] if ranked else (None, None)
        return {"value": label, "score": score, "agent": prediction.model}
    suggested = [item for item in ranked if item[1] >= MIN_SUGGESTED] or ranked[:1]
    labels, scores = [item[0] for item in suggested], [item[1] for item in suggested]
    return {"value": [*labels], "score": [*scores], "agent": prediction.model}


def _user(annotator: str | None, users: dict[str, str]) -> str:
    """The user ID of an annotator: Argilla's own where it is one."""
    name = annotator or ""
    try:
        if str(UUID(name)) == name:
            return name
    except ValueError:
        pass  # a name, as most are
    user = str(uuid5(_USERS, name))
    users[user] = name
    return user


def _metadata(record: Record, on_loss: Callable[[BadRow], None]) -> dict[str, Json]:
    """Texts and numbers; Argilla stores nothing else."""
    metadata: dict[str, Json] = {}
    is_changed = False
    for key, value in record.metadata.items():
        is_plain = isinstance(value, (str, int, float)) and not isinstance(value, bool)
        is_changed |= not is_plain and value is not None
        if value is not None:
            metadata[key] = value if is_plain else json.dumps(value, ensure_ascii=False)
    if is_changed:
        on_loss(bad_row(record.line, RowProblem(METADATA_AS_TEXT), record.text))
    return metadata


def _settings(outline: ProjectOutline) -> dict[str, Json]:
    kind = outline.kind or "multi"
    classes = [item for item in outline.classes if item.is_active]
    options: list[Json] = [{"text": item.description or item.name, "value": item.name} for item in classes]
    settings: dict[str, Json] = {
        "type": _TYPES[kind],
        "options": options,
        "visible_options": max(3, len(options)),
    }
    if kind == "spans":
        settings |= {"field": "text", "allow_overlapping": outline.allows_overlapping_spans}
    question = _named(_QUESTION[kind]) | {"settings": settings, "required": True, "type": _TYPES[kind]}
    field = _named("text") | {"settings": {"type": "text", "use_markdown": False}}
    return {
        "guidelines": outline.guidelines[-1].text if outline.guidelines else None,
        "questions": [question | {"description": outline.description or None}],
        "fields": [field | {"required": True, "description": None, "type": "text"}],
        "vectors": [],
        "metadata": [],
        "allow_extra_metadata": True,
        "distribution": _DISTRIBUTION,
        "mapping": None,
    }


def _named(name: str) -> dict[str, Json]:
    server: dict[str, Json] = {"id": None, "inserted_at": None, "updated_at": None, "dataset_id": None}
    return server | {"name": name, "title": name.capitalize()}


def _dataset(outline: ProjectOutline) -> dict[str, Json]:
    server: dict[str, Json] = {"id": None, "inserted_at": None, "updated_at": None, "workspace_id": None}
    return server | {
        "name": outline.name,
        "status": "ready",
        "guidelines": outline.guidelines[-1].text if outline.guidelines else None,
        "allow_extra_metadata": True,
        "distribution": _DISTRIBUTION,
        "last_activity_at": None,
    }


def _encoded(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
