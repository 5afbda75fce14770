"""Labels in JSON: the same shape in every body and answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers

from labeling.annotations.validation import LabelValue
from labeling.api.edge.fields import Identifier, Input, WholeNumber

MAX_LABELS = 1_000  # in one answer
SPAN = "In span labeling: in code points of the text"


class LabelIn(Input):
    """One class on a document, or on the code points [start, end) of its text."""

    start = WholeNumber(required=False, allow_null=True, help_text=f"{SPAN}, starting at 0.")
    end = WholeNumber(required=False, allow_null=True, help_text=f"{SPAN}, exclusive.")

    def get_fields(self) -> dict[str, Any]:
        """`class` is no name for a Python attribute."""
        return {"class": Identifier(help_text="ID of the class."), **super().get_fields()}


class LabelOut(serializers.Serializer[Any]):
    """One class on a document, or on the code points [start, end) of its text."""

    start = serializers.IntegerField(allow_null=True, help_text=f"{SPAN}; null for whole documents.")
    end = serializers.IntegerField(allow_null=True, help_text=f"{SPAN}, exclusive.")

    def get_fields(self) -> dict[str, Any]:
        label_class = serializers.UUIDField(source="label_class_id", help_text="ID of the class.")
        return {"class": label_class, **super().get_fields()}


class LabelsIn(serializers.ListField):
    """The labels of one annotation. An empty list means “none of these” if the task type allows it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=LabelIn(), max_length=MAX_LABELS, help_text=type(self).__doc__, **kwargs)


def label_values(labels: Iterable[Mapping[str, Any]]) -> list[LabelValue]:
    """Valid labels of a body as the actions take them."""
    return [LabelValue(label["class"], label.get("start"), label.get("end")) for label in labels]
