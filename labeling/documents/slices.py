"""Slices: what documents share that shows without a label. Length, metadata, file and language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

from django.utils.translation import gettext as _

from labeling.documents.metadata import field_name, metadata_number, metadata_text, value_name
from labeling.formatting import every, plain

MAX_FURTHER_CONDITIONS = 2  # further conditions of a slice: two fields at once are searched


@dataclass(frozen=True)
class Condition:
    """What a slice says of one field of the metadata: its value, or from where to where its number goes.

    value : as `metadata_text` writes it; None for a range
    least, below : of the range; None where it is open
    """

    field: str
    value: str | None = None
    least: float | None = None
    below: float | None = None

    def holds(self, metadata: Mapping[str, Any]) -> bool:
        """Whether the metadata has it so.

        >>> Condition("year", least=2000, below=2010).holds({"year": 2009.5}), Condition("a", "1").holds({})
        (True, False)
        """
        if self.value is not None:
            return self.field in metadata and metadata_text(metadata[self.field]) == self.value
        number = metadata_number(metadata.get(self.field))
        if number is None:
            return False
        return (self.least is None or number >= self.least) and (self.below is None or number < self.below)

    def __str__(self) -> str:
        name = field_name(self.field)
        if self.value is not None:
            return _("{field} is {value}").format(field=name, value=value_name(self.field, self.value))
        low, high = (None if end is None else plain(end) for end in (self.least, self.below))
        if low is None:
            return _("{field} below {high}").format(field=name, high=high)
        if high is None:
            return _("{field} from {low}").format(field=name, low=low)
        return _("{field} from {low} to below {high}").format(field=name, low=low, high=high)


@dataclass(frozen=True)
class Slice:
    """Documents that share something which can be read off them without a label.

    field, value : of the metadata; the value as `metadata_text` writes it. No field, any document
    least, below : of the text's length in characters; `below` may be open
    has_near_duplicate : whether another document says almost the same; None for both
    also : what else is said of the metadata, `MAX_FURTHER_CONDITIONS` conditions at most
    """

    field: str = ""
    value: str = ""
    least: int = 0
    below: int | None = None
    has_near_duplicate: bool | None = None
    also: tuple[Condition, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All that is said of the metadata."""
        return (*((Condition(self.field, self.value),) if self.field else ()), *self.also)

    def __and__(self, other: Slice) -> Slice:
        """Documents of both; where both speak of near-duplicates, the first is heard.

        >>> str(Slice("source", "mail") & Slice("language", "de") & Slice(least=100))
        'source is mail, language is de, and at least 100 characters'
        """
        both = self.conditions + other.conditions
        plain = next((condition for condition in both if condition.value is not None), Condition("", ""))
        ends = [end for end in (self.below, other.below) if end is not None]
        twins = other.has_near_duplicate if self.has_near_duplicate is None else self.has_near_duplicate
        return Slice(
            plain.field,
            plain.value or "",
            max(self.least, other.least),
            min(ends, default=None),
            twins,
            tuple(condition for condition in both if condition != plain),
        )

    def holds(self, metadata: Mapping[str, Any], characters: int, has_near_duplicate: bool = False) -> bool:
        """Whether a document with these facts belongs to the slice.

        >>> Slice("source", "mail", below=200).holds({"source": "mail"}, 140)
        True
        >>> Slice("urgent", "true").holds({"urgent": True}, 9), Slice("urgent", "").holds({}, 9)
        (True, False)
        """
        if characters < self.least or (self.below is not None and characters >= self.below):
            return False
        if self.has_near_duplicate not in (None, has_near_duplicate):
            return False
        return all(condition.holds(metadata) for condition in self.conditions)

    @property
    def query(self) -> dict[str, str]:
        """Its parameters in an address; `read` reads them.

        >>> Slice("source", "mail", 100).query
        {'field': 'source', 'value': 'mail', 'least': '100'}
        """
        parameters = {
            "field": self.field,
            "value": self.value if self.field else None,
            "least": str(self.least or ""),
            "below": "" if self.below is None else str(self.below),
            "twins": {None: "", True: "1", False: "0"}[self.has_near_duplicate],
        }
        texts = {
            name: text for name, text in parameters.items() if text or (name == "value" and text is not None)
        }
        return texts | self.further

    @property
    def further(self) -> dict[str, str]:
        """The parameters of `also`: names with a number behind, a value or the ends of a range.

        >>> Slice(also=(Condition("year", least=2000.0), Condition("language", "de"))).further
        {'field1': 'year', 'from1': '2000.0', 'field2': 'language', 'value2': 'de'}
        """
        parameters: dict[str, str] = {}
        for number, condition in enumerate(self.also, start=1):
            ends = {"value": condition.value, "from": condition.least, "to": condition.below}
            parameters[f"field{number}"] = condition.field
            parameters |= {f"{name}{number}": str(end) for name, end in ends.items() if end is not None}
        return parameters

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """The slice that an address names; what is no number is passed over.

        >>> Slice.read({"field": "source", "value": "mail", "least": "100", "below": "many"})
        Slice(field='source', value='mail', least=100, below=None, has_near_duplicate=None, also=())
        """
        minimum, below = (_whole(query.get(name, "")) for name in ("least", "below"))
        twins = {"1": True, "0": False}.get(query.get("twins", ""))
        field = query.get("field", "")
        return cls(field, query.get("value", "") if field else "", minimum or 0, below, twins, _also(query))

    def __str__(self) -> str:
        """In words; empty for all documents.

        >>> str(Slice("source", "mail", 100, 200)), str(Slice(least=1000)), str(Slice())
        ('source is mail and 100 to 199 characters', 'at least 1000 characters', '')
        """
        parts = [str(condition) for condition in self.conditions]
        minimum, last = plain(self.least), plain((self.below or 1) - 1)
        if self.below is not None and self.least:
            parts.append(_("{least} to {last} characters").format(least=minimum, last=last))
        elif self.below is not None:
            parts.append(_("at most {last} characters").format(last=last))
        elif self.least:
            parts.append(_("at least {least} characters").format(least=minimum))
        if self.has_near_duplicate is not None:
            parts.append(
                _("with a near-duplicate") if self.has_near_duplicate else _("without a near-duplicate")
            )
        return every(parts)


def _also(query: Mapping[str, str]) -> tuple[Condition, ...]:
    conditions = []
    for number in range(1, MAX_FURTHER_CONDITIONS + 1):
        field, value = query.get(f"field{number}", ""), query.get(f"value{number}")
        ends = [_number(query.get(f"{name}{number}", "")) for name in ("from", "to")]
        if field and value is not None:
            conditions.append(Condition(field, value))
        elif field and ends != [None, None]:
            conditions.append(Condition(field, None, *ends))
    return tuple(conditions)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
