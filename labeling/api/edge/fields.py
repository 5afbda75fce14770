"""Serializer fields: they take their own JSON type only, in objects without unknown keys."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, Self

from django.urls import register_converter
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from labeling.api.edge.renamed import with_new_names

LARGEST = 2**31 - 1  # of an integer column


class Input(serializers.Serializer[Any]):
    """An object whose keys are all known: a misspelled or forbidden one is refused, not passed over."""

    default_error_messages = {"unknown": _("Unknown field. Remove it.")}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            data = with_new_names(data, self.fields)
        if isinstance(data, dict) and (unknown := set(data) - set(self.fields)):
            message = serializers.ErrorDetail(str(self.error_messages["unknown"]), "unknown")
            raise serializers.ValidationError({name: [message] for name in sorted(unknown)[:20]})
        return super().to_internal_value(data)

    @classmethod
    def checked(cls, data: Any, **context: Any) -> dict[str, Any]:
        """The valid data of a body. Raises DRF's ValidationError, which names each place."""
        serializer = cls(data=data, context=context)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    @classmethod
    def changes(cls, data: Any) -> dict[str, Any]:
        """Those fields that a body gives, at least one."""
        serializer = cls(data=data, partial=True)
        serializer.is_valid(raise_exception=True)
        if not serializer.validated_data:
            raise serializers.ValidationError(_("Send at least one field to change."))
        return dict(serializer.validated_data)


class Filters(serializers.Serializer[Any]):
    """The parameters that an address may carry. Any other one is refused, and none may come twice."""

    @classmethod
    def checked(cls, query: Any) -> Self:
        fields = cls().fields
        asked = with_new_names(dict(query.lists()), fields)
        wrong = {
            name: [
                _("Unknown filter. Remove it.")
                if name not in fields
                else _("This filter is listed more than once. Keep one.")
            ]
            for name, values in asked.items()
            if name not in fields or len(values) > 1
        }
        if wrong:
            raise serializers.ValidationError(dict(sorted(wrong.items())[:20]))
        serializer = cls(data=with_new_names(query.dict(), fields))
        serializer.is_valid(raise_exception=True)
        return serializer


class Text(serializers.CharField):
    """A JSON string and nothing that could be made into one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumber(serializers.IntegerField):
    """A JSON number without a fraction: neither "5" nor 5.0 nor true."""

    def __init__(self, *, min_value: int = 0, max_value: int = LARGEST, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.FloatField):
    """A finite JSON number."""

    def to_internal_value(self, data: Any) -> float:
        if type(data) not in (int, float) or not isfinite(data):
            self.fail("invalid")
        return super().to_internal_value(data)


class YesNo(serializers.BooleanField):
    """true or false: not "yes", not 1."""

    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return data


class AddressNumber(serializers.IntegerField):
    """A number in an address: 1 to 18 of the digits 0 to 9, so it fits 64 bits."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", str(data), re.ASCII):
            self.fail("invalid")
        return super().to_internal_value(data)


class Identifier(serializers.UUIDField):
    """A UUID as text with its hyphens."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not re.fullmatch(
            r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", data
        ):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class LengthLimit(WholeNumber):
    """The most characters of a text; as a value, the first length that is too long."""

    def to_internal_value(self, data: Any) -> int:
        return super().to_internal_value(data) + 1


class AddressLengthLimit(AddressNumber):
    """As LengthLimit, in an address."""

    def to_internal_value(self, data: Any) -> int:
        return super().to_internal_value(data) + 1


class Flag(serializers.ChoiceField):
    """true or false in an address, which pages write as 1 and 0; as a value, what pages write."""

    def __init__(self, *, is_only_true: bool = False, **kwargs: Any) -> None:
        super().__init__(["true", "1"] if is_only_true else ["true", "false", "1", "0"], **kwargs)

    def to_internal_value(self, data: Any) -> str:
        chosen = super().to_internal_value(data)
        return {"true": "1", "false": "0"}.get(chosen, chosen)


class RowId:
    """The digits 0 to 9 and a value that fits 64 bits; anything else is no address of ours."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(RowId, "row")
