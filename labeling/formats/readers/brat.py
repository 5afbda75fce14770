"""brat reader: standoff annotations, a text file and an .ann file for each document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from labeling.formats.bundles import Bundle
from labeling.formats.fields import WITHOUT_LABEL, check_spans, check_text
from labeling.formats.outlines import OutlineClass, ProjectOutline, outline_of
from labeling.formats.readers.text_files import file_text
from labeling.formats.records import BadRow, Json, Record, RowProblem, Span, bad_row, gettext_noop

TOOL = "brat"
CONFIGURATION = "annotation.conf"
NAMES = "visual.conf"
PARTS = gettext_noop("The span “%(text)s” has several parts, so it was left out. Only single parts are read.")
RELATIONS = "Relations, events, attributes and notes are left out."

_TEXT = ".txt"
_SPANS = ".ann"
_SPAN = re.compile(r"T\S*\t(?P<type>\S+) (?P<start>\d{1,9}) (?P<end>\d{1,9})(?P<more>[; \d]*)(?:\t|$)")
_SECTION = re.compile(r"^\[(?P<name>\w+)\]\s*$", re.M)


def recognizes(bundle: Bundle) -> bool:
    """Files that end in .ann beside those that end in .txt."""
    stems = {name.removesuffix(_SPANS) for name in bundle.names if name.endswith(_SPANS)}
    return any(name.endswith(_TEXT) and name.removesuffix(_TEXT) in stems for name in bundle.names)


def read(bundle: Bundle) -> Iterator[Record | BadRow]:
    """One document a text file; its path is its ID. Without an .ann file it is unlabeled.

    >>> from labeling.formats.bundles import FilesInMemory
    >>> files = FilesInMemory({"a.txt": b"Ann sings.", "a.ann": b"T1\\tPER 0 3\\tAnn\\n"})
    >>> next(read(files)).spans
    (Span(start=0, end=3, label='PER'),)
    """
    names = _display_names(bundle)
    present = set(bundle.names)
    texts = (name for name in bundle.names if name.endswith(_TEXT))
    for number, name in enumerate(texts, 1):
        try:
            text = check_text(file_text(bundle, name))
            spans_file = name.removesuffix(_TEXT) + _SPANS
            standoff = file_text(bundle, spans_file) if spans_file in present else None
        except RowProblem as problem:
            yield bad_row(number, problem, name)
            continue
        external_id = name.removesuffix(_TEXT)[-200:]
        if standoff is None:
            yield Record(number, text, external_id)
            continue
        spans, problems = _spans(standoff, text, names)
        yield Record(number, text, external_id, spans=spans, problems=problems)


def outline(bundle: Bundle) -> ProjectOutline:
    """The classes of annotation.conf, then those of the labels."""
    names = _display_names(bundle)
    labels = outline_of(TOOL, read(bundle), name=PurePosixPath(bundle.filename).stem)
    words = _section(_configuration(bundle, CONFIGURATION), "entities")
    configured = [names.get(word, word) for word in words]
    classes = dict.fromkeys([*configured, *(label_class.name for label_class in labels.classes)])
    return ProjectOutline(
        TOOL,
        labels.name,
        "spans",
        classes=tuple(map(OutlineClass, classes)),
        allows_overlapping_spans=labels.allows_overlapping_spans,
        losses=(RELATIONS,),
    )


def _spans(
    standoff: str, text: str, names: dict[str, str]
) -> tuple[tuple[Span, ...] | None, tuple[RowProblem, ...]]:
    """brat counts code points, line ends as they are, and the end is exclusive."""
    parts: list[Json] = []
    problems: list[RowProblem] = []
    for line in standoff.splitlines():
        match = _SPAN.match(line)
        if not match:
            continue
        if ";" in match["more"]:
            problems.append(RowProblem(PARTS, text=line.rpartition("\t")[2][:50]))
            continue
        name = names.get(match["type"], match["type"])
        parts.append([int(match["start"]), int(match["end"]), name])
    try:
        return check_spans(parts, text), tuple(problems)
    except RowProblem as problem:
        return None, (*problems, RowProblem(WITHOUT_LABEL, reason=str(problem)))


def _display_names(bundle: Bundle) -> dict[str, str]:
    """How visual.conf shows the types, which cannot have blanks themselves."""
    pairs = (word.split("|") for word in _lines(_configuration(bundle, NAMES), "labels"))
    return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) > 1 and pair[1].strip()}


def _configuration(bundle: Bundle, filename: str) -> str:
    for name in bundle.names:
        if PurePosixPath(name).name == filename:
            try:
                return file_text(bundle, name)
            except RowProblem:
                return ""
    return ""


def _section(configuration: str, section: str) -> list[str]:
    """The first word of each line; nesting and the arguments of events are of no matter here."""
    words = (line.split()[0] for line in _lines(configuration, section) if line.split())
    return [word for word in words if re.match(r"[\w-]", word)]


def _lines(configuration: str, section: str) -> list[str]:
    heads = list(_SECTION.finditer(configuration))
    ends = [*(head.start() for head in heads[1:]), len(configuration)]
    for head, end in zip(heads, ends, strict=False):
        if head["name"] == section:
            content = configuration[head.end() : end]
            return [line for line in content.splitlines() if line.strip() and not line.startswith("#")]
    return []
