"""Potato reader: annotated_instances.jsonl, one file for each annotator or one for all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from labeling.formats.bundles import Bundle
from labeling.formats.fields import (
    WITHOUT_ID,
    WITHOUT_LABEL,
    OptionalFields,
    check_id,
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
from labeling.formats.offsets import code_points_by_words
from labeling.formats.outlines import Kind, OutlineClass, ProjectOutline, outline_of
from labeling.formats.records import (
    BadRow,
    Json,
    Record,
    RecordAnnotation,
    RowProblem,
    Span,
    bad_row,
    gettext_noop,
)

TOOL = "Potato"
SHARED_FOLDER = "annotation_output"  # in which each annotator has a folder

_ANNOTATOR_KEYS = ("user_id", "user", "username", "annotator")
_READ_KEYS = frozenset(
    {"id", "displayed_text", "label_annotations", "span_annotations", "behavioral_data", *_ANNOTATOR_KEYS}
)
_TEXT_BOX = "text_box"  # the only "label" of a scheme for free text
_TIME = re.compile(r"(\d+)d\s+(\d+)h\s+(\d+)m\s+(\d+)s")


def recognizes(bundle: Bundle) -> bool:
    """Rows with the text as it was shown, and annotations by scheme."""
    return any(
        "displayed_text" in row and ("label_annotations" in row or "span_annotations" in row)
        for name in json_names(bundle)[:MAX_CANDIDATES]
        for row in first_rows(bundle, name)
    )


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    """One record for each row; a document that several annotated is a row of each."""
    scheme = _survey(bundle).main_scheme
    for name, line, row in _rows(bundle):
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            yield _record(scheme, row, line, _annotator(name, row))
        except RowProblem as problem:
            yield bad_row(line, problem, str(row))


def outline(bundle: Bundle) -> ProjectOutline:
    survey = _survey(bundle)
    described = outline_of(TOOL, read(bundle), name=PurePosixPath(bundle.filename).stem)
    scheme = survey.main_scheme
    kind: Kind | None = None
    if scheme is not None:
        kind = "spans" if scheme == "" else "multi" if survey.has_several[scheme] else "single"
    others = [name or "span_annotations" for name in survey.rows if name != scheme] + [*survey.text_schemes]
    losses = []
    if others and scheme is not None:
        names = ", ".join(f"“{name[:50]}”" for name in others[:20])
        losses.append(
            f"Only “{(scheme or 'span_annotations')[:50]}” becomes labels. Other schemes are kept as remarks "
            f"on each annotation: {names}."
        )
    return ProjectOutline(
        TOOL,
        described.name,
        kind,
        classes=tuple(OutlineClass(c.name) for c in described.classes),
        allows_overlapping_spans=described.allows_overlapping_spans,
        losses=tuple(losses),
    )


@dataclass
class _Survey:
    """How many rows each scheme has labels in; spans are the scheme without a name."""

    rows: dict[str, int] = field(default_factory=dict)
    has_several: dict[str, bool] = field(default_factory=dict)
    text_schemes: dict[str, None] = field(default_factory=dict)

    def add(self, row: JsonObject) -> None:
        if row.get("span_annotations"):
            self._count("", 2)
        for scheme, labels in _schemes(row).items():
            if not isinstance(labels, dict) or _TEXT_BOX in labels:
                self.text_schemes[scheme] = None
            elif labels:
                self._count(scheme, len(labels))

    def _count(self, scheme: str, labels: int) -> None:
        self.rows[scheme] = self.rows.get(scheme, 0) + 1
        self.has_several[scheme] = self.has_several.get(scheme, False) or labels > 1

    @property
    def main_scheme(self) -> str | None:
        """The one with labels in the most rows; the first of those that have equally many."""
        return max(self.rows, key=self.rows.__getitem__, default=None)


def _survey(bundle: Bundle) -> _Survey:
    survey = _Survey()
    for _, _, row in _rows(bundle):
        if not isinstance(row, BadRow):
            survey.add(row)
    return survey


def _rows(bundle: Bundle) -> Iterator[tuple[str, int, JsonObject | BadRow]]:
    """(file, line, row) of all files with annotations; an archive of a task has others beside them."""
    names = json_names(bundle)
    if len(names) > 1:
        names = [name for name in names if PurePosixPath(name).stem == "annotated_instances"] or names
    for name in names:
        for line, row in json_rows(bundle, name):
            yield name, line, row


def _annotator(name: str, row: JsonObject) -> str | None:
    """As the row names the person, else as the folder of the file is called."""
    for key in _ANNOTATOR_KEYS:
        value = row.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    folder = PurePosixPath(name).parent.name
    return folder if folder and folder != SHARED_FOLDER else None


def _record(scheme: str | None, row: JsonObject, line: int, annotator: str | None) -> Record:
    text = check_text(row.get("displayed_text"), "displayed_text")
    fields = OptionalFields()
    return Record(
        line,
        text,
        fields.read(WITHOUT_ID, check_id, row.get("id")),
        {key: value for key, value in row.items() if key not in _READ_KEYS},
        annotations=tuple(_annotations(scheme, row, text, annotator, fields)),
        problems=tuple(fields.problems),
    )


def _annotations(
    scheme: str | None, row: JsonObject, text: str, annotator: str | None, fields: OptionalFields
) -> Iterator[RecordAnnotation]:
    """The annotation of a row; none where its labels cannot be taken."""
    provenance = _provenance(scheme, row)
    if scheme == "":
        spans = fields.read(WITHOUT_LABEL, _spans, row.get("span_annotations") or [], text)
        if spans is not None:
            yield RecordAnnotation(annotator, spans=spans, provenance=provenance)
    elif scheme is not None:
        labels = fields.read(WITHOUT_LABEL, _labels, _schemes(row).get(scheme) or {})
        if labels is not None:
            yield RecordAnnotation(annotator, labels, provenance=provenance)


def _schemes(row: JsonObject) -> Mapping[str, Json]:
    schemes = row.get("label_annotations")
    return schemes if isinstance(schemes, dict) else {}


def _labels(value: Json) -> tuple[str, ...]:
    """The classes that were selected: the keys, whatever the form sent as their values."""
    if not isinstance(value, dict):
        raise RowProblem(gettext_noop("The labels of a scheme must be an object."))
    return check_labels([name for name, selected in value.items() if selected not in (None, False, "false")])


def _spans(value: Json, text: str) -> tuple[Span, ...]:
    """The spans, as long as they cover the words that they repeat: the text may have been shown as HTML."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise RowProblem(gettext_noop("The spans must be a list of objects."))
    items = [item for item in value if isinstance(item, dict)]
    offsets = code_points_by_words(text, [(*_offsets(item), item.get("span")) for item in items])
    spans = check_spans(
        [
            [start, end, item.get("annotation", item.get("name"))]
            for (start, end), item in zip(offsets, items, strict=True)
        ],
        text,
    )
    for (start, end), item in zip(offsets, items, strict=True):
        words = item.get("span")
        if isinstance(words, str) and words.split() != text[start:end].split():
            raise RowProblem(gettext_noop("The offsets of a span do not match its words."))
    return spans


def _offsets(span: JsonObject) -> tuple[int, int]:
    start, end = span.get("start"), span.get("end")
    if type(start) is not int or type(end) is not int:
        raise RowProblem(gettext_noop("The start and end of a span must be whole numbers."))
    return start, end


def _provenance(scheme: str | None, row: JsonObject) -> JsonObject:
    provenance: JsonObject = {}
    behavior = row.get("behavioral_data")
    spent = behavior.get("time_string") if isinstance(behavior, dict) else None
    if isinstance(spent, str) and (match := _TIME.search(spent[:200])):
        days, hours, minutes, seconds = (int(part[:6]) for part in match.groups())
        provenance["seconds"] = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    others: JsonObject = {name: value for name, value in _schemes(row).items() if name != scheme and value}
    if scheme != "" and row.get("span_annotations"):
        others["span_annotations"] = row["span_annotations"]
    if others:
        provenance["controls"] = others
    return provenance
