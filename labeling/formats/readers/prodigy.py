"""Prodigy reader: JSONL of db-out. Choices, binary questions and spans, by annotator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

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
from labeling.formats.json_files.grouped_rows import GroupedRows
from labeling.formats.json_files.json_rows import (
    MAX_CANDIDATES,
    JsonObject,
    first_rows,
    json_names,
    json_rows,
)
from labeling.formats.outlines import OutlineClass, ProjectOutline, outline_of
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

TOOL = "Prodigy"
UNLABELED = "is_unlabeled"  # marks a document without annotation, which Prodigy itself has none of
MAX_CLASSES = 10_000

ANSWERS = ("accept", "reject", "ignore")
_KEYS = frozenset(
    {
        *("text", "id", "tokens", "spans", "label", "options", "accept", "answer", "meta", "config", "score"),
        *("priority", "relations", "flagged", "html", "style", UNLABELED),
    }
)
_PATTERNS = gettext_noop(
    "This is a file of patterns, not of annotations. Export the annotations with db-out, and enter the words "
    "of the patterns as seed words of the classes."
)
_NOT_ALL_DECIDED = gettext_noop(
    "Not every class was decided for this document. Accepted classes are its labels; rejected ones are in "
    'the metadata "rejected".'
)
_NEWEST = gettext_noop("An annotator labeled this document in several tasks. The newest one was imported.")
_NO_ANSWER = gettext_noop(
    "The row has no answer. Its document is imported without labels. Export annotations with db-out."
)


@dataclass
class _Survey:
    """What all rows of the files say together."""

    binary_labels: dict[str, None] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)  # what each choice is called on the page
    has_multiple_choice: bool = False
    losses: dict[str, None] = field(default_factory=dict)

    def add(self, row: JsonObject) -> None:
        if row.get("relations"):
            self.losses["Relations between spans are left out."] = None
        if _is_choice(row):
            config = row.get("config")
            self.has_multiple_choice |= isinstance(config, dict) and config.get("choice_style") == "multiple"
            for name, title in _options(row):
                if len(self.options) < MAX_CLASSES:
                    self.options.setdefault(name, title)
            return
        is_decided = _is_binary(row) and row.get("answer") in ("accept", "reject")
        if is_decided and len(self.binary_labels) < MAX_CLASSES:
            self.binary_labels.setdefault(check_label(row["label"]))


def recognizes(bundle: Bundle) -> bool:
    """Rows with Prodigy's hashes, or with a text and one of its answers; or its patterns."""
    names = json_names(bundle)[:MAX_CANDIDATES]
    return any(_is_task(row) or _is_pattern(row) for name in names for row in first_rows(bundle, name))


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    """One record for each text, with the newest answer of each annotator to each task.

    Rows that cannot be read come first. Raises UnreadableFile for patterns.
    """
    return _read(bundle, _Survey())


def outline(bundle: Bundle) -> ProjectOutline:
    """Choices are classes, with their titles as descriptions; binary questions make a multi-label project."""
    survey = _Survey()
    described = outline_of(TOOL, _read(bundle, survey), name=PurePosixPath(bundle.filename).stem)
    classes = {
        name: OutlineClass(name, "" if title.casefold() == name.casefold() else title)
        for name, title in survey.options.items()
    }
    classes |= {name: OutlineClass(name) for name in survey.binary_labels if name not in classes}
    classes |= {item.name: item for item in described.classes if item.name not in classes}
    is_multi = survey.has_multiple_choice or bool(survey.binary_labels)
    kind = "multi" if is_multi and described.kind != "spans" else described.kind
    return replace(described, kind=kind, classes=tuple(classes.values()), losses=tuple(survey.losses))


def _is_task(row: JsonObject) -> bool:
    has_answer = row.get("answer") in ANSWERS and isinstance(row.get("text"), str)
    return "_task_hash" in row or "_input_hash" in row or has_answer


def _is_pattern(row: JsonObject) -> bool:
    return "text" not in row and "label" in row and isinstance(row.get("pattern"), (list, str))


def _read(bundle: Bundle, survey: _Survey) -> Iterator[Record | BadRow]:
    names = json_names(bundle)
    broken: UnreadableFile | None = None
    with GroupedRows() as groups:
        try:
            for name in names:
                source = PurePosixPath(name).stem if len(names) > 1 else ""
                for line, row in json_rows(bundle, name):
                    problem = row if isinstance(row, BadRow) else _add(groups, survey, line, source, row)
                    if problem is not None:
                        yield problem
        except UnreadableFile as error:
            broken = error
        for rows in groups:
            yield _record(rows, survey)
    if broken is not None:
        raise broken


def _add(groups: GroupedRows, survey: _Survey, line: int, source: str, row: JsonObject) -> BadRow | None:
    """Keep a row until its document is complete; what is wrong where it has no text."""
    if _is_pattern(row):
        raise UnreadableFile(_PATTERNS)
    try:
        text = check_text(row.get("text"))
    except RowProblem as problem:
        return bad_row(line, problem, str(row))
    with suppress(RowProblem):  # of a class without a usable name, which the annotation reports
        survey.add(row)
    document = f"{row.get('_input_hash')} {row.get('id')} {text}"
    task = row.get("_task_hash", row.get("label") if _is_binary(row) else None)
    groups.add(document, f"{task} {_annotator(row, source)}", line, source, row)
    return None


def _annotator(row: JsonObject, source: str) -> str | None:
    """Without annotators in the rows, each file of an archive is the data set of one."""
    for key in ("_annotator_id", "_session_id"):
        value = row.get(key)
        if isinstance(value, str) and value:
            return value
    return source or None


def _is_choice(row: JsonObject) -> bool:
    return isinstance(row.get("options"), list)


def _is_binary(row: JsonObject) -> bool:
    return isinstance(row.get("label"), str) and not _is_choice(row)


def _options(row: JsonObject) -> Iterator[tuple[str, str]]:
    """(name, title) of each choice; an ID of a choice is what answers name."""
    options = row["options"]
    for option in options if isinstance(options, list) else []:
        if isinstance(option, dict) and isinstance(option.get("id"), (str, int)):
            name, title = check_label(option["id"]), option.get("text")
            yield name, title if isinstance(title, str) else name


def _record(rows: list[tuple[int, str, JsonObject]], survey: _Survey) -> Record:
    line, _, first = rows[0]
    text = check_text(first.get("text"))
    fields = OptionalFields()
    external_id = fields.read(WITHOUT_ID, check_id, first.get("id"))
    answers: dict[str | None, list[JsonObject]] = defaultdict(list)
    for _, source, row in rows:
        if not row.get(UNLABELED):
            answers[_annotator(row, source)].append(row)
    metadata, annotations = _metadata(first), []
    rejected: dict[str | None, list[str]] = {}
    for annotator, own in answers.items():
        annotation = fields.read(WITHOUT_LABEL, _annotation, own, text, annotator, survey, fields)
        if annotation is not None:
            annotations.append(annotation)
        if undecided := _rejected(own, survey):
            rejected[annotator] = undecided
            fields.problems.append(RowProblem(_NOT_ALL_DECIDED))
    if rejected:
        metadata["rejected"] = _as_json(rejected)
    predictions = [p for _, _, row in rows for p in fields.read(WITHOUT_LABEL, _predictions, row) or ()]
    return Record(
        line,
        text,
        external_id,
        metadata,
        problems=tuple(fields.problems),
        annotations=tuple(annotations),
        predictions=tuple(predictions),
    )


def _annotation(
    rows: list[JsonObject], text: str, annotator: str | None, survey: _Survey, fields: OptionalFields
) -> RecordAnnotation | None:
    """What one annotator answered about a text in all tasks."""
    binary = [row for row in rows if _is_binary(row)]
    if binary:
        decided = _decided(binary)
        accepted = tuple(label for label, answer in decided.items() if answer == "accept")
        if not decided:
            return RecordAnnotation(annotator, provenance=_provenance(binary[-1]) | {"is_skipped": True})
        if not accepted and not _decides_all(decided, survey):
            return None
        return RecordAnnotation(annotator, labels=accepted, provenance=_provenance(binary[-1]))
    if len(rows) > 1:
        fields.problems.append(RowProblem(_NEWEST))
    row = rows[-1]
    answer, provenance = row.get("answer"), _provenance(row)
    if answer not in ANSWERS:
        raise RowProblem(_NO_ANSWER)
    if answer != "accept":
        provenance |= {"is_skipped": True} if answer == "ignore" else {"is_skipped": True, "answer": answer}
        return RecordAnnotation(annotator, provenance=provenance)
    if _is_choice(row):
        return RecordAnnotation(annotator, labels=_accepted(row), provenance=provenance)
    if "spans" in row or "tokens" in row:
        return RecordAnnotation(annotator, spans=_spans(row.get("spans") or [], text), provenance=provenance)
    return None


def _decided(rows: list[JsonObject]) -> dict[str, Json]:
    """Accepted or rejected, by class; ignored questions are open."""
    answers = {check_label(row["label"]): row.get("answer") for row in rows}
    return {label: answer for label, answer in answers.items() if answer in ("accept", "reject")}


def _decides_all(decided: Mapping[str, Json], survey: _Survey) -> bool:
    return len(survey.binary_labels) == len(decided)


def _rejected(rows: list[JsonObject], survey: _Survey) -> list[str]:
    """Classes that an annotator rejected where others of them are open."""
    try:
        decided = _decided([row for row in rows if _is_binary(row)])
    except RowProblem:
        return []  # the annotation has failed for the same reason, and said so
    if not decided or _decides_all(decided, survey):
        return []
    return [label for label, answer in decided.items() if answer == "reject"]


def _as_json(rejected: Mapping[str | None, list[str]]) -> Json:
    if list(rejected) == [None]:
        return list(rejected[None])
    return {annotator or "": list(labels) for annotator, labels in rejected.items()}


def _accepted(row: JsonObject) -> tuple[str, ...]:
    accepted = row.get("accept")
    return check_labels(accepted if accepted is not None else [])


def _spans(value: Json, text: str) -> tuple[Span, ...]:
    """By their characters: the last token of a span is inside of it, the last character is not."""
    items: list[Json] = []
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            item = [item.get("start"), item.get("end"), item.get("label")]
        items.append(item)
    return check_spans(items, text)


def _predictions(row: JsonObject) -> list[RecordPrediction]:
    """A score of a question with choices. That of a binary question chose the question."""
    score, label = row.get("score"), row.get("label")
    if not _is_choice(row) or not isinstance(label, str) or isinstance(score, bool):
        return []
    if not isinstance(score, (int, float)) or not 0 <= score <= 1:
        return []
    return [RecordPrediction(TOOL, probabilities={check_label(label): float(score)})]


def _provenance(row: JsonObject) -> dict[str, Json]:
    provenance: dict[str, Json] = {}
    timestamp = row.get("_timestamp")
    if isinstance(timestamp, (int, float)) and not isinstance(timestamp, bool) and 0 < timestamp < 2**33:
        provenance["created_at"] = datetime.fromtimestamp(timestamp, UTC).isoformat()
    if row.get("flagged") is True:
        provenance["flagged"] = True
    if _is_binary(row) and isinstance(row.get("score"), (int, float)):
        provenance["score"] = row["score"]
    return provenance


def _metadata(row: JsonObject) -> dict[str, Json]:
    meta = row.get("meta")
    others: dict[str, Json] = {}
    for key, value in row.items():
        if key not in _KEYS and not key.startswith("_"):
            others[key] = value
    return others | (meta if isinstance(meta, dict) else {})
