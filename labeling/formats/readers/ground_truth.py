"""SageMaker Ground Truth reader: output manifests of text classification and named entity recognition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

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
from labeling.formats.heads import heads
from labeling.formats.json_files.jsonl import MAX_LINE_BYTES
from labeling.formats.outlines import ProjectOutline, outline_of
from labeling.formats.readers.text_files import file_text
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
from labeling.formats.streams import lines, utf8_chunks

TOOL = "SageMaker Ground Truth"
FAILED = gettext_noop("Ground Truth could not label this document: %(reason)s")

_SUFFIXES = (".manifest", ".jsonl", ".json", ".manifest.gz", ".jsonl.gz")
_METADATA = "-metadata"
_PREDICTED = "no"  # of human-annotated: automated data labeling, no person looked at it


def recognizes(bundle: Bundle) -> bool:
    """JSON lines with a source and the metadata of a labeling job."""
    return _manifest(bundle) is not None


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    """One document a line; what automated data labeling labeled is a prediction, not an annotation."""
    name = _manifest(bundle) or bundle.names[0]
    with bundle.open(name) as file:
        for number, line in enumerate(lines(utf8_chunks(file), MAX_LINE_BYTES), 1):
            if not line.strip():
                continue
            try:
                if len(line) > MAX_LINE_BYTES:
                    raise RowProblem(
                        gettext_noop("The line is longer than %(limit)d bytes. Split the document."),
                        limit=MAX_LINE_BYTES,
                    )
                yield _record(bundle, strict_json.loads(line), number)
            except RowProblem as problem:
                yield bad_row(number, problem, line)


def outline(bundle: Bundle) -> ProjectOutline:
    return outline_of(TOOL, read(bundle), name=PurePosixPath(bundle.filename).stem)


def _manifest(bundle: Bundle) -> str | None:
    for name, head in heads(bundle, *_SUFFIXES):
        first = head.lstrip().partition("\n")[0]
        if first.startswith("{") and '"source' in first and '"groundtruth/text-' in head:
            return name
    return None


def _record(bundle: Bundle, row: object, number: int) -> Record:
    if not isinstance(row, dict):
        raise RowProblem(gettext_noop('A document must be an object, such as {"source": "…"}.'))
    text, external_id = _text(bundle, row)
    fields = OptionalFields()
    annotations: list[RecordAnnotation] = []
    predictions: list[RecordPrediction] = []
    jobs = {key.removesuffix(_METADATA): value for key, value in row.items() if key.endswith(_METADATA)}
    for job, metadata in jobs.items():
        if not isinstance(metadata, dict) or not str(metadata.get("type")).startswith("groundtruth/text-"):
            continue
        if reason := metadata.get("failure-reason"):
            fields.problems.append(RowProblem(FAILED, reason=str(reason)[:200]))
            continue
        answer = fields.read(WITHOUT_LABEL, _answer, row.get(job), metadata, text)
        if answer is None:
            continue
        if metadata.get("human-annotated") == _PREDICTED:
            predictions.append(_prediction(job, answer, metadata))
        else:
            annotations.append(answer)
    left = {key: value for key, value in row.items() if key not in ("source", "source-ref")}
    others = {k: v for k, v in left.items() if k not in jobs and not k.endswith(_METADATA)}
    own_id = None if external_id else fields.read(WITHOUT_ID, check_id, others.pop("id", None))
    return Record(
        number,
        text,
        external_id or own_id,
        others,
        problems=tuple(fields.problems),
        annotations=tuple(annotations),
        predictions=tuple(predictions),
    )


def _text(bundle: Bundle, row: Mapping[str, Json]) -> tuple[str, str | None]:
    """The text, and the ID of one that lies in a file of its own."""
    reference = row.get("source-ref")
    if not isinstance(reference, str):
        return check_text(row.get("source"), "source"), None
    names = [name for name in bundle.names if reference.endswith("/" + name) or reference == name]
    names = names or [n for n in bundle.names if PurePosixPath(n).name == PurePosixPath(reference).name]
    if len(names) != 1:
        raise RowProblem(
            gettext_noop("The text is in the file %(name)s. Upload a zip with the manifest and the texts."),
            name=reference[-100:],
        )
    return check_text(file_text(bundle, names[0])), reference[-200:]


def _answer(value: Json, metadata: Mapping[str, Json], text: str) -> RecordAnnotation:
    """What the job says of the document. Raises RowProblem."""
    provenance: dict[str, Json] = {"resolution": "majority", "job": metadata.get("job-name")}
    if isinstance(created := metadata.get("creation-date"), str):
        provenance["created_at"] = created
    match metadata.get("type"):
        case "groundtruth/text-span":
            return RecordAnnotation(None, None, _spans(value, text), provenance)
        case "groundtruth/text-classification-multilabel":
            names = metadata.get("class-map")
            if not isinstance(value, list) or not isinstance(names, dict):
                raise RowProblem(gettext_noop("The labels have no class names (class-map)."))
            labels = [names.get(str(number)) for number in value]
            return RecordAnnotation(None, check_labels(labels), None, provenance)
        case "groundtruth/text-classification":
            return RecordAnnotation(None, (check_label(metadata.get("class-name")),), None, provenance)
    raise RowProblem(gettext_noop("This kind of labeling job cannot be read."))


def _spans(value: Json, text: str) -> tuple[Span, ...]:
    """Offsets are code points; the end is exclusive."""
    annotations = value.get("annotations") if isinstance(value, dict) else None
    entities = annotations.get("entities") if isinstance(annotations, dict) else None
    if not isinstance(entities, list) or not all(isinstance(entity, dict) for entity in entities):
        raise RowProblem(gettext_noop("The labels have no list of entities."))
    parts: list[Json] = [
        [entity.get("startOffset"), entity.get("endOffset"), entity.get("label")]
        for entity in entities
        if isinstance(entity, dict)
    ]
    return check_spans(parts, text)


def _prediction(job: str, answer: RecordAnnotation, metadata: Mapping[str, Json]) -> RecordPrediction:
    if answer.spans is not None:
        return RecordPrediction(job, spans=answer.spans)
    confidences = metadata.get("confidence-map")
    names = metadata.get("class-map")
    if isinstance(confidences, dict) and isinstance(names, dict):
        by_name = {str(names.get(key)): _confidence(value) for key, value in confidences.items()}
        probabilities = {name: by_name.get(name, 1.0) for name in answer.labels or ()}
        return RecordPrediction(job, probabilities=probabilities)
    confidence = _confidence(metadata.get("confidence"))
    return RecordPrediction(job, probabilities=dict.fromkeys(answer.labels or (), confidence))


def _confidence(value: Json) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if is_number and isinstance(value, int | float) else 1.0
