"""Label Studio surveys: what all tasks of a file show of their project, which the file does not describe."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from labeling.formats.outlines import Kind
from labeling.formats.readers.label_studio_config import LabelingConfig
from labeling.formats.readers.label_studio_results import (
    Object,
    Result,
    annotations_of,
    list_of,
    numbered_predictions,
    results_of,
    shown_predictions,
)
from labeling.formats.records import Json


@dataclass
class Layout:
    """Where the tasks of a file have their text and their labels."""

    text_key: str
    control: str
    kind: Kind | None


@dataclass
class Usage:
    """How one control is used in all tasks."""

    is_span: bool
    annotations: int = 0
    has_several: bool = False
    overlaps: bool = False
    names: dict[str, None] = field(default_factory=dict)


@dataclass
class Survey:
    """What the tasks show of the configuration that they do not contain."""

    config: LabelingConfig
    usages: dict[str, Usage] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)  # controls that cannot be labels
    characters: Counter[str] = field(default_factory=Counter)  # of each field of the data that holds text
    has_relations: bool = False
    has_drafts: bool = False
    has_numbered_predictions: bool = False

    def add(self, task: Object) -> None:
        data = task.get("data")
        for key, value in data.items() if isinstance(data, dict) else ():
            if isinstance(value, str):
                self.characters[key] += len(value) + 1
        for annotation in annotations_of(task):
            self._add_results(annotation.get("result"), is_annotation=True)
        for prediction in list_of(task.get("predictions")):
            if isinstance(prediction, dict):
                self._add_results(prediction.get("result"), is_annotation=False)
        self.has_drafts |= bool(list_of(task.get("drafts")))
        self.has_numbered_predictions |= numbered_predictions(task) > shown_predictions(task).keys()

    def _add_results(self, value: Json, *, is_annotation: bool) -> None:
        self.has_relations |= any(
            isinstance(item, dict) and item.get("type") == "relation" for item in list_of(value)
        )
        by_control: dict[str, list[Result]] = {}
        for result in results_of(value):
            if result.is_choice or result.is_span:
                by_control.setdefault(result.control, []).append(result)
            else:
                self.others[result.control] = None
        for control, results in by_control.items():
            usage = self.usages.setdefault(control, Usage(results[0].is_span))
            usage.annotations += is_annotation
            names = [name for result in results for name in result.names]
            usage.has_several |= len(names) > 1
            usage.names.update(dict.fromkeys(name for name in names if isinstance(name, str)))
            usage.overlaps |= usage.is_span and _overlap(results)

    def layout(self) -> Layout:
        """The text and the control with the most annotations; the first of those that have equally many."""
        listed = {control.name: control.kind for control in self.config.controls}
        names = [*dict.fromkeys([*listed, *self.usages])]
        control = max(names, key=self._annotations, default="")
        kind = listed.get(control)
        if usage := self.usages.get(control):
            if usage.is_span:
                kind = "spans"
            elif kind != "multi":
                kind = "multi" if usage.has_several else "single"
        return Layout(self._text_key(), control, kind)

    def losses(self, layout: Layout) -> list[str]:
        losses = []
        others = [*self.usages, *self.others]
        if kept := [name for name in dict.fromkeys(others) if name != layout.control]:
            names = ", ".join(f"“{name[:50]}”" for name in kept[:20])
            losses.append(
                f"Only “{layout.control[:50]}” becomes labels. Other controls are kept as remarks on each "
                f"annotation: {names}."
            )
        if self.has_relations:
            losses.append("Relations between spans are left out.")
        if self.has_drafts:
            losses.append("Drafts are left out: they were never submitted.")
        if self.has_numbered_predictions:
            losses.append("Predictions of which the file has only the number are left out.")
        return losses

    def _annotations(self, control: str) -> int:
        usage = self.usages.get(control)
        return usage.annotations if usage else 0

    def _text_key(self) -> str:
        if self.config.text_key in self.characters:
            return self.config.text_key
        if "text" in self.characters:
            return "text"
        ranked = self.characters.most_common(1)
        return ranked[0][0] if ranked else "text"


def _overlap(results: list[Result]) -> bool:
    """Whether regions overlap, in whatever they are counted; several labels on one region do, too."""
    offsets = sorted(
        (start, end)
        for result in results
        for _ in result.names
        if isinstance(start := result.value.get("start"), int)
        and isinstance(end := result.value.get("end"), int)
    )
    return any(first[1] > second[0] for first, second in pairwise(offsets))
