"""Measure: a value with its interval, or no value and the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

MIN_HEADLINE_DOCUMENTS = 30  # labeled test documents, below which no title judges the model or a class


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies with the stated confidence (95% unless told otherwise)."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that may be undefined. An undefined one is never shown as 0.

    value : None when undefined
    reason : why it is undefined, one translatable sentence; "" when it is defined
    interval : None when it is undefined or nobody asked
    """

    value: float | None
    reason: str = ""
    interval: Interval | None = None

    @property
    def is_defined(self) -> bool:
        return self.value is not None


def gettext_noop(message: str) -> str:
    """Mark a reason for translation; whoever shows it looks the translation up."""
    return message


def undefined(reason: str) -> Measure:
    """A measure without a value.

    >>> undefined("No document of the test set has this class.").is_defined
    False
    """
    return Measure(None, reason)


def ratio(part: float, whole: float, reason: str) -> Measure:
    """part / whole; undefined for that reason when whole is 0.

    >>> ratio(1, 4, "Nothing was predicted.").value, ratio(0, 0, "Nothing was predicted.").reason
    (0.25, 'Nothing was predicted.')
    """
    return Measure(float(part / whole)) if whole else undefined(reason)
