"""Argilla reader: datasets of to_disk, and the records of to_json and to_list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

from labeling.formats import strict_json
from labeling.formats.bundles import Bundle
from labeling.formats.fields import (
    WITHOUT_ID,
    WITHOUT_LABEL,
    OptionalFields,
    check_id,
    check_label,
    check_labels,
    check_spans,
    check_text,
)
from labeling.formats.json_files.json_rows import (
    MAX_CANDIDATES,
    JsonObject,
    first_rows,
    json_names,
    json_rows,
)
from labeling.formats.outlines import Kind, OutlineClass, OutlineGuideline, ProjectOutline, outline_of
from labeling.formats.predictions import UNSAID_CONFIDENCE
from labeling.formats.records import (
    BadRow,
    Json,
    Record,
    RecordAnnotation,
    RecordPrediction,
    RowProblem,
    Span,
    UnreadableFile,
    bad_row,
    gettext_noop,
)

TOOL = "Argilla"
ANNOTATORS_FILE = "annotators.json"  # of our own export: names by Argilla's user IDs
MAX_SETTINGS_BYTES = 8 * 1024 * 1024

WITHOUT_PREDICTION = gettext_noop("The document was imported without a prediction: %(reason)s")
_KINDS: Mapping[str, Kind] = {
    "label_selection": "single",
    "multi_label_selection": "multi",
    "span": "spans",
}
_FLAT_KEYS = frozenset({"id", "status", "_server_id"})
_FLAT_ENDINGS = (
    *(".responses", ".responses.users", ".responses.status"),
    *(".suggestion", ".suggestion.score", ".suggestion.agent"),
)
_Shape: TypeAlias = Literal["nested", "flat"]


@dataclass(frozen=True, slots=True)
class _Question:
    """The question that becomes the project; `field` holds the text that it asks about, if stated."""

    name: str
    kind: Kind
    field: str = ""


def recognizes(bundle: Bundle) -> bool:
    """Records with fields and responses, nested or flat."""
    names = _record_names(bundle)[:MAX_CANDIDATES]
    return any(_shape(row) for name in names for row in first_rows(bundle, name)[:1])


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    """One document for each record, with the responses of all users to one question.

    Discarded responses are skipped documents. Drafts are annotations that do not count.
    """
    settings = _settings(bundle)
    names = _annotator_names(bundle)
    for name in _record_names(bundle):
        question = _question(settings, bundle, name)
        for line, row in json_rows(bundle, name):
            if isinstance(row, BadRow):
                yield row
                continue
            try:
                yield _record(row, line, question, names)
            except RowProblem as problem:
                yield bad_row(line, problem, str(row))


def outline(bundle: Bundle) -> ProjectOutline:
    """Classes, guidelines and kind of the settings, or of the records where there are none."""
    settings, dataset = _settings(bundle), _object(bundle, "dataset.json")
    described = outline_of(TOOL, read(bundle), name=PurePosixPath(bundle.filename).stem)
    names = _record_names(bundle)
    question = _question(settings, bundle, names[0]) if names else None
    own = next(
        (q for q in _dicts(settings.get("questions")) if question and q.get("name") == question.name), {}
    )
    classes = {item.name: item for item in _classes(own)}
    classes |= {item.name: item for item in described.classes if item.name not in classes}
    guidelines = settings.get("guidelines") or dataset.get("guidelines")
    options = own.get("settings")
    return replace(
        described,
        name=_string(dataset.get("name")) or described.name,
        kind=question.kind if question else described.kind,
        description=_string(own.get("description")),
        classes=tuple(classes.values()),
        guidelines=(OutlineGuideline(guidelines),) if isinstance(guidelines, str) and guidelines else (),
        allows_overlapping_spans=described.allows_overlapping_spans
        or (isinstance(options, dict) and options.get("allow_overlapping") is True),
        losses=tuple(_losses(settings, bundle, question)),
    )


def _record_names(bundle: Bundle) -> list[str]:
    """The files of records, without settings."""
    names = [name for name in json_names(bundle) if "/.argilla/" not in f"/{name}"]
    return [name for name in names if PurePosixPath(name).name != ANNOTATORS_FILE]


def _shape(row: JsonObject) -> _Shape | None:
    if isinstance(row.get("fields"), dict) and ("responses" in row or "suggestions" in row):
        return "nested"
    return "flat" if any(key.endswith((".responses", ".suggestion")) for key in row) else None


def _object(bundle: Bundle, file: str) -> JsonObject:
    """A small JSON file of the bundle by its name; empty where it is missing or damaged."""
    name = next((name for name in bundle.names if PurePosixPath(name).name == file), None)
    if name is None or len(bundle.names) == 1 or bundle.size(name) > MAX_SETTINGS_BYTES:
        return {}
    try:
        with bundle.open(name) as stream:
            value = strict_json.loads(stream.read())
    except (RowProblem, UnreadableFile):
        return {}
    return value if isinstance(value, dict) else {}


def _settings(bundle: Bundle) -> JsonObject:
    return _object(bundle, "settings.json")


def _annotator_names(bundle: Bundle) -> Mapping[str, str]:
    names = _object(bundle, ANNOTATORS_FILE)
    return {user: name for user, name in names.items() if isinstance(name, str)}


def _question(settings: JsonObject, bundle: Bundle, name: str) -> _Question | None:
    """The first question about labels, multiple labels or spans."""
    for question in _dicts(settings.get("questions")):
        options = question.get("settings")
        kind = _KINDS.get(_string(options.get("type"))) if isinstance(options, dict) else None
        if kind and isinstance(options, dict):
            return _Question(_string(question.get("name")), kind, _string(options.get("field")))
    rows = first_rows(bundle, name)
    for asked in _question_names(rows):
        values = [value for row in rows for value in _values(_nested(row), asked)]
        if kind := _kind_of(values):
            return _Question(asked, kind)
    return None


def _question_names(rows: Sequence[JsonObject]) -> list[str]:
    """The questions of some records, those with suggestions alone among them."""
    parts = [_nested(row) for row in rows]
    return list(dict.fromkeys(name for part in parts for name in (*part["responses"], *part["suggestions"])))


def _kind_of(values: Sequence[Json]) -> Kind | None:
    """The kind of question that has such responses."""
    items = [item for value in values if isinstance(value, list) for item in value]
    if any(isinstance(item, dict) and "start" in item for item in items):
        return "spans"
    if any(isinstance(value, list) for value in values):
        return "multi" if all(isinstance(item, str) for item in items) else None
    return "single" if any(isinstance(value, str) for value in values) else None


def _values(row: Mapping[str, JsonObject], question: str) -> Iterator[Json]:
    """What anyone, and the model, responded to a question."""
    for response in _dicts(row["responses"].get(question)):
        yield response.get("value")
    suggestion = row["suggestions"].get(question)
    if isinstance(suggestion, dict):
        yield suggestion.get("value")


def _nested(row: JsonObject) -> dict[str, JsonObject]:
    """The parts of a record, however it was written: fields, metadata, responses and suggestions."""
    if _shape(row) != "flat":
        return {key: _dict(row.get(key)) for key in ("fields", "metadata", "responses", "suggestions")}
    ends = (".responses", ".suggestion")
    questions = dict.fromkeys(
        key.removesuffix(end) for key in row for end in ends if key.endswith(end) and key != end
    )
    taken = {question + ending for question in questions for ending in _FLAT_ENDINGS}
    fields: JsonObject = {}
    for key, value in row.items():
        if key not in taken and key not in _FLAT_KEYS and value is not None:
            fields[key] = value
    responses: JsonObject = {}
    suggestions: JsonObject = {}
    for question in questions:
        responses[question] = _flat_responses(row, question)
        suggestions[question] = {
            "value": row.get(f"{question}.suggestion"),
            "score": row.get(f"{question}.suggestion.score"),
            "agent": row.get(f"{question}.suggestion.agent"),
        }
    return {"fields": fields, "metadata": {}, "responses": responses, "suggestions": suggestions}


def _flat_responses(row: JsonObject, question: str) -> Json:
    values = _list(row.get(f"{question}.responses"))
    users = _list(row.get(f"{question}.responses.users"))
    statuses = _list(row.get(f"{question}.responses.status"))
    missing: list[Json] = [None] * len(values)
    return [
        {"value": value, "user_id": user, "status": status}
        for value, user, status in zip(values, users + missing, statuses + missing, strict=False)
    ]


def _record(row: JsonObject, line: int, question: _Question | None, names: Mapping[str, str]) -> Record:
    parts = _nested(row)
    field = _text_field(parts["fields"], question)
    text = check_text(parts["fields"].get(field), field)
    others = {key: value for key, value in parts["fields"].items() if key != field}
    optional = OptionalFields()
    external_id = optional.read(WITHOUT_ID, check_id, row.get("id"))
    annotations: list[RecordAnnotation] = []
    predictions: list[RecordPrediction] = []
    if question is not None:
        for response in _dicts(parts["responses"].get(question.name)):
            annotation = optional.read(WITHOUT_LABEL, _annotation, response, question, text, names)
            if annotation is not None:
                annotations.append(annotation)
        suggestion = parts["suggestions"].get(question.name)
        if isinstance(suggestion, dict) and suggestion.get("value") not in (None, []):
            prediction = optional.read(WITHOUT_PREDICTION, _prediction, suggestion, question, text)
            predictions += [prediction] if prediction else []
    return Record(
        line,
        text,
        external_id,
        others | parts["metadata"],
        problems=tuple(optional.problems),
        annotations=tuple(annotations),
        predictions=tuple(predictions),
    )


def _text_field(fields: JsonObject, question: _Question | None) -> str:
    """The field with spans, the one called text, else the first text."""
    for name in (question.field if question else "", "text"):
        if isinstance(fields.get(name), str):
            return name
    return next((name for name, value in fields.items() if isinstance(value, str)), "text")


def _annotation(
    response: JsonObject, question: _Question, text: str, names: Mapping[str, str]
) -> RecordAnnotation:
    user, status, value = response.get("user_id"), response.get("status"), response.get("value")
    annotator = (names.get(user, user) or None) if isinstance(user, str) else None
    if status == "discarded" or value is None:
        return RecordAnnotation(annotator, provenance={"is_skipped": True})
    provenance: dict[str, Json] = {}
    if status == "draft":
        provenance = {"response_status": "draft", "is_counted": False}
    if question.kind == "spans":
        return RecordAnnotation(annotator, spans=_spans(value, text), provenance=provenance)
    labels = (check_label(value),) if isinstance(value, str) else check_labels(value)
    return RecordAnnotation(annotator, labels=labels, provenance=provenance)


def _spans(value: Json, text: str) -> tuple[Span, ...]:
    """Spans of a response or suggestion; those of suggestions may have scores of their own."""
    items: list[Json] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            item = [item.get("start"), item.get("end"), item.get("label")]
        items.append(item)
    return check_spans(items, text)


def _prediction(suggestion: JsonObject, question: _Question, text: str) -> RecordPrediction:
    value, score, agent = suggestion["value"], suggestion.get("score"), suggestion.get("agent")
    model = agent if isinstance(agent, str) and agent else TOOL
    if question.kind == "spans":
        return RecordPrediction(model, spans=_spans(value, text))
    labels = (check_label(value),) if isinstance(value, str) else check_labels(value)
    scores = _list(score) if isinstance(score, list) else [score] * len(labels)
    if len(scores) != len(labels):
        raise RowProblem(gettext_noop("A suggestion must have one score, or one for each label."))
    return RecordPrediction(model, probabilities=dict(zip(labels, map(_probability, scores), strict=True)))


def _probability(score: Json) -> float:
    if score is None:
        return UNSAID_CONFIDENCE
    if isinstance(score, bool) or not isinstance(score, (int, float)) or not 0 <= score <= 1:
        raise RowProblem(gettext_noop("The score of a suggestion must be a number from 0 to 1."))
    return float(score)


def _classes(question: JsonObject) -> Iterator[OutlineClass]:
    """The options of a question; where an option is called otherwise on the page, that describes it."""
    settings = question.get("settings")
    for option in _dicts(settings.get("options")) if isinstance(settings, dict) else []:
        try:
            name = check_label(option.get("value"))
        except RowProblem:
            continue  # an option without a usable name has no responses that could be read
        title = _string(option.get("text"))
        yield OutlineClass(name, "" if title == option.get("value") else title)


def _losses(settings: JsonObject, bundle: Bundle, question: _Question | None) -> Iterator[str]:
    names = [_string(item.get("name")) for item in _dicts(settings.get("questions"))]
    if not names:
        names = [
            name for file in _record_names(bundle)[:1] for name in _question_names(first_rows(bundle, file))
        ]
    for name in names:
        if question is None or name != question.name:
            yield f"The question “{name[:50]}” is left out, because a project has one question."
    if _dicts(settings.get("vectors")):
        yield "Vectors are left out."


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _dict(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _dicts(value: Json) -> list[JsonObject]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _string(value: Json) -> str:
    return value if isinstance(value, str) else ""
