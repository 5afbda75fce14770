"""Label Studio tasks: those of a JSON export, and of JSON_MIN rebuilt from its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import TypeAlias

from labeling.formats import strict_json
from labeling.formats.bundles import Bundle
from labeling.formats.heads import heads
from labeling.formats.json_files.json_list import elements
from labeling.formats.records import Json, RowProblem, gettext_noop
from labeling.formats.streams import utf8_chunks

Object: TypeAlias = dict[str, Json]
# The number of the task, the task or what is wrong with it, and the start of its bytes.
Task: TypeAlias = tuple[int, "Object | RowProblem", bytes]

MAX_TASK_BYTES = 32 * 1024 * 1024  # a long text with what many annotators selected of it

_LIST_OF_OBJECTS = re.compile(r"\s*\[\s*\{")
_LIST_OF_DATA = re.compile(r'\s*\[\s*\{\s*("id"\s*:\s*\d+\s*,\s*)?"data"\s*:\s*\{')
_TASK_KEYS = re.compile(r'"(annotations|completions|predictions)"\s*:\s*\[')
_RESULT_KEYS = re.compile(r'"(from_name|completed_by|was_cancelled|model_version|drafts|data)"\s*:')
_MIN_KEYS = re.compile(r'"annotation_id"\s*:')
_ROW_KEYS = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement")


def task_file(bundle: Bundle) -> tuple[str, bool] | None:
    """The file with tasks, and whether it is JSON_MIN; None where there is none."""
    for name, head in heads(bundle, ".json"):
        if not _LIST_OF_OBJECTS.match(head):
            continue
        if _LIST_OF_DATA.match(head) or (_TASK_KEYS.search(head) and _RESULT_KEYS.search(head)):
            return name, False
        if _MIN_KEYS.search(head) and '"annotator"' in head:
            return name, True
    return None


def tasks(bundle: Bundle, name: str, *, is_min: bool) -> Iterator[Task]:
    """The tasks of a file in the shape of a JSON export, one by one."""
    rows = _rows(bundle, name)
    if not is_min:
        yield from rows
        return
    data_keys = _data_keys(bundle, name)
    for _, group in groupby(rows, key=_group):
        (number, first, raw), *rest = group
        if isinstance(first, RowProblem):
            yield number, first, raw
        else:
            others = [row for _, row, _ in rest if isinstance(row, dict)]
            yield number, _task([first, *others], data_keys), raw


def _rows(bundle: Bundle, name: str) -> Iterator[Task]:
    with bundle.open(name) as file:
        for number, raw in enumerate(elements(utf8_chunks(file), MAX_TASK_BYTES), 1):
            try:
                yield number, _loads(raw), raw
            except RowProblem as problem:
                yield number, problem, raw


def _loads(raw: bytes) -> Object:
    if len(raw) > MAX_TASK_BYTES:
        raise RowProblem(
            gettext_noop("The row is longer than %(limit)d bytes. Split the document."), limit=MAX_TASK_BYTES
        )
    value = strict_json.loads(raw)
    if not isinstance(value, dict):
        raise RowProblem(gettext_noop('A task must be an object, such as {"data": {"text": "…"}}.'))
    return value


def _group(row: Task) -> tuple[str, Json]:
    """What the rows of one task, which follow each other, have in common."""
    number, value, _ = row
    if isinstance(value, RowProblem) or not isinstance(value.get("id"), int | str):
        return "row", number
    return "task", value["id"]


def _data_keys(bundle: Bundle, name: str) -> frozenset[str]:
    """Keys that cannot be controls: rows without an annotation have them, too."""
    keys: set[str] = set()
    for _, row, _ in _rows(bundle, name):
        if isinstance(row, dict) and row.get("annotation_id") is None:
            keys.update(row)
    return frozenset(keys | {"text", "id", *_ROW_KEYS})


def _task(rows: list[Object], data_keys: frozenset[str]) -> Object:
    first = rows[0]
    controls = dict.fromkeys(key for row in rows for key in _control_keys(row, data_keys))
    hidden = {"id", *_ROW_KEYS, *controls}
    annotations: list[Json] = [
        {
            "completed_by": row.get("annotator"),
            **{key: row.get(key) for key in ("created_at", "updated_at", "lead_time")},
            "result": [item for key in controls if key in row for item in _results(key, row[key])],
        }
        for row in rows
        if row.get("annotation_id") is not None
    ]
    data: Object = {key: value for key, value in first.items() if key not in hidden}
    return {"id": first.get("id"), "data": data, "annotations": annotations}


def _control_keys(row: Object, data_keys: frozenset[str]) -> list[str]:
    """The keys between those of the data and those of the annotation: a row does not say what it is."""
    keys = list(row)
    start = keys.index("id") + 1 if "id" in row else len(keys)
    end = keys.index("annotator") if "annotator" in row else len(keys)
    return [key for key in keys[start:end] if key not in data_keys]


def _results(control: str, value: Json) -> list[Json]:
    """The value of a control as a list of results: one choice is a text, several are an object."""
    if isinstance(value, str):
        return [_result(control, "choices", {"choices": [value]})]
    if isinstance(value, dict):
        return [_result(control, key, {key: item}) for key, item in value.items()]
    if not isinstance(value, list):
        return [_result(control, "number", {"number": value})]
    results: list[Json] = []
    for item in value:
        kind = (
            next((key for key in ("labels", "hypertextlabels") if key in item), "")
            if isinstance(item, dict)
            else ""
        )
        results.append(_result(control, kind or "other", item if isinstance(item, dict) else {"other": item}))
    return results


def _result(control: str, kind: str, value: Object) -> Object:
    return {"from_name": control, "type": kind, "value": value}
