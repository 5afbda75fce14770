"""Azure Language reader: custom text classification and custom NER, a JSON file beside the texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath

from labeling.formats import strict_json
from labeling.formats.bundles import Bundle
from labeling.formats.fields import (
    WITHOUT_ID,
    WITHOUT_LABEL,
    WITHOUT_SPLIT,
    OptionalFields,
    check_id,
    check_label,
    check_labels,
    check_spans,
    check_split,
    check_text,
)
from labeling.formats.heads import heads
from labeling.formats.json_files.json_members import Path, members
from labeling.formats.offsets import OffsetConverter
from labeling.formats.outlines import Kind, OutlineClass, ProjectOutline
from labeling.formats.readers.text_files import file_text
from labeling.formats.records import (
    BadRow,
    Json,
    Record,
    RowProblem,
    Span,
    UnreadableFile,
    bad_row,
    gettext_noop,
)
from labeling.formats.streams import utf8_chunks

TOOL = "Azure Language"
MAX_ENTRY_BYTES = 8 * 1024 * 1024  # of one document's labels
MAX_LOSSES = 50

_DOCUMENTS: Path = ("assets", "documents")
_KINDS: Mapping[str, Kind] = {  # without case and "custom": Azure's own pages spell them in several ways
    "singlelabelclassification": "single",
    "singleclassification": "single",
    "multilabelclassification": "multi",
    "multiclassification": "multi",
    "entityrecognition": "spans",
    "extraction": "spans",
}
_UNITS = {"utf16codeunit": "utf-16", "unicodecodepoint": "code points"}
_CLASS_KEYS = ("classes", "entities", "classifiers", "extractors")  # the last two until 2021
_NAME_KEYS = ("category", "name", "classifierName", "extractorName")
_READ_KEYS = frozenset(
    {
        *("projectFileVersion", "stringIndexType", "metadata", "assets", "api-version"),
        *("projectKind", "modelType", "storageInputContainerName", "projectName", "name"),
        *("multilingual", "multiLingual", "description", "language", "settings"),
        *_CLASS_KEYS,
    }
)
_DOCUMENT_KEYS = frozenset({"location", "dataset", "class", *_CLASS_KEYS})


@dataclass(frozen=True, slots=True)
class _Project:
    """All of the JSON file but its documents."""

    file: str
    kind: Kind
    unit: str
    metadata: dict[str, Json]
    fields: Mapping[Path, Json]


def recognizes(bundle: Bundle) -> bool:
    """A JSON object with assets and the kind of project."""
    return _project_file(bundle) is not None


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    """One document for each entry; its ID is the location of its text, `line` its place in the list."""
    project = _project(bundle)
    texts = _Texts(bundle, project.file)
    number = 0
    for path, raw in _members(bundle, project.file):
        if path != _DOCUMENTS:
            continue
        number += 1
        try:
            if len(raw) > MAX_ENTRY_BYTES:
                raise RowProblem(
                    gettext_noop("The row is longer than %(limit)d bytes. Split the document."),
                    limit=MAX_ENTRY_BYTES,
                )
            yield _record(project, texts, strict_json.loads(raw), number)
        except RowProblem as problem:
            yield bad_row(number, problem, raw)


def outline(bundle: Bundle) -> ProjectOutline:
    project = _project(bundle)
    classes, losses = _classes(project.fields)
    losses += [f"The setting “{key[:50]}” is left out." for key in _unread_settings(project)]
    stem = PurePosixPath(bundle.filename).stem
    return ProjectOutline(
        TOOL,
        _string(project.metadata.get("projectName")) or _string(project.metadata.get("name")) or stem,
        project.kind,
        _string(project.metadata.get("description")),
        classes,
        allows_overlapping_spans=project.kind == "spans" and _has_overlaps(bundle, project.file),
        losses=tuple(losses[:MAX_LOSSES]),
    )


def _project_file(bundle: Bundle) -> str | None:
    for name, head in heads(bundle, ".json"):
        has_kind = '"projectKind"' in head or '"modelType"' in head
        if head.lstrip().startswith("{") and '"assets"' in head and has_kind:
            return name
    return None


def _members(bundle: Bundle, name: str) -> Iterator[tuple[Path, bytes]]:
    with bundle.open(name) as file:
        yield from members(utf8_chunks(file), _DOCUMENTS, MAX_ENTRY_BYTES)


def _project(bundle: Bundle) -> _Project:
    """Raises UnreadableFile where the texts are missing, and for kinds of projects without labels."""
    name = _project_file(bundle)
    if name is None:
        raise UnreadableFile(gettext_noop("The archive has no JSON file of an Azure Language project."))
    if len(bundle.names) == 1:
        raise UnreadableFile(
            gettext_noop(
                "This file has the labels of an Azure Language project, but not its texts. Upload a zip with "
                "this file and the text files of the storage container."
            )
        )
    fields: dict[Path, Json] = {}
    for path, raw in _members(bundle, name):
        if path == _DOCUMENTS:
            continue
        if path in fields:
            raise UnreadableFile(
                gettext_noop('The key "%(key)s" is listed twice. Remove one.'), key=path[-1][:50]
            )
        try:
            fields[path] = strict_json.loads(raw)
        except RowProblem as problem:
            raise UnreadableFile(problem.message, **problem.values) from None
    metadata = fields.get(("metadata",))
    metadata = metadata if isinstance(metadata, dict) else {}
    kind = _kind(metadata, fields)
    unit = _UNITS.get(_string(fields.get(("stringIndexType",), "Utf16CodeUnit")).lower(), "")
    if kind == "spans" and not unit:
        raise UnreadableFile(
            gettext_noop("The offsets of this file are in text elements. Export it with Utf16CodeUnit.")
        )
    return _Project(name, kind, unit, metadata, fields)


def _kind(metadata: Mapping[str, Json], fields: Mapping[Path, Json]) -> Kind:
    name = metadata.get("projectKind") or metadata.get("modelType") or fields.get(("assets", "projectKind"))
    kind = _KINDS.get(_string(name).lower().removeprefix("custom"))
    if kind is None:
        raise UnreadableFile(
            gettext_noop(
                "Projects of the kind “%(kind)s” cannot be imported, only custom text classification and "
                "custom named entity recognition."
            ),
            kind=_string(name)[:50],
        )
    return kind


def _classes(fields: Mapping[Path, Json]) -> tuple[tuple[OutlineClass, ...], list[str]]:
    """The classes in their order, and what is said of them beside their names."""
    classes: list[OutlineClass] = []
    losses: list[str] = []
    for key in _CLASS_KEYS:
        entries = fields.get(("assets", key))
        for entry in entries if isinstance(entries, list) else []:
            name = _class_name(entry)
            if not isinstance(name, str):
                continue
            classes.append(OutlineClass(name))
            others = [other for other in _object(entry) if other not in (*_NAME_KEYS, "description")]
            losses += [f"The setting “{other[:50]}” of “{name[:50]}” is left out." for other in others]
    return tuple(classes), losses


def _unread_settings(project: _Project) -> list[str]:
    keys = [key for path in project.fields for key in path]
    settings = _object(project.metadata.get("settings"))
    return [key for key in dict.fromkeys([*keys, *project.metadata]) if key not in _READ_KEYS] + [*settings]


def _has_overlaps(bundle: Bundle, name: str) -> bool:
    """Whether spans of any document overlap; in their own unit, for which no text is needed."""
    for path, raw in _members(bundle, name):
        if path != _DOCUMENTS or len(raw) > MAX_ENTRY_BYTES:
            continue
        try:
            regions = _regions(_object(strict_json.loads(raw)))
        except RowProblem:
            continue  # reported when the document is read
        ends = sorted((start, start + length) for r in regions for start, length, _ in r.labels)
        if any(first[1] > second[0] for first, second in pairwise(ends)):
            return True
    return False


def _record(project: _Project, texts: _Texts, value: Json, number: int) -> Record:
    if not isinstance(value, dict):
        raise RowProblem(gettext_noop('A document must be an object, such as {"location": "1.txt"}.'))
    text = texts.text(value.get("location"))
    fields = OptionalFields()
    labels = spans = None
    if project.kind == "spans":
        spans = fields.read(WITHOUT_LABEL, _spans, value, text, project.unit)
        if uncovered := _uncovered(value, text, project.unit) if spans is not None else None:
            fields.problems.append(uncovered)
    else:
        labels = fields.read(WITHOUT_LABEL, _labels, value, project.kind)
    return Record(
        number,
        text,
        fields.read(WITHOUT_ID, check_id, value.get("location")),
        {key: item for key, item in value.items() if key not in _DOCUMENT_KEYS},
        labels,
        spans,
        fields.read(WITHOUT_SPLIT, check_split, value.get("dataset")),
        tuple(fields.problems),
    )


def _labels(document: Mapping[str, Json], kind: Kind) -> tuple[str, ...] | None:
    """None where no class is named; an empty list of a multi-label project says that none applies."""
    single = document.get("class")
    if single is not None:
        return (check_label(_class_name(single)),)
    entries = document.get("classes", document.get("classifiers"))
    if entries is None:
        return None
    if not isinstance(entries, list):
        raise RowProblem(gettext_noop('"classes" must be a list.'))
    labels = check_labels([_class_name(entry) for entry in entries])
    if kind == "single" and len(labels) > 1:
        raise RowProblem(gettext_noop("The document has several classes, but the project is single-label."))
    return labels if labels or kind == "multi" else None


@dataclass(frozen=True, slots=True)
class _Region:
    """A labeled part of a text, in the unit of the file."""

    start: int
    length: int | None
    labels: list[tuple[int, int, Json]] = field(default_factory=list)  # (start, length, class)


def _regions(document: Mapping[str, Json]) -> list[_Region]:
    """The labeled parts with their entities, counted from the start of the text.

    Azure's pages count them so; a file of other origin may count from the start of the region, which shows
    where that alone keeps all entities inside of it.
    """
    entries = document.get("entities", document.get("extractors"))
    if not isinstance(entries, list):
        raise RowProblem(gettext_noop('"entities" must be a list of regions.'))
    regions = []
    for entry in entries:
        region = _object(entry)
        start = _integer(region.get("regionOffset", 0))
        length = None if region.get("regionLength") is None else _integer(region["regionLength"])
        entities = region.get("labels") or []
        if not isinstance(entities, list):
            raise RowProblem(gettext_noop('"labels" must be a list of entities.'))
        labels = [_entity(entity) for entity in entities]
        if any(begin < start for begin, _, _ in labels):
            if length is None or any(begin + size > length for begin, size, _ in labels):
                raise RowProblem(gettext_noop("An entity is outside its region."))
            labels = [(start + begin, size, name) for begin, size, name in labels]
        regions.append(_Region(start, length, labels))
    return regions


def _entity(value: Json) -> tuple[int, int, Json]:
    entity = _object(value)
    return _integer(entity.get("offset")), _integer(entity.get("length")), _class_name(entity)


def _spans(document: Mapping[str, Json], text: str, unit: str) -> tuple[Span, ...] | None:
    """None for a document without regions, () for regions without entities."""
    if not document.get("entities", document.get("extractors")):
        return None
    converter = OffsetConverter(text, unit)
    return check_spans(
        [
            [converter.to_code_points(start), converter.to_code_points(start + length), name]
            for region in _regions(document)
            for start, length, name in region.labels
        ],
        text,
    )


def _uncovered(document: Mapping[str, Json], text: str, unit: str) -> RowProblem | None:
    """A remark where only a part of the text was labeled: the rest would count as free of entities."""
    end = OffsetConverter(text, unit).from_code_points(len(text))
    covered = 0
    for region in sorted(_regions(document), key=lambda region: region.start):
        if region.start > covered:
            break
        covered = max(covered, end if region.length is None else region.start + region.length)
    if covered >= end - 1:  # some count the byte order mark or the last line end, others do not
        return None
    return RowProblem(
        gettext_noop("Only parts of the text were labeled. The rest was imported as text without entities.")
    )


def _class_name(value: Json) -> Json:
    entry = _object(value)
    return next((entry[key] for key in _NAME_KEYS if key in entry), None)


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _string(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _integer(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RowProblem(gettext_noop("The offset and length of an entity must be whole numbers."))
    return value


class _Texts:
    """The texts of an archive by location, wherever the archive has put the container's folder."""

    def __init__(self, bundle: Bundle, project_file: str) -> None:
        self._bundle = bundle
        self._folder = project_file.rpartition("/")[0]
        self._names = {_normal(name): name for name in bundle.names if name != project_file}
        by_file: dict[str, list[str]] = {}
        for normal, name in self._names.items():
            by_file.setdefault(normal.rpartition("/")[2], []).append(name)
        self._unique = {file: names[0] for file, names in by_file.items() if len(names) == 1}

    def text(self, location: Json) -> str:
        """The text of a location. Raises RowProblem where the archive lacks it."""
        if not isinstance(location, str) or not location:
            raise RowProblem(gettext_noop('The document has no "location". Add the name of its text file.'))
        normal = _normal(location)
        name = (
            self._names.get(_normal(f"{self._folder}/{location}") if self._folder else normal)
            or self._names.get(normal)
            or self._unique.get(normal.rpartition("/")[2])
        )
        if name is None:
            raise RowProblem(
                gettext_noop("The archive does not have the file “%(name)s”. Add it."), name=location[:100]
            )
        text = file_text(self._bundle, name)
        strict_json.check_storable(text)
        return check_text(text)


def _normal(name: str) -> str:
    """A path as one of several spellings: macOS decomposes characters, Windows turns slashes around."""
    return unicodedata.normalize("NFC", name.replace("\\", "/").removeprefix("./")).casefold()
