"""Label Studio writer: a zip of tasks as Label Studio imports them, and of the labeling configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from xml.sax.saxutils import quoteattr

from labeling.formats.outlines import DatasetFeatures, Kind, OutlineClass, ProjectOutline
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
from labeling.formats.writers.losses import losses_beside
from labeling.formats.writers.zip_stream import PIECE_BYTES, Content, zip_pieces

TOOL = "Label Studio"
SUFFIX = ".zip"

FINAL_LABELS = gettext_noop(
    "Which annotation is final is left out, except for gold labels. Withdrawn annotations are left out."
)
PROVENANCE = gettext_noop("Notes, guideline versions and selection probabilities are left out.")
ONE_PROBABILITY = gettext_noop("Of the probabilities of a prediction only the highest is written.")
TAKEN_KEY = gettext_noop('The metadata "%(key)s" is left out: Label Studio needs this name.')

_CONTROLS: Mapping[Kind, str] = {"single": "label", "multi": "label", "spans": "spans"}
_DATA_KEYS = ("text", "ext_id", "split")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def losses(features: DatasetFeatures) -> list[str]:
    sentences = losses_beside(
        ("annotators", "metadata", "splits", "overlaps", "no_class", "predictions", "provenance"), features
    )
    if features.annotators:
        sentences.append(FINAL_LABELS)
    if features.has_provenance:
        sentences.append(PROVENANCE)
    if features.has_predictions and features.kind != "spans":
        sentences.append(ONE_PROBABILITY)
    return sentences


def write(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[bytes]:
    """Both files in one archive: unpack it, enter the configuration in the settings, import the tasks."""
    yield from zip_pieces(_members(outline, records, on_loss))


def labeling_config(kind: Kind, classes: Iterable[OutlineClass]) -> str:
    """The configuration of a project with one control, in XML.

    >>> print(labeling_config("single", [OutlineClass("Bug & co", shortcut="1")]))
    <View>
      <Text name="text" value="$text"/>
      <Choices name="label" toName="text" choice="single">
        <Choice value="Bug &amp; co" hotkey="1"/>
      </Choices>
    </View>
    """
    outer, inner = ("Labels", "Label") if kind == "spans" else ("Choices", "Choice")
    choice = {"single": ' choice="single"', "multi": ' choice="multiple"', "spans": ""}[kind]
    lines = ["<View>", '  <Text name="text" value="$text"/>']
    lines.append(f'  <{outer} name="{_CONTROLS[kind]}" toName="text"{choice}>')
    for label_class in classes:
        attributes = {
            "value": label_class.name,
            "background": label_class.color,
            "hotkey": label_class.shortcut,
        }
        stated = [
            f"{key}={quoteattr(_NOT_XML.sub('�', value))}" for key, value in attributes.items() if value
        ]
        lines.append(f"    <{inner} {' '.join(stated)}/>")
    return "\n".join([*lines, f"  </{outer}>", "</View>"])


def _members(
    outline: ProjectOutline, records: Iterable[Record], on_loss: Callable[[BadRow], None]
) -> Iterator[tuple[str, Content]]:
    kind: Kind = outline.kind or "single"
    classes = {label_class.name: label_class for label_class in outline.classes}
    yield "tasks.json", _tasks(kind, records, on_loss, classes)
    yield "labeling_config.xml", labeling_config(kind, classes.values()).encode()


def _tasks(
    kind: Kind,
    records: Iterable[Record],
    on_loss: Callable[[BadRow], None],
    classes: dict[str, OutlineClass],
) -> Iterator[bytes]:
    """The list of tasks in pieces; classes that the outline lacks are added to `classes`."""
    piece, separator = b"[", b"\n"
    for record in records:
        for answer in record.answers:
            names = [*(answer.labels or ()), *(span.label for span in answer.spans or ())]
            for name in names:
                classes.setdefault(name, OutlineClass(name))
        piece += separator + json.dumps(_task(kind, record, on_loss), ensure_ascii=False).encode()
        separator = b",\n"
        if len(piece) >= PIECE_BYTES:
            yield piece
            piece = b""
    yield piece + b"\n]\n"


def _task(kind: Kind, record: Record, on_loss: Callable[[BadRow], None]) -> dict[str, Json]:
    data: dict[str, Json] = {"text": record.text}
    if record.external_id is not None:
        data["ext_id"] = record.external_id
    if record.split is not None:
        data["split"] = record.split
    for key, value in record.metadata.items():
        if key in _DATA_KEYS:
            on_loss(bad_row(record.line, RowProblem(TAKEN_KEY, key=key), record.text))
        else:
            data[key] = value
    return {
        "data": data,
        "annotations": [
            _annotation(kind, answer, record.text)
            for answer in record.answers
            if not answer.provenance.get("is_withdrawn")
        ],
        "predictions": [_prediction(kind, prediction, record.text) for prediction in record.predictions],
    }


def _annotation(kind: Kind, answer: RecordAnnotation, text: str) -> dict[str, Json]:
    value: dict[str, Json] = {}
    # Label Studio refuses a whole file that names a member it does not have, and knows them by address only.
    if answer.annotator is not None and _EMAIL.fullmatch(answer.annotator):
        value["completed_by"] = {"email": answer.annotator}
    elif answer.annotator is not None:
        value["annotator"] = answer.annotator
    provenance = answer.provenance
    return value | {
        "was_cancelled": answer.labels is None and answer.spans is None,
        "ground_truth": provenance.get("resolution") == "gold",
        "lead_time": provenance.get("seconds"),
        **{key: provenance[key] for key in ("created_at", "updated_at") if key in provenance},
        "result": _results(kind, answer.labels, answer.spans, text),
    }


def _prediction(kind: Kind, prediction: RecordPrediction, text: str) -> dict[str, Json]:
    best = max(prediction.probabilities, key=prediction.probabilities.__getitem__, default=None)
    labels = None if best is None else (best,)
    value: dict[str, Json] = {
        "model_version": " ".join(filter(None, (prediction.model, prediction.version))),
        "result": _results(kind, labels, prediction.spans, text),
    }
    return value if best is None else value | {"score": prediction.probabilities[best]}


def _results(
    kind: Kind, labels: tuple[str, ...] | None, spans: tuple[Span, ...] | None, text: str
) -> list[Json]:
    """One item for all choices, or one for each span with its words, by which offsets can be checked."""
    origin: dict[str, Json] = {"from_name": _CONTROLS[kind], "to_name": "text"}
    if kind != "spans":
        choices: list[Json] = list(labels or ())
        return [origin | {"type": "choices", "value": {"choices": choices}}] if choices else []
    return [
        origin
        | {
            "id": f"s{number}",
            "type": "labels",
            "value": {
                "start": span.start,
                "end": span.end,
                "text": text[span.start : span.end],
                "labels": [span.label],
            },
        }
        for number, span in enumerate(spans or (), 1)
    ]
